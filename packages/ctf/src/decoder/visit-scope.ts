import type { RecordCursor, StructureFieldClass } from '@sonde/trace-model';
import { DecodeRun, type DecodeSource } from './decode-state.ts';
import { compileField, type ReadField } from './field-reader.ts';
import type { FieldVisitor } from './field-visitor.ts';

const compiled = new WeakMap<StructureFieldClass, ReadField>();

/** The closures for one root structure, compiled at its first use. */
export function scopeReader(fieldClass: StructureFieldClass): ReadField {
  let read = compiled.get(fieldClass);
  if (read === undefined) {
    read = compileField(fieldClass, undefined);
    compiled.set(fieldClass, read);
  }
  return read;
}

/**
 * Walks one root structure that begins at `offsetBits` with closures and tells the visitor each field: one before the body of a
 * record. Those of the body go on from one another: see `BodyWalk`.
 * @returns the end of the structure (bits)
 * @throws DecodeError with the place of the field that can't be read
 */
export function visitScope(
  fieldClass: StructureFieldClass,
  cursor: RecordCursor,
  offsetBits: number,
  visitor: FieldVisitor,
): number {
  const run = new DecodeRun(cursor as DecodeSource);
  // What the cursor knows is the byte order before the body.
  run.lastByteOrder = undefined;
  return scopeReader(fieldClass)(run, offsetBits, visitor);
}

/** A visitor that wants nothing: to find where a scope ends, or what is wrong with it. */
export const silentVisitor: FieldVisitor = {};
