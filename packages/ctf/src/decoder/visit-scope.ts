import type { ByteOrder, RecordCursor, StructureFieldClass } from '@sonde/trace-model';
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

/** Where the last walk ended: the next scope begins there, maybe within a byte. */
const lastWalk: {
  packet: RecordCursor['packet'] | undefined;
  endBits: number;
  byteOrder: ByteOrder | undefined;
} = { packet: undefined, endBits: 0, byteOrder: undefined };

/**
 * Walks one root structure with closures and tells the visitor each field. `offsetBits` is where the scope before it ended.
 * @returns the end of the structure (bits)
 * @throws DecodeError with the place of the field that can't be read
 */
export const visitScope: VisitScope = (
  fieldClass: StructureFieldClass,
  cursor: RecordCursor,
  offsetBits: number,
  visitor: FieldVisitor,
): number => {
  const run = new DecodeRun(cursor as DecodeSource);
  // What the cursor knows is the byte order before the body.
  if (offsetBits !== cursor.bodyOffsetBits) {
    const goesOn = lastWalk.packet === cursor.packet && lastWalk.endBits === offsetBits;
    run.lastByteOrder = goesOn ? lastWalk.byteOrder : undefined;
  }
  const endBits = scopeReader(fieldClass)(run, offsetBits, visitor);
  lastWalk.packet = cursor.packet;
  lastWalk.endBits = endBits;
  lastWalk.byteOrder = run.lastByteOrder;
  return endBits;
};

/** A visitor that wants nothing: to find where a scope ends, or what is wrong with it. */
export const silentVisitor: FieldVisitor = {};
