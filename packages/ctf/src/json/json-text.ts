import { MetadataError, type Place } from '@sonde/base';

/** A parsed JSON value. `begin`: index of its first character in the text of its `JsonSource`. */
export type JsonValue = { readonly begin: number } & (
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'real'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'array'; readonly elements: readonly JsonValue[] }
  | { readonly type: 'object'; readonly properties: ReadonlyMap<string, JsonValue> }
);

/** One JSON text in a longer stream, and where it begins there. */
export interface JsonSource {
  readonly text: string;
  /** Offset of the text in the stream (bytes). */
  readonly offsetBytes: number;
  /** Line of the first character in the stream, from 1. */
  readonly line: number;
  /** Column of the first character in that line, from 1. */
  readonly column: number;
}

/** Where the character at `index` is in the whole stream. */
export function placeInSource(source: JsonSource, index: number): Place {
  const before = source.text.slice(0, index);
  const lastBreak = before.lastIndexOf('\n');
  let line = source.line;
  for (let i = before.indexOf('\n'); i >= 0; i = before.indexOf('\n', i + 1)) line++;
  return {
    line,
    column: lastBreak < 0 ? source.column + index : index - lastBreak,
    offsetBytes: source.offsetBytes + new TextEncoder().encode(before).length,
  };
}

/**
 * Parses exactly one JSON value (RFC 8259) with exact integers and places. A property twice in an object is an error; integers
 * are those without fraction and exponent, from -2^63 to 2^64 - 1.
 * @param maxNesting - Arrays and objects inside one another.
 * @throws MetadataError
 */
export function parseJsonText(source: JsonSource, maxNesting: number): JsonValue {
  const parser = new JsonParser(source, maxNesting);
  return parser.parseText();
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
/** Digits of 2^64 - 1 or -2^63: more can't be in range, and need not be converted to know that. */
const maxIntegerLength = 20;

class JsonParser {
  readonly #source: JsonSource;
  readonly #text: string;
  #at = 0;
  #nestingLeft: number;

  constructor(source: JsonSource, maxNesting: number) {
    this.#source = source;
    this.#text = source.text;
    this.#nestingLeft = maxNesting;
  }

  parseText(): JsonValue {
    this.#skipSpace();
    const value = this.#parseValue();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('Nothing may follow the value.');
    return value;
  }

  #fail(message: string, index = this.#at, code = 'bad-json'): never {
    throw new MetadataError(code, message, placeInSource(this.#source, index));
  }

  /** Steps over space, which indented metadata is mostly made of. */
  #skipSpace(): void {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
      at++;
    }
    this.#at = at;
  }

  /** Steps over `character` and the space after it. */
  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    this.#skipSpace();
    return true;
  }

  #parseValue(): JsonValue {
    const begin = this.#at;
    switch (this.#text[begin]) {
      case '{':
        return this.#parseObject(begin);
      case '[':
        return this.#parseArray(begin);
      case '"':
        return { type: 'string', begin, value: this.#parseString() };
      case 't':
        return this.#parseWord('true', { type: 'boolean', begin, value: true });
      case 'f':
        return this.#parseWord('false', { type: 'boolean', begin, value: false });
      case 'n':
        return this.#parseWord('null', { type: 'null', begin });
      default:
        return this.#parseNumber(begin);
    }
  }

  #parseWord(word: string, value: JsonValue): JsonValue {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('Expecting a JSON value.');
    this.#at += word.length;
    return value;
  }

  #parseNumber(begin: number): JsonValue {
    numberPattern.lastIndex = begin;
    const match = numberPattern.exec(this.#text);
    if (match === null) this.#fail('Expecting a JSON value.');
    const [text, fraction, exponent] = match;
    this.#at = begin + text.length;
    if (fraction === undefined && exponent === undefined) {
      const value = text.length <= maxIntegerLength ? BigInt(text) : undefined;
      if (value === undefined || value < -(2n ** 63n) || value >= 2n ** 64n) {
        this.#fail('Integer out of range: expecting -2^63 to 2^64 - 1.', begin, 'integer-range');
      }
      return { type: 'integer', begin, value };
    }
    const value = Number(text);
    if (!Number.isFinite(value)) this.#fail('Real number out of range.', begin);
    return { type: 'real', begin, value };
  }

  #parseString(): string {
    const begin = this.#at++;
    let value = '';
    for (;;) {
      const plainEnd = this.#plainEnd();
      value += this.#text.slice(this.#at, plainEnd);
      this.#at = plainEnd;
      const character = this.#text[plainEnd];
      if (character === '"') break;
      if (character === undefined) this.#fail('The string has no end.', begin);
      if (character !== '\\') this.#fail('Control character in a string.');
      value += this.#parseEscape();
    }
    this.#at++;
    return value;
  }

  /** End of what a string may hold as it is: anything but `"`, `\` and control characters. */
  #plainEnd(): number {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      const code = text.charCodeAt(at);
      // NaN at the end of the text is not above.
      if (!(code >= 0x20) || code === 0x22 || code === 0x5c) return at;
      at++;
    }
  }

  #parseEscape(): string {
    const character = this.#text[this.#at + 1] ?? '';
    if (character === 'u') return this.#parseCodePoint();
    if (!Object.hasOwn(escapes, character)) this.#fail('Unknown escape sequence.');
    this.#at += 2;
    return escapes[character]!;
  }

  /** `\uXXXX`, or two of them for a character beyond U+FFFF. */
  #parseCodePoint(): string {
    const begin = this.#at;
    const unit = this.#parseCodeUnit();
    if ((unit & 0xf800) !== 0xd800) return String.fromCharCode(unit);
    const low = this.#text.startsWith('\\u', this.#at) ? this.#parseCodeUnit() : 0;
    if (unit >= 0xdc00 || (low & 0xfc00) !== 0xdc00) this.#fail('Unpaired surrogate.', begin);
    return String.fromCharCode(unit, low);
  }

  #parseCodeUnit(): number {
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('Expecting four hexadecimal digits.');
    this.#at += 6;
    return Number.parseInt(digits, 16);
  }

  #enter(begin: number): void {
    if (this.#nestingLeft-- === 0) this.#fail('Nested too deeply.', begin, 'metadata-limit');
    this.#at++;
    this.#skipSpace();
  }

  #parseArray(begin: number): JsonValue {
    this.#enter(begin);
    const elements: JsonValue[] = [];
    while (this.#text[this.#at] !== ']') {
      if (elements.length > 0 && !this.#take(',')) this.#fail('Expecting `,` or `]`.');
      elements.push(this.#parseValue());
      this.#skipSpace();
    }
    this.#at++;
    this.#nestingLeft++;
    return { type: 'array', begin, elements };
  }

  #parseObject(begin: number): JsonValue {
    this.#enter(begin);
    const properties = new Map<string, JsonValue>();
    while (this.#text[this.#at] !== '}') {
      if (properties.size > 0 && !this.#take(',')) this.#fail('Expecting `,` or `}`.');
      const at = this.#at;
      if (this.#text[at] !== '"') this.#fail('Expecting the name of a property.');
      const name = this.#parseString();
      if (properties.has(name)) this.#fail(`Duplicate property \`${name}\`.`, at);
      this.#skipSpace();
      if (!this.#take(':')) this.#fail('Expecting `:`.');
      properties.set(name, this.#parseValue());
      this.#skipSpace();
    }
    this.#at++;
    this.#nestingLeft++;
    return { type: 'object', begin, properties };
  }
}
