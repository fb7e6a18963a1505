/** flt.utils.trimmer: keeps the messages of a time range, both bounds included. */
import { UsageError } from '@sonde/base';
import type { Filter, FilterClass, OpenUpstream, ParameterValue } from '@sonde/graph';
import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  MessageIterator,
  Packet,
  RecordCursor,
  RunStatus,
  TimeOrigin,
} from '@sonde/trace-model';
import { anyReady } from './ready.ts';
import { parseTimeBound, resolveTimeBound, type TimeBound } from './time-bound.ts';

/** Absolute, inclusive (ns from the clocks' origin); undefined: unbounded. */
export interface TrimRange {
  readonly begin: bigint | undefined;
  readonly end: bigint | undefined;
}

/** A clock value for a moment: what packets cut by a bound begin or end with. */
function snapshotAt(stream: DataStream, nsFromOrigin: bigint): ClockSnapshot {
  const clock = stream.dataStreamClass.defaultClockClass!;
  const offsetNs =
    clock.offsetSeconds * 1_000_000_000n +
    (clock.offsetCycles * 1_000_000_000n) / clock.frequencyHz;
  const cycles = ((nsFromOrigin - offsetNs) * clock.frequencyHz) / 1_000_000_000n;
  return { cycles: BigInt.asUintN(64, cycles), nsFromOrigin };
}

interface StreamState {
  hasBegun: boolean;
  /** Begun upstream, not yet below. */
  packet: { readonly packet: Packet; readonly cursor: RecordCursor } | undefined;
  /** Begun below, not yet ended there. */
  openPacket: Packet | undefined;
}

/** Between the source and the consumer: holds back what lies before the begin, and closes what is open at the end. */
class TrimmedDownstream implements Downstream {
  readonly #downstream: Downstream;
  readonly #range: TrimRange;
  readonly #streams = new Map<DataStream, StreamState>();
  readonly #beginNs: number;
  /** Of the last record that was let through; NaN: none yet (ns since the origin). */
  lastEventNs = Number.NaN;

  constructor(downstream: Downstream, range: TrimRange, origin: TimeOrigin) {
    this.#downstream = downstream;
    this.#range = range;
    this.#beginNs =
      range.begin === undefined
        ? Number.NEGATIVE_INFINITY
        : Number(range.begin - origin.nsFromOrigin);
  }

  eventHandler(cursor: RecordCursor): EventHandler | null {
    if (Number.isNaN(cursor.timeNs)) throw unsupported(cursor.stream, 'it has no clock');
    const beginNs = this.#beginNs;
    const state = this.#stateOf(cursor.stream);
    let inner: EventHandler | null | undefined;
    const skipped = this.#downstream;
    return (current) => {
      const { timeNs } = current;
      if (timeNs < beginNs) return -1;
      this.lastEventNs = timeNs;
      if (state.packet !== undefined) this.#beginPacket(state, current.stream);
      if (inner === undefined) inner = this.#downstream.eventHandler(current);
      if (inner !== null) return inner(current);
      skipped.skippedEvents?.(1);
      return -1;
    };
  }

  streamBeginning(stream: DataStream): void {
    if (stream.dataStreamClass.defaultClockClass === undefined) {
      throw unsupported(stream, 'it has no clock');
    }
    this.#stateOf(stream);
  }

