/** Pieces of TSDL text (CTF 1.8.3 §C). */

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
};

/** A string literal. Other control characters are octal, always three digits, for a digit may follow. */
export function quoted(text: string): string {
  const escaped = text.replace(
    /["\\\u0000-\u001f\u007f]/g,
    (c) => escapes[c] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}

/** Lines with one tab per level. */
export class TsdlText {
  readonly #lines: string[] = [];
  #indent = '';

  line(text: string): void {
    this.#lines.push(text === '' ? '' : this.#indent + text);
  }

  /** `head {`, what `body` writes, and `}` with `tail` after it. */
  block(head: string, tail: string, body: () => void): void {
    this.line(`${head} {`);
    this.#indent += '\t';
    body();
    this.#indent = this.#indent.slice(1);
    this.line(`}${tail}`);
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}
