import { MetadataError } from '@sonde/base';

const space = 1;
const identifierStart = 2;
const digit = 4;
const backslash = 0x5c;

/** What an ASCII character can be part of, by code. */
const kinds = new Uint8Array(128);
for (const code of [9, 10, 13, 32]) kinds[code] = space;
for (let code = 0x41; code <= 0x5a; code++) kinds[code] = kinds[code + 32] = identifierStart;
kinds[0x5f] = identifierStart;
for (let code = 0x30; code <= 0x39; code++) kinds[code] = digit;

const maxU64 = (1n << 64n) - 1n;
const maxNegative = 1n << 63n;

/** Character codes of the punctuation of TSDL. */
export const punctuation = {
  semicolon: 0x3b,
  openBrace: 0x7b,
  closeBrace: 0x7d,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  openParenthesis: 0x28,
  closeParenthesis: 0x29,
  less: 0x3c,
  greater: 0x3e,
  equal: 0x3d,
  colon: 0x3a,
  comma: 0x2c,
  dot: 0x2e,
  star: 0x2a,
  quote: 0x22,
} as const;

/** What `Scanner.readValue` found. */
export type ValueKind = 'integer' | 'string' | 'identifier';

/**
 * Reads TSDL (CTF 1.8.3 §C) straight from the text, without a token list: the metadata of a kernel is read at each start.
 * `position` is an index into `text`; every `read…` and `try…` skips white space and comments first.
 */
export class Scanner {
  /** May grow at its end. */
  text: string;
  position: number;
  /** Value of the last `readValue`: an integer (exact), or the text of a string or dotted identifier. */
  integer = 0n;
  string = '';
  /** Where that value begins. */
  valuePosition = 0;

  constructor(text: string, position = 0) {
    this.text = text;
    this.position = position;
  }

  /** An error at a position, or at the next token. To be thrown by the caller. */
  error(message: string, position?: number, code = 'tsdl-syntax'): MetadataError {
    if (position === undefined) this.skipSpace();
    return metadataErrorAt(this.text, position ?? this.position, code, message);
  }

  skipSpace(): void {
    if (!this.trySkipSpace()) throw this.error('The comment has no end.', this.position);
  }

  /** False: stopped at a comment which has no end. */
  trySkipSpace(): boolean {
    const { text } = this;
    let position = this.position;
    for (;;) {
      const code = text.charCodeAt(position);
      if (code < 128 && kinds[code] === space) {
        position++;
      } else if (code === 0x2f) {
        const end = commentEnd(text, position);
        this.position = position;
        if (end < 0) return false;
        if (end === position) return true;
        position = end;
      } else {
        break;
      }
    }
    this.position = position;
    return true;
  }

  /** Code of the next character after white space; NaN at the end. */
  peek(): number {
    this.skipSpace();
    return this.text.charCodeAt(this.position);
  }

  get atEnd(): boolean {
    this.skipSpace();
    return this.position >= this.text.length;
  }

  tryCharacter(code: number): boolean {
    if (this.peek() !== code) return false;
    this.position++;
    return true;
  }

  expectCharacter(code: number): void {
    if (!this.tryCharacter(code)) {
      throw this.error(`Expecting \`${String.fromCharCode(code)}\`.`);
    }
  }

  /** Skips a run of semicolons; they separate, and extra ones are harmless. */
  skipSemicolons(): void {
    while (this.tryCharacter(punctuation.semicolon));
  }

  /** Same where the text may be incomplete. False: stopped at a comment which has no end. */
  trySkipSemicolons(isComplete: boolean): boolean {
    if (isComplete) {
      this.skipSemicolons();
      return true;
    }
    while (this.trySkipSpace()) {
      if (this.text.charCodeAt(this.position) !== punctuation.semicolon) return true;
      this.position++;
    }
    return false;
  }

