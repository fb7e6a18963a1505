import { utf8 } from './text-buffer.ts';

/** A copy by the engine takes about as long for any size as a loop does for so many bytes. */
const minCopiedBytes = 64;

/**
 * A constant text that is written often, in words of eight bytes. The words are doubles with these bytes: a store of a double does
 * not change them unless it is a NaN.
 */
export class ShortText {
  readonly bytes: Uint8Array;
  readonly length: number;
  /** The first bytes as words; 0 where the text is not plain. */
  readonly word0: number;
  readonly word1: number;
  /** Length of a text that goes in words; -1: not plain. */
  readonly plainBytes: number;
  readonly #view: DataView;

  private constructor(bytes: Uint8Array) {
    const padded = new Uint8Array(Math.max(16, (bytes.length + 7) & ~7));
    padded.set(bytes);
    this.bytes = bytes;
    this.length = bytes.length;
    this.#view = new DataView(padded.buffer);
    // No word of such bytes is a NaN.
    const isPlain = bytes.every((byte) => byte < 127);
    this.plainBytes = isPlain ? bytes.length : -1;
    this.word0 = isPlain ? this.#view.getFloat64(0, true) : 0;
    this.word1 = isPlain ? this.#view.getFloat64(8, true) : 0;
  }

  static of(text: string | Uint8Array): ShortText {
    return new ShortText(typeof text === 'string' ? utf8(text) : text);
  }

  /** Writes at `at` of `target`, whose view is `view`: longer texts by a copy of the engine. @returns the offset after the text */
  copy(target: Uint8Array, view: DataView, at: number): number {
    if (this.length < minCopiedBytes) return this.write(view, at);
    target.set(this.bytes, at);
    return at + this.length;
  }

  /** Writes at `at`; up to seven bytes after the text are overwritten too. @returns the offset after the text */
  write(view: DataView, at: number): number {
    const { length } = this;
    const { plainBytes } = this;
    if (plainBytes >= 0) {
      view.setFloat64(at, this.word0, true);
      if (plainBytes > 8) view.setFloat64(at + 8, this.word1, true);
      for (let i = 16; i < plainBytes; i += 8) {
        view.setFloat64(at + i, this.#view.getFloat64(i, true), true);
      }
    } else {
      for (let i = 0; i < length; i += 4) {
        view.setInt32(at + i, this.#view.getInt32(i, true), true);
      }
    }
    return at + length;
  }
}
