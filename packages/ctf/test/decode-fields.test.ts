import { decodeStructure } from '@sonde/ctf';
import {
  array,
  bool,
  dynamicArray,
  dynamicBlob,
  dynamicStr,
  key,
  optional,
  sint,
  staticBlob,
  staticStr,
  str,
  struct,
  uint,
  variant,
  vsint,
  vuint,
} from '@sonde/testkit';
import type { FieldClass } from '@sonde/trace-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSource } from './decode-source.ts';

type Members = Readonly<Record<string, FieldClass>>;
/** Title, bytes, members, their values, end (bits). */
type Case = readonly [string, string, Members, object, number];

function check(content: string, members: Members, expected: object, endBits: number): void {
  const decoded = decodeStructure(struct(members), decodeSource(content), 0);
  expect(decoded.value).toEqual(expected);
  expect(decoded.endBits).toBe(endBits);
}

describe('variable-length integers', () => {
  const cases: readonly Case[] = [
    ['one byte', '7f', { v: vuint() }, { v: 127 }, 8],
    ['two bytes', '8001', { v: vuint() }, { v: 128 }, 16],
    ['over-long zero', '808000', { v: vuint() }, { v: 0 }, 24],
    ['53 bits stay a number', 'ffffffffffffff0f', { v: vuint() }, { v: 2 ** 53 - 1 }, 64],
    ['54 bits are a bigint', '808080808080801000', { v: vuint() }, { v: 2n ** 53n }, 64],
    ['64 ones', 'ffffffffffffffffff01', { v: vuint() }, { v: 2n ** 64n - 1n }, 80],
    ['aligned to bytes', '01 05', { flag: uint(1), v: vuint() }, { flag: 1, v: 5 }, 16],
    ['minus one', '7f', { v: vsint() }, { v: -1 }, 8],
    ['-128', '807f', { v: vsint() }, { v: -128 }, 16],
    ['64 stays positive', 'c000', { v: vsint() }, { v: 64 }, 16],
    ['least', '8080808080808080807f', { v: vsint() }, { v: -(2n ** 63n) }, 80],
    ['greatest', 'ffffffffffffffffff00', { v: vsint() }, { v: 2n ** 63n - 1n }, 80],
  ];
  test.each(cases)('%s', (_title, ...rest) => check(...rest));

  test('signed and unsigned values of 64 bits come back', () => {
    const encode = (value: bigint): Uint8Array => {
      const bytes: number[] = [];
      for (let rest = value; ; rest >>= 7n) {
        const group = Number(rest & 0x7fn);
        const isLast = rest >> 6n === 0n || rest >> 6n === -1n;
        bytes.push(isLast ? group : group | 0x80);
        if (isLast) return Uint8Array.from(bytes);
      }
    };
    const property = (value: bigint): void => {
      const { value: decoded } = decodeStructure(
        struct({ v: vsint() }),
        decodeSource(encode(value)),
        0,
      );
      expect(BigInt((decoded as { v: bigint }).v)).toBe(value);
    };
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), property));
  });
});

describe('strings and blobs', () => {
  const cases: readonly Case[] = [
    ['null-terminated', '686900ff', { s: str(), next: uint(8) }, { s: 'hi', next: 255 }, 32],
    ['empty', '00', { s: str() }, { s: '' }, 8],
    ['bad UTF-8 is replaced', 'ff6100', { s: str() }, { s: '\ufffda' }, 24],
    ['byte order mark is text', 'efbbbf00', { s: str() }, { s: '\ufeff' }, 32],
    [
      'UTF-16LE: terminator counted in units',
      '00616200 0000 01',
      { s: str('utf-16le'), n: uint(8) },
      { s: '\u6100b', n: 1 },
      56,
    ],
    [
      'UTF-16BE at an odd offset',
      '07 0068 0000',
      { n: uint(8), s: str('utf-16be') },
      { n: 7, s: 'h' },
      40,
    ],
    ['UTF-32LE', '01f60100 41000000 00000000', { s: str('utf-32le') }, { s: '\u{1f601}A' }, 96],
    [
      'UTF-32BE: surrogates are replaced',
      '0000d800 00000000',
      { s: str('utf-32be') },
      { s: '\ufffd' },
      64,
    ],
    [
      'static, cut at the first null',
      '6162006364 07',
      { s: staticStr(5), n: uint(8) },
      { s: 'ab', n: 7 },
      48,
    ],
    ['static without null', '616263', { s: staticStr(3) }, { s: 'abc' }, 24],
    [
      'static UTF-16LE with odd length',
      '610062',
      { s: staticStr(3, 'utf-16le') },
      { s: 'a\ufffd' },
      24,
    ],
    [
      'dynamic',
      '02 6162 07',
      { n: key(0, uint(8)), s: dynamicStr(0), m: uint(8) },
      { n: 2, s: 'ab', m: 7 },
      32,
    ],
    [
      'dynamic, length 0 still aligns',
      '00 00',
      { n: key(0, uint(4)), s: dynamicStr(0) },
      { n: 0, s: '' },
      8,
    ],
    ['static blob', '0102', { b: staticBlob(2) }, { b: Uint8Array.of(1, 2) }, 16],
    [
      'dynamic blob of length 0',
      '00',
      { n: key(0, uint(8)), b: dynamicBlob(0) },
      { n: 0, b: new Uint8Array(0) },
      8,
    ],
  ];
  test.each(cases)('%s', (_title, ...rest) => check(...rest));
});

