/** When `sonde report` colours: on terminals, unless somebody says not to. */
import { expect, test } from 'vitest';
import { takesColors } from '../src/commands/report.ts';
import { memoryIo } from './memory-io.ts';

const colors = (isTerminal: boolean, env: Record<string, string>): boolean => {
  const io = memoryIo();
  return takesColors({
    ...io,
    env,
    stdout: Object.assign(Object.create(io.stdout), { isTerminal }),
  });
};

test.each([
  ['a terminal', true, { TERM: 'xterm' }, true],
  ['a pipe', false, { TERM: 'xterm' }, false],
  ['a terminal without colours', true, { TERM: 'dumb' }, false],
  ['NO_COLOR', true, { TERM: 'xterm', NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
])('%s', (_, isTerminal, env, expected) => {
  expect(colors(isTerminal, env as Record<string, string>)).toBe(expected);
});
