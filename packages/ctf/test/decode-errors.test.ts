import { DecodeError } from '@sonde/base';
import { type DecodeSource, decodeStructure, maxEmptyElements } from '@sonde/ctf';
import {
  array,
  dynamicArray,
  dynamicBlob,
  dynamicStr,
  key,
  staticStr,
  str,
  struct,
  uint,
  variant,
  vsint,
  vuint,
} from '@sonde/testkit';
import type { FieldClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { decodeSource } from './decode-source.ts';

function failureOf(
  members: Readonly<Record<string, FieldClass>>,
  source: DecodeSource,
): DecodeError {
  try {
    decodeStructure(struct(members), source, 0);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const be = { byteOrder: 'big-endian' } as const;

describe('overruns of a content of known length', () => {
  const cases: readonly [string, string, Record<string, FieldClass>, number, string][] = [
    [
      'integer',
      '0102',
      { a: uint(8), b: uint(16) },
      8,
      'Cannot read field `b`: 16 bits wanted, 8 bits left in the packet content.',
    ],
    [
      'one bit',
      '01',
      { a: uint(8), b: uint(1) },
      8,
      'Cannot read field `b`: 1 bit wanted, 0 bits left in the packet content.',
    ],
    [
      'alignment',
      '0102',
      { a: uint(8), b: uint(8, { alignmentBits: 32 }) },
      8,
      'Cannot read alignment padding before field `b`: 24 bits wanted, 8 bits left in the packet content.',
    ],
    [
      'string',
      '016162',
      { a: uint(8), s: str() },
      8,
      'Cannot read field `s` (no terminator): 24 bits wanted, 16 bits left in the packet content.',
    ],
    [
      'string with half a terminator',
      '610000',
      { s: str('utf-16le') },
      0,
      'Cannot read field `s` (no terminator): 40 bits wanted, 24 bits left in the packet content.',
    ],
    [
      'static string',
      '6162',
      { s: staticStr(3) },
      0,
      'Cannot read field `s`: 24 bits wanted, 16 bits left in the packet content.',
    ],
    [
      'dynamic string',
      '0361',
      { n: key(0, uint(8)), s: dynamicStr(0) },
      8,
      'Cannot read field `s`: 24 bits wanted, 8 bits left in the packet content.',
    ],
    [
      'dynamic blob of 2^64 - 1 bytes',
      'ffffffffffffffff',
      { n: key(0, uint(64)), b: dynamicBlob(0) },
      64,
      'Cannot read field `b`: 147573952589676410000 bits wanted, 0 bits left in the packet content.',
    ],
    [
      'variable-length integer',
      '0180',
      { a: uint(8), v: vuint() },
      16,
      'Cannot read field `v`: 8 bits wanted, 0 bits left in the packet content.',
    ],
    [
      'array element',
      '0302',
      { n: key(0, uint(8)), a: dynamicArray(struct({ x: uint(8) }), 0) },
      16,
      'Cannot read field `a[].x`: 8 bits wanted, 0 bits left in the packet content.',
    ],
    [
      'array of 2^64 - 1 elements',
      'ffffffffffffffff 01',
      { n: key(0, uint(64)), a: dynamicArray(uint(8), 0) },
      72,
      'Cannot read field `a[]`: 8 bits wanted, 0 bits left in the packet content.',
    ],
  ];
  test.each(cases)('%s', (_title, content, members, offsetBits, message) => {
    const error = failureOf(members, decodeSource(content));
    expect(error.message).toBe(message);
    expect(error.code).toBe('beyond-packet-content');
    expect(error.place).toEqual({ stream: 'stream', packetIndex: 3, offsetBits });
  });

  test('what lies behind the content is not read', () => {
    const source = decodeSource('61620063', { contentEndBits: 16 });
    expect(failureOf({ s: str() }, source).place.offsetBits).toBe(0);
  });
});

describe('overruns of the data, in a packet of unknown length', () => {
  const cases: readonly [string, string, Record<string, FieldClass>, number][] = [
    ['integer: where it begins', '010203', { a: uint(8), b: uint(32) }, 8],
    [
      'alignment: the end of the data',
      '010203',
      { a: uint(8), b: uint(8, { alignmentBits: 32 }) },
      24,
    ],
    ['string: the end of the data', '016162', { a: uint(8), s: str() }, 24],
    ['dynamic string: the end of the data', '036162', { n: key(0, uint(8)), s: dynamicStr(0) }, 24],
    [
      'array: the element that is missing',
      '0301',
      { n: key(0, uint(8)), a: dynamicArray(uint(8), 0) },
      16,
    ],
  ];
  test.each(cases)('%s', (_title, content, members, offsetBits) => {
    const error = failureOf(members, decodeSource(content, { contentIsOpenEnded: true }));
    expect(error.code).toBe('beyond-data');
    expect(error.message).toMatch(/left in the data\.$/);
    expect(error.place.offsetBits).toBe(offsetBits);
  });
});

describe('other faults', () => {
  const cases: readonly [string, string, Record<string, FieldClass>, string, number, string][] = [
    [
      'byte order changes within a byte',
      '00 00',
      { a: uint(3), b: uint(5, be) },
      'byte-order-change-in-byte',
      3,
      'Cannot read field `b`: the byte order changes within a byte from little-endian to big-endian.',
    ],
    [
      'no option of a variant',
      '03 00',
      { tag: key(0, uint(8)), v: variant(0, { a: [[1], uint(8)] }) },
      'no-variant-option',
      8,
      'Cannot read field `v`: the selector value 3 selects no option of the variant.',
    ],
    [
      'unsigned variable-length integer over 64 bits',
      'ffffffffffffffffff02',
      { v: vuint() },
      'oversized-variable-length-integer',
      72,
      'Cannot read field `v`: a variable-length integer of more than 64 bits is not supported.',
    ],
    [
      'signed variable-length integer over ten bytes',
      'ffffffffffffffffffff00',
      { v: vsint() },
      'oversized-variable-length-integer',
      72,
      'Cannot read field `v`: a variable-length integer of more than 64 bits is not supported.',
    ],
  ];
  test.each(cases)('%s', (_title, content, members, code, offsetBits, message) => {
    const error = failureOf(members, decodeSource(content));
    expect(error).toMatchObject({ code, message, place: { offsetBits } });
  });

  test('the byte order may change at a byte, also in a bit field', () => {
    const members = { a: uint(8), b: uint(3, be), c: uint(5, be), d: uint(3) };
    expect(decodeStructure(struct(members), decodeSource('01e003'), 0).endBits).toBe(19);
  });

  test('a hostile length of elements without size is refused, also when nested', () => {
    const nested = dynamicArray(array(struct({}), 1000), 0);
    for (const a of [dynamicArray(struct({}), 0), nested]) {
      const error = failureOf({ n: key(0, uint(64)), a }, decodeSource('ffffffffffffffff'));
      expect(error.code).toBe('too-many-empty-elements');
    }
    const fits = { a: array(struct({}), maxEmptyElements) };
    expect(decodeStructure(struct(fits), decodeSource(''), 0).endBits).toBe(0);
  });

  test('no visitor hears of an array length before it is checked', () => {
    const members = { n: key(0, uint(64)), a: dynamicArray(uint(8), 0) };
    // A collector that allocates by the announced length would fail with a RangeError.
    expect(failureOf(members, decodeSource('ffffffffffffff7f')).code).toBe('beyond-packet-content');
  });
});
