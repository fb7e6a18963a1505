import { DecodeError } from '@sonde/base';
import {
  type ClockSnapshot,
  type DataStream,
  type Downstream,
  type MessageIterator,
  messageRank,
  type Packet,
  type RunStatus,
  type TimeOrigin,
} from '@sonde/trace-model';
import type { BackEnd } from '../decoder/contract.ts';
import type { ClockConverter } from './clock-converter.ts';
import { countDiscarded, type DiscardedCounts } from './discarded-counts.ts';
import type { PacketCursor } from './packet-cursor.ts';
import type { PacketEntry, PacketIndex } from './packet-index.ts';
import { PacketReader } from './packet-reader.ts';
import { quirksOf, type TracerQuirks } from './tracer-quirks.ts';

export interface DataStreamReaderOptions {
  readonly backEnd?: BackEnd;
  /** Longest packet content that is read (bytes). Default: 512 MiB, which is also as far as bit offsets go. */
  readonly maxPacketBytes?: number;
  /** Packets with more content are read in windows of that size (bytes). Default: 128 KiB. */
  readonly windowBytes?: number;
  /** Told about a fault; the reader then goes on with the next packet. Without it, `run` throws the fault and the stream ends. */
  readonly onFault?: (error: DecodeError) => void;
}

/** What the reader will deliver next. */
type Step =
  | 'stream-beginning'
  | 'discarded-events'
  | 'discarded-packets'
  | 'packet-beginning'
  | 'records'
  | 'packet-end'
  | 'stream-end'
  | 'fault'
  | 'ended';

const ranks: Readonly<Record<Step, number>> = {
  'stream-beginning': messageRank.streamBeginning,
  'discarded-events': messageRank.discardedEvents,
  'discarded-packets': messageRank.discardedPackets,
  'packet-beginning': messageRank.packetBeginning,
  records: messageRank.event,
  'packet-end': messageRank.packetEnd,
  'stream-end': messageRank.streamEnd,
  fault: messageRank.streamEnd,
  ended: messageRank.streamEnd,
};

/** The messages of one data stream, whose packets may lie in several files. Holds one packet in memory. */
export class DataStreamReader implements MessageIterator {
  headTimeNs = Number.NEGATIVE_INFINITY;
  readonly #stream: DataStream;
  readonly #packets: PacketIndex;
  readonly #origin: TimeOrigin;
  readonly #downstream: Downstream;
  readonly #onFault: ((error: DecodeError) => void) | undefined;
  readonly #quirks: TracerQuirks;
  readonly #clock: ClockConverter | undefined;
  readonly #reader: PacketReader;
  readonly #cursor: PacketCursor;
  #step: Step = 'stream-beginning';
  /** Index of the packet to load next. */
  #next = 0;
  /** The step and time after the beginning of the stream, where `seek` has found it. */
  #sought: { readonly step: Step; readonly timeNs: number } | undefined;
  #packet: Packet | undefined;
  #previous: Packet | undefined;
  #discarded: DiscardedCounts = countDiscarded(undefined, undefined, 64);
  #fault: DecodeError | undefined;
  /** What is wrong with the current packet, for when its records have passed. */
  #packetFault: DecodeError | undefined;
  /** Records of the current packet that were passed. */
  #passedCount = 0;
  #lastEventNs = Number.NaN;

  /**
   * @param packets - In time order; from `mergePackets`.
   * @param clock - Of the stream's default clock class.
   */
  constructor(
    stream: DataStream,
    packets: PacketIndex,
    clock: ClockConverter | undefined,
    origin: TimeOrigin,
    downstream: Downstream,
    options: DataStreamReaderOptions = {},
  ) {
    this.#stream = stream;
    this.#packets = packets;
    this.#origin = origin;
    this.#downstream = downstream;
    this.#onFault = options.onFault;
    this.#clock = clock;
    this.#quirks = quirksOf(stream.trace.traceClass);
    this.#reader = new PacketReader(stream, clock, origin, options);
    this.#cursor = this.#reader.cursor;
  }

  get headStream(): DataStream | undefined {
    return this.#step === 'ended' ? undefined : this.#stream;
  }