describe('compound fields', () => {
  const tag = (slot: number) => key(slot, uint(8));
  const wideVariant = variant(0, {
    top: [[2n ** 64n - 1n], uint(8)],
    nearTop: [[2n ** 64n - 2n], uint(16)],
  });
  const signedVariant = variant(
    0,
    { low: [[[-128, -1]], uint(8)], high: [[[0, 127]], sint(8)] },
    'signed',
  );
  const cases: readonly Case[] = [
    ['static array', '0102', { a: array(uint(8), 2) }, { a: [1, 2] }, 16],
    [
      'array of length 0 aligns',
      '00ffffff 07',
      { n: tag(0), a: dynamicArray(uint(32, { alignmentBits: 32 }), 0), m: uint(8) },
      { n: 0, a: [], m: 7 },
      40,
    ],
    [
      'array with a minimum alignment',
      '01ff 02',
      { n: tag(0), a: dynamicArray(uint(8), 0, 16) },
      { n: 1, a: [2] },
      24,
    ],
    [
      'array elements align one by one',
      '01ff 02ff',
      { a: array(uint(8, { alignmentBits: 16 }), 2) },
      { a: [1, 2] },
      24,
    ],
    [
      'array of arrays',
      '01020304',
      { a: array(array(uint(8), 2), 2) },
      {
        a: [
          [1, 2],
          [3, 4],
        ],
      },
      32,
    ],
    [
      'length of the same element',
      '01 aa 02 bbcc',
      { a: array(struct({ n: tag(0), a: dynamicArray(uint(8), 0) }), 2) },
      {
        a: [
          { n: 1, a: [170] },
          { n: 2, a: [187, 204] },
        ],
      },
      40,
    ],
    [
      'empty structure aligns',
      '07ff08',
      { a: uint(8), s: struct({}, 16), b: uint(8) },
      { a: 7, s: {}, b: 8 },
      24,
    ],
    [
      'optional by boolean',
      '00 01 07',
      {
        no: key(0, bool(8)),
        a: optional(uint(8), 0),
        yes: key(1, bool(8)),
        b: optional(uint(8), 1),
      },
      { no: false, a: undefined, yes: true, b: 7 },
      24,
    ],
    [
      'optional by range',
      '05 07',
      { n: tag(0), a: optional(uint(8), 0, [[4, 6]]) },
      { n: 5, a: 7 },
      16,
    ],
    [
      'variant',
      '02 0700',
      { n: tag(0), v: variant(0, { a: [[1], uint(8)], b: [[2, [5, 9]], uint(16)] }) },
      { n: 2, v: 7 },
      24,
    ],
    [
      'variant by 64 bits, exactly',
      'feffffffffffffff 0700',
      { n: key(0, uint(64)), v: wideVariant },
      { n: 2n ** 64n - 2n, v: 7 },
      80,
    ],
    [
      'variant by signed value',
      'ff ff',
      { n: key(0, sint(8)), v: signedVariant },
      { n: -1, v: 255 },
      16,
    ],
    [
      'variant has no alignment of its own',
      '01 80',
      { n: tag(0), pad: uint(1), v: variant(0, { a: [[1], uint(7)] }) },
      { n: 1, pad: 0, v: 64 },
      16,
    ],
  ];
  test.each(cases)('%s', (_title, ...rest) => check(...rest));

  test('a key of an outer scope comes from the cursor', () => {
    const source = decodeSource('0102', { keys: [2] });
    const { value } = decodeStructure(struct({ a: dynamicArray(uint(8), 0) }), source, 0);
    expect(value).toEqual({ a: [1, 2] });
  });

  test('members x and _x of CTF 1.8 both survive', () => {
    const fieldClass = struct({ x: uint(8) });
    const twice = {
      ...fieldClass,
      members: [fieldClass.members[0]!, { name: 'x', originalName: '_x', fieldClass: uint(8) }],
    };
    expect(decodeStructure(twice, decodeSource('0102'), 0).value).toEqual({ x: 1, _x: 2 });
  });
});
