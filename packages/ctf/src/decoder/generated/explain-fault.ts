import { DecodeError } from '@sonde/base';
import type { RecordCursor } from '@sonde/trace-model';
import { walkBody } from '../body-walk.ts';
import { silentVisitor } from '../visit-scope.ts';

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
