import { UsageError } from '@sonde/base';
import {
  mergeParameters,
  ParameterReader,
  type ParameterValue,
  parseParameters,
  parseParameterValue,
} from '@sonde/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const values: readonly [text: string, value: ParameterValue][] = [
  ['null', null],
  ['nul', null],
  ['NULL', null],
  ['true', true],
  ['YES', true],
  ['no', false],
  ['FALSE', false],
  ['23', 23n],
  ['0', 0n],
  ['-17', -17n],
  ['0x1F', 31n],
  ['-0x10', -16n],
  ['0b101', 5n],
  ['017', 15n],
  ['+18446744073709551615', 18446744073709551615n],
  ['-9223372036854775808', -9223372036854775808n],
  ['1.5', 1.5],
  ['-.25', -0.25],
  ['1e3', 1000],
  ['2.5E-1', 0.25],
  ['word', 'word'],
  ['a:b.c-d', 'a:b.c-d'],
  ['sched_*', 'sched_*'],
  ['/tmp/trace', '/tmp/trace'],
  ['nullish', 'nullish'],
  ['"a b"', 'a b'],
  ['"null"', 'null'],
  ['"\\"\\\\\\n\\x41\\101"', '"\\\nAA'],
  ['[]', []],
  ['[ 1 , two, "3" ]', [1n, 'two', '3']],
  ['{}', {}],
  ['{a=1, b = [x]}', { a: 1n, b: ['x'] }],
];

const errors: readonly [text: string, column: number, message: RegExp][] = [
  ['a', 2, /Expecting "=" after "a", got the end/],
  ['a=', 3, /Expecting a value, got the end/],
  ['=1', 1, /Expecting a parameter name, got "="/],
  ['a=1 b=2', 5, /Expecting "," or the end, got "b"/],
  ['a=[1', 5, /Expecting "," or "]", got the end/],
  ['a={b=1', 7, /Expecting "," or "}", got the end/],
  ['a="x', 5, /Expecting a closing quote/],
  ['a=1,', 5, /Expecting a parameter name, got the end/],
  ['a=12ab', 3, /"12ab" is not a number/],
  ['a=089', 3, /"089" is not a number/],
  ['a=2024-01-01', 3, /wants quotes/],
  ['a=9223372036854775808', 3, /does not fit in 64 bits; write "\+"/],
  ['a=+18446744073709551616', 3, /does not fit in 64 bits/],
  [`a=${'['.repeat(65)}`, 67, /More than 64 levels/],
];

describe('parameters', () => {
  test.each(values)('value %s', (text, value) => {
    expect(parseParameterValue(text)).toEqual(value);
  });

  test('maps of parameters; the last of two equal names counts', () => {
    expect(parseParameters('')).toEqual({});
    expect(parseParameters(' a-b.c = 1 , d="x",a-b.c=2 ')).toEqual({ 'a-b.c': 2n, d: 'x' });
  });

  test.each(errors)('%s is refused at column %i', (text, column, message) => {
    const error = errorOf(() => parseParameters(text));
    expect(error.message).toMatch(message);
    expect(error.place).toEqual({ line: 1, column });
  });

  test('names from prototypes are only names', () => {
    const map = parseParameters('__proto__=1,constructor=2');
    expect(Object.keys(map)).toEqual(['__proto__', 'constructor']);
    expect(Object.entries(mergeParameters(map, { a: 1n }))).toContainEqual(['__proto__', 1n]);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  test('merging is shallow', () => {
    const merged = mergeParameters(parseParameters('a=1,b={x=1}'), parseParameters('b={y=2}'));
    expect(merged).toEqual({ a: 1n, b: { y: 2n } });
  });

  test('any text gives a map or a UsageError', () => {
    const unit = fc.constantFrom(...'ab=,[]{}"\\0x1.-+ \n_:');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        try {
          parseParameters(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('ParameterReader', () => {
  const reader = (text: string) =>
    new ParameterReader(parseParameters(text), 'Component sink (sink.text.pretty)');

  test('reads by type', () => {
    const read = reader('s=x,b=yes,i=3,list=[a,"b"],one=a,choice=auto');
    expect(read.string('s')).toBe('x');
    expect(read.string('t', 'fallback')).toBe('fallback');
    expect(read.boolean('b', false)).toBe(true);
    expect(read.integer('i')).toBe(3n);
    expect(read.strings('list')).toEqual(['a', 'b']);
    expect(read.strings('one')).toEqual(['a']);
    expect(read.oneOf('choice', ['auto', 'never'])).toBe('auto');
    read.rejectOthers();
  });

  test('names the parameter, what it wants and what it got', () => {
    expect(() => reader('b=1').boolean('b', false)).toThrow(
      'Component sink (sink.text.pretty) wants a boolean (yes or no) as parameter "b", got 1.',
    );
    expect(() => reader('list=[1]').strings('list')).toThrow(/array of strings.*got 1/);
    expect(() => reader('c=x').oneOf('c', ['auto', 'never'])).toThrow(/one of auto, never.*"x"/);
    const read = reader('colour=x');
    read.string('color');
    expect(() => read.rejectOthers()).toThrow(/does not know .*"colour"; it knows: color/);
  });
});

function errorOf(action: () => unknown): UsageError {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('expected an error');
}
