import { assert, DecodeError } from '@sonde/base';
import type {
  ClockSnapshot,
  DataStream,
  Downstream,
  EventHandler,
  EventRecordClass,
  Packet,
  RecordCursor,
  TimeOrigin,
} from '@sonde/trace-model';
import { alignmentBitsOf } from '@sonde/trace-model';
import type { BackEnd } from '../decoder/contract.ts';
import { DecodeRun } from '../decoder/decode-state.ts';
import type { PacketHead } from '../decoder/packet-head.ts';
import { ClockConverter, type Timeline } from './clock-converter.ts';
import { type CompileLength, RecordDispatch } from './record-dispatch.ts';
import { cyclesOf, type HeaderCursor, RecordHeaderReader, setCycles } from './record-header.ts';

export interface PacketCursorOptions {
  /** Default: `generated` where code generation is allowed. */
  readonly backEnd?: BackEnd;
  /** For the stream's default clock. Default: made from its class. */
  readonly clock?: ClockConverter;
  /** Default: by the back end. */
  readonly compileLength?: CompileLength;
}

/** Bit offsets must fit 32 bits. */
const maxContentBits = 2 ** 32 - 1024;

/**
 * The event records of one data stream, packet by packet: finds records, their class, time and end, and calls the handlers that
 * a downstream gave for the classes. The header of the next record is always decoded already, so that `headTimeNs` is known.
 * The clock goes on from packet to packet.
 */
export class PacketCursor implements RecordCursor, HeaderCursor {
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
   * When the next record can't be decoded, the time of the last one: `run` throws when its turn comes.
   */
  headTimeNs = Infinity;
  /** Where the next record begins. */
  recordOffsetBits = 0;
  /** Records stepped over because nobody wanted them. The owner may set it back to 0. */
  skippedEvents = 0;

  readonly #clock: ClockConverter | undefined;
  readonly #timeline: Timeline | undefined;
  readonly #dispatch: RecordDispatch;
  readonly #header: RecordHeaderReader;
  readonly #headerIsByteAligned: boolean;
  #index = 0;
  #fault: DecodeError | undefined;

