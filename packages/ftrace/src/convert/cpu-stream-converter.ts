import { DecodeError, UsageError } from '@sonde/base';
import {
  type KernelEvent,
  type KernelTraceLayout,
  kernelStreamId,
  type RecordAction,
  type StackPlace,
} from '../layout/kernel-trace-layout.ts';
import type { RecordState, UserStrings } from '../layout/record-state.ts';
import type { ProcessTable } from '../process/process-table.ts';
import { SubBufferReader } from '../raw/sub-buffer-reader.ts';
import { compileCopy, type Encode } from './compile-encoder.ts';
import { copyBytes } from './encoder-runtime.ts';
import { type PacketOutput, PacketWriter } from './packet-writer.ts';
import { PendingRecord } from './pending-record.ts';
import { ThreadContexts } from './thread-contexts.ts';

export interface CpuStreamOptions {
  readonly layout: KernelTraceLayout;
  readonly cpuId: number;
  /** May be shared by all converters of a thread. */
  readonly processes: ProcessTable;
  readonly output: PacketOutput;
  /** Length of a sub-buffer, as `buffer_subbuf_size_kb` tells. Default 4096. */
  readonly subBufferBytes?: number;
  /** A packet ends when it is as long. Default 256 KiB. */
  readonly packetBytes?: number;
  /** When the recording began: the stream begins then, and what was lost before the first event was lost from then on. */
  readonly beginCycles?: bigint;
  readonly userStrings?: UserStrings;
  /** Absent: all events are written. */
  readonly filter?: EventFilter | undefined;
  /** Absent: all records become events. */
  readonly selection?: EventSelection | undefined;
  /**
   * Told about sub-buffers that can't be read to their end; the rest of such a one is left out. Absent: the error is thrown, by `push`,
   * after everything before it has been converted.
   */
  readonly onFault?: (error: DecodeError) => void;
}

/** Decides which events are written. */
export interface EventFilter {
  /** @param view - The event as it would be written, from `begin` to `end`: contexts, then payload. Valid until the call returns. */
  passes(event: KernelEvent, view: DataView, begin: number, end: number): boolean;
}

/** Decides which records become events, before they are converted. */
export interface EventSelection {
  /** @param at - Of the record's payload in the state's view. */
  selects(event: KernelEvent, state: RecordState, at: number): boolean;
}

/** What a converter has done so far. */
export interface CpuStreamCounts {
  /** Written to the trace. */
  events: number;
  /** Left out by the filter or the selection. */
  filteredEvents: number;
  /** Records of the ring buffer, those that were only looked at included. */
  records: number;
  /** Records whose type no format tells of: they are not in the trace. */
  unknownRecords: number;
  /** Overwritten before they were read, as far as the kernel counted them. */
  missedEvents: number;
  /** How often it did not count them: each counts as one event, until `setOverrunEvents` tells more. */
  uncountedMisses: number;
  /** Call stacks without an event to belong to. */
  looseStacks: number;
  subBuffers: number;
}

const defaultSubBufferBytes = 4096;
const twoTo32 = 0x1_0000_0000;
const noView = new DataView(new ArrayBuffer(0));

/** Converts what one CPU's ring buffer gives into packets of its data stream. */
export class CpuStreamConverter {
  readonly counts: CpuStreamCounts = {
    events: 0,
    filteredEvents: 0,
    records: 0,
    unknownRecords: 0,
    missedEvents: 0,
    uncountedMisses: 0,
    looseStacks: 0,
    subBuffers: 0,
  };
  readonly #layout: KernelTraceLayout;
  readonly #encoders: KernelTraceLayout['encoders'];
  readonly #reader: SubBufferReader;
  readonly #packets: PacketWriter;
  readonly #state: RecordState;
  readonly #subBufferBytes: number;
  readonly #onFault: ((error: DecodeError) => void) | undefined;
  readonly #littleEndian: boolean;
  readonly #bound: KernelTraceLayout['bound'];
  readonly #threads: ThreadContexts;
  /** Copies the contexts of a thread. */
  readonly #copyThread: Encode;
  readonly #contextBytes: number;
  readonly #recordNumbers: readonly ((flags: number, preemptCount: number) => number)[];
  /** Waits for its call stacks; undefined: no call stacks are contexts. */
  readonly #pending: PendingRecord | undefined;
  readonly #filter: EventFilter | undefined;
  readonly #selection: EventSelection | undefined;
  #bytes: Uint8Array | undefined;
  #hasRecord = false;
  /** The last record became no event. */
  #isLeftOut = false;
  #missedEvents = 0;
  #overrunEvents = 0;
  #droppedEvents = 0;

