/** A slot of a projection's record. */
export interface Slot {
  /** An identifier. */
  readonly name: string;
  readonly kind: 'number' | 'other' | 'absent';
}

/** A record as it is written. */
export type Values = { [slot: string]: unknown };

type RecordClass = new () => Values;

/** By names and kinds of the slots. */
const classes = new Map<string, RecordClass>();

export function shapeOf(slots: readonly Slot[]): string {
  return slots.map(({ name, kind }) => `${name}:${kind}`).join();
}

/**
 * Creates a record with `slots`. Records with slots of the same names and kinds have the same shape, whatever is projected: a consumer
 * of many event record classes stays monomorphic. Slots for numbers begin as numbers and share a shape with no others, so that
 * storing one allocates nothing.
 */
export function createRecord(slots: readonly Slot[]): Values {
  const key = shapeOf(slots);
  let recordClass = classes.get(key);
  if (recordClass === undefined) {
    recordClass = class ProjectedRecord {
      [slot: string]: unknown;
    };
    classes.set(key, recordClass);
  }
  const record = new recordClass();
  for (const { name, kind } of slots) record[name] = kind === 'number' ? 0 : undefined;
  return record;
}
