import { assert, DecodeError } from '@sonde/base';
import type {
  ClockSnapshot,
  DataStream,
  Downstream,
  EventRecordClass,
  Packet,
  RecordCursor,
  TimeOrigin,
} from '@sonde/trace-model';
import { alignmentBitsOf } from '@sonde/trace-model';
import { defaultBackEnd } from '../decoder/compile-walk.ts';
import type { BackEnd } from '../decoder/contract.ts';
import { DecodeRun } from '../decoder/decode-state.ts';
import type { PacketHead } from '../decoder/packet-head.ts';
import { ClockConverter, type Timeline } from './clock-converter.ts';
import { type PacketBuffer, windowAlignmentBytes } from './packet-buffer.ts';
import { explainBody, passBody, walkInSilence } from './record-body.ts';
import { maxAlignmentBitsOf, RecordDispatch } from './record-dispatch.ts';
import { cyclesOf, type HeaderCursor, RecordHeaderReader, setCycles } from './record-header.ts';
import { type LoopCursor, loopStatus, type RecordLoop, recordLoopOf } from './record-loop.ts';

export interface PacketCursorOptions {
  /** Default: `generated` where code generation is allowed. */
  readonly backEnd?: BackEnd;
  /** For the stream's default clock. Default: made from its class. */
  readonly clock?: ClockConverter;
}

/** Bit offsets must fit 32 bits. */
const maxContentBits = 2 ** 32 - 1024;

/**
 * The event records of one data stream, packet by packet: finds records, their class, time and end, and calls the handlers that
 * a downstream gave for the classes. The header of the next record is always decoded already, so that `headTimeNs` is known.
 * The clock goes on from packet to packet.
 *
 * Two loops do the work: generated code for records that begin at bytes and have headers of fixed-length fields, and closures
 * for all others and for everything that is rare or wrong. They hand over to each other between any two records.
 */
export class PacketCursor implements RecordCursor, HeaderCursor, LoopCursor {
  readonly stream: DataStream;
  packet!: Packet;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  keys: (number | bigint)[];
  contentEndBits = 0;
  contentIsOpenEnded = false;
  packetContextOffsetBits = 0;
  timeNs = Number.NaN;
  bodyOffsetBits = 0;
  lastByteOrder: DecodeRun['lastByteOrder'];
  clockHigh = 0;
  clockLow = 0;

  /**
   * Time of the next record since the run's origin. Infinity: the packet has no more records; -Infinity: the stream has no clock.
   * When the header of the next record can't be decoded, the time of the last one: `run` throws when its turn comes.
   */
  headTimeNs = Infinity;
  /** Where the next record begins. */
  recordOffsetBits = 0;
  /** Records stepped over because nobody wanted them. The owner may set it back to 0. */
  skippedEvents = 0;

  // Shared with generated loops.
  recordsEndBits = 0;
  dispatch: RecordDispatch;
  readonly timeline: Timeline | undefined;
  classIndex = 0;
  endBits = 0;
  status: number = loopStatus.idle;
  limitNs = Infinity;
  thrown: unknown;

  readonly #clock: ClockConverter | undefined;
  readonly #header: RecordHeaderReader;
  readonly #headerIsByteAligned: boolean;
  readonly #loop: RecordLoop | undefined;
  readonly #backEnd: BackEnd;
  /** Set: there is a window on the packet's records, not all of them. Only generated loops work in it. */
  #window: PacketBuffer | undefined;
  #headBytes = 0;
  #lengthBits = 0;
  /** Some record of the stream began within a byte, or has a greater alignment than windows keep. */
  #needsWholePackets = false;
  #skipDispatch: RecordDispatch | undefined;
  #contentIsWholeBytes = false;
  #fault: DecodeError | undefined;

