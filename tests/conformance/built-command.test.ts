/** Some cases of each suite through the built command, the way ../shared/acceptance runs all of them. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { sondePath } from '../integration/built-command.ts';
import { casesOf, corpusIsHere, corpusNote, expectedOutput } from './corpus.ts';
import { differences } from './differences.ts';

const every = 12;
const sample = casesOf(() => true)
  .filter(({ name }) => !differences.some(({ cases }) => cases.includes(name)))
  .filter((_, i) => i % every === 0);

describe.skipIf(!corpusIsHere)(`the built command on every ${every}th case${corpusNote}`, () => {
  for (const c of sample) {
    test(c.name, () => {
      const run = (...args: string[]) =>
        spawnSync('node', [sondePath, ...args, 'trace'], { cwd: c.folder, maxBuffer: 2 ** 28 });
      if (c.meta.expect !== undefined) {
        expect(run('info').status).toBe(c.meta.expect === 'fail' ? 1 : 0);
        return;
      }
      for (const [file, ...args] of [
        ['expected.pretty.txt', '--clock-gmt'],
        ['expected.txt', 'read', '-o', 'details'],
      ]) {
        const expected = expectedOutput(c, file!);
        if (expected !== undefined) expect(run(...args).stdout.toString('latin1')).toBe(expected);
      }
    });
  }
});
