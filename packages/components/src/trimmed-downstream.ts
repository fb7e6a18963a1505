import { UsageError } from '@sonde/base';
import { ClockConverter } from '@sonde/ctf';
import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  TimeOrigin,
} from '@sonde/trace-model';

/** Absolute, both included (ns from the clocks' origin); undefined: unbounded. */
export interface TrimRange {
  readonly begin: bigint | undefined;
  readonly end: bigint | undefined;
}

interface StreamState {
  readonly clock: ClockConverter;
  hasBegun: boolean;
  /** Begun above, held back below. */
  heldPacket: { readonly packet: Packet; readonly cursor: RecordCursor } | undefined;
  /** Begun below, not yet ended there. */
  openPacket: Packet | undefined;
}

/**
 * What a trimmer puts before the consumer: packets and discarded items are cut to the range, and what is still open at its end is
 * closed there. Messages after the end don't come: the iterator stops before.
 *
 * Upstreams that have sought the begin send nothing before it but the packets in which it lies, so that records need no look
 * at all. Of other upstreams everything is held back until something is in the range.
 */
export class TrimmedDownstream implements Downstream {
  readonly #downstream: Downstream;
  readonly #range: TrimRange;
  readonly #streams = new Map<DataStream, StreamState>();
  readonly #beginNs: number;
  #holdsBack = true;
  #lastEventNs = Number.NaN;
  #skippedCount = 0;

  constructor(downstream: Downstream, range: TrimRange, origin: TimeOrigin) {
    this.#downstream = downstream;
    this.#range = range;
    this.#beginNs =
      range.begin === undefined
        ? Number.NEGATIVE_INFINITY
        : Number(range.begin - origin.nsFromOrigin);
  }

  /** Before the first message: there will be none before the begin of the range, or it has none. */
  upstreamIsSought(): void {
    this.#holdsBack = false;
  }

  /** Of the last record that was let through (ns since the origin). Undefined: the upstream knows. */
  get lastEventNs(): number | undefined {
    return this.#holdsBack ? this.#lastEventNs : undefined;
  }

  eventHandler(cursor: RecordCursor): EventHandler | null {
    if (!this.#holdsBack) return this.#downstream.eventHandler(cursor);
    const beginNs = this.#beginNs;
    const state = this.#stateOf(cursor.stream);
    let inner: EventHandler | null | undefined;
    return (current) => {
      const { timeNs } = current;
      if (timeNs < beginNs) return -1;
      this.#lastEventNs = timeNs;
      if (state.heldPacket !== undefined) this.#beginPacket(state, current.stream);
      if (inner === undefined) inner = this.#downstream.eventHandler(current);
      if (inner !== null) return inner(current);
      this.#skippedCount++;
      return -1;
    };
  }

  streamBeginning(stream: DataStream): void {
    const state = this.#stateOf(stream);
    if (!this.#holdsBack) this.#beginStream(stream, state);
  }

  streamEnd(stream: DataStream): void {
    const state = this.#stateOf(stream);
    this.#streams.delete(stream);
    if (state.hasBegun) this.#downstream.streamEnd(stream);
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    const { stream, begin } = packet;
    if (begin === undefined) throw unsupported(stream, 'its packets have no begin times');
    const state = this.#stateOf(stream);
    const isCut = this.#isBefore(begin);
    const bound = isCut ? { begin: snapshotAt(state, this.#range.begin!) } : {};
    state.heldPacket = { packet: { ...packet, ...bound }, cursor };
    if (!this.#holdsBack || !isCut) this.#beginPacket(state, stream);
  }

  packetEnd(packet: Packet): void {
    const { stream, end } = packet;
    const state = this.#stateOf(stream);
    if (end === undefined) throw unsupported(stream, 'its packets have no end times');
    this.#flushSkipped();
    if (state.heldPacket !== undefined) {
      if (this.#isBefore(end)) {
        state.heldPacket = undefined;
        return;
      }
      this.#beginPacket(state, stream);
    }
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
    this.#flushSkipped();
    const { end } = this.#range;
    for (const [stream, state] of this.#streams) {
      if (state.heldPacket !== undefined) this.#beginPacket(state, stream);
      if (!state.hasBegun) continue;
      const time = end === undefined ? undefined : snapshotAt(state, end);
      if (state.openPacket !== undefined) {
        this.#downstream.packetEnd({ ...state.openPacket, ...(time && { end: time }) });
      }
      this.#downstream.streamEnd(stream, time);
    }
    this.#streams.clear();
  }

  #stateOf(stream: DataStream): StreamState {
    let state = this.#streams.get(stream);
    if (state === undefined) {
      const { defaultClockClass } = stream.dataStreamClass;
      if (defaultClockClass === undefined) throw unsupported(stream, 'it has no clock');
      const clock = new ClockConverter(defaultClockClass);
      state = { clock, hasBegun: false, heldPacket: undefined, openPacket: undefined };
      this.#streams.set(stream, state);
    }
    return state;
  }

  #isBefore(time: ClockSnapshot): boolean {
    return this.#range.begin !== undefined && time.nsFromOrigin < this.#range.begin;
  }

  #flushSkipped(): void {
    if (this.#skippedCount > 0) this.#downstream.skippedEvents?.(this.#skippedCount);
    this.#skippedCount = 0;
  }

  #beginStream(stream: DataStream, state: StreamState): void {
    if (state.hasBegun) return;
    state.hasBegun = true;
    const { begin } = this.#range;
    this.#downstream.streamBeginning(
      stream,
      begin === undefined ? undefined : snapshotAt(state, begin),
    );
  }

  #beginPacket(state: StreamState, stream: DataStream): void {
    this.#beginStream(stream, state);
    const { packet, cursor } = state.heldPacket!;
    state.heldPacket = undefined;
    state.openPacket = packet;
    this.#downstream.packetBeginning(packet, cursor);
  }

  /** Cut to the range; what is cut has no count any more: nobody knows how much of it lies in the range. */
  #clip(discarded: Discarded): Discarded | undefined {
    const { stream, begin, end } = discarded;
    if (begin === undefined || end === undefined) {
      throw unsupported(stream, 'its discarded items have no times');
    }
    if (this.#isBefore(end)) return undefined;
    const state = this.#stateOf(stream);
    this.#beginStream(stream, state);
    const { begin: first, end: last } = this.#range;
    const cutsBegin = first !== undefined && begin.nsFromOrigin < first;
    const cutsEnd = last !== undefined && end.nsFromOrigin > last;
    if (!cutsBegin && !cutsEnd) return discarded;
    return {
      stream,
      begin: cutsBegin ? snapshotAt(state, first) : begin,
      end: cutsEnd ? snapshotAt(state, last) : end,
    };
  }
}

/** The clock at a bound of the range. */
function snapshotAt({ clock }: StreamState, nsFromOrigin: bigint): ClockSnapshot {
  return clock.snapshot(clock.firstCyclesAt(nsFromOrigin));
}

function unsupported(stream: DataStream, why: string): UsageError {
  return new UsageError(
    'cannot-trim-stream',
    `Unsupported stream: ${stream.name} can't be cut to a time range, because ${why}.`,
  );
}
