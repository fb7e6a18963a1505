/** Threads that never end: what is kept of each has a bound, whatever is asked for. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runShell, scratchFolder } from './built-command.ts';
import { writeManyThreads } from './many-threads.ts';

const threadCount = 100_000;
const trace = join(scratchFolder(), 'trace');
writeManyThreads(trace, threadCount);

/** Of V8's heap (MB): a third more than it takes. Full tables are printed from what is kept, in pieces. */
test.each([
  ['cputop', 72],
  ['cputop --limit 0 --json', 72],
  ['schedtop', 56],
  ['schedlog --csv', 88],
  ['schedstats --json', 88],
  ['schedfreq', 120],
  ['migrationtop', 72],
  ['migrationlog --markdown', 72],
  ['memusage', 80],
  ['report --json', 128],
] as const)('%s in %d MB', { timeout: 60_000 }, (command, heapMb) => {
  const { stdout, stderr } = runShell(
    `NODE_OPTIONS=--max-old-space-size=${heapMb} sonde ${command} ${trace} | wc -c; echo "\${PIPESTATUS[0]}"`,
  );
  const [length, status] = stdout.trim().split('\n').map(Number);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(length).toBeGreaterThan(100);
});
