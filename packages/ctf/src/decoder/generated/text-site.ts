import { type FoundText, findText } from '../text-cache.ts';

/**
 * Remembers the last text of one UTF-8 string field: names of processes, messages and paths stay the same for many records. It
 * compares the first 16 bytes as 4 little-endian words; longer texts are not remembered.
 */
export class TextSite implements FoundText {
  text = '';
  lengthBytes = 0;
  // The bits of each word that belong to the text and its terminator, and what they were. None match before the first text.
  #mask0 = 0;
  #mask1 = 0;
  #mask2 = 0;
  #mask3 = 0;
  #word0 = 1;
  #word1 = 0;
  #word2 = 0;
  #word3 = 0;

  /** Whether the text at byte `begin` is the last one. At least 16 bytes follow `begin` in `view`. */
  matches(view: DataView, begin: number): boolean {
    return (
      (((view.getInt32(begin, true) & this.#mask0) ^ this.#word0) |
        ((view.getInt32(begin + 4, true) & this.#mask1) ^ this.#word1) |
        ((view.getInt32(begin + 8, true) & this.#mask2) ^ this.#word2) |
        ((view.getInt32(begin + 12, true) & this.#mask3) ^ this.#word3)) ===
      0
    );
  }

  /**
   * Goes to the text of `bytes[begin…limit)` up to the first zero byte.
   * @param hasStaticLimit - The field always ends at `limit`: a text that goes so far has no terminator to compare.
   */
  find(
    bytes: Uint8Array,
    view: DataView,
    begin: number,
    limit: number,
    hasStaticLimit: boolean,
  ): void {
    const { text, lengthBytes } = findText(bytes, view, begin, limit);
    this.text = text;
    this.lengthBytes = lengthBytes;
    const isTerminated = begin + lengthBytes < limit;
    const count = isTerminated ? lengthBytes + 1 : lengthBytes;
    const isKept = count <= 16 && (isTerminated || hasStaticLimit);
    this.#mask0 = isKept ? maskOf(count) : 0;
    this.#mask1 = isKept ? maskOf(count - 4) : 0;
    this.#mask2 = isKept ? maskOf(count - 8) : 0;
    this.#mask3 = isKept ? maskOf(count - 12) : 0;
    this.#word0 = isKept ? view.getInt32(begin, true) & this.#mask0 : 1;
    this.#word1 = view.getInt32(begin + 4, true) & this.#mask1;
    this.#word2 = view.getInt32(begin + 8, true) & this.#mask2;
    this.#word3 = view.getInt32(begin + 12, true) & this.#mask3;
  }
}

/** The bits of the first `count` bytes of a little-endian word. */
function maskOf(count: number): number {
  if (count >= 4) return -1;
  return count <= 0 ? 0 : (1 << (count * 8)) - 1;
}
