import type { TextRange } from './ast.ts';
import { filterError } from './filter-error.ts';

export type Token = TextRange &
  (
    | { readonly type: 'integer'; readonly value: bigint }
    | { readonly type: 'real'; readonly value: number }
    | { readonly type: 'string'; readonly value: string; readonly glob: string }
    | { readonly type: 'name'; readonly name: string }
    /** `$ctx` and the like, without the `$`. */
    | { readonly type: 'root'; readonly name: string }
    | { readonly type: 'punctuator'; readonly text: string }
    | { readonly type: 'end' }
  );

const spaces = /[ \t\r\n\f\v]+/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number =
  /(?:0[xX][0-9a-fA-F]*|0[bB][0-9]*|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)/y;
const punctuator = /<<|>>|<=|>=|==|!=|&&|\|\||[!~\-+*/%&^|<>()[\].:]/y;
const maxUint64 = 2n ** 64n - 1n;

/** Cuts a filter into tokens, one at a time. */
export class Scanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws UsageError `bad-filter` at the character that begins no token. */
  next(): Token {
    this.#take(spaces);
    const begin = this.#position;
    const c = this.#text[begin];
    if (c === undefined) return { type: 'end', begin, end: begin };
    if (/[0-9]/.test(c) || (c === '.' && /[0-9]/.test(this.#text[begin + 1] ?? ''))) {
      return this.#number(begin);
    }
    if (c === '"') return this.#string(begin);
    if (c === "'") return this.#character(begin);
    const word = this.#take(name);
    if (word !== undefined) return { type: 'name', name: word, begin, end: this.#position };
    if (c === '$') return this.#root(begin);
    const text = this.#take(punctuator);
    if (text !== undefined) return { type: 'punctuator', text, begin, end: this.#position };
    const hint = c === '=' ? '; write "==" to compare' : '';
    throw filterError(this.#text, begin, `unexpected character ${JSON.stringify(c)}${hint}`);
  }

  #root(begin: number): Token {
    this.#position++;
    const word = this.#take(name);
    if (word === undefined) {
      throw filterError(this.#text, begin, 'expecting a name after "$", such as $ctx or $event');
    }
    return { type: 'root', name: word, begin, end: this.#position };
  }

  #number(begin: number): Token {
    const digits = this.#take(number)!;
    const suffix = this.#take(/[A-Za-z0-9_]+/y) ?? '';
    const end = this.#position;
    const bad = (why: string) =>
      filterError(this.#text, begin, `"${digits}${suffix}" is not a number${why}`);
    const isReal = !/^0[xXbB]/.test(digits) && /[.eE]/.test(digits);
    if (isReal) {
      if (!/^[fFlL]?$/.test(suffix)) throw bad('');
      return { type: 'real', value: Number(digits), begin, end };
    }
    if (!/^(?:[uU](?:l|L|ll|LL)?|(?:l|L|ll|LL)[uU]?)?$/.test(suffix)) throw bad('');
    if (!/^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/.test(digits)) {
      throw bad(/^0[0-9]/.test(digits) ? '; a leading 0 means octal' : '');
    }
    const isOctal = /^0[0-7]/.test(digits);
    const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
    if (value > maxUint64) throw bad(' of 64 bits');
    return { type: 'integer', value, begin, end };
  }

  #string(begin: number): Token {
    this.#position++;
    let value = '';
    let glob = '';
    for (;;) {
      const c = this.#text[this.#position];
      if (c === undefined) throw filterError(this.#text, begin, 'this string has no closing quote');
      this.#position++;
      if (c === '"') return { type: 'string', value, glob, begin, end: this.#position };
      if (c !== '\\') {
        value += c;
        glob += c;
        continue;
      }
      const escaped = this.#escape();
      value += escaped;
      glob += escaped === '*' || escaped === '\\' ? `\\${escaped}` : escaped;
    }
  }

  #character(begin: number): Token {
    this.#position++;
    const raw = this.#text[this.#position++];
    const c = raw === '\\' ? this.#escape() : raw;
    const isClosed = this.#text[this.#position++] === "'";
    if (c === undefined || raw === "'" || !isClosed) {
      const message =
        'a character is one character between single quotes; strings take double ones';
      throw filterError(this.#text, begin, message);
    }
    return { type: 'integer', value: BigInt(c.charCodeAt(0)), begin, end: this.#position };
  }

  /** After the backslash. */
  #escape(): string {
    const begin = this.#position - 1;
    const hex = this.#take(/x[0-9a-fA-F]{1,2}/y);
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex.slice(1), 16));
    const octal = this.#take(/[0-3]?[0-7]{1,2}/y);
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    const c = this.#text[this.#position];
    const simple: Readonly<Record<string, string>> = {
      n: '\n',
      t: '\t',
      r: '\r',
      a: '\x07',
      b: '\b',
      f: '\f',
      v: '\v',
    };
    if (c !== undefined && (Object.hasOwn(simple, c) || /[\\"'?*]/.test(c))) {
      this.#position++;
      return simple[c] ?? c;
    }
    throw filterError(this.#text, begin, `unknown escape "\\${c ?? ''}"`);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#position = pattern.lastIndex;
    return match[0];
  }
}
