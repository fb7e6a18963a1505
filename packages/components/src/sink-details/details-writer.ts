import type { Colors } from '../sink-text/colors.ts';
import type { TextBuffer } from '../sink-text/text-buffer.ts';

/** Indented lines. An item begins its line itself (`item`); what belongs to it follows on the same line or deeper. */
export class DetailsWriter {
  readonly buffer: TextBuffer;
  readonly colors: Colors;
  #indent = 0;

  constructor(buffer: TextBuffer, colors: Colors) {
    this.buffer = buffer;
    this.colors = colors;
  }

  text(text: string): void {
    this.buffer.text(text);
  }

  colored(color: string, text: string): void {
    this.buffer.text(color + text + this.colors.reset);
  }

  bold(text: string): void {
    this.colored(this.colors.bold, text);
  }

  /** Ends the line and begins one with the present indentation. */
  newLine(): void {
    this.buffer.text(`\n${'  '.repeat(this.#indent)}`);
  }

  /** Writes what is nested in the present item one step deeper. */
  nested(write: () => void): void {
    this.#indent++;
    write();
    this.#indent--;
  }

  /** For visitors, which can't nest functions. */
  indent(): void {
    this.#indent++;
  }

  unindent(): void {
    this.#indent--;
  }

  /** A new line `Name`. */
  property(name: string): void {
    this.newLine();
    this.colored(this.colors.magenta, name);
  }

  /** A new line `Name: value`. */
  propertyText(name: string, value: string): void {
    this.property(name);
    this.text(': ');
    this.bold(value);
  }

  propertyFlag(name: string, value: boolean): void {
    this.property(name);
    this.text(': ');
    this.flag(value);
  }

  flag(value: boolean): void {
    this.colored(
      this.colors.bold + (value ? this.colors.brightGreen : this.colors.brightRed),
      value ? 'Yes' : 'No',
    );
  }

  /** What stands for a value which has no text: `Empty`, `None`, `Null`. */
  nothing(word: string): void {
    this.colored(this.colors.bold + this.colors.brightMagenta, word);
  }

  /** A kind of object: `Stream class`, `Event`. */
  object(word: string): void {
    this.colored(this.colors.bold + this.colors.brightYellow, word);
  }

  /** `: Length N:`. */
  length(length: number): void {
    this.text(': Length ');
    this.bold(String(length));
    this.text(':');
  }
}
