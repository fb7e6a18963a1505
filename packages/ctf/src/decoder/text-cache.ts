import { decodeText } from './text.ts';

/** Longer texts are decoded afresh. */
const maxCachedBytes = 64;
const entryCount = 16_384;

/** A text as it was found in a packet. */
export interface FoundText {
  readonly text: string;
  /** Without terminator. */
  readonly lengthBytes: number;
}

interface Entry extends FoundText {
  /** The bytes, 4 each, little-endian, zeros after the last. */
  readonly words: Int32Array;
}

/**
 * UTF-8 texts by a hash of their bytes: traces say the same names again and again. Direct-mapped; at most 16384 texts of at most
 * 64 bytes are kept.
 */
const entries: (Entry | undefined)[] = new Array(entryCount).fill(undefined);

/**
 * The UTF-8 text of `bytes[begin…limit)` up to the first zero byte, as `decodeText` decodes it. `view` is of the same bytes; at
 * least 4 bytes follow `limit` in it.
 */
export function findText(
  bytes: Uint8Array,
  view: DataView,
  begin: number,
  limit: number,
): FoundText {
  let hash = 0;
  let at = begin;
  let word = 0;
  for (;;) {
    word = view.getInt32(at, true);
    // The lowest set bit is in the first zero byte.
    const zeros = (word - 0x01010101) & ~word & 0x80808080;
    if (zeros !== 0 || at + 4 > limit) {
      const count = Math.min(zeros === 0 ? 4 : (31 - Math.clz32(zeros & -zeros)) >> 3, limit - at);
      word &= (1 << (count * 8)) - 1;
      at += count;
      break;
    }
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
    at += 4;
    if (at - begin > maxCachedBytes) return findLongText(bytes, begin, limit);
  }
  const lengthBytes = at - begin;
  hash = Math.imul(hash ^ word ^ lengthBytes, 0x9e3779b1);
  const index = (hash ^ (hash >>> 15)) & (entryCount - 1);
  const entry = entries[index];
  if (entry !== undefined && entry.lengthBytes === lengthBytes) {
    const { words } = entry;
    const last = lengthBytes >> 2;
    let i = 0;
    while (i < last && words[i] === view.getInt32(begin + i * 4, true)) i++;
    if (i === last && words[last] === word) return entry;
  }
  return (entries[index] = newEntry(bytes, begin, at));
}

function newEntry(bytes: Uint8Array, begin: number, end: number): Entry {
  const lengthBytes = end - begin;
  const words = new Int32Array((lengthBytes >> 2) + 1);
  for (let i = 0; i < lengthBytes; i++) words[i >> 2]! |= bytes[begin + i]! << ((i & 3) * 8);
  return { text: decodeText('utf-8', bytes, begin, end), lengthBytes, words };
}

function findLongText(bytes: Uint8Array, begin: number, limit: number): FoundText {
  const zero = bytes.indexOf(0, begin);
  const end = zero < 0 || zero > limit ? limit : zero;
  return { text: decodeText('utf-8', bytes, begin, end), lengthBytes: end - begin };
}
