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
  /** Slots that may hold a bigint. */
  readonly #wide: ReadonlySet<number>;
  /** Variables by slot. */
  readonly #variables = new Map<number, string>();

  /** @param publishesAll - Save all in the cursor's keys: for code that reads single fields later. */
  constructor(out: CodeBuffer, roots: readonly FieldClass[], publishesAll: boolean) {
    this.#out = out;
    this.#dependent = new Set(roots.flatMap((root) => [...rootFacts(root).dependentSlots]));
    this.#inherited = this.#dependent.size > 0 ? inheritedSlots(roots) : new Set();
    this.#publishesAll = publishesAll;
    this.#wide = new Set(roots.flatMap((root) => [...rootFacts(root).wideKeySlots]));
    for (const slot of this.#inherited) this.#variable(slot);
  }

  /** Saves `value` in `slots`. @returns the variable that holds it, if there is one */
  save(slots: readonly number[], value: string, valueIsNumber: boolean): string | undefined {
    let variable: string | undefined;
    for (const slot of slots) {
      const source: string = variable ?? value;
      if (this.#dependent.has(slot)) {
        variable = this.#variable(slot);
        this.#out.line(`${variable}=${source};`);
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
    return this.#variables.get(slot) ?? '0';
  }

  /** The value of `slot` as a length, rounded above 2^53. */
  length(slot: number): string {
    const value = this.value(slot);
    return this.#inherited.has(slot) || this.#wide.has(slot) ? `Number(${value})` : value;
  }

  /** Numbered in the order of their use: equal layouts give equal code, whatever their slots are. */
  #variable(slot: number): string {
    let variable = this.#variables.get(slot);
    if (variable === undefined) {
      variable = `key_${this.#variables.size}`;
      this.#variables.set(slot, variable);
    }
    return variable;
  }

  declarations(): string {
    return [...this.#variables]
      .map(([slot, name]) => `let ${name}=${this.#inherited.has(slot) ? `K[${slot}]??0` : '0'};`)
      .join('');
  }
}
