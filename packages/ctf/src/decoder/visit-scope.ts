import type { RecordCursor, StructureFieldClass } from '@sonde/trace-model';
import type { VisitScope } from './contract.ts';
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
 * Walks one root structure with closures and tells the visitor each field. `offsetBits` is where the scope before it ended.
 * @returns the end of the structure (bits)
 * @throws DecodeError with the place of the field that can't be read
 */
export const visitScope: VisitScope = (
  fieldClass: StructureFieldClass,
  cursor: DecodeSource | RecordCursor,
  offsetBits: number,
  visitor: FieldVisitor,
): number => scopeReader(fieldClass)(new DecodeRun(cursor), offsetBits, visitor);

/** A visitor that wants nothing: to find where a scope ends, or what is wrong with it. */
export const silentVisitor: FieldVisitor = {};
