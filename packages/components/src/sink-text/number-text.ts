/**
 * Writers of numbers as text, without strings. They write at `at` and return the offset after the text; beyond it up to eight
 * bytes may have been overwritten: the caller has room for 80 bytes. The view spans the same bytes as the array.
 *
 * Integers of 32 bits may be given signed or unsigned, whatever they mean: only their bits count. Signed ones need no box when a
 * call is not inlined.
 */

/** Three characters of "000" to "999" as a little-endian word; the fourth is meaningless. A small table stays in the first-level cache. */
const padded3 = new Int32Array(1000);
/** The same without leading zeros. */
const bare3 = new Int32Array(1000);
/** Two hexadecimal digits, as a little-endian half-word. */
const upperHex2 = new Int16Array(256);

for (let i = 0; i < 1000; i++) {
  const text = String(i);
  padded3[i] = wordOf(`${text.padStart(3, '0')}0`);
  bare3[i] = wordOf(text.padEnd(4, '0'));
}
for (let i = 0; i < 256; i++) {
  const text = i.toString(16).toUpperCase().padStart(2, '0');
  upperHex2[i] = text.charCodeAt(0) | (text.charCodeAt(1) << 8);
}

function wordOf(text: string): number {
  let word = 0;
  for (let i = 3; i >= 0; i--) word = (word << 8) | text.charCodeAt(i);
  return word;
}

/** @param value - The bits of an unsigned 32-bit integer. */
export function writeUint32(view: DataView, at: number, value: number): number {
  const bits = value | 0;
  if (bits >>> 0 < 1000) {
    view.setInt32(at, bare3[bits]!, true);
    return at + (bits < 10 ? 1 : bits < 100 ? 2 : 3);
  }
  return writeLongUint32(view, at, bits);
}

function writeLongUint32(view: DataView, at: number, bits: number): number {
  if (bits >>> 0 >= 1_000_000_000) {
    const first = ((bits >>> 0) / 1_000_000_000) | 0;
    view.setInt8(at, 48 + first);
    return writePadded9(view, at + 1, (bits >>> 0) - first * 1_000_000_000);
  }
  const thousands = (bits / 1000) | 0;
  let end = at;
  if (thousands < 1000) {
    view.setInt32(end, bare3[thousands]!, true);
    end += thousands < 10 ? 1 : thousands < 100 ? 2 : 3;
  } else {
    const millions = (thousands / 1000) | 0;
    view.setInt32(end, bare3[millions]!, true);
    end += millions < 10 ? 1 : millions < 100 ? 2 : 3;
    view.setInt32(end, padded3[thousands - millions * 1000]!, true);
    end += 3;
  }
  view.setInt32(end, padded3[bits - thousands * 1000]!, true);
  return end + 3;
}

/** @param value - A signed 32-bit integer. */
export function writeInt32(view: DataView, at: number, value: number): number {
  if (value >= 0) return writeUint32(view, at, value);
  view.setUint8(at, 45);
  return writeUint32(view, at + 1, -value);
}

/** Nine digits. @param value - 0 to 10^9 - 1. */
export function writePadded9(view: DataView, at: number, value: number): number {
  const bits = value | 0;
  const thousands = (bits / 1000) | 0;
  const millions = (bits / 1_000_000) | 0;
  view.setInt32(at, padded3[millions]!, true);
  view.setInt32(at + 3, padded3[thousands - millions * 1000]!, true);
  view.setInt32(at + 6, padded3[bits - thousands * 1000]!, true);
  return at + 9;
}

/** @param value - A whole number from 0 to 2^53 - 1. */
export function writeWhole(view: DataView, at: number, value: number): number {
  if (value < 4_294_967_296) return writeUint32(view, at, value);
  const high = Math.floor(value / 1_000_000_000);
  return writePadded9(view, writeUint32(view, at, high), value - high * 1_000_000_000);
}

/** @param high,low - The bits of the halves of an unsigned 64-bit integer. */
export function writeUint64(view: DataView, at: number, high: number, low: number): number {
  if ((high | 0) === 0) return writeUint32(view, at, low);
  const upper = high >>> 0;
  if (upper < 2_097_152) return writeWhole(view, at, upper * 4_294_967_296 + (low >>> 0));
  // Long division by 10^9 in steps of 16 bits, each exact as a double.
  const quotient1 = Math.floor(upper / 1_000_000_000);
  let rest = (upper - quotient1 * 1_000_000_000) * 65_536 + (low >>> 16);
  const quotient2 = Math.floor(rest / 1_000_000_000);
  rest = (rest - quotient2 * 1_000_000_000) * 65_536 + (low & 65_535);
  const quotient3 = Math.floor(rest / 1_000_000_000);
  rest -= quotient3 * 1_000_000_000;
  const quotient = quotient1 * 4_294_967_296 + quotient2 * 65_536 + quotient3;
  return writePadded9(view, writeWhole(view, at, quotient), rest);
}

/** @param high,low - The bits of the halves of a signed 64-bit integer. */
export function writeInt64(view: DataView, at: number, high: number, low: number): number {
  const upper = high | 0;
  if (upper >= 0) return writeUint64(view, at, upper, low);
  view.setUint8(at, 45);
  return writeUint64(view, at + 1, (low | 0) === 0 ? -upper | 0 : ~upper, -low | 0);
}

/** Upper case, with `0x`. @param value - The bits of an unsigned 32-bit integer. */
export function writeHex32(view: DataView, at: number, value: number): number {
  view.setInt16(at, 0x7830, true);
  return writeHexDigits(view, at + 2, value | 0, (35 - Math.clz32(value | 1)) >> 2);
}

/** Upper case, with `0x`. @param high,low - The bits of the halves of an unsigned 64-bit integer. */
export function writeHex64(view: DataView, at: number, high: number, low: number): number {
  if ((high | 0) === 0) return writeHex32(view, at, low);
  const end = writeHex32(view, at, high);
  const bits = low | 0;
  view.setInt16(end, upperHex2[bits >>> 24]!, true);
  view.setInt16(end + 2, upperHex2[(bits >>> 16) & 255]!, true);
  view.setInt16(end + 4, upperHex2[(bits >>> 8) & 255]!, true);
  view.setInt16(end + 6, upperHex2[bits & 255]!, true);
  return end + 8;
}

function writeHexDigits(view: DataView, at: number, value: number, digits: number): number {
  const end = at + digits;
  let offset = end;
  let rest = value;
  while (offset - at >= 2) {
    offset -= 2;
    view.setInt16(offset, upperHex2[rest & 255]!, true);
    rest >>>= 8;
  }
  if (offset > at) view.setInt8(at, upperHex2[rest & 15]! >>> 8);
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
