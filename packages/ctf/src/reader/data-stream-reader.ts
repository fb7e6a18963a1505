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
import { decodePacketHead, type PacketHead } from '../decoder/packet-head.ts';
import type { ClockConverter } from './clock-converter.ts';
import { PacketBuffer } from './packet-buffer.ts';
import { PacketCursor } from './packet-cursor.ts';
import type { PacketEntry } from './packet-index.ts';
import type { CompileLength } from './record-dispatch.ts';
import { quirksOf, type TracerQuirks } from './tracer-quirks.ts';

export interface DataStreamReaderOptions {
  readonly backEnd?: BackEnd;
  readonly compileLength?: CompileLength;
  /** Longest packet that is read (bytes). Default: 512 MiB. */
  readonly maxPacketBytes?: number;
  /** Told about a fault; the reader then goes on with the next packet. Without it, `run` throws the fault. */
  readonly onFault?: (error: DecodeError) => void;
}

const defaultMaxPacketBytes = 512 * 1024 * 1024;

/** What the reader will deliver next. */
type Step =
  | 'stream-beginning'
  | 'discarded-events'
  | 'discarded-packets'
  | 'packet-beginning'
  | 'records'
  | 'packet-end'
  | 'stream-end'
  | 'ended';

/**
 * The messages of one data stream, whose packets may lie in several files. Holds one packet in memory.
 */
export class DataStreamReader implements MessageIterator {
  headTimeNs = Number.NEGATIVE_INFINITY;
  headRank: number = messageRank.streamBeginning;
  /** Of the last record of the last packet that was read to its end (ns since the origin); NaN: none yet. */
  lastEventNs = Number.NaN;
  readonly #stream: DataStream;
  readonly #packets: readonly PacketEntry[];
  readonly #origin: TimeOrigin;
  readonly #downstream: Downstream;
  readonly #options: DataStreamReaderOptions;
  readonly #quirks: TracerQuirks;
  readonly #clock: ClockConverter | undefined;
  readonly #cursor: PacketCursor;
  readonly #buffer: PacketBuffer;
  readonly #hasEnds: boolean;
  #step: Step = 'stream-beginning';
  #next = 0;
  #packet: Packet | undefined;
  #previous: Packet | undefined;
  #discardedEvents = 0n;
  #discardedPackets = 0n;
  #fault: DecodeError | undefined;

