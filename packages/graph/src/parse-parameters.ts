import { UsageError } from '@sonde/base';
import type { ParameterMap, ParameterValue } from './parameters.ts';

const deepestNesting = 64;
const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);
const maxUint64 = 2n ** 64n - 1n;

const words = new Map<string, ParameterValue>([
  ...['null', 'nul', 'NULL'].map((word): [string, null] => [word, null]),
  ...['true', 'TRUE', 'yes', 'YES'].map((word): [string, boolean] => [word, true]),
  ...['false', 'FALSE', 'no', 'NO'].map((word): [string, boolean] => [word, false]),
]);

/**
 * Parses `NAME=VALUE[,NAME=VALUE…]`, Babeltrace 2's parameter syntax (`--params`). Values: `null`, booleans (`yes`, `no`, …), integers
 * (`12`, `-1`, `0x1f`, `0b11`, `017`; `+12` is unsigned), reals, bare words, `"strings"` with C escapes, `[arrays]`, `{maps}`. A bare
 * word may also hold `/ @ * ? ~` (paths and globs). A name that occurs twice: the last one counts.
 * @throws UsageError `bad-parameters` with the column.
 */
export function parseParameters(text: string): ParameterMap {
  const parser = new ParameterParser(text);
  const map = parser.entries('');
  parser.expectEnd();
  return map;
}

/** Parses one value in the same syntax. */
export function parseParameterValue(text: string): ParameterValue {
  const parser = new ParameterParser(text);
  const value = parser.value();
  parser.expectEnd();
  return value;
}

/** Shallow merge, as for repeated `--params`: later names replace earlier ones. */
export function mergeParameters(...maps: readonly ParameterMap[]): ParameterMap {
  return Object.assign(emptyMap(), ...maps);
}

/** No prototype: names such as `__proto__` come from the command line and are only names. */
function emptyMap(): Record<string, ParameterValue> {
  return Object.create(null) as Record<string, ParameterValue>;
}

class ParameterParser {
  readonly #text: string;
  #position = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `name=value` items up to `closing`, which is consumed; an empty `closing` means the end of the text. */
  entries(closing: string): ParameterMap {
    const map = emptyMap();
    this.#skipSpaces();
    if (this.#takeClosing(closing)) return map;
    for (;;) {
      const name = this.#take(/[A-Za-z_][A-Za-z0-9_:.-]*/y);
      if (name === undefined) throw this.#unexpected('a parameter name');
      this.#skipSpaces();
      if (!this.#takeCharacter('=')) throw this.#unexpected(`"=" after "${name}"`);
      map[name] = this.value();
      this.#skipSpaces();
      if (this.#takeClosing(closing)) return map;
      if (!this.#takeCharacter(',')) {
        throw this.#unexpected(closing === '' ? '"," or the end' : `"," or "${closing}"`);
      }
      this.#skipSpaces();
    }
  }

  value(): ParameterValue {
    this.#skipSpaces();
    if (this.#takeCharacter('"')) return this.#string();
    const isArray = this.#text[this.#position] === '[';
    if (!isArray && this.#text[this.#position] !== '{') return this.#word();
    if (++this.#depth > deepestNesting)
      throw this.#error(`More than ${deepestNesting} levels deep`);
    this.#position++;
    const compound = isArray ? this.#elements() : this.entries('}');
    this.#depth--;
    return compound;
  }

  expectEnd(): void {
    this.#skipSpaces();
    if (this.#position < this.#text.length) throw this.#unexpected('the end');
  }

  #elements(): ParameterValue[] {
    const elements: ParameterValue[] = [];
    this.#skipSpaces();
    if (this.#takeCharacter(']')) return elements;
    for (;;) {
      elements.push(this.value());
      this.#skipSpaces();
      if (this.#takeCharacter(']')) return elements;
      if (!this.#takeCharacter(',')) throw this.#unexpected('"," or "]"');
    }
  }

  #word(): ParameterValue {
    const begin = this.#position;
    const word = this.#take(/[A-Za-z0-9_:.\-+/@*?~]+/y);
    if (word === undefined) throw this.#unexpected('a value');
    const known = words.get(word);
    if (known !== undefined) return known;
    const integer = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/.exec(word);
    if (integer !== null) return this.#integer(integer[1]!, integer[2]!, begin);
    if (/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(word)) {
      // A leading zero without point or exponent is a bad octal number, not a real one.
      if (/[.eE]/.test(word)) return Number(word);
    }
    if (/^[+-]?[0-9]|^[+-]/.test(word)) {
      this.#position = begin;
      throw this.#error(`"${word}" is not a number; a string that begins like one wants quotes`);
    }
    return word;
  }

  #integer(sign: string, digits: string, begin: number): bigint {
    const isOctal = digits.length > 1 && digits[0] === '0' && /[0-7]/.test(digits[1]!);
    const magnitude = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
    const value = sign === '-' ? -magnitude : magnitude;
    if (value < minInt64 || value > (sign === '+' ? maxUint64 : maxInt64)) {
      this.#position = begin;
      const hint = sign === '' && value <= maxUint64 ? '; write "+" before an unsigned one' : '';
      throw this.#error(`Integer ${sign}${digits} does not fit in 64 bits${hint}`);
    }
    return value;
  }

  #string(): string {
    let value = '';
    for (;;) {
      const c = this.#text[this.#position++];
      if (c === undefined) {
        this.#position--;
        throw this.#unexpected('a closing quote');
      }
      if (c === '"') return value;
      value += c === '\\' ? this.#escape() : c;
    }
  }

  #escape(): string {
    const hex = this.#take(/x[0-9a-fA-F]{1,2}/y);
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex.slice(1), 16));
    const octal = this.#take(/[0-3]?[0-7]{1,2}/y);
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    const c = this.#text[this.#position++];
    if (c === undefined) {
      this.#position--;
      throw this.#unexpected('a character after "\\"');
    }
    const escapes: Readonly<Record<string, string>> = {
      n: '\n',
      t: '\t',
      r: '\r',
      b: '\b',
      f: '\f',
      v: '\v',
      a: '\x07',
    };
    return escapes[c] ?? c;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#position = pattern.lastIndex;
    return match[0];
  }

  #takeCharacter(c: string): boolean {
    if (this.#text[this.#position] !== c) return false;
    this.#position++;
    return true;
  }

  #takeClosing(closing: string): boolean {
    return closing === '' ? this.#position >= this.#text.length : this.#takeCharacter(closing);
  }

  #skipSpaces(): void {
    this.#take(/[ \t\r\n]+/y);
  }

  #unexpected(expected: string): UsageError {
    const c = this.#text[this.#position];
    return this.#error(`Expecting ${expected}, got ${c === undefined ? 'the end' : `"${c}"`}`);
  }

  #error(reason: string): UsageError {
    return new UsageError('bad-parameters', `${reason} (in parameters "${shorten(this.#text)}").`, {
      line: 1,
      column: this.#position + 1,
    });
  }
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`;
}
