import { formatPlace, UsageError } from '@sonde/base';
import { demandsOf, FilterCheck, formatReference, parseFilter } from '@sonde/filter';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from './records.ts';

/** Text → column → message. */
const errors: readonly (readonly [text: string, column: number, message: RegExp])[] = [
  ['', 1, /the expression is empty/],
  ['  ', 1, /empty/],
  ['a =', 3, /unexpected character "="; write "=="/],
  ['a == ', 6, /expecting a field, a literal or "\(", got the end/],
  ['a == b c', 8, /expecting an operator or the end, got "c"/],
  ['a and b', 3, /expecting an operator or the end, got "and"/],
  ['(a == 1', 8, /expecting "\)" for the "\(" at column 1, or an operator, got the end/],
  ['a == 1)', 7, /expecting an operator or the end, got "\)"/],
  ['&& a', 1, /expecting a field.*got "&&"/],
  ['a.', 3, /expecting a name, got the end/],
  ['a.1', 2, /expecting an operator/],
  ['a[', 3, /expecting a constant index/],
  ['a[b]', 3, /expecting a constant index, got "b"/],
  ['a[-1]', 3, /expecting a constant index, got "-"/],
  ['a[1', 4, /expecting "]"/],
  ['a[4294967296]', 3, /too great/],
  ['$', 1, /expecting a name after "\$"/],
  ['$foo.x', 1, /unknown root \$foo; there are \$payload, \$ctx, \$app/],
  ['$ctx', 5, /expecting "." and a name, got the end/],
  ['$ctx[1]', 5, /expecting a name after \$ctx/],
  ['$event.names == "x"', 7, /unknown property; there are \$event.name, \$event.id/],
  ['$event.name.x == 1', 12, /expecting an operator/],
  ['"abc', 1, /no closing quote/],
  ['a == "\\q"', 7, /unknown escape "\\q"/],
  ["'ab'", 1, /one character between single quotes/],
  ["''", 1, /one character between single quotes/],
  ['12ab', 1, /"12ab" is not a number/],
  ['0x', 1, /is not a number/],
  ['0b12', 1, /is not a number/],
  ['089', 1, /a leading 0 means octal/],
  ['18446744073709551616', 1, /not a number of 64 bits/],
  ['1.5u', 1, /is not a number/],
  ['a # b', 3, /unexpected character "#"/],
  ['"a" < 1', 1, /a string can't be used as a number; strings can only be compared/],
  ['1 < "a"', 5, /a string can't be used as a number/],
  ['a + "b" == 1', 5, /a string can't be used as a number/],
  ['1 == "a"', 6, /a string can't be compared with a number \(1\)/],
  ['"a" == 1.5', 1, /compared with a real number/],
  ['!"a"', 2, /a string can't be used as a condition/],
  ['a && "b"', 6, /a string can't be used as a condition/],
  ['"a"', 1, /a string can't be used as a condition/],
  ['1.5 & 1', 1, /a real number can't be used as an integer/],
  ['~1.5', 2, /a real number can't be used as an integer/],
  ['a % (b * 1.5)', 6, /a real number can't be used as an integer/],
  ['-"a" == 1', 2, /a string can't be used as a number/],
];

describe('errors have a place', () => {
  test.each(errors)('%s at column %i', (text, column, message) => {
    const error = errorOf(text);
    expect(error.message).toMatch(message);
    expect(error.place).toEqual({ line: 1, column });
  });

  test('on later lines', () => {
    expect(formatPlace(errorOf('a == 1 &&\n  b == ;').place)).toBe('line 2:8');
  });
});

describe('limits', () => {
  test.each([
    ['parentheses', `${'('.repeat(65)}1${')'.repeat(65)}`, 65, /nested more than 64/],
    ['unary operators', `${'!'.repeat(65)}1`, 65, /nested more than 64/],
    ['operands', Array(1025).fill('a').join('+'), 2050, /more than 2048 operands/],
    ['members', `a${'.b'.repeat(3000)}`, 4100, /more than 2048/],
  ])('%s', (_what, text, column, message) => {
    const error = errorOf(text);
    expect(error.message).toMatch(message);
    expect(error.place.column).toBe(column);
  });

  test('text length', () => {
    expect(errorOf(`${' '.repeat(70_000)}1`).message).toMatch(/longer than 65536/);
    expect(() => parseFilter('a == 100', { textLength: 5 })).toThrow(/longer than 5/);
  });

  test('the greatest allowed filters work', () => {
    expect(() => parseFilter(`${'('.repeat(64)}1${')'.repeat(64)}`)).not.toThrow();
    expect(() => parseFilter(Array(1024).fill('a').join('-'))).not.toThrow();
  });
});

describe('any text is a filter or a UsageError', () => {
  const unit = fc.constantFrom(
    ...['a', '$ctx.', '$', '"', '\\', "'", '[', ']', '(', ')', '.', ':', '0', '1', 'x', 'e', '*'],
    ...['==', '!=', '<', '>>', '&&', '||', '!', '~', '-', '%', ' ', '\n', '=', '#', '\u{1f600}'],
  );
  test('made of pieces', () => {
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 25 }), (pieces) => throwsOnlyUsage(pieces.join(''))),
      { numRuns: 3000 },
    );
  });
  test('made of anything', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), throwsOnlyUsage), {
      numRuns: 2000,
    });
  });
});

describe('against the metadata', () => {
  const check = (text: string) => {
    const result = new FilterCheck(parseFilter(text));
    result.addStream(stream);
    result.addStream(stream);
    return result;
  };

  test('fields that nobody has are named', () => {
    const { unknownFields, typeError } = check('prev_tid == 1 && vtid == 1 && $ctx.procnam == "x"');
    expect(unknownFields).toEqual([
      { name: 'vtid', place: { line: 1, column: 18 }, isContext: true },
      { name: '$ctx.procnam', place: { line: 1, column: 31 }, isContext: false },
    ]);
    expect(typeError).toBeUndefined();
  });

  test.each([
    ['prev_comm < 5', 1, /a string can't be used as a number/],
    ['irq == 5 || $ctx.procname > 5', 13, /a string can't be used as a number/],
    ['prev_comm == 5', 1, /a string can't be compared with a number \(5\)/],
    ['flags == "x"', 10, /a string can't be compared with a number \(flags\)/],
    ['state == prev_comm', 10, /only a literal can be compared with a label/],
    ['seq == 5', 1, /a structure, array or blob can't be compared/],
    ['msg && 1', 1, /can't be used as a condition/],
    ['blob < 1', 1, /a structure, array or blob can't be used as a number/],
  ])('%s is wrong wherever it exists', (text, column, message) => {
    const { typeError } = check(text);
    expect(typeError).toBeInstanceOf(UsageError);
    expect(typeError!.message).toMatch(message);
    expect(typeError!.place.column).toBe(column);
  });

  test.each(['prev_tid < 5', 'prev_tid == "x"', 'state == "RUNNING"', 'choice == "x"'])(
    '%s is right in some class',
    (text) => {
      expect(check(text).typeError).toBeUndefined();
    },
  );

  test('demands are the fields, each once, written as a person would', () => {
    const text =
      'a.b[2] == 1 || a.b[2] == 2 || $ctx.perf:cpu:cycles && $app.p:t && $header.id && $payload["x y"].z';
    expect(demandsOf(parseFilter(text)).map(formatReference)).toEqual([
      'a.b[2]',
      '$ctx.perf:cpu:cycles',
      '$app.p:t',
      '$header.id',
      '$payload["x y"].z',
    ]);
  });
});

function throwsOnlyUsage(text: string): void {
  try {
    parseFilter(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).place.column).toBeGreaterThan(0);
  }
}

function errorOf(text: string): UsageError {
  try {
    parseFilter(text);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`"${text}" is a filter`);
}