  constructor(stream: DataStream, origin: TimeOrigin, options: PacketCursorOptions = {}) {
    const { dataStreamClass } = stream;
    const { defaultClockClass } = dataStreamClass;
    this.stream = stream;
    this.keys = new Array(dataStreamClass.traceClass.keySlotCount).fill(0);
    this.#clock = options.clock ?? (defaultClockClass && new ClockConverter(defaultClockClass));
    this.timeline = this.#clock?.timeline(origin);
    this.#header = new RecordHeaderReader(dataStreamClass);
    const header = dataStreamClass.eventRecordHeader;
    this.#headerIsByteAligned = header !== undefined && alignmentBitsOf(header) >= 8;
    this.#needsWholePackets =
      header !== undefined && maxAlignmentBitsOf(header) > windowAlignmentBytes * 8;
    this.#backEnd = options.backEnd ?? defaultBackEnd();
    this.dispatch = new RecordDispatch(dataStreamClass, this.#backEnd);
    this.#loop = this.#backEnd === 'closures' ? undefined : recordLoopOf(dataStreamClass);
  }

  get eventRecordClass(): EventRecordClass {
    const eventRecordClass = this.dispatch.eventRecordClasses[this.classIndex];
    assert(eventRecordClass !== undefined, 'the cursor stands at a record');
    return eventRecordClass;
  }

  /** Whether `beginPacket` may get a window on a packet with this head. */
  canReadInWindows({ contentLengthBits, recordsOffsetBits }: PacketHead): boolean {
    return (
      this.#loop !== undefined &&
      !this.#needsWholePackets &&
      !this.dispatch.bodiesMoveClock &&
      contentLengthBits !== undefined &&
      contentLengthBits % 8 === 0 &&
      recordsOffsetBits < contentLengthBits
    );
  }

  /** Where the next record begins in its packet (bits). */
  get recordOffsetInPacketBits(): number {
    return this.recordOffsetBits + (this.#window?.shiftBytes ?? 0) * 8;
  }

  /** Value of the stream's default clock at the current record; after the last one, at the end of the packet. */
  get cycles(): bigint {
    return cyclesOf(this);
  }

  clockSnapshot(): ClockSnapshot | undefined {
    return this.#clock?.snapshot(cyclesOf(this));
  }

  /**
   * Goes to the first record of a packet.
   * @param bytes - From the beginning of the packet; at least 16 zero bytes follow the content. The caller's, not changed until the
   * next packet.
   * @param availableBits - How much of the packet there is, where its length is unknown or greater.
   * @param window - What moves on over the packet, whose first bytes it holds now (see `canReadInWindows`). Absent: all is there.
   */
  beginPacket(
    packet: Packet,
    bytes: Uint8Array,
    view: DataView,
    head: PacketHead,
    availableBits = Infinity,
    window?: PacketBuffer,
  ): void {
    const contentLengthBits = head.contentLengthBits ?? Infinity;
    this.packet = packet;
    this.bytes = bytes;
    this.view = view;
    this.contentEndBits = Math.min(contentLengthBits, availableBits, bytes.length * 8);
    this.recordsEndBits = this.contentEndBits;
    this.contentIsOpenEnded = contentLengthBits > this.contentEndBits;
    this.#contentIsWholeBytes = this.contentEndBits % 8 === 0;
    this.packetContextOffsetBits = head.packetContextOffsetBits;
    this.lastByteOrder = head.lastByteOrder;
    this.#fault = undefined;
    for (let slot = 0; slot < head.keys.length; slot++) {
      const value = head.keys[slot];
      if (value !== undefined) this.keys[slot] = value;
    }
    if (head.beginCycles !== undefined) setCycles(this, head.beginCycles);
    this.headTimeNs = this.#timeNow() ?? -Infinity;
    this.#window = window;
    this.#headBytes = Math.ceil(head.recordsOffsetBits / 8);
    this.#lengthBits = contentLengthBits;
    if (window !== undefined) this.#setWindowEnd(window);
    this.#load(head.recordsOffsetBits);
    if (window === undefined && this.contentEndBits > maxContentBits) {
      const message = `Packets longer than ${maxContentBits} bits are not supported.`;
      this.#fault = this.#error('packet-too-long', message, 0);
    }
  }

  /**
   * Delivers records with time < `limitNs`, at most `budget`; records nobody wants count too, and may be stepped over whatever
   * their time. All calls must have the same `downstream`: it is asked once per class.
   * @returns how many records were passed
   * @throws DecodeError for the first record that can't be decoded, when its turn comes
   */
  run(limitNs: number, budget: number, downstream: Pick<Downstream, 'eventHandler'>): number {
    const wasInterrupted = this.status !== loopStatus.pause && this.status !== loopStatus.idle;
    let count = wasInterrupted ? this.#afterLoop(limitNs) : 0;
    while (count < budget && this.headTimeNs < limitNs) {
      if (this.#fault !== undefined) throw this.#fault;
      if (this.dispatch.handlers[this.classIndex] === undefined) {
        this.dispatch.meet(this.classIndex, this, downstream);
        if (this.dispatch.maxAlignmentBits > windowAlignmentBytes * 8) this.#leaveWindows();
      }
      if (this.#canLoop()) {
        count += this.resume(limitNs, budget - count);
        if (this.isPaused) return count;
        count += this.#afterLoop(limitNs);
      } else {
        this.#leaveWindows();
        count += this.#step();
      }
    }
    return count;
  }

  /** `run` stopped for its limit or its budget, and generated code can go on from there. */
  get isPaused(): boolean {
    return this.status === loopStatus.pause;
  }

  /**
   * As `run` of a cursor which `isPaused`, as far as generated code gets: if it is not paused any more, `run` has to go on. Batches are
   * short where streams alternate, and this is all that most of them need.
   */
  resume(limitNs: number, budget: number): number {
    this.limitNs = limitNs;
    return this.#loop!(this, budget);
  }

  /**
   * Steps over the records with time < `timeNs` without telling anybody.
   * @throws DecodeError
   */
  skipTo(timeNs: number): void {
    const { dispatch } = this;
    this.#skipDispatch ??= new RecordDispatch(dispatch.dataStreamClass, this.#backEnd);
    this.#enter(this.#skipDispatch);
    try {
      while (this.headTimeNs < timeNs) this.run(timeNs, Infinity, stepOverAll);
    } finally {
      this.#enter(dispatch);
    }
  }

  #enter(dispatch: RecordDispatch): void {
    const eventRecordClass = this.dispatch.eventRecordClasses[this.classIndex];
    this.status = loopStatus.idle;
    this.dispatch = dispatch;
    this.classIndex = eventRecordClass === undefined ? 0 : dispatch.indexOf(eventRecordClass.id);
  }

  #canLoop(): boolean {
    return (
      this.#loop !== undefined &&
      this.#contentIsWholeBytes &&
      ((this.recordOffsetBits | this.bodyOffsetBits) & 7) === 0 &&
      !this.dispatch.bodiesMoveClock
    );
  }

  /** What remains to do after the loop stopped for another reason than limit and budget. Returns how many records that passes. */
  #afterLoop(limitNs: number): number {
    const { status } = this;
    this.status = loopStatus.idle;
    if (status === loopStatus.end) {
      this.#advanceWindow();
      return 0;
    }
    // The loop stopped at what it can't pass, or at what only seems wrong as long as not all of the packet is there.
    const isRetried = this.#window !== undefined && status !== loopStatus.meet;
    if (isRetried) this.#readWholePacket();
    switch (status) {
      case loopStatus.thrown:
        if (!(this.thrown instanceof DecodeError)) throw this.thrown;
        if (isRetried) break;
        // A record which nobody wants, after the limit: its error waits until its turn comes.
        if (this.headTimeNs < limitNs) throw this.thrown;
        this.#fault = this.thrown;
        break;
      case loopStatus.overrun:
      case loopStatus.empty:
        if (!isRetried) this.#fault = faultOf(() => explainBody(this));
        break;
      case loopStatus.unended:
        return this.#endDelivered();
      case loopStatus.meet:
        if (this.dispatch.eventRecordClasses[this.classIndex] === undefined) {
          this.#load(this.recordOffsetBits);
        }
        break;
      case loopStatus.header:
        this.#load(this.recordOffsetBits);
        break;
      case loopStatus.unaligned:
        this.#needsWholePackets = true;
        this.#finish(this.endBits);
        this.#load(this.endBits);
        break;
      default:
    }
    return 0;
  }

