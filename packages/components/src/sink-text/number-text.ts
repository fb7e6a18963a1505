/**
 * Writers of numbers as text, without strings. They write at `at` and return the offset after the text; beyond it up to eight
 * bytes may have been overwritten: the caller has room for 80 bytes. The view spans the same bytes as the array.
 */

/** Four characters of "0000" to "9999", as a little-endian word. */
const padded4 = new Uint32Array(10_000);
/** The same without leading zeros; what follows the last digit is meaningless. */
const bare4 = new Uint32Array(10_000);
/** Two hexadecimal digits, as a little-endian half-word. */
const upperHex2 = new Uint16Array(256);

for (let i = 0; i < 10_000; i++) {
  const text = String(i);
  padded4[i] = wordOf(text.padStart(4, '0'));
  bare4[i] = wordOf(text.padEnd(4, '0'));
}
for (let i = 0; i < 256; i++) {
  const text = i.toString(16).toUpperCase().padStart(2, '0');
  upperHex2[i] = text.charCodeAt(0) | (text.charCodeAt(1) << 8);
}

function wordOf(text: string): number {
  let word = 0;
  for (let i = 3; i >= 0; i--) word = (word << 8) | text.charCodeAt(i);
  return word >>> 0;
}

/** @param value - An unsigned 32-bit integer. */
export function writeUint32(view: DataView, at: number, value: number): number {
  if (value < 10_000) {
    view.setUint32(at, bare4[value]!, true);
    return at + (value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4);
  }
  if (value < 100_000_000) {
    const high = (value / 10_000) | 0;
    const end = writeUint32(view, at, high);
    view.setUint32(end, padded4[value - high * 10_000]!, true);
    return end + 4;
  }
  const high = (value / 100_000_000) | 0;
  return writePadded8(view, writeUint32(view, at, high), value - high * 100_000_000);
}

/** @param value - A signed 32-bit integer. */
export function writeInt32(view: DataView, at: number, value: number): number {
  if (value >= 0) return writeUint32(view, at, value);
  view.setUint8(at, 45);
  return writeUint32(view, at + 1, -value);
}

/** Eight digits. @param value - Less than 10^8. */
export function writePadded8(view: DataView, at: number, value: number): number {
  const high = (value / 10_000) | 0;
  view.setUint32(at, padded4[high]!, true);
  view.setUint32(at + 4, padded4[value - high * 10_000]!, true);
  return at + 8;
}

/** Nine digits. @param value - Less than 10^9. */
export function writePadded9(view: DataView, at: number, value: number): number {
  const high = (value / 100_000_000) | 0;
  view.setUint8(at, 48 + high);
  return writePadded8(view, at + 1, value - high * 100_000_000);
}

/** @param value - A whole number from 0 to 2^53 - 1. */
export function writeWhole(view: DataView, at: number, value: number): number {
  if (value < 4_294_967_296) return writeUint32(view, at, value);
  const high = Math.floor(value / 100_000_000);
  return writePadded8(view, writeUint32(view, at, high), value - high * 100_000_000);
}

/** @param high,low - The halves of an unsigned 64-bit integer (unsigned 32-bit each). */
export function writeUint64(view: DataView, at: number, high: number, low: number): number {
  if (high === 0) return writeUint32(view, at, low);
  if (high < 2_097_152) return writeWhole(view, at, high * 4_294_967_296 + low);
  // Long division by 10^8 in steps of 16 bits, each exact as a double.
  const quotient1 = Math.floor(high / 100_000_000);
  let rest = (high - quotient1 * 100_000_000) * 65_536 + (low >>> 16);
  const quotient2 = Math.floor(rest / 100_000_000);
  rest = (rest - quotient2 * 100_000_000) * 65_536 + (low & 65_535);
  const quotient3 = Math.floor(rest / 100_000_000);
  rest -= quotient3 * 100_000_000;
  const quotient = quotient1 * 4_294_967_296 + quotient2 * 65_536 + quotient3;
  return writePadded8(view, writeWhole(view, at, quotient), rest);
}

/** @param high,low - The halves of a signed 64-bit integer (high: signed, low: unsigned). */
export function writeInt64(view: DataView, at: number, high: number, low: number): number {
  if (high >= 0) return writeUint64(view, at, high, low);
  view.setUint8(at, 45);
  return writeUint64(view, at + 1, (low === 0 ? -high : ~high) >>> 0, -low >>> 0);
}

/** Upper case, with `0x`. @param value - An unsigned 32-bit integer. */
export function writeHex32(view: DataView, at: number, value: number): number {
  view.setUint16(at, 0x7830, true);
  return writeHexDigits(view, at + 2, value, (35 - Math.clz32(value | 1)) >> 2);
}

/** Upper case, with `0x`. @param high,low - Unsigned 32-bit halves. */
export function writeHex64(view: DataView, at: number, high: number, low: number): number {
  if (high === 0) return writeHex32(view, at, low);
  const end = writeHex32(view, at, high);
  view.setUint16(end, upperHex2[low >>> 24]!, true);
  view.setUint16(end + 2, upperHex2[(low >>> 16) & 255]!, true);
  view.setUint16(end + 4, upperHex2[(low >>> 8) & 255]!, true);
  view.setUint16(end + 6, upperHex2[low & 255]!, true);
  return end + 8;
}

function writeHexDigits(view: DataView, at: number, value: number, digits: number): number {
  const end = at + digits;
  let offset = end;
  let rest = value;
  while (offset - at >= 2) {
    offset -= 2;
    view.setUint16(offset, upperHex2[rest & 255]!, true);
    rest >>>= 8;
  }
  if (offset > at) view.setUint8(at, upperHex2[rest & 15]! >>> 8);
  return end;
}

/** `0` and octal digits. @param value - 0 to 2^64 - 1. */
export function octalText(value: bigint): string {
  return `0${value.toString(8)}`;
}

/** `0b` and `lengthBits` digits. @param value - 0 to 2^64 - 1. */
export function binaryText(value: bigint, lengthBits: number): string {
  return `0b${value.toString(2).padStart(lengthBits, '0')}`;
}
