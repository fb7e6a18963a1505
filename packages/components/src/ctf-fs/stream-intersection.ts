import { UsageError } from '@sonde/base';
import { streamTimeRange, type TimeRangeNs } from '@sonde/ctf';
import type { LogicalTrace } from './logical-trace.ts';

/** When one data stream has packets. */
export interface StreamRange {
  readonly portName: string;
  /** Undefined: its packets have no times. */
  readonly rangeNs: TimeRangeNs | undefined;
}

/** What Babeltrace's query `babeltrace.trace-infos` tells of a trace. */
export interface TraceRanges {
  readonly path: string;
  readonly streams: readonly StreamRange[];
}

/** From the packets' index alone, mostly. */
export function traceInfos(traces: readonly LogicalTrace[]): TraceRanges[] {
  return traces.map(({ trace, streams }) => ({
    path: trace.path,
    streams: streams.map(({ stream, packets, clock, portName }) => ({
      portName,
      rangeNs: streamTimeRange(stream, packets, clock),
    })),
  }));
}

/**
 * When the buffers of the streams were written to: the declared end of the last packet counts even where it is later than the last event.
 * Babeltrace 1 saw it so, and with it the LTTng analyses.
 */
export function coveredRanges(traces: readonly LogicalTrace[]): TraceRanges[] {
  return traceInfos(traces).map((info, i) => ({
    path: info.path,
    streams: info.streams.map(({ portName, rangeNs }, j) => {
      const { packets, clock } = traces[i]!.streams[j]!;
      const cycles = packets.at(-1)?.endCycles;
      if (rangeNs === undefined || cycles === undefined || clock === undefined) {
        return { portName, rangeNs };
      }
      const declared = clock.nsFromOrigin(cycles);
      let { end } = rangeNs;
      if (declared > end) end = declared;
      return { portName, rangeNs: { begin: rangeNs.begin, end } };
    }),
  }));
}

/**
 * The time for which every stream of the trace has packets: both bounds included (ns from the clocks' origin).
 * @throws UsageError `no-intersection`: it has no streams, or they have no such time, or no times at all.
 */
export function intersectionOf({ path, streams }: TraceRanges): TimeRangeNs {
  let all: TimeRangeNs | undefined;
  for (const { portName, rangeNs } of streams) {
    if (rangeNs === undefined) {
      throw noIntersection(`The packets of stream ${portName} have no times to intersect.`);
    }
    all = {
      begin: all === undefined || rangeNs.begin > all.begin ? rangeNs.begin : all.begin,
      end: all === undefined || rangeNs.end < all.end ? rangeNs.end : all.end,
    };
  }
  if (all === undefined) throw noIntersection(`Trace ${path} has no streams to intersect.`);
  if (all.begin > all.end) {
    throw noIntersection(`The streams of trace ${path} have no time in common.`);
  }
  return all;
}

function noIntersection(message: string): UsageError {
  return new UsageError('no-intersection', message);
}
