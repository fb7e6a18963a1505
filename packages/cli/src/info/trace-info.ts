/** What `sonde info` knows about a trace, as plain data: the same for text and JSON. */
import type { LogicalTrace, TraceStream } from '@sonde/components';
import { type PacketEntry, type PacketIndex, streamTimeRange } from '@sonde/ctf';
import type { ClockClass, DataStreamClass, TraceClass } from '@sonde/trace-model';

export interface ClockInfo {
  readonly name: string;
  readonly description?: string;
  readonly uid?: string;
  readonly frequencyHz: bigint;
  readonly precisionCycles?: bigint;
  /** `unix-epoch`, `unknown`, or the name of another origin. */
  readonly origin: string;
  /** Of the clock's zero, from its origin. */
  readonly offsetNs: bigint;
}

/** Times are nanoseconds from the clock's origin; absent: no clock, or nothing recorded. */
export interface StreamInfo {
  readonly classId: bigint;
  readonly id?: bigint;
  /** Its file, or the first of several. */
  readonly path: string;
  readonly packets: number;
  readonly bytes: number;
  readonly beginNs?: bigint;
  readonly endNs?: bigint;
  readonly discardedEvents: bigint;
  readonly discardedPackets: bigint;
}

export interface EventInfo {
  readonly name: string;
  readonly count: number;
  /** Of the time from the first to the last event. */
  readonly perSecond?: number;
}

/** What only reading all packets tells. */
export interface EventCounts {
  readonly total: number;
  readonly firstNs?: bigint;
  readonly lastNs?: bigint;
  /** The most frequent first. */
  readonly byName: readonly EventInfo[];
}

export interface TraceInfo {
  readonly path: string;
  readonly name?: string;
  readonly ctfVersion: string;
  readonly uid?: string;
  readonly namespace?: string;
  readonly environment: { readonly [name: string]: string | bigint };
  readonly clocks: readonly ClockInfo[];
  readonly streams: readonly StreamInfo[];
  /** Declared in the metadata, recorded or not. */
  readonly eventClasses: number;
  readonly packets: number;
  readonly bytes: number;
  /** From the first packet's begin to the last one's end. */
  readonly beginNs?: bigint;
  readonly endNs?: bigint;
  readonly durationNs?: bigint;
  /** Whether times count from the Unix epoch. */
  readonly timesAreUnix: boolean;
  readonly discardedEvents: bigint;
  readonly discardedPackets: bigint;
  readonly events?: EventCounts;
}

/** Describes a trace from its metadata and the index of its packets. */
export function describeTrace(logical: LogicalTrace, events?: EventCounts): TraceInfo {
  const { trace } = logical;
  const { traceClass } = trace;
  const streams = logical.streams.map(describeStream);
  const beginNs = least(streams.map((stream) => stream.beginNs));
  const endNs = greatest(streams.map((stream) => stream.endNs));
  return {
    path: trace.path,
    ...optional('name', trace.name === '' ? undefined : trace.name),
    ctfVersion: traceClass.ctfVersion,
    ...optional('namespace', traceClass.namespace),
    ...optional('uid', traceClass.uid),
    environment: Object.fromEntries(trace.environment),
    clocks: clockClassesOf(traceClass).map(describeClock),
    streams,
    eventClasses: [...traceClass.dataStreamClasses.values()].reduce(
      (sum, { eventRecordClasses }) => sum + eventRecordClasses.size,
      0,
    ),
    packets: streams.reduce((sum, stream) => sum + stream.packets, 0),
    bytes: streams.reduce((sum, stream) => sum + stream.bytes, 0),
    ...optional('beginNs', beginNs),
    ...optional('endNs', endNs),
    ...optional(
      'durationNs',
      beginNs === undefined || endNs === undefined ? undefined : endNs - beginNs,
    ),
    timesAreUnix: logical.streams.every(({ stream }) => isUnix(stream.dataStreamClass)),
    discardedEvents: streams.reduce((sum, stream) => sum + stream.discardedEvents, 0n),
    discardedPackets: streams.reduce((sum, stream) => sum + stream.discardedPackets, 0n),
    ...optional('events', events),
  };
}

function describeStream({ stream, packets, clock }: TraceStream): StreamInfo {
  const range = streamTimeRange(stream, packets, clock);
  return {
    classId: stream.dataStreamClass.id,
    ...optional('id', stream.idIsKnown ? stream.id : undefined),
    path: stream.name,
    packets: packets.length,
    bytes: packets.totalBytes,
    ...optional('beginNs', range?.begin),
    ...optional('endNs', range?.end),
    ...discardedOf(packets),
  };
}

/** From the counters of neighbouring packets, as the index has them. */
function discardedOf(
  packets: PacketIndex,
): Pick<StreamInfo, 'discardedEvents' | 'discardedPackets'> {
  let discardedEvents = 0n;
  let discardedPackets = 0n;
  let previous: PacketEntry | undefined;
  for (const packet of packets) {
    const { discardedEventCounter: events, sequenceNumber: number } = packet;
    const { discardedEventCounter: eventsBefore, sequenceNumber: numberBefore } = previous ?? {};
    if (events !== undefined && eventsBefore !== undefined && events > eventsBefore) {
      discardedEvents += events - eventsBefore;
    }
    if (number !== undefined && numberBefore !== undefined && number > numberBefore + 1n) {
      discardedPackets += number - numberBefore - 1n;
    }
    previous = packet;
  }
  return { discardedEvents, discardedPackets };
}

/** Declared ones, and the nameless one that CTF 1.8 implies. */
function clockClassesOf(traceClass: TraceClass): readonly ClockClass[] {
  const clocks = new Set(traceClass.clockClasses);
  for (const { defaultClockClass } of traceClass.dataStreamClasses.values()) {
    if (defaultClockClass !== undefined) clocks.add(defaultClockClass);
  }
  return [...clocks];
}

function describeClock(clock: ClockClass): ClockInfo {
  const { offsetSeconds, offsetCycles, frequencyHz, origin } = clock;
  const wholeNs = offsetSeconds * 1_000_000_000n;
  return {
    name: clock.name ?? clock.id,
    ...optional('description', clock.description),
    ...optional('uid', clock.uid),
    frequencyHz,
    ...optional('precisionCycles', clock.precisionCycles),
    origin: typeof origin === 'object' ? origin.name : (origin ?? 'unknown'),
    offsetNs: wholeNs + (offsetCycles * 1_000_000_000n) / frequencyHz,
  };
}

function isUnix({ defaultClockClass }: DataStreamClass): boolean {
  return defaultClockClass === undefined || defaultClockClass.origin === 'unix-epoch';
}

function least(values: readonly (bigint | undefined)[]): bigint | undefined {
  return extreme(values, (a, b) => a < b);
}

function greatest(values: readonly (bigint | undefined)[]): bigint | undefined {
  return extreme(values, (a, b) => a > b);
}

function extreme(
  values: readonly (bigint | undefined)[],
  isBetter: (a: bigint, b: bigint) => boolean,
): bigint | undefined {
  let best: bigint | undefined;
  for (const value of values) {
    if (value !== undefined && (best === undefined || isBetter(value, best))) best = value;
  }
  return best;
}

/** `{ name: value }`, or nothing when there is no value. */
function optional<N extends string, T>(name: N, value: T | undefined): { [K in N]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in N]?: T });
}