  streamEnd(stream: DataStream): void {
    const state = this.#stateOf(stream);
    if (!state.hasBegun) return;
    this.#downstream.streamEnd(stream);
    this.#streams.delete(stream);
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    const { stream, begin } = packet;
    if (begin === undefined) throw unsupported(stream, 'its packets have no begin times');
    const state = this.#stateOf(stream);
    const adjusted = this.#isBefore(begin)
      ? { ...packet, begin: snapshotAt(stream, this.#range.begin!) }
      : packet;
    state.packet = { packet: adjusted, cursor };
    // A packet that begins in the range begins below at once, even if it is empty.
    if (adjusted === packet) this.#beginPacket(state, stream);
  }

  packetEnd(packet: Packet): void {
    const { stream, end } = packet;
    const state = this.#stateOf(stream);
    if (end === undefined) throw unsupported(stream, 'its packets have no end times');
    if (this.#isBefore(end)) {
      state.packet = undefined;
      return;
    }
    if (state.packet !== undefined) this.#beginPacket(state, stream);
    const open = state.openPacket ?? packet;
    state.openPacket = undefined;
    this.#downstream.packetEnd({ ...open, end });
  }

  discardedEvents(discarded: Discarded): void {
    const clipped = this.#clip(discarded);
    if (clipped !== undefined) this.#downstream.discardedEvents(clipped);
  }

  discardedPackets(discarded: Discarded): void {
    const clipped = this.#clip(discarded);
    if (clipped !== undefined) this.#downstream.discardedPackets(clipped);
  }

  inactivity(time: ClockSnapshot): void {
    if (!this.#isBefore(time)) this.#downstream.inactivity(time);
  }

  skippedEvents(count: number): void {
    this.#downstream.skippedEvents?.(count);
  }

  /** Nothing more comes from above: what is open ends at the end of the range. */
  finish(): void {
    const { end } = this.#range;
    for (const [stream, state] of this.#streams) {
      if (!state.hasBegun) continue;
      if (state.openPacket !== undefined) {
        const cut = end === undefined ? state.openPacket.end : snapshotAt(stream, end);
        const { end: _end, ...packet } = state.openPacket;
        this.#downstream.packetEnd(cut === undefined ? packet : { ...packet, end: cut });
      }
      this.#downstream.streamEnd(stream);
    }
    this.#streams.clear();
  }

  #stateOf(stream: DataStream): StreamState {
    let state = this.#streams.get(stream);
    if (state === undefined) {
      state = { hasBegun: false, packet: undefined, openPacket: undefined };
      this.#streams.set(stream, state);
    }
    return state;
  }

  #isBefore(time: ClockSnapshot): boolean {
    return this.#range.begin !== undefined && time.nsFromOrigin < this.#range.begin;
  }

  #beginStream(stream: DataStream, state: StreamState): void {
    if (state.hasBegun) return;
    state.hasBegun = true;
    this.#downstream.streamBeginning(stream);
  }

  #beginPacket(state: StreamState, stream: DataStream): void {
    this.#beginStream(stream, state);
    const { packet, cursor } = state.packet!;
    state.packet = undefined;
    state.openPacket = packet;
    this.#downstream.packetBeginning(packet, cursor);
  }

  /** Cut to the range; what is cut has no count any more. */
  #clip(discarded: Discarded): Discarded | undefined {
    const { stream, begin, end } = discarded;
    if (begin === undefined || end === undefined) {
      throw unsupported(stream, 'its discarded items have no times');
    }
    if (this.#isBefore(end)) return undefined;
    this.#beginStream(stream, this.#stateOf(stream));
    const { begin: first, end: last } = this.#range;
    const cutsBegin = first !== undefined && begin.nsFromOrigin < first;
    const cutsEnd = last !== undefined && end.nsFromOrigin > last;
    if (!cutsBegin && !cutsEnd) return discarded;
    return {
      stream,
      begin: cutsBegin ? snapshotAt(stream, first) : begin,
      end: cutsEnd ? snapshotAt(stream, last) : end,
    };
  }
}

function unsupported(stream: DataStream, why: string): UsageError {
  return new UsageError(
    'cannot-trim-stream',
    `Unsupported stream: ${stream.name} can't be cut to a time range, because ${why}.`,
  );
}

class TrimmerIterator implements MessageIterator {
  readonly #upstream: MessageIterator;
  readonly #downstream: TrimmedDownstream;
  readonly #endNs: number;
  #isDone = false;

