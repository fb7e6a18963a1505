import { DecodeError } from '@sonde/base';
import type { EventHandler } from '@sonde/trace-model';
import { type BodyWalk, walkBody } from '../decoder/body-walk.ts';
import { silentVisitor } from '../decoder/visit-scope.ts';
import type { LoopCursor } from './record-loop.ts';

/**
 * Calls `handler` with the cursor's record, whatever its body. Not fast: see `recordLoopOf`.
 * @returns the end of the record (bits), which is within the content
 * @throws DecodeError when the record is malformed, maybe after the call
 */
export function passBody(cursor: LoopCursor, handler: EventHandler | null): number {
  const { dispatch, classIndex, bodyOffsetBits, recordOffsetBits, contentEndBits } = cursor;
  const isAtByte = (bodyOffsetBits & 7) === 0;
  const staticBytes = isAtByte ? dispatch.staticBytes[classIndex]! : -1;
  if (bodyOffsetBits === recordOffsetBits && dispatch.bodyMayBeEmpty[classIndex]) {
    if (walkInSilence(cursor).offsetBits === recordOffsetBits) explainBody(cursor);
  }
  let endBits = bodyOffsetBits + staticBytes * 8;
  if (staticBytes >= 0) {
    if (endBits > contentEndBits) explainBody(cursor);
    handler?.(cursor);
    return endBits;
  }
  endBits = handler?.(cursor) ?? -1;
  // A body that begins within a byte is walked by closures, for the rule about changes of byte order.
  if (!isAtByte) endBits = walkInSilence(cursor).offsetBits;
  else if (endBits < 0) endBits = dispatch.lengths[classIndex]!(cursor);
  if (!(endBits <= contentEndBits)) explainBody(cursor);
  return endBits;
}

/** Walks the body of the cursor's record only to find its end, or what is wrong with it. */
export function walkInSilence(cursor: LoopCursor): BodyWalk {
  return walkBody(cursor.eventRecordClass, cursor, silentVisitor);
}

/**
 * Fast code found that the record is wrong: closures say exactly what is wrong where.
 * @throws DecodeError always
 */
export function explainBody(cursor: LoopCursor): never {
  const { stream, packet, recordOffsetBits } = cursor;
  if (walkInSilence(cursor).offsetBits !== recordOffsetBits) {
    throw new Error('Defect: back ends disagree about the length of a record');
  }
  throw new DecodeError('empty-event-record', 'An event record is empty.', {
    stream: stream.name,
    packetIndex: packet.index,
    offsetBits: recordOffsetBits,
  });
}
