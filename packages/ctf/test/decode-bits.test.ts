import { decodeStructure } from '@sonde/ctf';
import { bitArray, bool, float, sint, struct, uint } from '@sonde/testkit';
import type { BitOrder, ByteOrder } from '@sonde/trace-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSource } from './decode-source.ts';

/** The definition, bit by bit. */
function naive(
  bytes: Uint8Array,
  offsetBits: number,
  lengthBits: number,
  byteOrder: ByteOrder,
  bitOrder: BitOrder,
): bigint {
  let value = 0n;
  for (let i = 0; i < lengthBits; i++) {
    const offset = offsetBits + i;
    const shift = byteOrder === 'little-endian' ? offset % 8 : 7 - (offset % 8);
    const bit = BigInt((bytes[Math.floor(offset / 8)]! >> shift) & 1);
    value |= bit << BigInt(bitOrder === 'first-to-last' ? i : lengthBits - 1 - i);
  }
  return value;
}

const layouts = fc.record({
  bytes: fc.uint8Array({ minLength: 20, maxLength: 20 }),
  skipBits: fc.integer({ min: 0, max: 40 }),
  lengthBits: fc.integer({ min: 1, max: 64 }),
  byteOrder: fc.constantFrom<ByteOrder>('little-endian', 'big-endian'),
  bitOrder: fc.constantFrom<BitOrder>('first-to-last', 'last-to-first'),
});

describe('fixed-length bit arrays equal the bit-by-bit reference', () => {
  const options = { numRuns: 2000 };

  test('unsigned, signed and bit array', () => {
    const check = ({
      bytes,
      skipBits,
      lengthBits,
      byteOrder,
      bitOrder,
    }: typeof layouts extends fc.Arbitrary<infer T> ? T : never) => {
      const layout = { byteOrder, bitOrder, alignmentBits: 1 };
      const unsigned = naive(bytes, skipBits, lengthBits, byteOrder, bitOrder);
      const read = (field: ReturnType<typeof uint> | ReturnType<typeof bitArray>) => {
        const { value, endBits } = decodeStructure(
          struct({ field }),
          decodeSource(bytes),
          skipBits,
        );
        expect(endBits).toBe(skipBits + lengthBits);
        return (value as { field: number | bigint }).field;
      };
      expect(BigInt(read(uint(lengthBits, layout)))).toBe(unsigned);
      expect(BigInt(read(sint(lengthBits, layout)))).toBe(BigInt.asIntN(lengthBits, unsigned));
      expect(read(bitArray(lengthBits, layout))).toBe(unsigned);
    };
    fc.assert(fc.property(layouts, check), options);
  });

  test('values are numbers exactly when a number holds them', () => {
    const check = (lengthBits: number, bytes: Uint8Array) => {
      const fields = { u: uint(lengthBits), s: sint(lengthBits, { alignmentBits: 1 }) };
      const { value } = decodeStructure(struct(fields), decodeSource(bytes), 0);
      for (const field of Object.values(value as Record<string, number | bigint>)) {
        const isSafe = Number.isSafeInteger(Number(field));
        expect(typeof field).toBe(isSafe ? 'number' : 'bigint');
      }
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 48, max: 64 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        check,
      ),
      { numRuns: 500 },
    );
  });

  test('floats at any bit offset', () => {
    const check = (number: number, lengthBits: 32 | 64, byteOrder: ByteOrder, skipBits: number) => {
      const pattern = new DataView(new ArrayBuffer(8));
      if (lengthBits === 32) pattern.setFloat32(0, number);
      else pattern.setFloat64(0, number);
      let bits = pattern.getBigUint64(0) >> BigInt(64 - lengthBits);
      const bytes = new Uint8Array(16);
      for (let i = 0; i < lengthBits; i++, bits >>= 1n) {
        const offset = skipBits + (byteOrder === 'little-endian' ? i : lengthBits - 1 - i);
        const shift = byteOrder === 'little-endian' ? offset % 8 : 7 - (offset % 8);
        bytes[offset >> 3]! |= Number(bits & 1n) << shift;
      }
      const field = float(lengthBits, { byteOrder, alignmentBits: 1 });
      const { value } = decodeStructure(struct({ field }), decodeSource(bytes), skipBits);
      expect((value as { field: number }).field).toBe(
        lengthBits === 32 ? Math.fround(number) : number,
      );
    };
    const orders = fc.constantFrom<ByteOrder>('little-endian', 'big-endian');
    fc.assert(
      fc.property(
        fc.double(),
        fc.constantFrom<32 | 64>(32, 64),
        orders,
        fc.integer({ min: 0, max: 9 }),
        check,
      ),
    );
  });
});

describe('bit arrays by hand', () => {
  const be = { byteOrder: 'big-endian' } as const;
  const cases: readonly [string, string, Parameters<typeof struct>[0], object][] = [
    [
      'LTTng compact header, little-endian',
      '25 00 00 00',
      { id: uint(5), ts: uint(27, { alignmentBits: 1 }) },
      { id: 5, ts: 1 },
    ],
    [
      'LTTng compact header, big-endian',
      '28 00 00 01',
      { id: uint(5, be), ts: uint(27, be) },
      { id: 5, ts: 1 },
    ],
    [
      'alignment is relative to the packet',
      'aa 00 00 00 01 02 03 04',
      { a: uint(8), b: uint(32, { alignmentBits: 32 }) },
      { a: 0xaa, b: 0x04030201 },
    ],
    [
      'booleans of any width',
      '00 80 01',
      { no: bool(8), wide: bool(15, { alignmentBits: 8 }), last: bool(1) },
      { no: false, wide: true, last: false },
    ],
    [
      '64-bit extremes',
      'ffffffffffffffff 0000000000000080 ffffffffffffff7f',
      { minusOne: sint(64), least: sint(64), greatest: sint(64) },
      { minusOne: -1, least: -(2n ** 63n), greatest: 2n ** 63n - 1n },
    ],
    [
      'reversed bits of a byte',
      '01',
      { field: uint(8, { bitOrder: 'last-to-first' }) },
      { field: 128 },
    ],
  ];
  test.each(cases)('%s', (_title, content, members, expected) => {
    expect(decodeStructure(struct(members), decodeSource(content), 0).value).toEqual(expected);
  });
});
