import { compileStarGlob } from '@sonde/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const cases: readonly [pattern: string, text: string, matches: boolean][] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['sched_*', 'sched_switch', true],
  ['sched_*', 'sched_', true],
  ['sched_*', 'xsched_', false],
  ['*_switch', 'sched_switch', true],
  ['*a*b*', 'xxaxxbxx', true],
  ['*a*b*', 'xxbxxaxx', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*ab', 'aab', true],
  ['*ab', 'aab', true],
  ['a**b', 'ab', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'axb', false],
  ['a\\\\', 'a\\', true],
  ['a\\', 'a\\', true],
  ['a.b', 'axb', false],
];

describe('star globs', () => {
  test.each(cases)('%j matches %j: %s', (pattern, text, matches) => {
    expect(compileStarGlob(pattern).matches(text)).toBe(matches);
  });

  test('agree with the regular expression they stand for', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
    fc.assert(
      fc.property(letters, text, (pattern, candidate) => {
        const regExp = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
        expect(compileStarGlob(pattern).matches(candidate)).toBe(regExp.test(candidate));
      }),
      { numRuns: 500 },
    );
  });

  test('a hostile pattern is still fast', () => {
    const glob = compileStarGlob(`${'*a'.repeat(500)}*b`);
    expect(glob.matches('a'.repeat(20_000))).toBe(false);
  });

  test('tells literals apart', () => {
    expect(compileStarGlob('a\\*').isLiteral).toBe(true);
    expect(compileStarGlob('a*').prefix).toBe('a');
  });
});
