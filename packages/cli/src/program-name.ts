/** The names that the LTTng analyses had as programs of their own: links to `sonde` under these names are these programs. */
import { basename } from 'node:path';

/** The original's programs, without `lttng-`; each but the last also ends in `-mi`. */
export const originalNames = [
  'cputop',
  'memtop',
  'syscallstats',
  'iousagetop',
  'iolatencytop',
  'iolatencystats',
  'iolatencyfreq',
  'iolog',
  'irqstats',
  'irqfreq',
  'irqlog',
  'schedlog',
  'schedtop',
  'schedstats',
  'schedfreq',
  'periodlog',
  'periodtop',
  'periodstats',
  'periodfreq',
  'track-process',
] as const;

/** The names of all links: `lttng-cputop`, `lttng-cputop-mi`, … */
export const linkNames: readonly string[] = originalNames.flatMap((name) =>
  name === 'track-process' ? [`lttng-${name}`] : [`lttng-${name}`, `lttng-${name}-mi`],
);

/**
 * The arguments of `sonde` that a call means.
 * @param program - Path that the program was called by, as in `process.argv[1]`.
 */
export function commandArguments(
  program: string | undefined,
  args: readonly string[],
): readonly string[] {
  const name = basename(program ?? '');
  if (!linkNames.includes(name)) return args;
  if (args.includes('--version') || args.includes('-V')) return ['--version'];
  const isMachine = name.endsWith('-mi');
  const command = name.slice('lttng-'.length, isMachine ? -'-mi'.length : undefined);
  return [command, ...(isMachine ? ['--mi'] : []), ...args];
}
