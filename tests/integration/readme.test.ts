/** What the README shows of traces in `fixtures` is what the command prints; a line `…` ends what is shown. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository, sonde } from '../conformance/corpus.ts';

interface Shown {
  readonly command: string;
  readonly lines: readonly string[];
}

/** Commands over fixtures in console blocks that have their output below them. */
function shownCommands(markdown: string): Shown[] {
  return [...markdown.matchAll(/^```console\n(.*?)^```/gms)].flatMap(([, block]) =>
    block!.split(/^\$ /m).flatMap((entry): Shown[] => {
      const [command = '', ...lines] = entry.trimEnd().split('\n');
      const isShown = /^sonde .*\bfixtures\//.test(command) && lines.length > 0;
      return isShown ? [{ command, lines }] : [];
    }),
  );
}

const readme = readFileSync(join(repository, 'README.md'), 'utf8');
const shown = shownCommands(readme);

test('there are some', () => {
  expect(shown.map(({ command }) => command.split(' ')[1])).toEqual(
    expect.arrayContaining(['cputop', 'iolatencytop']),
  );
});

test.each(shown)('$command', async ({ command, lines }) => {
  const words = command.split(' ').slice(1);
  const args = words.map((word) => (word.startsWith('fixtures/') ? join(repository, word) : word));
  const { stdout } = await sonde(...args);
  const printed = Buffer.from(stdout, 'latin1').toString().trimEnd().split('\n');
  const end = lines.indexOf('…');
  const wanted = (end < 0 ? lines : lines.slice(0, end)).map((line) => line.trimEnd());
  const own = printed.map((line) => line.trimEnd());
  expect(end < 0 ? own : own.slice(0, wanted.length)).toEqual(wanted);
});

test('the program with a latency tracker runs', () => {
  const programs = [...readme.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code!);
  const program = programs.find((code) => code.includes('createLatencyTracker'))!;
  const args = ['--input-type=module', '--eval', program];
  const output = execFileSync('node', args, { cwd: repository, encoding: 'utf8' });
  expect(output).toMatch(/^17 \/cart took [\d.]+ ms\n1 \d+ \d+\n$/);
});
