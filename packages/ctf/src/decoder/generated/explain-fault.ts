import { DecodeError } from '@sonde/base';
import type { EventRecordClass, RecordCursor } from '@sonde/trace-model';
import { scopeFieldClass, scopes } from '@sonde/trace-model';
import { DecodeRun, type DecodeSource } from '../decode-state.ts';
import type { FieldVisitor } from '../field-visitor.ts';
import { scopeReader, silentVisitor } from '../visit-scope.ts';

/** Walks the body of the cursor's record with closures. @returns the end of the record (bits) */
export function walkBody(
  eventRecordClass: EventRecordClass,
  cursor: RecordCursor,
  visitor: FieldVisitor,
): number {
  const run = new DecodeRun(cursor as DecodeSource);
  let offsetBits = cursor.bodyOffsetBits;
  for (const scope of scopes.slice(scopes.indexOf('event-record-common-context'))) {
    const fieldClass = scopeFieldClass(eventRecordClass, scope);
    if (fieldClass !== undefined) offsetBits = scopeReader(fieldClass)(run, offsetBits, visitor);
  }
  return offsetBits;
}

/**
 * What generated code calls when a record can't be decoded: closures walk it again and say exactly what is wrong where.
 * @throws DecodeError always
 */
export function failAtRecord(cursor: RecordCursor): number {
  walkBody(cursor.eventRecordClass, cursor, silentVisitor);
  // Only where a length or selector was left over from an older record, and this one has replaced it.
  throw new DecodeError('malformed-event-record', 'An event record is malformed.', {
    stream: cursor.stream.name,
    packetIndex: cursor.packet.index,
    offsetBits: cursor.bodyOffsetBits,
  });
}
