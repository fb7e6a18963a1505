import { DecodeError } from '@sonde/base';
import {
  type BackEnd,
  decodePacketHead,
  decodeScope,
  type FieldValue,
  PacketCursor,
  type PacketCursorOptions,
} from '@sonde/ctf';
import { dataStream, packet } from '@sonde/testkit';
import type { DataStreamClass, EventHandler, RecordCursor } from '@sonde/trace-model';
import { packetBytes } from './decode-source.ts';

export interface SeenRecord {
  readonly id: bigint;
  readonly timeNs: number;
  readonly cycles: bigint | undefined;
  readonly payload: FieldValue;
}

/** What a consumer sees of one stream, and the fault that ended it. */
export interface Seen {
  readonly records: SeenRecord[];
  readonly error?: DecodeError;
}

export const backEnds: readonly BackEnd[] = ['generated', 'closures'];

export function record(cursor: RecordCursor): SeenRecord {
  return {
    id: cursor.eventRecordClass.id,
    timeNs: cursor.timeNs,
    cycles: cursor.clockSnapshot()?.cycles,
    payload: decodeScope(cursor, 'event-record-payload'),
  };
}

/** A cursor on a stream of `dataStreamClass`; times count from 0 ns. */
export function cursorOn(
  dataStreamClass: DataStreamClass,
  options: PacketCursorOptions = {},
  originNs = 0n,
): PacketCursor {
  return new PacketCursor(dataStream(dataStreamClass), { nsFromOrigin: originNs }, options);
}

/** Begins the packet `content`, decoding its head from its trace class. */
export function begin(cursor: PacketCursor, content: string | Uint8Array, index = 0): void {
  const bytes = packetBytes(content);
  const view = new DataView(bytes.buffer);
  const availableBits = (bytes.length - 16) * 8;
  const { traceClass } = cursor.stream.trace;
  const head = decodePacketHead(traceClass, bytes, view, availableBits, {
    streamName: cursor.stream.name,
    packetIndex: index,
    clockCycles: cursor.cycles,
  });
  cursor.beginPacket(packet(cursor.stream, { index }), bytes, view, head, availableBits);
}

export interface RunOptions extends PacketCursorOptions {
  /** Records of these ids are stepped over. */
  readonly unwanted?: (id: bigint) => boolean;
  readonly budget?: number;
  readonly originNs?: bigint;
}

/** Runs all packets in turn with one handler for all records. */
export function runAll(
  dataStreamClass: DataStreamClass,
  packets: readonly (string | Uint8Array)[],
  options: RunOptions = {},
): Seen {
  const records: SeenRecord[] = [];
  const handler: EventHandler = (cursor) => {
    records.push(record(cursor));
    return -1;
  };
  const downstream = {
    eventHandler: (cursor: RecordCursor) =>
      options.unwanted?.(cursor.eventRecordClass.id) === true ? null : handler,
  };
  const cursor = cursorOn(dataStreamClass, options, options.originNs);
  try {
    packets.forEach((content, index) => {
      begin(cursor, content, index);
      while (cursor.headTimeNs !== Infinity) {
        cursor.run(Infinity, options.budget ?? Infinity, downstream);
      }
    });
  } catch (error) {
    if (error instanceof DecodeError) return { records, error };
    throw error;
  }
  return { records };
}
