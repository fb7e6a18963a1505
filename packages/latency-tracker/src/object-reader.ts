import { UsageError } from '@sonde/base';

/** Reads an object that came from outside, property by property; errors name the JSON path. */
export class ObjectReader {
  readonly #object: { readonly [name: string]: unknown };
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new UsageError('bad-tracker', `${path} is no object.`, { jsonPath: path });
    }
    this.#object = value as { readonly [name: string]: unknown };
    this.#path = path;
  }

  get names(): readonly string[] {
    return Object.keys(this.#object);
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  /** @throws UsageError without a fallback, when it is not there */
  text(name: string, fallback?: string): string {
    const value = this.#get(name) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.error(name, value === undefined ? 'is missing' : 'is no text');
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#get(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.error(name, 'is neither true nor false');
  }

  /** A number (ns) or a text. */
  durationOr<T>(name: string, fallback: T): number | string | T {
    const value = this.#get(name);
    if (value === undefined) return fallback;
    if (typeof value === 'string' || typeof value === 'number') return value;
    throw this.error(name, 'is no duration');
  }

  integer(name: string, first: number, last: number, fallback: number): number {
    const value = this.#get(name) ?? fallback;
    if (Number.isInteger(value) && Number(value) >= first && Number(value) <= last) {
      return Number(value);
    }
    throw this.error(name, `is no whole number from ${first} to ${last}`);
  }

  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.#get(name) ?? fallback;
    const choice = choices.find((candidate) => candidate === value);
    if (choice !== undefined) return choice;
    throw this.error(name, `is none of ${choices.join(', ')}`);
  }

  texts(name: string): readonly string[] {
    const value = this.#get(name);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.error(name, value === undefined ? 'is missing' : 'is no list of texts');
  }

  textOrTexts(name: string): readonly string[] {
    const value = this.#get(name);
    if (value === undefined) return [];
    return typeof value === 'string' ? [value] : this.texts(name);
  }

  optional(name: string): ObjectReader | undefined {
    const value = this.#get(name);
    return value === undefined ? undefined : new ObjectReader(value, this.#pathOf(name));
  }

  optionalList(name: string): readonly ObjectReader[] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.error(name, 'is no list');
    return value.map((item, i) => new ObjectReader(item, `${this.#pathOf(name)}[${i}]`));
  }

  /** What was not asked for is a mistake of the writer. */
  rejectOthers(): void {
    const other = this.names.find((name) => !this.#read.has(name));
    if (other === undefined) return;
    throw this.error(other, `is unknown; there are ${[...this.#read].join(', ')}`);
  }

  error(name: string, problem: string): UsageError {
    const jsonPath = this.#pathOf(name);
    return new UsageError('bad-tracker', `${name} ${problem}.`, { jsonPath });
  }

  #pathOf(name: string): string {
    return `${this.#path}.${name}`;
  }

  #get(name: string): unknown {
    this.#read.add(name);
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }
}
