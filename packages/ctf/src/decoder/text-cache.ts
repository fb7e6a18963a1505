import { decodeText } from './text.ts';

/** Longer strings are decoded afresh. */
const maxCachedBytes = 64;
const entryCount = 16_384;

interface Entry {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * UTF-8 texts by a hash of their bytes: traces say the same names again and again. Direct-mapped; at most 16384 texts of at most
 * 64 bytes are kept.
 */
const entries: (Entry | undefined)[] = new Array(entryCount).fill(undefined);

/** The UTF-8 text of `bytes[begin…end)`; as `decodeText`. */
export function internText(bytes: Uint8Array, begin: number, end: number): string {
  const length = end - begin;
  if (length > maxCachedBytes) return decodeText('utf-8', bytes, begin, end);
  let hash = length;
  for (let i = begin; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  const index = (hash ^ (hash >>> 15)) & (entryCount - 1);
  const entry = entries[index];
  if (entry !== undefined && entry.bytes.length === length) {
    const known = entry.bytes;
    let i = 0;
    while (i < length && known[i] === bytes[begin + i]) i++;
    if (i === length) return entry.text;
  }
  const text = decodeText('utf-8', bytes, begin, end);
  entries[index] = { bytes: bytes.slice(begin, end), text };
  return text;
}
