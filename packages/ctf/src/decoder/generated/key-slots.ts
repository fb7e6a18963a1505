import type { FieldClass } from '@sonde/trace-model';
import type { CodeBuffer } from './code-buffer.ts';
import { inheritedSlots } from './key-analysis.ts';
import { rootFacts } from './root-facts.ts';

/**
 * Values of key fields in generated code. A slot is a local variable where all who depend on it are in the same function; it is
 * saved in the cursor's keys too where others may depend on it.
 */
export class KeySlots {
  readonly #out: CodeBuffer;
  readonly #inherited: ReadonlySet<number>;
  readonly #dependent: ReadonlySet<number>;
  readonly #publishesAll: boolean;
  /** Slots with a variable, and whether it may hold a bigint. */
  readonly #variables = new Map<number, boolean>();

  /** @param publishesAll - Save all in the cursor's keys: for code that reads single fields later. */
  constructor(out: CodeBuffer, roots: readonly FieldClass[], publishesAll: boolean) {
    this.#out = out;
    this.#dependent = new Set(roots.flatMap((root) => [...rootFacts(root).dependentSlots]));
    this.#inherited = this.#dependent.size > 0 ? inheritedSlots(roots) : new Set();
    this.#publishesAll = publishesAll;
    for (const slot of this.#inherited) this.#variables.set(slot, true);
  }

  /** Saves `value` in `slots`. @returns the variable that holds it, if there is one */
  save(slots: readonly number[], value: string, valueIsNumber: boolean): string | undefined {
    let variable: string | undefined;
    for (const slot of slots) {
      const source: string = variable ?? value;
      if (this.#dependent.has(slot)) {
        this.#variables.set(slot, (this.#variables.get(slot) ?? false) || !valueIsNumber);
        this.#out.line(`${nameOf(slot)}=${source};`);
        variable = nameOf(slot);
      }
      if (this.#isPublished(slot)) this.#out.line(`K[${slot}]=${variable ?? value};`);
    }
    return valueIsNumber ? variable : undefined;
  }

  #isPublished(slot: number): boolean {
    return this.#publishesAll || this.#inherited.has(slot) || !this.#dependent.has(slot);
  }

  /** The value of `slot`: number or bigint. */
  value(slot: number): string {
    return nameOf(slot);
  }

  /** The value of `slot` as a length, rounded above 2^53. */
  length(slot: number): string {
    return this.#variables.get(slot) === true ? `Number(${nameOf(slot)})` : nameOf(slot);
  }

  declarations(): string {
    return [...this.#variables.keys()]
      .map((slot) => `let ${nameOf(slot)}=${this.#inherited.has(slot) ? `K[${slot}]??0` : '0'};`)
      .join('');
  }
}

function nameOf(slot: number): string {
  return `key_${slot}`;
}
