import type { CommandIo } from './command-io.ts';

const leastColumns = 40;

/** Width to fit output to: that of the terminal, else `COLUMNS`, else `usual`. */
export function terminalColumns(io: CommandIo, usual: number): number {
  const asked = Number(io.env['COLUMNS']);
  const columns = io.stdout.columns ?? (asked > 0 ? asked : usual);
  return Math.max(leastColumns, Math.trunc(columns));
}