  tryToken(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.position)) return false;
    this.position += token.length;
    return true;
  }

  expectToken(token: string): void {
    if (!this.tryToken(token)) throw this.error(`Expecting \`${token}\`.`);
  }

  /** Index after the identifier (or keyword) at the next token; the token's own index when it is none. */
  wordEnd(): number {
    this.skipSpace();
    const { text } = this;
    let end = this.position;
    const first = text.charCodeAt(end);
    if (first === backslash) return universalWordEnd(text, end);
    if (!(first < 128) || kinds[first] !== identifierStart) return end;
    let code = first;
    while (code < 128 && kinds[code]! >= identifierStart) code = text.charCodeAt(++end);
    return code === backslash ? universalWordEnd(text, end) : end;
  }

  /** The identifier (or keyword) at the next token, without consuming it; empty when there is none. */
  peekWord(): string {
    const end = this.wordEnd();
    return this.text.slice(this.position, end);
  }

  readWord(): string {
    const end = this.wordEnd();
    const word = this.text.slice(this.position, end);
    this.position = end;
    return word;
  }

  tryWord(word: string): boolean {
    const end = this.wordEnd();
    if (end - this.position !== word.length || !this.text.startsWith(word, this.position)) {
      return false;
    }
    this.position = end;
    return true;
  }

  /** Identifiers joined by dots (`model.emf.uri`), as one string without the white space; empty when there is none. */
  readDottedWord(): string {
    let name = this.readWord();
    while (name !== '' && this.peek() === punctuation.dot) {
      const before = this.position++;
      const part = this.readWord();
      if (part === '') {
        this.position = before;
        break;
      }
      name += `.${part}`;
    }
    return name;
  }

  /**
   * Reads an integer, a string literal or an identifier into `integer` or `string`.
   * @throws MetadataError at the value when it is none of these.
   */
  readValue(): ValueKind {
    const code = this.peek();
    this.valuePosition = this.position;
    if (isNumberStart(code)) {
      if (this.tryInteger()) return 'integer';
    } else if (this.tryString()) {
      return 'string';
    } else {
      this.string = this.readDottedWord();
      if (this.string !== '') return 'identifier';
    }
    throw this.error(
      'Expecting a valid constant integer, literal string, or identifier.',
      this.valuePosition,
    );
  }

  /**
   * Reads a constant integer (decimal, octal, hexadecimal or binary, with an optional sign and ignored C suffixes) into
   * `integer`. False, with nothing consumed, when there is none or it is out of −2^63…2^64−1.
   */
  tryInteger(): boolean {
    this.skipSpace();
    const { text } = this;
    const start = this.position;
    this.valuePosition = start;
    let position = start;
    let sign = 0;
    const first = text.charCodeAt(position);
    if (first === 0x2d || first === 0x2b) {
      sign = first;
      this.position++;
      this.skipSpace();
      position = this.position;
    }
    const end = digitsEnd(text, position);
    const magnitude = end === position ? undefined : parseMagnitude(text, position, end);
    const limit = sign === 0x2d ? maxNegative : maxU64;
    if (magnitude === undefined || magnitude > limit) {
      this.position = start;
      return false;
    }
    this.integer = sign === 0x2d ? -magnitude : magnitude;
    this.position = end;
    return true;
  }

  /** Index before the C suffix of the integer that was just read: where the value ends for people. */
  integerEnd(): number {
    let end = this.position;
    while (isIntegerSuffix(this.text.charCodeAt(end - 1))) end--;
    return end;
  }

  /**
   * Reads a string literal (`"…"` or `L"…"`) or character literal into `string`, escapes replaced. False, with nothing
   * consumed, when there is none or it does not end.
   */
  tryString(): boolean {
    this.skipSpace();
    const { text } = this;
    this.valuePosition = this.position;
    let start = this.position;
    if (text.charCodeAt(start) === 0x4c) start++;
    const quote = text.charCodeAt(start);
    if (quote !== 0x22 && quote !== 0x27) return false;
    start++;
    let hasEscape = false;
    for (let position = start; position < text.length; position++) {
      const code = text.charCodeAt(position);
      if (code === quote) {
        const raw = text.slice(start, position);
        this.string = hasEscape ? unescapeText(raw) : raw;
        this.position = position + 1;
        return true;
      }
      if (code === 0x5c) {
        hasEscape = true;
        position++;
      } else if (code === 0) {
        throw this.error('NUL character in a literal string.', this.position);
      }
    }
    return false;
  }
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};

