import type { ClockSnapshot, Discarded, Packet, RecordCursor, Trace } from '@sonde/trace-model';
import { dialectOf } from './dialect.ts';

/** Events of one data stream that are missing. */
export interface StreamGap {
  readonly what: 'events' | 'packets';
  /** Undefined: unknown. 0: counted with another gap. */
  readonly count: number | undefined;
  /** NaN: unknown (ns since the origin). */
  readonly beginNs: number;
  /** NaN: unknown. */
  readonly endNs: number;
  /** Told at its end; else at its begin, as its tracer tells. */
  readonly isOver: boolean;
}

/**
 * When events of one data stream are missing. LTTng's ring buffer discards when a packet is full and there is no next one: what a packet says
 * it discarded is missing between the end of the packet before and its begin, or between its last record and its end, not among its records.
 * Elsewhere anything between the end of the packet before and the packet's end may be missing.
 */
export class StreamGaps {
  readonly #losesAtPacketEnd: boolean;
  readonly #relativeNs: (time: ClockSnapshot) => number;
  readonly #tell: (gap: StreamGap) => void;
  /** Where the stream's records are read; undefined: before the first packet. */
  #cursor: RecordCursor | undefined;
  /** What the current packet says it discarded, where LTTng's rule holds, but for what was told. */
  #count: number | undefined;
  /** End of the packet before (ns). */
  #beforeNs = Number.NaN;
  #isInPacket = false;

  constructor(
    trace: Trace,
    relativeNs: (time: ClockSnapshot) => number,
    tell: (gap: StreamGap) => void,
  ) {
    this.#losesAtPacketEnd = dialectOf(trace).losesAtPacketEnd;
    this.#relativeNs = relativeNs;
    this.#tell = tell;
  }

  /** The current packet, or the next one, says that it discarded events, and not yet where. */
  get isLossy(): boolean {
    return this.#count !== undefined;
  }

  /** Begin of the gap that the stream is in at `nowNs`, where its end is not known yet (ns); Infinity: it is in none. */
  openSince(nowNs: number): number {
    if (this.#count === undefined) return Number.POSITIVE_INFINITY;
    // The cursor stands at the next record, after the last one still there.
    const sinceNs = this.#isInPacket ? (this.#cursor?.timeNs ?? Number.NaN) : this.#beforeNs;
    return sinceNs < nowNs ? sinceNs : Number.POSITIVE_INFINITY;
  }

  discardedEvents(discarded: Discarded): void {
    const count = countOf(discarded);
    if (!this.#losesAtPacketEnd || discarded.begin === undefined) {
      this.#tellBetween(discarded, 'events', count);
      return;
    }
    this.#count = count ?? 0;
    this.#beforeNs = this.#relativeNs(discarded.begin);
  }

  discardedPackets(discarded: Discarded): void {
    this.#tellBetween(discarded, 'packets', countOf(discarded));
  }

  packetBeginning({ begin }: Packet, cursor: RecordCursor): void {
    this.#cursor = cursor;
    this.#isInPacket = true;
    if (this.#count === undefined) return;
    const endNs = begin === undefined ? Number.NaN : this.#relativeNs(begin);
    // LTTng's packets without a break between them lost nothing there.
    if (!(endNs > this.#beforeNs)) return;
    const count = this.#count;
    // How many were lost here, and how many at the end of the packet, nobody knows: all are told with the first gap.
    this.#count = 0;
    this.#tell({ what: 'events', count, beginNs: this.#beforeNs, endNs, isOver: true });
  }

  packetEnd({ end }: Packet): void {
    const count = this.#count;
    this.#isInPacket = false;
    this.#count = undefined;
    if (count === undefined) return;
    // All records have passed: the cursor still has the time of the last one, whoever wanted it.
    const beginNs = this.#cursor?.timeNs ?? Number.NaN;
    const endNs = end === undefined ? beginNs : this.#relativeNs(end);
    if (count === 0 && !(endNs > beginNs)) return;
    this.#tell({ what: 'events', count, beginNs, endNs, isOver: true });
  }

  #tellBetween(
    { begin, end }: Discarded,
    what: StreamGap['what'],
    count: number | undefined,
  ): void {
    const beginNs =
      begin === undefined ? (this.#cursor?.timeNs ?? Number.NaN) : this.#relativeNs(begin);
    const endNs = end === undefined ? beginNs : this.#relativeNs(end);
    this.#tell({ what, count, beginNs, endNs, isOver: false });
  }
}

const countOf = ({ count }: Discarded): number | undefined =>
  count === undefined ? undefined : Number(count);