  get headRank(): number {
    return ranks[this.#step];
  }

  get lastEventNs(): number {
    if (this.#step !== 'records' || this.#passedCount === 0) return this.#lastEventNs;
    return this.#reader.timeBeforeNext();
  }

  run(limitNs: number, budget: number): RunStatus {
    const cursor = this.#cursor;
    let left = budget;
    // By far most calls end here. All else is apart, which keeps what V8 compiles for them short.
    if (this.#step === 'records' && cursor.isPaused) {
      const count = cursor.resume(limitNs, budget);
      this.#passedCount += count;
      if (cursor.isPaused) {
        this.headTimeNs = cursor.headTimeNs;
        return this.headTimeNs < limitNs ? 'budget' : 'limit';
      }
      left -= count + this.#runRecords(limitNs, left - count);
    }
    return this.#runSteps(limitNs, left);
  }

  #runSteps(limitNs: number, budget: number): RunStatus {
    let left = budget;
    while (this.headTimeNs < limitNs) {
      if (left <= 0) return 'budget';
      if (this.#step === 'records') {
        left -= this.#runRecords(limitNs, left);
      } else {
        this.#deliver();
        left--;
      }
    }
    return this.#step === 'ended' ? 'end' : 'limit';
  }

  /**
   * Goes to the packet in which `timeNs` lies, by the index alone, and in it to the first record at or after that time. The
   * packet's beginning, and what was discarded before it, are delivered as they are. A stream that ends before has no
   * messages at all.
   */
  seek(timeNs: number): boolean {
    if (this.#step !== 'stream-beginning' || this.#sought !== undefined) return false;
    if (this.#clock === undefined || !this.#packets.hasEnds) return false;
    const target = this.#origin.nsFromOrigin + BigInt(Math.ceil(timeNs));
    this.#next = this.#packets.firstEndingAt(this.#clock.firstCyclesAt(target));
    const before = this.#packets.at(this.#next - 1);
    if (this.#next > 0 && before !== undefined) {
      this.#previous = this.#summary(before, this.#next - 1);
    }
    this.#loadNext(timeNs);
    this.#beginSought(this.#step);
    return true;
  }

  #beginSought(step: Step): void {
    if (step === 'stream-end') {
      this.close();
      return;
    }
    this.#sought = { step, timeNs: this.headTimeNs };
    this.#setHead('stream-beginning', Number.NEGATIVE_INFINITY);
  }

  close(): void {
    this.#lastEventNs = this.lastEventNs;
    this.#reader.release();
    this.#setHead('ended', Number.POSITIVE_INFINITY);
  }

  /** Time of a snapshot since the origin; messages without time are due at once. */
  #timeOf(snapshot: ClockSnapshot | undefined): number {
    if (snapshot === undefined) return Number.NEGATIVE_INFINITY;
    return Number(snapshot.nsFromOrigin - this.#origin.nsFromOrigin);
  }

  #setHead(step: Step, timeNs: number): void {
    this.#step = step;
    this.headTimeNs = timeNs;
  }

  #runRecords(limitNs: number, budget: number): number {
    const cursor = this.#cursor;
    let count = 0;
    try {
      count = cursor.run(limitNs, budget, this.#downstream);
    } catch (error) {
      this.#stopRecords(error);
      return 1;
    }
    this.#passedCount += count;
    this.headTimeNs = cursor.headTimeNs;
    if (this.headTimeNs === Number.POSITIVE_INFINITY) this.#afterRecords();
    return count;
  }

  #stopRecords(error: unknown): void {
    this.#flushSkipped();
    if (!(error instanceof DecodeError)) throw error;
    this.#report(error);
    this.#afterRecords();
  }

