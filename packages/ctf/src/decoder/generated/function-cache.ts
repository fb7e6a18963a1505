import type { BodyFunction } from './body-code.ts';
import type { CodeBuffer } from './code-buffer.ts';
import { TextMemory } from './text-memory.ts';

/**
 * Generated functions by text and constants. Records of many classes often have the wanted fields at the same places: one function for
 * all of them is compiled and optimised once.
 */
export class FunctionCache {
  readonly #functions = new Map<string, BodyFunction>();
  readonly #numbers = new Map<unknown, number>();

  compile(buffer: CodeBuffer): BodyFunction {
    const constants = buffer.constants.map((value) => this.#numberOf(value));
    const key = `${constants.join()}\n${buffer.body()}`;
    let found = this.#functions.get(key);
    if (found === undefined) {
      found = buffer.compile('cursor') as BodyFunction;
      this.#functions.set(key, found);
    }
    return found;
  }

  /** Equal numbers stand for values which are the same for the code. */
  #numberOf(value: unknown): number {
    // It makes no difference what is remembered.
    if (value instanceof TextMemory) return -1;
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(value, number);
    }
    return number;
  }
}