  constructor(stream: DataStream, origin: TimeOrigin, options: PacketCursorOptions = {}) {
    const { dataStreamClass } = stream;
    const { defaultClockClass } = dataStreamClass;
    this.stream = stream;
    this.keys = new Array(dataStreamClass.traceClass.keySlotCount).fill(0);
    this.#clock = options.clock ?? (defaultClockClass && new ClockConverter(defaultClockClass));
    this.#timeline = this.#clock?.timeline(origin);
    this.#header = new RecordHeaderReader(dataStreamClass);
    const header = dataStreamClass.eventRecordHeader;
    this.#headerIsByteAligned = header !== undefined && alignmentBitsOf(header) >= 8;
    const compileLength = options.compileLength ?? (() => this.#lengthWithClosures);
    this.#dispatch = new RecordDispatch(dataStreamClass, compileLength);
  }

  get eventRecordClass(): EventRecordClass {
    const eventRecordClass = this.#dispatch.eventRecordClasses[this.#index];
    assert(eventRecordClass !== undefined, 'the cursor stands at a record');
    return eventRecordClass;
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
   */
  beginPacket(
    packet: Packet,
    bytes: Uint8Array,
    view: DataView,
    head: PacketHead,
    availableBits = Infinity,
  ): void {
    const contentLengthBits = head.contentLengthBits ?? Infinity;
    this.packet = packet;
    this.bytes = bytes;
    this.view = view;
    this.contentEndBits = Math.min(contentLengthBits, availableBits, bytes.length * 8);
    this.contentIsOpenEnded = contentLengthBits > this.contentEndBits;
    this.packetContextOffsetBits = head.packetContextOffsetBits;
    this.lastByteOrder = undefined;
    this.#fault = undefined;
    for (let slot = 0; slot < head.keys.length; slot++) {
      const value = head.keys[slot];
      if (value !== undefined) this.keys[slot] = value;
    }
    if (head.beginCycles !== undefined) setCycles(this, head.beginCycles);
    this.headTimeNs = this.#timeNow() ?? -Infinity;
    this.#load(head.recordsOffsetBits);
    if (this.contentEndBits > maxContentBits) {
      const message = `Packets longer than ${maxContentBits} bits are not supported.`;
      this.#fault = this.#error('packet-too-long', message, 0);
    }
  }

  /**
   * Delivers records with time < `limitNs`, at most `budget`; records nobody wants count too, and are stepped over whatever
   * their time. All calls must have the same `downstream`: it is asked once per class.
   * @returns how many records were passed
   * @throws DecodeError for the first record that can't be decoded, when its turn comes
   */
  run(limitNs: number, budget: number, downstream: Downstream): number {
    let count = 0;
    while (count < budget && this.headTimeNs < limitNs) {
      if (this.#fault !== undefined) throw this.#fault;
      this.#step(downstream);
      count++;
    }
    return count;
  }

  #step(downstream: Downstream): void {
    const { handlers } = this.#dispatch;
    const handler =
      handlers[this.#index] === undefined
        ? this.#dispatch.meet(this.#index, this, downstream)
        : handlers[this.#index]!;
    const endBits = this.#pass(handler);
    if (handler === null) this.skippedEvents++;
    this.#load(endBits);
  }

  /** Calls `handler` and finds the end of the record. */
  #pass(handler: EventHandler | null): number {
    const dispatch = this.#dispatch;
    const { bodyOffsetBits } = this;
    const staticBytes = dispatch.staticBytes[this.#index]!;
    let endBits = -1;
    if (staticBytes >= 0 && (bodyOffsetBits & 7) === 0) {
      endBits = bodyOffsetBits + staticBytes * 8;
      if (endBits > this.contentEndBits) this.#explainOverrun();
      if (handler !== null) handler(this);
    } else {
      if (handler !== null) endBits = handler(this);
      // A body that begins within a byte is walked by closures, for the rule about changes of byte order.
      if ((bodyOffsetBits & 7) !== 0) endBits = this.#walkBody().endBits;
      else if (endBits < 0) endBits = dispatch.lengths[this.#index]!(this);
    }
    if (!(endBits <= this.contentEndBits)) this.#explainOverrun();
    if (endBits === this.recordOffsetBits) {
      throw this.#error('empty-event-record', 'An event record is empty.', endBits);
    }
    if (dispatch.bodiesMoveClock) {
      const run = new DecodeRun(this);
      this.#header.walkBody(this, run, this.eventRecordClass, bodyOffsetBits, true);
    }
    if ((endBits & 7) !== 0 && !this.#headerIsByteAligned) {
      this.lastByteOrder = this.#walkBody().lastByteOrder;
    }
    return endBits;
  }

  #walkBody(): { endBits: number; lastByteOrder: DecodeRun['lastByteOrder'] } {
    const run = new DecodeRun(this);
    const { eventRecordClass, bodyOffsetBits } = this;
    const endBits = this.#header.walkBody(this, run, eventRecordClass, bodyOffsetBits, false);
    return { endBits, lastByteOrder: run.lastByteOrder };
  }

  #lengthWithClosures = (): number => this.#walkBody().endBits;

  /** Decodes the header of the record at `offsetBits`, if there is one. Errors wait until the record's turn comes. */
  #load(offsetBits: number): void {
    this.recordOffsetBits = offsetBits;
    if (offsetBits >= this.contentEndBits) {
      this.headTimeNs = Infinity;
      return;
    }
    try {
      this.#loadHeader(offsetBits);
      this.timeNs = this.#timeNow() ?? Number.NaN;
      this.headTimeNs = this.#timeNow() ?? -Infinity;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#fault = error;
    }
  }

  #loadHeader(offsetBits: number): void {
    const run = new DecodeRun(this);
    this.bodyOffsetBits = this.#header.readHeader(this, run, offsetBits);
    this.lastByteOrder = run.lastByteOrder;
    const { classId } = this.#header;
    this.#index = this.#dispatch.indexOf(classId);
    if (this.#index < 0) {
      const { id } = this.stream.dataStreamClass;
      const message = `No event record class has the ID ${classId ?? 0} in the data stream class with the ID ${id}.`;
      throw this.#error('unknown-event-record-class', message, this.bodyOffsetBits);
    }
  }

  #timeNow(): number | undefined {
    return this.#timeline?.timeNs(this.clockHigh, this.clockLow);
  }

  /** Fast code found that the record goes beyond the content: closures say exactly what is wrong where. */
  #explainOverrun(): never {
    this.#walkBody();
    throw new Error('Defect: back ends disagree about the length of a record');
  }

  #error(code: string, message: string, offsetBits: number): DecodeError {
    const place = { stream: this.stream.name, packetIndex: this.packet.index, offsetBits };
    return new DecodeError(code, message, place);
  }
}