  constructor(options: CpuStreamOptions) {
    const { layout, cpuId, processes, output, userStrings, packetBytes, beginCycles } = options;
    this.#layout = layout;
    this.#encoders = layout.encoders;
    this.#reader = new SubBufferReader(layout.pageFormat);
    this.#littleEndian = layout.pageFormat.byteOrder === 'little-endian';
    this.#subBufferBytes = options.subBufferBytes ?? defaultSubBufferBytes;
    this.#onFault = options.onFault;
    this.#filter = options.filter;
    this.#selection = options.selection;
    this.#bound = layout.bound;
    const { contexts } = layout;
    this.#recordNumbers = contexts.recordNumbers;
    this.#threads = new ThreadContexts(contexts, cpuId, this.#littleEndian);
    this.#copyThread = compileCopy(contexts.threadBytes);
    this.#contextBytes = contexts.threadBytes + contexts.recordNumbers.length;
    const hasStacks = contexts.hasKernelStack || contexts.hasUserStack;
    this.#pending = hasStacks
      ? new PendingRecord(contexts, this.#contextBytes, this.#littleEndian)
      : undefined;
    this.#state = {
      processes,
      cpuId,
      littleEndian: this.#littleEndian,
      view: noView,
      tid: -1,
      timeLow: 0,
      timeHigh: 0,
      userStrings,
    };
    this.#packets = new PacketWriter(
      { dataStreamClassId: kernelStreamId, dataStreamId: cpuId, cpuId },
      output,
      {
        uuid: layout.uuid,
        headerKind: layout.headerKind,
        littleEndian: this.#littleEndian,
        ...(packetBytes !== undefined && { packetBytes }),
        ...(beginCycles !== undefined && { beginCycles }),
      },
    );
  }

  /**
   * Converts whole sub-buffers, in the order in which they were read.
   * @param subBuffers - One or more; not kept.
   * @throws UsageError when the length is no multiple of a sub-buffer's; DecodeError, see `onFault`
   */
  push(subBuffers: Uint8Array): void {
    const size = this.#subBufferBytes;
    if (subBuffers.length % size !== 0) {
      throw new UsageError(
        'partial-sub-buffer',
        `${subBuffers.length} bytes are no whole sub-buffers of ${size} bytes.`,
      );
    }
    for (let at = 0; at < subBuffers.length; at += size) {
      this.open(subBuffers, at);
      this.convertUntil(Number.POSITIVE_INFINITY);
    }
  }

  /**
   * Goes to the first record of a sub-buffer; `convertUntil` converts it and the others.
   * @param bytes - Not changed until the last of its records is converted.
   * @throws DecodeError, see `onFault`
   */
  open(bytes: Uint8Array, offsetBytes: number): void {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#state.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const reader = this.#reader;
    this.#hasRecord = false;
    this.counts.subBuffers++;
    try {
      reader.open(this.#state.view, offsetBytes, this.#subBufferBytes);
      if (reader.hasMissedEvents) this.#addMissed(reader.missedEvents);
      this.#hasRecord = reader.next();
    } catch (error) {
      this.#fault(error);
    }
  }

  /** A record of the sub-buffer is still to be converted. */
  get hasRecord(): boolean {
    return this.#hasRecord;
  }

  /** When the next record happened, where there is one. Only for the order among CPUs: beyond 2⁵³ it is not exact. */
  get nextCycles(): number {
    const { timeLow, timeHigh } = this.#reader;
    return (timeHigh >>> 0) * twoTo32 + (timeLow >>> 0);
  }

  /**
   * Converts records of the sub-buffer up to a time, and what happened at it.
   * @throws DecodeError, see `onFault`
   */
  convertUntil(cycles: number): void {
    const reader = this.#reader;
    const { actions } = this.#layout;
    const le = this.#littleEndian;
    const { view } = this.#state;
    let records = 0;
    let events = 0;
    try {
      while (
        this.#hasRecord &&
        (reader.timeHigh >>> 0) * twoTo32 + (reader.timeLow >>> 0) <= cycles
      ) {
        records++;
        const at = reader.payloadOffset;
        const action = actions[view.getUint16(at, le)];
        if (action === undefined) this.counts.unknownRecords++;
        else if (this.#handle(action, at, reader.payloadBytes)) events++;
        this.#hasRecord = reader.next();
      }
    } catch (error) {
      this.#hasRecord = false;
      this.#fault(error);
    } finally {
      this.counts.records += records;
      this.counts.events += events;
    }
  }

  /** Tells of a sub-buffer that can't be read to its end; throws everything else. */
  #fault(error: unknown): void {
    if (!(error instanceof DecodeError)) throw error;
    const index = this.counts.subBuffers - 1;
    const place = {
      ...error.place,
      stream: `CPU ${this.#state.cpuId}`,
      packetIndex: Math.max(index, 0),
    };
    const placed = new DecodeError(error.code, error.message, place);
    if (this.#onFault === undefined) throw placed;
    this.#onFault(placed);
  }

  /** Events that this CPU has dropped so far because its buffer was full (`dropped events` in `per_cpu/cpuN/stats`). */
  setDroppedEvents(total: number): void {
    this.#droppedEvents = Math.max(total, this.#droppedEvents);
    this.#updateDiscarded();
  }

  /**
   * Events that this CPU has overwritten so far (`overrun` in `per_cpu/cpuN/stats`). Sub-buffers tell most of it themselves, but a full one
   * has no room for the number: with this, at the end at least, the sum is exact.
   */
  setOverrunEvents(total: number): void {
    this.#overrunEvents = Math.max(total, this.#overrunEvents);
    this.#updateDiscarded();
  }

  #updateDiscarded(): void {
    const overwritten = Math.max(this.#missedEvents, this.#overrunEvents);
    this.#packets.discardedEvents = overwritten + this.#droppedEvents;
  }

  /** Events that are known to be lost, in the terms of `events_discarded`. */
  get discardedEvents(): number {
    return this.#packets.discardedEvents;
  }

  /**
   * Writes what is not written yet: live readers see it, and a recording ends with it.
   * @param endCycles - Of the end of the recording: the last packet lasts as long.
   */
  flush(endCycles?: bigint): void {
    this.#releasePending();
    if (endCycles === undefined) this.#packets.flush();
    else this.#packets.end(Number(endCycles & 0xffff_ffffn) | 0, Number(endCycles >> 32n) | 0);
  }

  /** The stream begins now: before its first event. The option `beginCycles`, for those who know it later. */
  set beginCycles(cycles: bigint) {
    this.#packets.nextBeginCycles = cycles;
  }

  /** Of the packet under construction. */
  get heldBytes(): number {
    return this.#packets.heldBytes;
  }

  /** Time of the last event so far. */
  get lastCycles(): bigint {
    return this.#packets.lastCycles;
  }

  /** Ends the packet: the next one begins a file. */
  beginFile(): void {
    this.#releasePending();
    this.#packets.beginFile();
  }

  /** False: the record was only looked at. */
  #handle(action: RecordAction, at: number, length: number): boolean {
    if (length < action.minimumBytes) {
      throw new DecodeError(
        'record-too-short',
        `A record has ${length} bytes, its format needs ${action.minimumBytes}.`,
        { offsetBits: at * 8 },
      );
    }
    const state = this.#state;
    state.tid = state.view.getInt32(at + 4, this.#littleEndian);
    state.timeLow = this.#reader.timeLow;
    state.timeHigh = this.#reader.timeHigh;
    action.observe?.(state, at);
    const { event } = action;
    if (event === undefined) {
      if (action.stack !== undefined) this.#addStack(action.stack, at, length);
      else this.#leaveOut();
      return false;
    }
    const selection = this.#selection;
    if (selection !== undefined && !selection.selects(event, state, at)) {
      this.#leaveOut();
      this.counts.filteredEvents++;
      return false;
    }
    if (this.#pending === undefined) {
      const { timeLow, timeHigh } = this.#reader;
      this.#write(event, timeLow, timeHigh, at, length);
    } else {
      this.#releasePending();
      this.#pending.hold(event, state, at, length);
      this.#isLeftOut = false;
      this.#writeContexts(this.#pending.contexts, 0, at);
    }
    return true;
  }

  #write(event: KernelEvent, timeLow: number, timeHigh: number, at: number, length: number): void {
    const state = this.#state;
    const packets = this.#packets;
    const { fixedBytes, perRecordByte } = this.#bound;
    const pending = this.#pending;
    const stackBytes = pending === undefined ? 0 : pending.stackBytes;
    const contextBytes = this.#contextBytes;
    const bodyBytes = contextBytes + stackBytes + fixedBytes + perRecordByte * length;
    state.timeLow = timeLow;
    state.timeHigh = timeHigh;
    const lastLow = packets.timeLow;
    const lastHigh = packets.timeHigh;
    let position = packets.begin(event.id, timeLow, timeHigh, bodyBytes);
    const begin = position;
    if (pending !== undefined) {
      position = copyBytes(pending.contexts, 0, packets.view, position, contextBytes);
      position = pending.writeStacks(packets.view, position);
    } else if (contextBytes > 0) {
      position = this.#writeContexts(packets.view, position, at);
    }
    const encode = this.#encoders[event.id] ?? this.#layout.compileEncoder(event);
    const end = encode(state.view, at, length, packets.view, position, state);
    const filter = this.#filter;
    if (filter === undefined || filter.passes(event, packets.view, begin, end)) {
      packets.finish(end);
      return;
    }
    packets.cancel(lastLow, lastHigh);
    this.counts.events--;
    this.counts.filteredEvents++;
  }

  #writeContexts(target: DataView, position: number, at: number): number {
    const state = this.#state;
    const threads = this.#threads;
    const offset = threads.find(state.processes, state.tid);
    let end = this.#copyThread(threads.view, offset, 0, target, position, state);
    if (this.#recordNumbers.length > 0) {
      const flags = state.view.getUint8(at + 2);
      const preemptCount = state.view.getUint8(at + 3);
      for (const numberOf of this.#recordNumbers) {
        target.setUint8(end++, numberOf(flags, preemptCount));
      }
    }
    return end;
  }

  #addStack(place: StackPlace, at: number, length: number): void {
    const isTaken = this.#pending?.addStack(this.#state, place, at, length);
    if (isTaken !== true && !this.#isLeftOut) this.counts.looseStacks++;
  }

  /** Call stacks that follow are not those of the event before: they are left out with their own. */
  #leaveOut(): void {
    this.#releasePending();
    this.#isLeftOut = true;
  }

  /** Writes the record that waited for call stacks: no more of them will come. */
  #releasePending(): void {
    const pending = this.#pending;
    const event = pending?.event;
    if (pending === undefined || event === undefined) return;
    const state = this.#state;
    const { view, tid, timeLow, timeHigh } = state;
    state.view = pending.view;
    state.tid = pending.tid;
    pending.event = undefined;
    try {
      this.#write(event, pending.timeLow, pending.timeHigh, 0, pending.lengthBytes);
    } finally {
      state.view = view;
      state.tid = tid;
      state.timeLow = timeLow;
      state.timeHigh = timeHigh;
      pending.clearStacks();
    }
  }

  /** The packet ends: the loss is between it and the next one. */
  #addMissed(count: number): void {
    this.#releasePending();
    this.#packets.endPacket();
    if (count < 0) this.counts.uncountedMisses++;
    const missed = count < 0 ? 1 : count;
    this.#missedEvents += missed;
    this.counts.missedEvents += missed;
    this.#updateDiscarded();
  }
}
