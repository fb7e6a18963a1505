/** A slot of a projection's record. */
export interface Slot {
  /** An identifier. */
  readonly name: string;
  /** True: always a number. */
  readonly isNumber: boolean;
}

type RecordClass = new () => { [slot: string]: unknown };

/** By names and kinds of the slots. */
const classes = new Map<string, RecordClass>();

/**
 * Creates a record with `slots`. Records with slots of the same names and kinds have the same shape, whatever is projected: a consumer
 * of many event record classes stays monomorphic. Slots for numbers begin as numbers and share a shape with no others, so that
 * storing one allocates nothing.
 */
export function createRecord(slots: readonly Slot[]): { [slot: string]: unknown } {
  const key = slots.map(({ name, isNumber }) => `${name}${isNumber ? '=0' : ''}`).join();
  let recordClass = classes.get(key);
  if (recordClass === undefined) {
    recordClass = class ProjectedRecord {
      [slot: string]: unknown;
    };
    classes.set(key, recordClass);
  }
  const record = new recordClass();
  for (const { name, isNumber } of slots) record[name] = isNumber ? 0 : undefined;
  return record;
}