  /**
   * @param packets - In time order; from `mergePackets`.
   * @param clock - Of the stream's default clock class, perhaps with an offset.
   */
  constructor(
    stream: DataStream,
    packets: readonly PacketEntry[],
    clock: ClockConverter | undefined,
    origin: TimeOrigin,
    downstream: Downstream,
    options: DataStreamReaderOptions = {},
  ) {
    this.#stream = stream;
    this.#packets = packets;
    this.#origin = origin;
    this.#downstream = downstream;
    this.#options = options;
    this.#clock = clock;
    this.#quirks = quirksOf(stream.trace.traceClass);
    this.#buffer = new PacketBuffer(options.maxPacketBytes ?? defaultMaxPacketBytes);
    this.#hasEnds = packets.some((packet) => packet.endCycles !== undefined);
    const { backEnd, compileLength } = options;
    this.#cursor = new PacketCursor(stream, origin, {
      ...(backEnd === undefined ? {} : { backEnd }),
      ...(compileLength === undefined ? {} : { compileLength }),
      ...(clock === undefined ? {} : { clock }),
    });
  }

  get headStream(): DataStream | undefined {
    return this.#step === 'ended' ? undefined : this.#stream;
  }

  run(limitNs: number, budget: number): RunStatus {
    let left = budget;
    while (this.headTimeNs < limitNs) {
      if (left <= 0) return 'budget';
      if (this.#step === 'records') left -= this.#runRecords(limitNs, left);
      else {
        this.#deliver();
        left--;
      }
    }
    return this.#step === 'ended' ? 'end' : 'limit';
  }

  seek(timeNs: number): boolean {
    if (this.#step !== 'stream-beginning' || this.#clock === undefined) return false;
    // Packets are in time order: the first that ends at or after the time is where to begin.
    let low = 0;
    let high = this.#packets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const end = this.#packets[middle]!.endCycles;
      if (end === undefined) return false;
      if (this.#relative(end) < timeNs) low = middle + 1;
      else high = middle;
    }
    this.#next = low;
    return true;
  }

  close(): void {
    this.#setHead('ended', Number.POSITIVE_INFINITY, messageRank.streamEnd);
  }

  #relative(cycles: bigint): number {
    return Number(this.#clock!.nsFromOrigin(cycles) - this.#origin.nsFromOrigin);
  }

  #snapshot(cycles: bigint | undefined): ClockSnapshot | undefined {
    return cycles === undefined ? undefined : this.#clock?.snapshot(cycles);
  }

  /** Time of a snapshot since the origin; messages without time are due at once. */
  #timeOf(snapshot: ClockSnapshot | undefined): number {
    if (snapshot === undefined) return Number.NEGATIVE_INFINITY;
    return Number(snapshot.nsFromOrigin - this.#origin.nsFromOrigin);
  }

  #setHead(step: Step, timeNs: number, rank: number): void {
    this.#step = step;
    this.headTimeNs = timeNs;
    this.headRank = rank;
  }

  #runRecords(limitNs: number, budget: number): number {
    const cursor = this.#cursor;
    let count = 0;
    try {
      count = cursor.run(limitNs, budget, this.#downstream);
    } catch (error) {
      this.#takeFault(error);
      return 1;
    }
    this.headTimeNs = cursor.headTimeNs;
    if (this.headTimeNs === Number.POSITIVE_INFINITY) this.#afterRecords();
    return count;
  }

  /** With `onFault` the rest of the packet is given up; else the fault is the end. */
  #takeFault(error: unknown): void {
    this.#flushSkipped();
    if (!(error instanceof DecodeError)) throw error;
    const { onFault } = this.#options;
    if (onFault === undefined) {
      this.close();
      throw error;
    }
    onFault(error);
    this.#afterRecords();
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
    // The clock stands at the last record of the packet.
    const lastNs = this.#timeOf(this.#clock?.snapshot(this.#cursor.cycles));
    if (Number.isFinite(lastNs)) this.lastEventNs = lastNs;
    let packet = this.#packet!;
    const { begin, end } = packet;
    if (end !== undefined && this.#clock !== undefined) {
      const last = this.#clock.snapshot(this.#cursor.cycles);
      const isLate = this.#quirks.eventAfterPacket && last.cycles > end.cycles;
      const isCrashed =
        this.#quirks.zeroPacketEnd && end.cycles === 0n && begin !== undefined && begin.cycles > 0n;
      if (isLate || isCrashed) packet = { ...packet, end: last };
    }
    this.#packet = packet;
    this.#setHead('packet-end', this.#timeOf(packet.end), messageRank.packetEnd);
  }

  #deliver(): void {
    const downstream = this.#downstream;
    const stream = this.#stream;
    switch (this.#step) {
      case 'stream-beginning':
        downstream.streamBeginning(stream);
        this.#loadNext();
        return;
      case 'discarded-events': {
        const count = this.#discardedEvents;
        downstream.discardedEvents({ stream, count, ...this.#discardRange('end') });
        this.#afterDiscardedEvents();
        return;
      }
      case 'discarded-packets': {
        const count = this.#discardedPackets;
        downstream.discardedPackets({ stream, count, ...this.#discardRange('begin') });
        this.#beforePacket();
        return;
      }
      case 'packet-beginning':
        downstream.packetBeginning(this.#packet!, this.#cursor);
        this.#beginRecords();
        return;
      case 'packet-end':
        downstream.packetEnd(this.#packet!);
        this.#previous = this.#packet;
        this.#loadNext();
        return;
      case 'stream-end':
        if (this.#fault !== undefined) {
          const fault = this.#fault;
          this.close();
          throw fault;
        }
        downstream.streamEnd(stream);
        this.close();
        return;
      case 'records':
      case 'ended':
        return;
    }
  }

  #discardRange(until: 'begin' | 'end'): { begin?: ClockSnapshot; end?: ClockSnapshot } {
    const begin = this.#previous?.end;
    const end = this.#packet?.[until];
    return begin === undefined || end === undefined ? {} : { begin, end };
  }

  #loadNext(): void {
    const entry = this.#packets[this.#next];
    if (entry === undefined) {
      this.#setHead('stream-end', Number.NEGATIVE_INFINITY, messageRank.streamEnd);
      return;
    }
    try {
      this.#load(entry, this.#next++);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const { onFault } = this.#options;
      if (onFault === undefined) {
        this.#fault = error;
        this.#setHead('stream-end', Number.NEGATIVE_INFINITY, messageRank.streamEnd);
        return;
      }
      onFault(error);
      this.#loadNext();
    }
  }

  #load(entry: PacketEntry, index: number): void {
    if (entry.fault !== undefined) throw entry.fault;
    const length = this.#buffer.load(entry, index);
    const { bytes, view } = this.#buffer;
    const { traceClass } = this.#stream.trace;
    const head = decodePacketHead(traceClass, bytes, view, length * 8, {
      streamName: entry.source.name,
      packetIndex: index,
      clockCycles: this.#cursor.cycles,
    });
    this.#checkOwner(head, entry, index);
    this.#packet = this.#describe(entry, head, index);
    this.#cursor.beginPacket(this.#packet, bytes, view, head, length * 8);
    if (this.#quirks.eventBeforePacket) this.#packet = this.#beginAtFirstRecord(this.#packet);
    this.#countDiscarded(head);
    if (this.#discardedEvents > 0n) {
      const timeNs = this.#timeOf(this.#discardRange('end').begin);
      this.#setHead('discarded-events', timeNs, messageRank.discardedEvents);
    } else {
      this.#afterDiscardedEvents();
    }
  }

  /** A file holds packets of one data stream only (CTF 1.8.3 §3). */
  #checkOwner(head: PacketHead, entry: PacketEntry, packetIndex: number): void {
    const { dataStreamClass, id, idIsKnown } = this.#stream;
    const sameId = !idIsKnown || head.dataStreamId === undefined || head.dataStreamId === id;
    if (head.dataStreamClass === dataStreamClass && sameId) return;
    throw new DecodeError(
      'packet-of-another-stream',
      `The packet belongs to the data stream ${head.dataStreamId ?? '?'} of class ${head.dataStreamClass.id}, those before it to the data stream ${idIsKnown ? id : '?'} of class ${dataStreamClass.id}.`,
      { stream: entry.source.name, packetIndex, offsetBits: head.packetContextOffsetBits },
    );
  }

  #beginAtFirstRecord(packet: Packet): Packet {
    const first = this.#cursor.clockSnapshot();
    if (packet.begin === undefined || first === undefined) return packet;
    return first.cycles < packet.begin.cycles ? { ...packet, begin: first } : packet;
  }

  #describe(entry: PacketEntry, head: PacketHead, index: number): Packet {
    // The entry's times are the head's, corrected.
    const begin = this.#snapshot(head.beginCycles === undefined ? undefined : entry.beginCycles);
    const end = this.#snapshot(head.endCycles === undefined ? undefined : entry.endCycles);
    const { discardedEventCounter, sequenceNumber } = head;
    return {
      stream: this.#stream,
      index,
      ...(begin === undefined ? {} : { begin }),
      ...(end === undefined ? {} : { end }),
      ...(discardedEventCounter === undefined ? {} : { discardedEventCounter }),
      ...(sequenceNumber === undefined ? {} : { sequenceNumber }),
    };
  }

  #countDiscarded(head: PacketHead): void {
    const before = this.#previous;
    const difference = (now: bigint | undefined, then: bigint | undefined): bigint =>
      now === undefined || then === undefined ? 0n : now - then;
    this.#discardedEvents = difference(head.discardedEventCounter, before?.discardedEventCounter);
    const bits = head.discardedEventCounterBits ?? 64;
    // A narrow counter wraps; a 64-bit one that decreases is a new tracer's.
    if (this.#discardedEvents < 0n && bits < 64) this.#discardedEvents += 1n << BigInt(bits);
    this.#discardedPackets = difference(head.sequenceNumber, before?.sequenceNumber) - 1n;
  }

  #afterDiscardedEvents(): void {
    if (this.#discardedPackets > 0n) {
      const timeNs = this.#timeOf(this.#discardRange('begin').begin);
      this.#setHead('discarded-packets', timeNs, messageRank.discardedPackets);
    } else {
      this.#beforePacket();
    }
  }

  #beforePacket(): void {
    const timeNs = this.#timeOf(this.#packet!.begin);
    this.#setHead('packet-beginning', timeNs, messageRank.packetBeginning);
  }

  #beginRecords(): void {
    this.#setHead('records', this.#cursor.headTimeNs, messageRank.event);
    if (this.headTimeNs === Number.POSITIVE_INFINITY) this.#afterRecords();
  }

  /** Whether packets of this stream have end times. */
  get hasPacketEnds(): boolean {
    return this.#hasEnds;
  }
}
