import type {
  ByteOrder,
  EventRecordClass,
  RecordCursor,
  StructureFieldClass,
} from '@sonde/trace-model';
import { bodyScopes, scopeFieldClass } from '@sonde/trace-model';
import { DecodeRun, type DecodeSource } from './decode-state.ts';
import type { FieldVisitor } from './field-visitor.ts';
import { scopeReader } from './visit-scope.ts';

/**
 * A walk with closures over the root structures behind the header of the cursor's record, one after the other. Limits hold for
 * the record, and the byte order goes on from structure to structure: so there is one walk for each record.
 */
export class BodyWalk {
  /** Where the last structure ended: at last, the end of the record. */
  offsetBits: number;
  readonly #run: DecodeRun;

  constructor(cursor: RecordCursor) {
    this.#run = new DecodeRun(cursor as DecodeSource);
    this.offsetBits = cursor.bodyOffsetBits;
  }

  /** Of the last bit array, if known. */
  get lastByteOrder(): ByteOrder | undefined {
    return this.#run.lastByteOrder;
  }

  /**
   * Tells the visitor each field of the next root structure.
   * @throws DecodeError with the place of the field that can't be read
   */
  visit(fieldClass: StructureFieldClass, visitor: FieldVisitor): void {
    this.offsetBits = scopeReader(fieldClass)(this.#run, this.offsetBits, visitor);
  }
}

/** Walks the whole body of the cursor's record. @returns the walk, at the end of the record */
export function walkBody(
  eventRecordClass: EventRecordClass,
  cursor: RecordCursor,
  visitor: FieldVisitor,
): BodyWalk {
  const walk = new BodyWalk(cursor);
  for (const scope of bodyScopes) {
    const fieldClass = scopeFieldClass(eventRecordClass, scope);
    if (fieldClass !== undefined) walk.visit(fieldClass, visitor);
  }
  return walk;
}
