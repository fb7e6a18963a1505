import { MetadataError } from '@sonde/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonValue, parseJsonText } from '../src/json/json-text.ts';
import { formatJson, type JsonOutput } from '../src/writer/json-text-writer.ts';

function parse(text: string, maxNesting = 64): JsonValue {
  return parseJsonText({ text, offsetBytes: 100, line: 3, column: 5 }, maxNesting);
}

/** What `JSON.parse` would give, but for integers. */
function plain(value: JsonValue): unknown {
  switch (value.type) {
    case 'null':
      return null;
    case 'array':
      return value.elements.map(plain);
    case 'object':
      return Object.fromEntries([...value.properties].map(([name, v]) => [name, plain(v)]));
    default:
      return value.value;
  }
}

function failure(text: string, maxNesting?: number): MetadataError {
  try {
    parse(text, maxNesting);
  } catch (error) {
    if (error instanceof MetadataError) return error;
    throw error;
  }
  throw new Error(`no error: ${text}`);
}

describe('values', () => {
  it.each([
    ['null', null],
    [' true ', true],
    ['false', false],
    ['0', 0n],
    ['-0', 0n],
    ['9007199254740993', 9007199254740993n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['1.0', 1],
    ['-2.5e-3', -0.0025],
    ['1E2', 100],
    ['"a\\"\\\\\\/\\b\\f\\n\\r\\t"', 'a"\\/\b\f\n\r\t'],
    ['"\\u00e9\\ud83d\\ude00é😀"', 'é😀é😀'],
    ['[ ]', []],
    ['[1,[2.5 , "x"]]', [1n, [2.5, 'x']]],
    ['{}', {}],
    ['{"a":1 , "b" : {"c":null}}', { a: 1n, b: { c: null } }],
  ])('%s', (text, expected) => {
    expect(plain(parse(text))).toEqual(expected);
  });

  it('keeps properties that JavaScript knows', () => {
    const value = parse('{"__proto__": 1, "constructor": 2}');
    expect(value.type === 'object' && [...value.properties.keys()]).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});

describe('refused', () => {
  it.each([
    ['', 'Expecting a JSON value.', 0],
    ['tru', 'Expecting a JSON value.', 0],
    ['01', 'Nothing may follow the value.', 1],
    ['+1', 'Expecting a JSON value.', 0],
    ['1 2', 'Nothing may follow the value.', 2],
    ['18446744073709551616', 'Integer out of range: expecting -2^63 to 2^64 - 1.', 0],
    ['-9223372036854775809', 'Integer out of range: expecting -2^63 to 2^64 - 1.', 0],
    ['1e999', 'Real number out of range.', 0],
    ['[1,]', 'Expecting a JSON value.', 3],
    ['[1 2]', 'Expecting `,` or `]`.', 3],
    ['{"a" 1}', 'Expecting `:`.', 5],
    ['{"a":1 "b":2}', 'Expecting `,` or `}`.', 7],
    ['{a:1}', 'Expecting the name of a property.', 1],
    ['{"a":1,"a":2}', 'Duplicate property `a`.', 7],
    ['"a', 'The string has no end.', 0],
    ['"a\nb"', 'Control character in a string.', 2],
    ['"\\x"', 'Unknown escape sequence.', 1],
    ['"\\u12g4"', 'Expecting four hexadecimal digits.', 1],
    ['"\\ud800"', 'Unpaired surrogate.', 1],
    ['"\\udc00\\ud800"', 'Unpaired surrogate.', 1],
  ])('%s', (text, message, index) => {
    const error = failure(text);
    expect(error.message).toBe(message);
    expect(error.place.offsetBytes).toBe(100 + index);
  });

  it('tells line, column and byte offset in the stream', () => {
    expect(failure('["é",\n  x]').place).toEqual({ line: 4, column: 3, offsetBytes: 109 });
    expect(failure('["é", x]').place).toEqual({ line: 3, column: 11, offsetBytes: 107 });
  });

  it('nests no deeper than the limit', () => {
    expect(plain(parse('[[[]]]', 3))).toEqual([[[]]]);
    expect(failure('[[[[]]]]', 3).code).toBe('metadata-limit');
    expect(failure('['.repeat(1_000_000)).code).toBe('metadata-limit');
    expect(failure('{"a":'.repeat(1_000_000)).code).toBe('metadata-limit');
  });
});

describe('writing', () => {
  it('keeps the order of maps, and reals real', () => {
    const value = new Map<string, JsonOutput>([
      ['10', [1n, 2n]],
      ['2', 1],
      ['x', -0],
    ]);
    expect(formatJson(value)).toBe('{\n  "10": [1, 2],\n  "2": 1.0,\n  "x": -0.0\n}');
  });

  it('is undone by reading', () => {
    const { tree } = fc.letrec<{ tree: JsonOutput }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constant(null),
        fc.boolean(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: 'grapheme' }),
        fc.array(tie('tree')),
        fc.dictionary(fc.string(), tie('tree'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(plain(parse(formatJson(value)))).toEqual(value);
      }),
    );
  });
});
