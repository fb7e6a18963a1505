import type { Scope } from '@sonde/trace-model';
import type { FilterRecord, Getter } from './condition.ts';
import type { RecordField } from './resolve-field.ts';

/**
 * A field that a compiled filter reads, in the form of `@sonde/ctf`'s `FieldDemand`. All scopes occur, not only those of the record's
 * body.
 */
export interface FilterDemand {
  readonly scope: Scope;
  readonly path: readonly string[];
  readonly wide: 'number' | 'bigint';
  /** The slot in the record: `f0`, `f1`, … by position. */
  readonly as: `f${number}`;
}

/** Gives each field that is read a slot; equal demands share one. */
export class SlotTable {
  readonly demands: FilterDemand[] = [];
  readonly #byKey = new Map<string, number>();

  /** @param wide - `number` when the rounded value of a wide integer will do. */
  getter(field: RecordField, wide: 'number' | 'bigint'): Getter {
    const key = JSON.stringify([field.scope, wide, ...field.path]);
    let slot = this.#byKey.get(key);
    if (slot === undefined) {
      slot = this.demands.length;
      this.#byKey.set(key, slot);
      this.demands.push({ scope: field.scope, path: field.path, wide, as: `f${slot}` });
    }
    const get = slotGetter(slot);
    const { rest } = field;
    return rest.length === 0 ? get : (record) => stepThrough(get(record), rest);
  }
}

/** One function each, so that each has one property to look up: a shared `record[slot]` would be a slow generic access. */
const firstGetters: readonly Getter[] = [
  (record) => record.f0,
  (record) => record.f1,
  (record) => record.f2,
  (record) => record.f3,
  (record) => record.f4,
  (record) => record.f5,
  (record) => record.f6,
  (record) => record.f7,
];

function slotGetter(slot: number): Getter {
  const name: keyof FilterRecord = `f${slot}`;
  return firstGetters[slot] ?? ((record) => record[name]);
}

/** Follows indexes and members in a decoded plain value. */
function stepThrough(value: unknown, steps: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of steps) {
    if (typeof current !== 'object' || current === null) return undefined;
    if (Array.isArray(current) !== (typeof step === 'number')) return undefined;
    if (!Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}
