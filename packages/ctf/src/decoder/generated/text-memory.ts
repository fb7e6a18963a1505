import { type FoundText, findText } from '../text-cache.ts';

/** A text of at most 16 bytes, with its terminator where it has one, and how to know it again. */
class KnownText implements FoundText {
  text = '';
  lengthBytes = 0;
  // 4 little-endian words: the bits that belong to the text and its terminator, and what they were. The first text matches nothing.
  #mask0 = 0;
  #mask1 = 0;
  #mask2 = 0;
  #mask3 = 0;
  #word0 = 1;
  #word1 = 0;
  #word2 = 0;
  #word3 = 0;

  /** Whether this text is at byte `begin`. At least 16 bytes follow it in `view`. */
  matches(view: DataView, begin: number): boolean {
    return (
      (((view.getInt32(begin, true) & this.#mask0) ^ this.#word0) |
        ((view.getInt32(begin + 4, true) & this.#mask1) ^ this.#word1) |
        ((view.getInt32(begin + 8, true) & this.#mask2) ^ this.#word2) |
        ((view.getInt32(begin + 12, true) & this.#mask3) ^ this.#word3)) ===
      0
    );
  }

  /** Becomes `found`, of which `count` bytes are to be compared. More than 16: it matches nothing. */
  become({ text, lengthBytes }: FoundText, count: number, view: DataView, begin: number): void {
    const isKept = count <= 16;
    this.text = text;
    this.lengthBytes = lengthBytes;
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

/** Bytes of a text to compare. A text that is cut by the end of the content must not be known again. */
function countToCompare(
  { lengthBytes }: FoundText,
  isTerminated: boolean,
  hasStaticLimit: boolean,
): number {
  if (isTerminated) return lengthBytes + 1;
  return hasStaticLimit ? lengthBytes : Infinity;
}

/**
 * Remembers the last two different texts of one UTF-8 string field: names of processes and the like stay the same for many records,
 * in each of the streams that are merged.
 */
export class TextMemory {
  last: KnownText = new KnownText();
  #other = new KnownText();

  /**
   * The text of `bytes[begin…limit)` up to the first zero byte, when it isn't `last`. Valid until the next call; it is `last` then.
   * @param hasStaticLimit - The field always ends at `limit`: a text that goes so far has no terminator to compare.
   */
  find(
    bytes: Uint8Array,
    view: DataView,
    begin: number,
    limit: number,
    hasStaticLimit: boolean,
  ): FoundText {
    const known = this.#other;
    this.#other = this.last;
    this.last = known;
    if (!known.matches(view, begin)) {
      const found = findText(bytes, view, begin, limit);
      const isTerminated = begin + found.lengthBytes < limit;
      known.become(found, countToCompare(found, isTerminated, hasStaticLimit), view, begin);
    }
    return known;
  }
}
