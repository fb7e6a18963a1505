/** Strings, text arrays and BLOBs of random traces. */
import type { Field, Output } from './fields.ts';
import type { Random } from './random.ts';
import type { Json } from './syntax.ts';
import { stringText } from './text.ts';

const letters = [
  'a',
  'Z',
  ' ',
  '%',
  '\\',
  '"',
  "'",
  '?',
  '\n',
  '\t',
  '\x01',
  '\x1b',
  '\x7f',
  'é',
  '☃',
  '𝄞',
];

export type Encoding = 'utf-8' | 'utf-16be' | 'utf-16le' | 'utf-32be' | 'utf-32le';

function encode(text: string, encoding: Encoding): number[] {
  if (encoding === 'utf-8') return [...new TextEncoder().encode(text)];
  const unitBytes = encoding.startsWith('utf-16') ? 2 : 4;
  const units =
    unitBytes === 2
      ? Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
      : Array.from(text, (character) => character.codePointAt(0)!);
  return units.flatMap((unit) => {
    const bytes = Array.from({ length: unitBytes }, (_, i) => (unit >>> (8 * i)) & 255);
    return encoding.endsWith('le') ? bytes : bytes.reverse();
  });
}

export interface Length {
  /** Text in TSDL brackets, and the location in JSON; or a number. */
  readonly tsdl: string;
  readonly json: Json | undefined;
  readonly value: () => number;
}

export class StringField implements Field {
  readonly alignmentBits = 8;

  /** `length` (bytes): none for null-terminated strings. */
  readonly encoding: Encoding;
  readonly length: Length | undefined;
  readonly random: Random;

  constructor(encoding: Encoding, length: Length | undefined, random: Random) {
    this.encoding = encoding;
    this.length = length;
    this.random = random;
  }

  tsdl(): string {
    if (this.length !== undefined) return 'integer { size = 8; align = 8; encoding = UTF8; }';
    return this.random.pick([
      'string',
      'string { encoding = UTF8; }',
      'string { encoding = ASCII; }',
    ]);
  }

  tsdlSuffix = (): string => (this.length === undefined ? '' : `[${this.length.tsdl}]`);

  json(): Json {
    const { length } = this;
    const encoding = this.encoding === 'utf-8' ? {} : { encoding: this.encoding };
    if (length === undefined) return { type: 'null-terminated-string', ...encoding };
    if (length.json === undefined)
      return { type: 'static-length-string', length: length.value(), ...encoding };
    return { type: 'dynamic-length-string', 'length-field-location': length.json, ...encoding };
  }

  write({ bits, random }: Output): string {
    let text = '';
    for (let i = random.below(6); i > 0; i--) text += random.pick(letters);
    if (this.length === undefined) {
      bits.bytes(encode(`${text}\0`, this.encoding));
      return stringText(text);
    }
    const lengthBytes = this.length.value();
    const characters = Array.from(text);
    while (encode(characters.join(''), this.encoding).length > lengthBytes) characters.pop();
    const bytes = encode(characters.join(''), this.encoding);
    if (bytes.length < lengthBytes) {
      const unit = encode('\0', this.encoding).length;
      for (let i = 0; i < unit && bytes.length < lengthBytes; i++) bytes.push(0);
      // What follows a terminator counts for nothing. A part of a character at the end neither is one: zeros.
      const isWhole = (lengthBytes - bytes.length) % unit === 0;
      while (bytes.length < lengthBytes) bytes.push(isWhole ? random.below(128) : 0);
    }
    bits.bytes(bytes);
    return stringText(characters.join(''));
  }
}

export class BlobField implements Field {
  readonly alignmentBits = 8;

  readonly length: Length;

  constructor(length: Length) {
    this.length = length;
  }

  tsdl(): string {
    throw new Error('not in CTF 1.8');
  }

  json(): Json {
    const { length } = this;
    if (length.json === undefined) return { type: 'static-length-blob', length: length.value() };
    return {
      type: 'dynamic-length-blob',
      'length-field-location': length.json,
      'media-type': 'a/b',
    };
  }

  write({ bits, random }: Output): string {
    const bytes = Array.from({ length: this.length.value() }, () => random.below(256));
    bits.bytes(bytes);
    return `{ ${bytes.map((byte) => `${byte.toString(16).padStart(2, '0')} `).join('')}}`;
  }
}
