import type { FixedLengthFloatingPointNumberFieldClass } from '@sonde/trace-model';
import { writeInt64, writeUint32, writeUint64 } from '../sink-text/number-text.ts';

/** Writers of JSON values as bytes. They return the offset after the value; the caller has room. */

/** A character can take this many bytes for one of the source. */
export const bytesPerStringByte = 6;

/** By byte value: 0: as it is; 1: `\u00XX`; 2: begins or continues a UTF-8 sequence; else the character after the backslash. */
const kinds = new Uint8Array(256);
kinds.fill(1, 0, 32);
kinds.fill(2, 128);
for (const [byte, letter] of [
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
  [34, '"'],
  [92, '\\'],
] as const) {
  kinds[byte] = letter.charCodeAt(0);
}

const hex = new Uint8Array([...'0123456789abcdef'].map((digit) => digit.charCodeAt(0)));

/**
 * Writes `source[begin…end)`, UTF-8, as the inside of a JSON string. What is not UTF-8 becomes U+FFFD, once for each maximal part of a
 * sequence, as in browsers.
 */
export function writeJsonString(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  begin: number,
  end: number,
): number {
  let offset = at;
  for (let i = begin; i < end; i++) {
    const byte = source[i]!;
    const kind = kinds[byte]!;
    if (kind === 0) {
      target[offset++] = byte;
    } else if (kind === 2) {
      const length = sequenceLength(source, i, end);
      if (length > 0) {
        for (let j = 0; j < length; j++) target[offset++] = source[i + j]!;
        i += length - 1;
      } else {
        offset = writeReplacement(target, offset);
        i += -length - 1;
      }
    } else {
      offset = writeEscape(target, offset, byte, kind);
    }
  }
  return offset;
}

function writeEscape(target: Uint8Array, at: number, byte: number, kind: number): number {
  target[at] = 92;
  if (kind !== 1) {
    target[at + 1] = kind;
    return at + 2;
  }
  target[at + 1] = 117;
  target[at + 2] = 48;
  target[at + 3] = 48;
  target[at + 4] = hex[byte >> 4]!;
  target[at + 5] = hex[byte & 15]!;
  return at + 6;
}

function writeReplacement(target: Uint8Array, at: number): number {
  target[at] = 0xef;
  target[at + 1] = 0xbf;
  target[at + 2] = 0xbd;
  return at + 3;
}

/**
 * Length (bytes) of the UTF-8 sequence at `at`, whose first byte is not ASCII; negative: that many bytes are not UTF-8 (Unicode 15,
 * table 3-7: the second byte has a narrower range after E0, ED, F0 and F4).
 */
function sequenceLength(source: Uint8Array, at: number, end: number): number {
  const first = source[at]!;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return -1;
  for (let i = 1; i < length; i++) {
    const byte = at + i < end ? source[at + i]! : 0;
    let low = 0x80;
    let high = 0xbf;
    if (i === 1) {
      if (first === 0xe0) low = 0xa0;
      else if (first === 0xed) high = 0x9f;
      else if (first === 0xf0) low = 0x90;
      else if (first === 0xf4) high = 0x8f;
    }
    if (byte < low || byte > high) return -i;
  }
  return length;
}

/** Two digits for each byte, in quotes. The caller has room for two bytes each and two more. */
export function writeHexString(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  begin: number,
  end: number,
): number {
  let offset = at;
  target[offset++] = 34;
  for (let i = begin; i < end; i++) {
    const byte = source[i]!;
    target[offset++] = hex[byte >> 4]!;
    target[offset++] = hex[byte & 15]!;
  }
  target[offset++] = 34;
  return offset;
}

const firstUnsafeHigh = 0x20_0000;

/** In quotes when a double can't hold it. @param high,low - Unsigned halves */
export function writeSafeUint64(view: DataView, at: number, high: number, low: number): number {
  return high < firstUnsafeHigh
    ? writeUint64(view, at, high, low)
    : writeQuotedUint64(view, at, high, low);
}

/** In quotes when a double can't hold it. @param high - Signed. @param low - Unsigned */
export function writeSafeInt64(view: DataView, at: number, high: number, low: number): number {
  const isSafe =
    high < firstUnsafeHigh && (high > -firstUnsafeHigh || (high === -firstUnsafeHigh && low !== 0));
  return isSafe ? writeInt64(view, at, high, low) : writeQuotedInt64(view, at, high, low);
}

export function writeQuotedUint64(view: DataView, at: number, high: number, low: number): number {
  view.setUint8(at, 34);
  const end = writeUint64(view, at + 1, high, low);
  view.setUint8(end, 34);
  return end + 1;
}

export function writeQuotedInt64(view: DataView, at: number, high: number, low: number): number {
  view.setUint8(at, 34);
  const end = writeInt64(view, at + 1, high, low);
  view.setUint8(end, 34);
  return end + 1;
}

/**
 * The shortest number that reads back as the same value, integers exactly; JSON has no NaN and no infinities, so they are strings.
 * @param lengthBits - Of the field: 32 bits need fewer digits.
 */
export function formatJsonFloat(value: number, lengthBits: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return '-0';
  if (lengthBits === 32 && !Number.isSafeInteger(value)) {
    for (let digits = 6; digits < 10; digits++) {
      const rounded = Number(value.toPrecision(digits));
      if (Math.fround(rounded) === value) return String(rounded);
    }
  }
  return String(value);
}

export function writeJsonFloat(
  view: DataView,
  at: number,
  value: number,
  fieldClass: FixedLengthFloatingPointNumberFieldClass,
): number {
  if (value > 0 && value < 4_294_967_296 && Math.floor(value) === value) {
    return writeUint32(view, at, value);
  }
  const text = formatJsonFloat(value, fieldClass.lengthBits);
  for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i));
  return at + text.length;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A JSON string of any text: half surrogate pairs are replaced, so that the output is UTF-8. */
export function jsonString(text: string): string {
  const isAscii = /^[\x20-\x7e]*$/.test(text);
  return JSON.stringify(isAscii ? text : decoder.decode(encoder.encode(text)));
}
