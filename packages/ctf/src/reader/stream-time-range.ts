import { DecodeError } from '@sonde/base';
import type { DataStream } from '@sonde/trace-model';
import type { ClockConverter } from './clock-converter.ts';
import type { PacketEntry, PacketIndex } from './packet-index.ts';
import { PacketReader } from './packet-reader.ts';
import { quirksOf } from './tracer-quirks.ts';

/** Both included (ns from the clock's origin). */
export interface TimeRangeNs {
  readonly begin: bigint;
  readonly end: bigint;
}

/**
 * From the begin of the first packet to the end of the last one: from the index alone, but for tracers that are known to write
 * wrong times there. Undefined: the packets have no times.
 */
export function streamTimeRange(
  stream: DataStream,
  packets: PacketIndex,
  clock: ClockConverter | undefined,
): TimeRangeNs | undefined {
  let lastIndex = packets.length - 1;
  while (lastIndex > 0 && packets.at(lastIndex)?.fault !== undefined) lastIndex--;
  const [first, last] = [packets.at(0), packets.at(lastIndex)];
  if (first?.beginCycles === undefined || last?.endCycles === undefined || clock === undefined) {
    return undefined;
  }
  let [begin, end] = [first.beginCycles, last.endCycles];
  const { eventBeforePacket } = quirksOf(stream.trace.traceClass);
  if (eventBeforePacket) {
    const record = recordsOf(stream, first, 0)?.first;
    if (record !== undefined && record < begin) begin = record;
  }
  if (packets.lastEndIsUncertain) end = recordsOf(stream, last, lastIndex)?.last ?? end;
  return { begin: clock.nsFromOrigin(begin), end: clock.nsFromOrigin(end) };
}

/** Clock values of the first and last records of a packet. Undefined: it has none, or is damaged. */
function recordsOf(
  stream: DataStream,
  entry: PacketEntry,
  index: number,
): { readonly first: bigint; readonly last: bigint } | undefined {
  const reader = new PacketReader(stream, undefined, { nsFromOrigin: 0n });
  const { cursor } = reader;
  try {
    reader.load(entry, index);
    if (cursor.headTimeNs === Number.POSITIVE_INFINITY) return undefined;
    const first = cursor.cycles;
    cursor.skipTo(Number.POSITIVE_INFINITY);
    return { first, last: cursor.cycles };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
