import type { FieldClass, VariantFieldClass } from '@sonde/trace-model';
import { childrenOf } from './static-layout.ts';

/**
 * The slots which fields below `roots` depend on although no field before them, on every path, has saved its value in them: their
 * value comes from the cursor (a packet context, a record header, an older record).
 */
export function inheritedSlots(roots: readonly FieldClass[]): ReadonlySet<number> {
  const analysis = new KeyAnalysis();
  for (const root of roots) analysis.visit(root);
  return analysis.inherited;
}

class KeyAnalysis {
  readonly inherited = new Set<number>();
  /** Slots that are certainly saved where the walk stands. */
  readonly #saved = new Set<number>();
  /** The same, in the order they were added. */
  readonly #order: number[] = [];

  visit(fc: FieldClass): void {
    if ('keySlot' in fc && !this.#saved.has(fc.keySlot)) this.inherited.add(fc.keySlot);
    switch (fc.type) {
      case 'variant':
        this.#visitVariant(fc);
        break;
      case 'dynamic-length-array':
      case 'optional':
        for (const child of childrenOf(fc)) this.#visitUncertain(child);
        break;
      case 'static-length-array':
        if (fc.length > 0) this.visit(fc.elementFieldClass);
        break;
      default:
        for (const child of childrenOf(fc)) this.visit(child);
        if ('keySlots' in fc) for (const slot of fc.keySlots ?? []) this.#save(slot);
    }
  }

  #save(slot: number): void {
    if (this.#saved.has(slot)) return;
    this.#saved.add(slot);
    this.#order.push(slot);
  }

  /** Visits a field that may not be there. @returns the slots it saves when it is */
  #visitUncertain(fc: FieldClass): readonly number[] {
    const length = this.#order.length;
    this.visit(fc);
    const saved = this.#order.splice(length);
    for (const slot of saved) this.#saved.delete(slot);
    return saved;
  }

  #visitVariant(fc: VariantFieldClass): void {
    const optionsSaving = new Map<number, number>();
    for (const option of fc.options) {
      for (const slot of this.#visitUncertain(option.fieldClass)) {
        optionsSaving.set(slot, (optionsSaving.get(slot) ?? 0) + 1);
      }
    }
    for (const [slot, count] of optionsSaving) if (count === fc.options.length) this.#save(slot);
  }
}
