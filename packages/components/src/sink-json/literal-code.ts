import type { CodeWriter } from '@sonde/ctf';
import { storeText } from '../sink-pretty/literal-code.ts';
import { slackBytes, type TextBuffer } from '../sink-text/text-buffer.ts';

/** Room that is used up at most between two checks, well below what `TextBuffer` leaves. */
const maxUncheckedBytes = slackBytes - 16_384;

/**
 * Writes code that fills a `TextBuffer`. Constant texts are gathered and stored in one go where something else has to be written or the
 * control flow splits; the room is checked only as often as needed. `bytes`, `view` and `at` are the names of the
 * buffer's array, its view and the place of the next byte in the generated code.
 */
export class LiteralCode {
  readonly bytes: string;
  readonly view: string;
  readonly at: string;
  readonly #buffer: string;
  readonly #out: CodeWriter;
  /** Constant text to be stored before anything else is written. */
  #literal = '';
  /** Bytes written at most since the last check of the room. */
  #unchecked = 0;
  readonly #branches: { readonly literal: string; readonly before: number; after: number }[] = [];

  /** Begins at the buffer's `pending`. */
  constructor(out: CodeWriter, buffer: TextBuffer) {
    this.#out = out;
    this.#buffer = out.constant(buffer);
    this.bytes = out.local('W');
    this.view = out.local('V');
    this.at = out.local('q');
    const text = this.#buffer;
    out.line(
      `let ${this.at}=${text}.pending,${this.bytes}=${text}.bytes,${this.view}=${text}.view;`,
    );
  }

  text(text: string): void {
    this.#literal += text;
  }

  /** Stores the gathered text. */
  store(): void {
    const text = this.#literal;
    if (text === '') return;
    this.#literal = '';
    const byteBound = text.length * 3 + 8;
    if (byteBound > maxUncheckedBytes) this.room(String(byteBound));
    else this.#spend(byteBound);
    storeText(this.#out, this, text);
  }

  /** Calls `write(first, at, …)`, which writes up to `byteBound` bytes and returns the place after them. */
  call(
    first: 'bytes' | 'view',
    write: (...values: never[]) => number,
    byteBound: number,
    ...values: readonly string[]
  ): void {
    this.store();
    this.#spend(byteBound);
    const list = [this[first], this.at, ...values].join(',');
    this.#out.line(`${this.at}=${this.#out.constant(write)}(${list});`);
  }

  /** Appends the `ShortText` that `expression` gives, of up to `byteBound` bytes. */
  shortText(expression: string, byteBound: number): void {
    this.store();
    const text = this.#out.local('text');
    this.#out.line(`const ${text}=${expression};`);
    if (byteBound > 1024) this.room(`${text}.length+8`);
    else this.#spend(byteBound);
    this.#out.line(`${this.at}=${text}.write(${this.view},${this.at});`);
  }

  /** As `call`, where the number of bytes is an expression. */
  callBig(write: (...values: never[]) => number, size: string, ...values: readonly string[]): void {
    this.store();
    this.room(size);
    const list = [this.bytes, this.at, ...values].join(',');
    this.#out.line(`${this.at}=${this.#out.constant(write)}(${list});`);
  }

  /** Makes sure that `size` bytes can be written, and a full measure of unchecked ones after them. */
  room(size: string): void {
    const { bytes, view, at } = this;
    const buffer = this.#buffer;
    this.#out.line(
      `if(${at}+${size}>${buffer}.limit){${at}=${buffer}.room(${at},${size}+${slackBytes});${bytes}=${buffer}.bytes;${view}=${buffer}.view;}`,
    );
    this.#unchecked = 0;
  }

  /** The control flow splits: the branches go on from here. `isStored` false: each branch stores what is gathered. */
  beginBranches(isStored = true): void {
    if (isStored) this.store();
    const before = this.#unchecked;
    this.#branches.push({ literal: this.#literal, before, after: 0 });
  }

  beginBranch(): void {
    const { literal, before } = this.#branches.at(-1)!;
    this.#literal = literal;
    this.#unchecked = before;
  }

  endBranch(): void {
    this.store();
    const branches = this.#branches.at(-1)!;
    branches.after = Math.max(branches.after, this.#unchecked);
  }

  endBranches(): void {
    const { before, after } = this.#branches.pop()!;
    this.#literal = '';
    this.#unchecked = Math.max(before, after);
  }

  /** Stores what is gathered, and the place after it as the buffer's `length`: the record is complete. */
  finish(): void {
    this.store();
    this.#out.line(`${this.#buffer}.length=${this.at};`);
  }

  #spend(byteBound: number): void {
    if (this.#unchecked + byteBound > maxUncheckedBytes) this.room('0');
    this.#unchecked += byteBound;
  }
}
