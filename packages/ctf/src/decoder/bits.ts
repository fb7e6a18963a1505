import type { BitOrder, ByteOrder } from '@sonde/trace-model';

/**
 * Reads of fixed-length bit arrays at any bit offset. Offsets below 2^32 bits. The bytes of the bit array must exist: callers check
 * the end of the content first.
 *
 * ```
 * little-endian: offset b is bit (b mod 8) of byte b/8, counted from the least significant; first bit = least significant
 * big-endian:    offset b is bit (b mod 8) of byte b/8, counted from the most significant;  first bit = most significant
 * ```
 */

/** Reads up to 53 bits in the natural bit order of `littleEndian`. */
function readNatural(
  bytes: Uint8Array,
  offsetBits: number,
  lengthBits: number,
  littleEndian: boolean,
): number {
  let value = 0;
  let factor = 1;
  let left = lengthBits;
  let index = offsetBits >>> 3;
  let shift = offsetBits & 7;
  while (left > 0) {
    const take = Math.min(8 - shift, left);
    const mask = (1 << take) - 1;
    const byte = bytes[index]!;
    if (littleEndian) {
      value += ((byte >> shift) & mask) * factor;
      factor *= 1 << take;
    } else {
      value = value * (1 << take) + ((byte >> (8 - shift - take)) & mask);
    }
    left -= take;
    shift = 0;
    index++;
  }
  return value;
}

/** `lengthBits` low bits of `value` in reverse order; up to 32 bits. */
function reverseBits(value: number, lengthBits: number): number {
  let reversed = 0;
  for (let i = 0; i < lengthBits; i++) reversed = reversed * 2 + (Math.floor(value / 2 ** i) & 1);
  return reversed;
}

/** Layout of a fixed-length bit array. */
export interface BitArrayLayout {
  readonly lengthBits: number;
  readonly byteOrder: ByteOrder;
  readonly bitOrder: BitOrder;
}

export function isReversed(layout: BitArrayLayout): boolean {
  return (layout.byteOrder === 'little-endian') !== (layout.bitOrder === 'first-to-last');
}

/** Reads 1 to 64 bits as an unsigned value: a number when it is below 2^53, else a bigint. */
export function readUnsigned(
  bytes: Uint8Array,
  offsetBits: number,
  layout: BitArrayLayout,
): number | bigint {
  const { lengthBits } = layout;
  const littleEndian = layout.byteOrder === 'little-endian';
  const reversed = isReversed(layout);
  if (lengthBits <= 32) {
    const value = readNatural(bytes, offsetBits, lengthBits, littleEndian);
    return reversed ? reverseBits(value, lengthBits) : value;
  }
  const highBits = lengthBits - 32;
  let low = readNatural(bytes, offsetBits + (littleEndian ? 0 : highBits), 32, littleEndian);
  let high = readNatural(bytes, offsetBits + (littleEndian ? 32 : 0), highBits, littleEndian);
  if (reversed) {
    // The reverse of high:low is reverse(low):reverse(high), cut again at 32 bits.
    const wide =
      (BigInt(reverseBits(low, 32)) << BigInt(highBits)) | BigInt(reverseBits(high, highBits));
    low = Number(wide & 0xffffffffn);
    high = Number(wide >> 32n);
  }
  return high < 0x200000 ? high * 0x100000000 + low : (BigInt(high) << 32n) | BigInt(low);
}

/** Reads 1 to 64 bits as a two's complement value: a number when |value| < 2^53, else a bigint. */
export function readSigned(
  bytes: Uint8Array,
  offsetBits: number,
  layout: BitArrayLayout,
): number | bigint {
  const { lengthBits } = layout;
  const value = readUnsigned(bytes, offsetBits, layout);
  if (lengthBits <= 52) {
    return (value as number) >= 2 ** (lengthBits - 1) ? (value as number) - 2 ** lengthBits : value;
  }
  return toExact(BigInt.asIntN(lengthBits, BigInt(value)));
}

/** The number equal to `value` if |value| < 2^53, else `value`. */
export function toExact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const floatScratch = new DataView(new ArrayBuffer(8));

/** Reads an IEEE 754 binary32 or binary64 number at any bit offset. */
export function readFloat(bytes: Uint8Array, offsetBits: number, layout: BitArrayLayout): number {
  const pattern = readUnsigned(bytes, offsetBits, layout);
  if (layout.lengthBits === 32) {
    floatScratch.setUint32(0, pattern as number);
    return floatScratch.getFloat32(0);
  }
  floatScratch.setBigUint64(0, BigInt(pattern));
  return floatScratch.getFloat64(0);
}