  /** Finds the end of the head, which was delivered. Returns how many records that passes. */
  #endDelivered(): number {
    let endBits = 0;
    this.#fault = faultOf(() => {
      endBits = this.dispatch.lengths[this.classIndex]!(this);
      if (!(endBits <= this.contentEndBits)) explainBody(this);
    });
    if (this.#fault !== undefined) return 0;
    this.#finish(endBits);
    this.#load(endBits);
    return 1;
  }

  #setWindowEnd({ endBytes, shiftBytes, isAtEnd, marginBytes }: PacketBuffer): void {
    const lengthBits = this.#lengthBits - shiftBytes * 8;
    this.contentEndBits = Math.min(endBytes * 8, lengthBits);
    this.recordsEndBits = isAtEnd ? this.contentEndBits : (endBytes - marginBytes) * 8;
  }

  /** The records before the end of the window have passed: goes on to the first one behind, if there is more. */
  #advanceWindow(): void {
    const window = this.#window;
    if (window === undefined || window.isAtEnd) return;
    const movedBytes = window.advance(this.recordOffsetBits >>> 3, this.#headBytes);
    this.#setWindowEnd(window);
    this.#load(this.recordOffsetBits - movedBytes * 8);
  }

  /** This stream is not one for windows. */
  #leaveWindows(): void {
    this.#needsWholePackets = true;
    if (this.#window !== undefined) this.#readWholePacket();
  }

  #readWholePacket(): void {
    const window = this.#window!;
    const shiftBits = window.shiftBytes * 8;
    this.#window = undefined;
    window.loadWhole();
    this.bytes = window.bytes;
    this.view = window.view;
    this.recordOffsetBits += shiftBits;
    this.bodyOffsetBits += shiftBits;
    this.endBits += shiftBits;
    this.contentEndBits = Math.min(this.#lengthBits, window.endBytes * 8);
    this.recordsEndBits = this.contentEndBits;
    this.contentIsOpenEnded = this.#lengthBits > this.contentEndBits;
  }

  /** Passes one record with closures. Returns how many: 1. */
  #step(): number {
    const handler = this.dispatch.handlers[this.classIndex] ?? null;
    const endBits = passBody(this, handler);
    this.#finish(endBits);
    if (handler === null) this.skippedEvents++;
    this.#load(endBits);
    return 1;
  }

  /** What remains to do after a record that was passed: nothing for most. */
  #finish(endBits: number): void {
    if (this.dispatch.bodiesMoveClock) this.#header.readBodyTimestamps(this);
    if ((endBits & 7) !== 0 && !this.#headerIsByteAligned) {
      this.lastByteOrder = walkInSilence(this).lastByteOrder;
    }
  }

  /** Decodes the header of the record at `offsetBits`, if there is one. Errors wait until the record's turn comes. */
  #load(offsetBits: number): void {
    this.recordOffsetBits = offsetBits;
    this.status = loopStatus.idle;
    if (offsetBits >= this.contentEndBits) {
      this.headTimeNs = Infinity;
      return;
    }
    this.#fault = faultOf(() => {
      const run = new DecodeRun(this);
      this.bodyOffsetBits = this.#header.readHeader(this, run, offsetBits);
      this.lastByteOrder = run.lastByteOrder;
      this.timeNs = this.#timeNow() ?? Number.NaN;
      this.headTimeNs = this.#timeNow() ?? -Infinity;
      this.#selectClass();
    });
    if (this.#fault === undefined || this.#window === undefined) return;
    // Errors have their place in the packet, and what is left of it.
    this.#readWholePacket();
    this.#load(this.recordOffsetBits);
  }

  indexOfId(low: number, high: number): number {
    if (high < 0x200000) return this.dispatch.indexOf(high * 0x100000000 + low);
    return this.dispatch.indexOf((BigInt(high) << 32n) | BigInt(low));
  }

  #selectClass(): void {
    const { classId } = this.#header;
    this.classIndex = this.dispatch.indexOf(classId);
    if (this.classIndex < 0) {
      const { id } = this.stream.dataStreamClass;
      const message = `No event record class has the ID ${classId ?? 0} in the data stream class with the ID ${id}.`;
      throw this.#error('unknown-event-record-class', message, this.bodyOffsetBits);
    }
  }

  #timeNow(): number | undefined {
    return this.timeline?.timeNs(this.clockHigh, this.clockLow);
  }

  #error(code: string, message: string, offsetBits: number): DecodeError {
    const place = { stream: this.stream.name, packetIndex: this.packet.index, offsetBits };
    return new DecodeError(code, message, place);
  }
}

/** The DecodeError that `action` throws, if it does. */
function faultOf(action: () => void): DecodeError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

const stepOverAll = { eventHandler: () => () => -1 };