  /** Throws the error, unless somebody wants to hear of it: then reading goes on. */
  #report(error: DecodeError): void {
    if (this.#onFault === undefined) {
      this.close();
      throw error;
    }
    this.#onFault(error);
  }

  #flushSkipped(): void {
    const { skippedEvents } = this.#cursor;
    if (skippedEvents === 0) return;
    this.#cursor.skippedEvents = 0;
    this.#downstream.skippedEvents?.(skippedEvents);
  }

  /** The packet has no more records: its end is next. */
  #afterRecords(): void {
    this.#flushSkipped();
    const packetFault = this.#packetFault;
    this.#packetFault = undefined;
    if (packetFault !== undefined) this.#report(packetFault);
    let packet = this.#packet!;
    const { begin, end } = packet;
    // The clock stands at the last record of the packet.
    const last = this.#clock?.snapshot(this.#cursor.cycles);
    if (this.#passedCount > 0 && last !== undefined) this.#lastEventNs = this.#timeOf(last);
    if (end !== undefined && last !== undefined) {
      const isLate = this.#quirks.eventAfterPacket && last.cycles > end.cycles;
      const isCut =
        this.#quirks.zeroPacketEnd && end.cycles === 0n && begin !== undefined && begin.cycles > 0n;
      if (isLate || isCut) packet = { ...packet, end: last };
    }
    this.#packet = packet;
    this.#setHead('packet-end', this.#timeOf(packet.end));
  }

  #deliver(): void {
    const downstream = this.#downstream;
    const stream = this.#stream;
    switch (this.#step) {
      case 'stream-beginning':
        downstream.streamBeginning(stream);
        if (this.#sought === undefined) this.#loadNext();
        else this.#setHead(this.#sought.step, this.#sought.timeNs);
        return;
      case 'discarded-events':
        downstream.discardedEvents({
          stream,
          count: this.#discarded.events,
          ...this.#discardedRange('end'),
        });
        this.#afterDiscardedEvents();
        return;
      case 'discarded-packets':
        downstream.discardedPackets({
          stream,
          count: this.#discarded.packets,
          ...this.#discardedRange('begin'),
        });
        this.#beforePacket();
        return;
      case 'packet-beginning':
        downstream.packetBeginning(this.#packet!, this.#cursor);
        this.#passedCount = 0;
        this.#setHead('records', this.#cursor.headTimeNs);
        if (this.headTimeNs === Number.POSITIVE_INFINITY) this.#afterRecords();
        return;
      case 'packet-end':
        downstream.packetEnd(this.#packet!);
        this.#previous = this.#packet;
        this.#loadNext();
        return;
      case 'stream-end':
        downstream.streamEnd(stream);
        this.close();
        return;
      case 'fault':
        this.close();
        throw this.#fault;
      case 'records':
      case 'ended':
        return;
    }
  }

  #discardedRange(until: 'begin' | 'end'): { begin?: ClockSnapshot; end?: ClockSnapshot } {
    const begin = this.#previous?.end;
    const end = this.#packet?.[until];
    return begin === undefined || end === undefined ? {} : { begin, end };
  }

  /** @param fromNs - Packets and records wholly before that time are left out. */
  #loadNext(fromNs = Number.NEGATIVE_INFINITY): void {
    for (;;) {
      const entry = this.#packets.at(this.#next);
      if (entry === undefined) {
        this.#reader.release();
        this.#setHead('stream-end', Number.NEGATIVE_INFINITY);
        return;
      }
      const index = this.#next++;
      try {
        if (this.#load(entry, index, fromNs)) return;
        this.#previous = this.#packet;
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        if (this.#onFault === undefined) {
          // It is thrown when its turn comes: after what other streams have before it.
          this.#fault = error;
          this.#setHead('fault', Number.NEGATIVE_INFINITY);
          return;
        }
        this.#onFault(error);
        if (entry.fault === undefined) this.#previous = this.#summary(entry, index);
      }
    }
  }

  /** False: the packet has nothing at or after `fromNs`. @throws DecodeError */
  #load(entry: PacketEntry, index: number, fromNs: number): boolean {
    const { packet, counterBits, fault } = this.#reader.load(entry, index);
    this.#packetFault = fault;
    this.#packet = this.#quirks.eventBeforePacket ? this.#beginAtFirstRecord(packet) : packet;
    if (fromNs !== Number.NEGATIVE_INFINITY) {
      this.#cursor.skipTo(fromNs);
      const hasRecords = this.#cursor.headTimeNs !== Number.POSITIVE_INFINITY;
      if (!hasRecords && this.#timeOf(packet.end) < fromNs) return false;
    }
    this.#discarded = countDiscarded(this.#previous, this.#packet, counterBits);
    if (this.#discarded.events > 0n) {
      this.#setHead('discarded-events', this.#timeOf(this.#discardedRange('end').begin));
    } else {
      this.#afterDiscardedEvents();
    }
    return true;
  }

  #beginAtFirstRecord(packet: Packet): Packet {
    if (this.#cursor.headTimeNs === Number.POSITIVE_INFINITY) return packet;
    const first = this.#cursor.clockSnapshot();
    if (packet.begin === undefined || first === undefined) return packet;
    return first.cycles < packet.begin.cycles ? { ...packet, begin: first } : packet;
  }

  #summary(entry: PacketEntry, index: number): Packet {
    return this.#reader.describe(entry, index);
  }

  #afterDiscardedEvents(): void {
    if (this.#discarded.packets > 0n) {
      this.#setHead('discarded-packets', this.#timeOf(this.#discardedRange('begin').begin));
    } else {
      this.#beforePacket();
    }
  }

  #beforePacket(): void {
    this.#setHead('packet-beginning', this.#timeOf(this.#packet!.begin));
  }
}
