/** The same command lines through the installed Babeltrace 2. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { clockPlugin, fixtures, runSonde, scratchFolder } from './built-command.ts';

const version = spawnSync('babeltrace2', ['--version'], { encoding: 'utf8' }).stdout ?? '';
const isHere = version !== '';
const scratch = scratchFolder();

describe.skipIf(!isHere)(
  `like the installed Babeltrace 2${isHere ? '' : ' (left out: it is not installed)'}`,
  () => {
    beforeAll(() => {
      for (const name of ['kernel-ctxall', 'kernel-discard', 'user-wrappers']) {
        execFileSync('tar', ['-xJf', join(fixtures, `${name}.tar.xz`), '-C', scratch]);
      }
    });

    test.each([
      [[]],
      [['--clock-date']],
      [['--clock-seconds']],
      [['--clock-cycles', '--no-delta']],
      [['--fields=all']],
      [['--fields=loglevel,trace:domain']],
      [['--names=all']],
      [['--names=none']],
      [['--names=scope,header']],
      [['--clock-offset=-3', '--clock-offset-ns=17']],
      [['--begin=21:37:03.8', '--end=21:37:04.2', '--clock-gmt']],
      [['--timerange=[1795383423.8,1795383424.2]']],
      [['--stream-intersection']],
    ])('%j', (args) => {
      for (const trace of ['kernel-ctxall', 'kernel-discard'].map((name) => join(scratch, name))) {
        expectSame(args, trace);
      }
    });

    test('other time zones', () => {
      const env = { TZ: 'America/Montreal' };
      for (const args of [[], ['--clock-date'], ['--clock-date', '--clock-gmt']]) {
        expectSame(args, join(scratch, 'kernel-ctxall'), env);
      }
    });

    test('a clock of unknown origin', () => {
      for (const args of [[], ['--clock-force-correlate']]) expectSame(args, clockPlugin);
    });
  },
);

/** Babeltrace 2.0 prints stale text for an empty string: such lines are left out. */
function withoutEmptyStrings(ours: string, theirs: string): [string, string] {
  const [a, b] = [ours.split('\n'), theirs.split('\n')];
  const keep = a.map((line) => !line.includes('""'));
  const pick = (lines: string[]) => lines.filter((_, i) => keep[i] ?? true).join('\n');
  return [pick(a), pick(b)];
}

function expectSame(args: readonly string[], trace: string, env: NodeJS.ProcessEnv = {}): void {
  const theirs = spawnSync('babeltrace2', [...args, trace], {
    env: { ...process.env, TZ: 'UTC', ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const ours = runSonde([...args, trace], { env });
  const [mine, other] = withoutEmptyStrings(ours.stdout, theirs.stdout);
  expect(mine).toBe(other);
  expect(ours.status).toBe(theirs.status);
  // Babeltrace 2.0 says UUID where 2.1 says UID.
  expect(ours.stderr).toBe(theirs.stderr.replaceAll('(UUID: ', '(UID: '));
}
