import { utf8 } from './text-buffer.ts';

/** A constant text that is written often, in words of eight bytes. */
export class ShortText {
  readonly length: number;
  readonly #view: DataView;
  /** True: no byte that could make a word a NaN, whose bits are not safe as a number. */
  readonly #isPlain: boolean;

  private constructor(bytes: Uint8Array) {
    const padded = new Uint8Array((bytes.length + 7) & ~7);
    padded.set(bytes);
    this.length = bytes.length;
    this.#view = new DataView(padded.buffer);
    this.#isPlain = bytes.every((byte) => byte < 127);
  }

  static of(text: string | Uint8Array): ShortText {
    return new ShortText(typeof text === 'string' ? utf8(text) : text);
  }

  /** Writes at `at`; up to seven bytes after the text are overwritten too. @returns the offset after the text */
  write(view: DataView, at: number): number {
    const { length } = this;
    const source = this.#view;
    if (this.#isPlain) {
      for (let i = 0; i < length; i += 8) {
        view.setFloat64(at + i, source.getFloat64(i, true), true);
      }
    } else {
      for (let i = 0; i < length; i += 4) {
        view.setInt32(at + i, source.getInt32(i, true), true);
      }
    }
    return at + length;
  }
}
