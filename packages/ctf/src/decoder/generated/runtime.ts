import { type BitArrayLayout, readSigned, readUnsigned } from '../bits.ts';

/** What generated code calls. Monomorphic and small where it is hot. `end` bounds are byte offsets that must not be passed. */

/**
 * Offset of the first zero byte at or after `begin`. The 16 bytes after the content are zero, so it ends there at the latest when
 * `begin` is within the content; the caller compares with the end. `view` is of the same bytes.
 */
export function indexOfZero(bytes: Uint8Array, view: DataView, begin: number): number {
  let at = begin;
  const near = begin + 64;
  for (;;) {
    const word = view.getInt32(at, true);
    // The lowest set bit is in the first zero byte.
    const zeros = (word - 0x01010101) & ~word & 0x80808080;
    if (zeros !== 0) return at + ((31 - Math.clz32(zeros & -zeros)) >> 3);
    at += 4;
    if (at === near) return bytes.indexOf(0, near);
  }
}

/** Offset of the first zero byte in `bytes[begin…end)`, else `end`. */
export function cutAtZero(bytes: Uint8Array, begin: number, end: number): number {
  let index = begin;
  while (index < end && bytes[index] !== 0) index++;
  return index;
}

/** End of the LEB128 integer at `begin`; -1: it passes `end` or 64 bits. */
export function endOfVariableLength(
  bytes: Uint8Array,
  begin: number,
  end: number,
  isSigned: boolean,
): number {
  for (let index = begin; index < end && index < begin + 10; index++) {
    const byte = bytes[index]!;
    if (byte < 0x80) {
      const isTenth = index === begin + 9;
      if (isTenth && (isSigned ? byte !== 0 && byte !== 0x7f : byte !== 1)) return -1;
      return index + 1;
    }
  }
  return -1;
}

/** Low 32 bits of the two's complement of a value from `readUnsigned`, `readSigned` or a LEB128 integer. */
export function lowOf(value: number | bigint): number {
  return typeof value === 'number' ? value >>> 0 : Number(BigInt.asUintN(32, value));
}

/** The bits above `lowOf`, signed when the value is negative. */
export function highOf(value: number | bigint): number {
  return typeof value === 'number' ? Math.floor(value / 2 ** 32) : Number(value >> 32n);
}

/** A byte-aligned 64-bit unsigned integer: a number where exact, else a bigint. */
export function exactUnsigned64(view: DataView, begin: number, isLittle: boolean): number | bigint {
  const high = view.getUint32(isLittle ? begin + 4 : begin, isLittle);
  if (high >= 0x200000) return view.getBigUint64(begin, isLittle);
  return high * 0x100000000 + view.getUint32(isLittle ? begin : begin + 4, isLittle);
}

/** As `exactUnsigned64`, two's complement. */
export function exactSigned64(view: DataView, begin: number, isLittle: boolean): number | bigint {
  const high = view.getInt32(isLittle ? begin + 4 : begin, isLittle);
  const value = high * 0x100000000 + view.getUint32(isLittle ? begin : begin + 4, isLittle);
  return Number.isSafeInteger(value) ? value : view.getBigInt64(begin, isLittle);
}

/** `readUnsigned` or `readSigned` of bits.ts. */
export type ReadBits = (
  bytes: Uint8Array,
  offsetBits: number,
  layout: BitArrayLayout,
) => number | bigint;

export function bitReader(isSigned: boolean): ReadBits {
  return isSigned ? readSigned : readUnsigned;
}