/** Replaces the escapes of C. What is no escape stays as it is, backslash included. */
function unescapeText(raw: string): string {
  return raw.replace(
    /\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[\s\S])/g,
    (whole, hexadecimal?: string, octal?: string, short?: string, long?: string) => {
      if (hexadecimal) return String.fromCharCode(Number.parseInt(hexadecimal.slice(-2), 16));
      if (octal) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      const universal = short ?? long;
      if (universal) return codePoint(Number.parseInt(universal, 16));
      return simpleEscapes[whole[1]!] ?? whole;
    },
  );
}

function codePoint(value: number): string {
  return value <= 0x10ffff ? String.fromCodePoint(value) : '\ufffd';
}

/** As C99: letters beyond ASCII are written `\u00e9`. They are part of the name as written. */
const universalWord = /(?:\w|\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8})*/y;

function universalWordEnd(text: string, position: number): number {
  universalWord.lastIndex = position;
  universalWord.test(text);
  return universalWord.lastIndex;
}

export function isNumberStart(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2b;
}

function isIntegerSuffix(code: number): boolean {
  const lower = code | 0x20;
  return lower === 0x75 || lower === 0x6c;
}

/** Index after the run of digits and letters at `position`, if it begins with a digit. */
function digitsEnd(text: string, position: number): number {
  let end = position;
  let code = text.charCodeAt(end);
  if (!(code < 128) || kinds[code] !== digit) return end;
  while (code < 128 && kinds[code]! >= identifierStart) code = text.charCodeAt(++end);
  return end;
}

/** Value of the literal `text[start, end)`, or undefined when it is malformed. */
function parseMagnitude(text: string, start: number, end: number): bigint | undefined {
  let last = end;
  const isHexadecimal =
    text.charCodeAt(start) === 0x30 && (text.charCodeAt(start + 1) | 0x20) === 0x78;
  while (last > start + 1 && isIntegerSuffix(text.charCodeAt(last - 1))) last--;
  const digits = text.slice(start, last);
  if (digits.length > 80) return undefined;
  if (isHexadecimal) return /^0[xX][0-9a-fA-F]+$/.test(digits) ? BigInt(digits) : undefined;
  if (/^[1-9][0-9]*$|^0$/.test(digits)) return BigInt(digits);
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  return /^0[bB][01]+$/.test(digits) ? BigInt(digits) : undefined;
}

/** Index after the comment at `position`; `position` when there is none, -1 when it has no end. */
function commentEnd(text: string, position: number): number {
  const second = text.charCodeAt(position + 1);
  if (second === 0x2a) {
    const end = text.indexOf('*/', position + 2);
    return end < 0 ? -1 : end + 2;
  }
  if (second === 0x2f) {
    const end = text.indexOf('\n', position + 2);
    return end < 0 ? text.length : end + 1;
  }
  return position;
}

/** An error whose place is the line and column of `position`. */
export function metadataErrorAt(
  text: string,
  position: number,
  code: string,
  message: string,
): MetadataError {
  let line = 1;
  let lineStart = 0;
  for (
    let end = text.indexOf('\n');
    end >= 0 && end < position;
    end = text.indexOf('\n', end + 1)
  ) {
    line++;
    lineStart = end + 1;
  }
  return new MetadataError(code, message, { line, column: position - lineStart + 1 });
}

/** Index after the `;` that ends the statement at `position`, outside braces, strings and comments; -1: there is none. */
export function statementEnd(text: string, position: number): number {
  let depth = 0;
  for (let at = position; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b:
        depth++;
        break;
      case 0x7d:
        // Nothing can complete this: the parser has to say what is wrong.
        if (--depth < 0) return at + 1;
        break;
      case 0x3b:
        if (depth === 0) return at + 1;
        break;
      case 0x22:
      case 0x27:
        at = stringEnd(text, at) - 1;
        break;
      case 0x2f: {
        const end = commentEnd(text, at);
        if (end < 0) return -1;
        if (end > at) at = end - 1;
      }
    }
  }
  return -1;
}

/** Index after the string or character literal at `position`. An open one reaches to the end. */
function stringEnd(text: string, position: number): number {
  const quote = text.charCodeAt(position);
  let at = position + 1;
  while (at < text.length && text.charCodeAt(at) !== quote)
    at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at + 1;
}
