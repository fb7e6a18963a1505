import type { StringEncoding } from '@sonde/trace-model';

/**
 * By byte value: 0: stands for itself; 1: control character as `\xNN`; else the character after the backslash.
 * Bytes from 0x80 on stand for themselves, valid UTF-8 or not.
 */
const escapes = new Uint8Array(256);
escapes.fill(1, 0, 32);
escapes[127] = 1;
for (const [byte, letter] of [
  [7, 'a'],
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [11, 'v'],
  [12, 'f'],
  [13, 'r'],
  [27, 'e'],
  [34, '"'],
  [39, "'"],
  [63, '?'],
  [92, '\\'],
] as const) {
  escapes[byte] = letter.charCodeAt(0);
}

const lowerHex = new Uint8Array([...'0123456789abcdef'].map((digit) => digit.charCodeAt(0)));

/**
 * Copies `source[begin…end)` to `target[at…]`, escaped as in a C string literal. The caller has room for four bytes each.
 * @returns the offset after the text
 */
export function writeEscaped(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  begin: number,
  end: number,
): number {
  let offset = at;
  for (let i = begin; i < end; i++) {
    const byte = source[i]!;
    const sequence = escapes[byte]!;
    if (sequence === 0) target[offset++] = byte;
    else offset = writeEscape(target, offset, byte, sequence);
  }
  return offset;
}

/** By two bytes as a little-endian half-word: not 0: one of them can't stand for itself. */
const escapedPairs = new Uint8Array(65_536);
for (let low = 0; low < 256; low++) {
  if (escapes[low] === 0) continue;
  escapedPairs.fill(1, low << 8, (low + 1) << 8);
  for (let high = 0; high < 256; high++) escapedPairs[(high << 8) | low] = 1;
}

/** Bytes with their view, which spans the same bytes. */
export interface ViewedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * The same as `writeEscaped`, four bytes at a time as long as nothing is to be escaped. Reads up to three bytes after `end`, and
 * overwrites as many after the text. The views span the same bytes as the arrays.
 */
export function writeEscapedWords(
  target: ViewedBytes,
  at: number,
  source: ViewedBytes,
  begin: number,
  end: number,
): number {
  const from = source.view;
  const to = target.view;
  let offset = at;
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    const word = from.getInt32(i, true);
    if ((escapedPairs[word & 65_535]! | escapedPairs[word >>> 16]!) !== 0) {
      return writeEscaped(target.bytes, offset, source.bytes, i, end);
    }
    to.setInt32(offset, word, true);
    offset += 4;
  }
  const restBits = (end - i) * 8;
  if (restBits === 0) return offset;
  // What comes after the end is replaced by spaces, which need no escape.
  const word = (from.getInt32(i, true) & ((1 << restBits) - 1)) | (0x20202020 << restBits);
  if ((escapedPairs[word & 65_535]! | escapedPairs[word >>> 16]!) !== 0) {
    return writeEscaped(target.bytes, offset, source.bytes, i, end);
  }
  to.setInt32(offset, word, true);
  return offset + (end - i);
}

function writeEscape(target: Uint8Array, at: number, byte: number, sequence: number): number {
  target[at] = 92;
  if (sequence !== 1) {
    target[at + 1] = sequence;
    return at + 2;
  }
  target[at + 1] = 120;
  target[at + 2] = lowerHex[byte >> 4]!;
  target[at + 3] = lowerHex[byte & 15]!;
  return at + 4;
}

/** `bytes` escaped, as bytes of their own. */
export function escaped(bytes: Uint8Array): Uint8Array {
  const target = new Uint8Array(bytes.length * 4);
  return target.slice(0, writeEscaped(target, 0, bytes, 0, bytes.length));
}

/** Two digits and a space for each byte: `6d 69 78 `. The caller has room. @returns the offset after the text */
export function writeHexBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  begin: number,
  end: number,
): number {
  let offset = at;
  for (let i = begin; i < end; i++) {
    const byte = source[i]!;
    target[offset] = lowerHex[byte >> 4]!;
    target[offset + 1] = lowerHex[byte & 15]!;
    target[offset + 2] = 32;
    offset += 3;
  }
  return offset;
}

const encoder = new TextEncoder();

/** UTF-16 or UTF-32 text as UTF-8; what is not a character becomes U+FFFD. */
export function toUtf8(
  encoding: StringEncoding,
  bytes: Uint8Array,
  begin: number,
  end: number,
): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = encoding.endsWith('le');
  const parts: string[] = [];
  if (encoding.startsWith('utf-16')) {
    for (let i = begin; i + 2 <= end; i += 2) {
      parts.push(String.fromCharCode(view.getUint16(i, isLittle)));
    }
  } else if (encoding.startsWith('utf-32')) {
    for (let i = begin; i + 4 <= end; i += 4) {
      const code = view.getUint32(i, isLittle);
      parts.push(code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code));
    }
  } else {
    return bytes.subarray(begin, end);
  }
  // `encode` replaces surrogates that stand alone.
  return encoder.encode(parts.join(''));
}
