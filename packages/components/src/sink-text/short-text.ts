import { utf8 } from './text-buffer.ts';

/** A constant text that is written often, four bytes at a time. */
export class ShortText {
  readonly length: number;
  readonly #view: DataView;

  private constructor(bytes: Uint8Array) {
    const padded = new Uint8Array((bytes.length + 3) & ~3);
    padded.set(bytes);
    this.length = bytes.length;
    this.#view = new DataView(padded.buffer);
  }

  static of(text: string | Uint8Array): ShortText {
    return new ShortText(typeof text === 'string' ? utf8(text) : text);
  }

  /** Writes at `at`; up to three bytes after the text are overwritten too. @returns the offset after the text */
  write(view: DataView, at: number): number {
    const { length } = this;
    const source = this.#view;
    for (let i = 0; i < length; i += 4) {
      view.setInt32(at + i, source.getInt32(i, true), true);
    }
    return at + length;
  }
}
