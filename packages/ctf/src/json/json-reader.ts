import { MetadataError, type Place } from '@sonde/base';
import type { AttributeValue } from '@sonde/trace-model';
import { type JsonSource, type JsonValue, placeInSource } from './json-text.ts';

const int64End = 2n ** 63n;

/** What a document's readers share. */
export interface JsonDocument {
  readonly source: JsonSource;
  /** Unknown properties are reported to `warn`, not refused. */
  readonly isLenient: boolean;
  warn(message: string, place: Place): void;
}

/** One JSON value of outside data which knows its place and path: what it is asked for and is not, is a MetadataError. */
export class JsonReader {
  readonly value: JsonValue;
  readonly document: JsonDocument;
  readonly #parent: JsonReader | undefined;
  /** Name or index in the parent; of the outermost value: what its paths begin with. */
  readonly #step: string | number;

  constructor(
    value: JsonValue,
    document: JsonDocument,
    step: string | number,
    parent?: JsonReader,
  ) {
    this.value = value;
    this.document = document;
    this.#step = step;
    this.#parent = parent;
  }

  /** Such as `fragments[2].payload-field-class.member-classes[0]`. */
  get jsonPath(): string {
    const step = this.#step;
    if (this.#parent === undefined) return String(step);
    const before = this.#parent.jsonPath;
    if (typeof step === 'number') return `${before}[${step}]`;
    return /^[\w-]+$/.test(step)
      ? `${before}.${step}`
      : `${before}[${JSON.stringify(shorten(step))}]`;
  }

  get place(): Place {
    return {
      ...placeInSource(this.document.source, this.value.begin),
      jsonPath: this.jsonPath,
    };
  }

  fail(message: string, code = 'bad-property'): never {
    throw new MetadataError(code, message, this.place);
  }

  warn(message: string): void {
    this.document.warn(message, this.place);
  }

  string(): string {
    if (this.value.type !== 'string') this.fail('Expecting a string.');
    return this.value.value;
  }

  /** One of `words`. */
  oneOf<const Word extends string>(words: readonly Word[]): Word {
    const text = this.string();
    const word = words.find((w) => w === text);
    return word ?? this.fail(`Unexpected value \`${shorten(text)}\`: expecting ${listed(words)}.`);
  }

  unsigned(): bigint {
    const { value } = this;
    if (value.type !== 'integer' || value.value < 0n) this.fail('Expecting an unsigned integer.');
    return value.value;
  }

  signed(): bigint {
    const { value } = this;
    if (value.type !== 'integer' || value.value >= int64End) {
      this.fail('Expecting a signed integer of at most 64 bits.');
    }
    return value.value;
  }

  /** An unsigned integer as a number from `min` to `max`. */
  count(min: number, max: number): number {
    const value = this.unsigned();
    if (value < BigInt(min)) {
      this.fail(`Integer ${value} is too small: expecting at least ${min}.`);
    }
    if (value > BigInt(max)) this.fail(`Integer ${value} is too large: expecting at most ${max}.`);
    return Number(value);
  }

  array(minLength = 0): JsonReader[] {
    const { value } = this;
    if (value.type !== 'array') this.fail('Expecting an array.');
    const { length } = value.elements;
    if (length < minLength) {
      this.fail(
        `Size of array (${length}) is too small: expecting at least ${minLength} elements.`,
      );
    }
    return value.elements.map((element, i) => new JsonReader(element, this.document, i, this));
  }

  object(): JsonObjectReader {
    if (this.value.type !== 'object') this.fail('Expecting an object.');
    return new JsonObjectReader(this, this.value.properties);
  }

  /** Any JSON value, as user attributes hold it. */
  attribute(): AttributeValue {
    return toAttribute(this.value);
  }

  /** A property of the object that this is. */
  child(name: string, value: JsonValue): JsonReader {
    return new JsonReader(value, this.document, name, this);
  }
}

/** An object of outside data. Every property is asked for by name; the others are refused in the end. */
export class JsonObjectReader {
  readonly reader: JsonReader;
  readonly #properties: ReadonlyMap<string, JsonValue>;
  readonly #asked = new Set<string>();

  constructor(reader: JsonReader, properties: ReadonlyMap<string, JsonValue>) {
    this.reader = reader;
    this.#properties = properties;
  }

  get isLenient(): boolean {
    return this.reader.document.isLenient;
  }

  optional(name: string): JsonReader | undefined {
    this.#asked.add(name);
    const value = this.#properties.get(name);
    return value && this.reader.child(name, value);
  }

  required(name: string): JsonReader {
    return (
      this.optional(name) ??
      this.reader.fail(`Missing mandatory object property \`${name}\`.`, 'missing-property')
    );
  }

  optionalString(name: string): string | undefined {
    return this.optional(name)?.string();
  }

  /** All properties, for objects whose names mean nothing to us. */
  entries(): [name: string, reader: JsonReader][] {
    return [...this.#properties].map(([name, value]) => [name, this.reader.child(name, value)]);
  }

  /** @throws MetadataError for a property that nobody asked for; lenient documents get a warning. */
  rejectOtherProperties(): void {
    for (const [name, value] of this.#properties) {
      if (this.#asked.has(name)) continue;
      const message = `Unknown object property \`${shorten(name)}\`.`;
      const reader = this.reader.child(name, value);
      if (!this.isLenient) reader.fail(message, 'unknown-property');
      reader.warn(message);
    }
  }
}

function toAttribute(value: JsonValue): AttributeValue {
  switch (value.type) {
    case 'null':
      return null;
    case 'array':
      return value.elements.map(toAttribute);
    case 'object': {
      const result: { [name: string]: AttributeValue } = Object.create(null);
      for (const [name, property] of value.properties) result[name] = toAttribute(property);
      return result;
    }
    default:
      return value.value;
  }
}

/** `a`, `b` or `c`. */
export function listed(words: readonly (string | number)[]): string {
  const quoted = words.map((word) => (typeof word === 'string' ? `\`${word}\`` : String(word)));
  const last = quoted.pop();
  return quoted.length > 0 ? `${quoted.join(', ')} or ${last}` : `${last}`;
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