  constructor(upstream: MessageIterator, downstream: TrimmedDownstream, endNs: number) {
    this.#upstream = upstream;
    this.#downstream = downstream;
    this.#endNs = endNs;
  }

  get headTimeNs(): number {
    if (this.#isDone) return Number.POSITIVE_INFINITY;
    // Past the end, what remains is to end the open streams: at the end of the range.
    return Math.min(this.#upstream.headTimeNs, this.#endNs);
  }
  get headRank(): number {
    return this.#upstream.headRank;
  }
  get headStream(): DataStream | undefined {
    return this.#isDone ? undefined : this.#upstream.headStream;
  }
  get lastEventNs(): number {
    return this.#downstream.lastEventNs;
  }

  run(limitNs: number, budget: number): RunStatus {
    if (this.#isDone) return 'end';
    const status = this.#upstream.run(Math.min(limitNs, this.#endNs + 0.5), budget);
    if (status === 'budget' || status === 'again') return status;
    if (status === 'limit' && this.#upstream.headTimeNs <= this.#endNs) return 'limit';
    if (this.#endNs >= limitNs && status === 'limit') return 'limit';
    this.#downstream.finish();
    this.#isDone = true;
    return 'end';
  }

  async ready(): Promise<void> {
    await anyReady([this.#upstream]);
  }

  close(): void {
    this.#upstream.close();
    this.#isDone = true;
  }
}

/** Trims one iterator, seeking to the begin where the source can. @throws UsageError when begin is after end. */
export function trimIterator(
  open: OpenUpstream,
  range: TrimRange,
  origin: TimeOrigin,
  downstream: Downstream,
): MessageIterator {
  const { begin, end } = range;
  if (begin !== undefined && end !== undefined && begin > end) {
    throw new UsageError(
      'empty-time-range',
      `Trimming time range's beginning time is greater than end time: ${begin} ns, ${end} ns.`,
    );
  }
  const trimmed = new TrimmedDownstream(downstream, range, origin);
  const upstream = open(trimmed);
  if (begin !== undefined) upstream.seek?.(Number(begin - origin.nsFromOrigin));
  const endNs = end === undefined ? Number.POSITIVE_INFINITY : Number(end - origin.nsFromOrigin);
  return new TrimmerIterator(upstream, trimmed, endNs);
}

interface Bounds {
  readonly begin: TimeBound | undefined;
  readonly end: TimeBound | undefined;
  readonly isGmt: boolean;
}

class Trimmer implements Filter {
  readonly inputs = 'one';
  readonly outputPorts = [{ name: 'out' }];
  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  open(
    _port: string,
    origin: TimeOrigin,
    upstreams: readonly OpenUpstream[],
    downstream: Downstream,
  ): MessageIterator {
    const { begin, end, isGmt } = this.#bounds;
    const resolve = (bound: TimeBound | undefined): bigint | undefined =>
      bound === undefined ? undefined : resolveTimeBound(bound, isGmt, origin.nsFromOrigin);
    const range = { begin: resolve(begin), end: resolve(end) };
    return trimIterator(upstreams[0]!, range, origin, downstream);
  }

  close(): void {}
}

function boundOf(value: ParameterValue | undefined): TimeBound | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'bigint') return { kind: 'absolute', nsFromOrigin: value * 1_000_000_000n };
  return parseTimeBound(String(value));
}

export const trimmerFilter: FilterClass = {
  kind: 'flt',
  plugin: 'utils',
  className: 'trimmer',
  description: 'Keep the messages of a time range.',
  parameterHelp: {
    begin: 'First moment to keep: date and time, or seconds from the origin.',
    end: 'Last moment to keep.',
    gmt: 'Dates and times are UTC, not local.',
  },
  create: ({ parameters }) =>
    new Trimmer({
      begin: boundOf(parameters['begin']),
      end: boundOf(parameters['end']),
      isGmt: parameters['gmt'] === true,
    }),
};
