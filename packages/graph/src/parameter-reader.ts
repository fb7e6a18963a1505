import { UsageError } from '@sonde/base';
import type { ParameterMap, ParameterValue } from './parameters.ts';

/**
 * Reads a component's parameters by name and type; `rejectOthers` refuses what nobody asked for, so that a typing error is
 * not silently ignored. All methods throw UsageError `bad-parameter` with the component and parameter named.
 */
export class ParameterReader {
  readonly #parameters: ParameterMap;
  readonly #owner: string;
  readonly #known = new Set<string>();

  /** @param owner - The component as people know it, for errors. */
  constructor(parameters: ParameterMap, owner: string) {
    this.#parameters = parameters;
    this.#owner = owner;
  }

  string(name: string): string | undefined;
  string(name: string, fallback: string): string;
  string(name: string, fallback?: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined) return fallback;
    if (typeof value !== 'string') throw this.#wrong(name, 'a string', value);
    return value;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#value(name);
    if (value === undefined) return fallback;
    if (typeof value !== 'boolean') throw this.#wrong(name, 'a boolean (yes or no)', value);
    return value;
  }

  integer(name: string): bigint | undefined;
  integer(name: string, fallback: bigint): bigint;
  integer(name: string, fallback?: bigint): bigint | undefined {
    const value = this.#value(name);
    if (value === undefined) return fallback;
    if (typeof value !== 'bigint') throw this.#wrong(name, 'an integer', value);
    return value;
  }

  /** An array of strings; a single string counts as an array of one. */
  strings(name: string): readonly string[] | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const items = Array.isArray(value) ? (value as readonly ParameterValue[]) : [value];
    return items.map((item) => {
      if (typeof item !== 'string') throw this.#wrong(name, 'an array of strings', item);
      return item;
    });
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw this.#wrong(name, `one of ${choices.join(', ')}`, value);
    return choice;
  }

  /** The value as it is, for parameters with several forms. */
  any(name: string): ParameterValue | undefined {
    return this.#value(name);
  }

  rejectOthers(): void {
    for (const name of Object.keys(this.#parameters)) {
      if (this.#known.has(name)) continue;
      const known = [...this.#known].sort().join(', ');
      throw this.#error(
        `does not know the parameter "${name}"${known ? `; it knows: ${known}` : ''}`,
      );
    }
  }

  #value(name: string): ParameterValue | undefined {
    this.#known.add(name);
    return Object.hasOwn(this.#parameters, name) ? this.#parameters[name] : undefined;
  }

  #wrong(name: string, wanted: string, value: ParameterValue): UsageError {
    return this.#error(`wants ${wanted} as parameter "${name}", got ${describeValue(value)}`);
  }

  #error(text: string): UsageError {
    return new UsageError('bad-parameter', `${this.#owner} ${text}.`);
  }
}

function describeValue(value: ParameterValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'a map';
  return String(value);
}
