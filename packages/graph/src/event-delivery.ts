import { assert } from '@sonde/base';
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
import type { EventMessage } from './message.ts';

/** An event record in a packet of its own: the packet context, when there is one, then the record's body. */
export interface EncodedRecord {
  /** At least 16 zero bytes follow the content. */
  readonly bytes: Uint8Array;
  readonly packetContextOffsetBits: number;
  /** Where the common context begins, before its alignment. */
  readonly bodyOffsetBits: number;
  readonly contentEndBits: number;
}

/** How plain fields become the bytes that downstream handlers decode: the record writer of a format. */
export type EncodeRecord = (message: EventMessage) => EncodedRecord;

/** Shows one event message after the other to the handlers, as a cursor over its encoded bytes. */
export class EventDelivery {
  readonly #downstream: Downstream;
  readonly #encodeRecord: EncodeRecord;
  readonly #cursor: MessageCursor;
  readonly #handlers = new Map<DataStream, Map<EventRecordClass, EventHandler | null>>();
  #skippedCount = 0;

  constructor(origin: TimeOrigin, downstream: Downstream, encodeRecord: EncodeRecord) {
    this.#downstream = downstream;
    this.#encodeRecord = encodeRecord;
    this.#cursor = new MessageCursor(origin);
  }

  packetBeginning(packet: Packet): void {
    this.#cursor.showPacket(packet);
    this.#downstream.packetBeginning(packet, this.#cursor);
  }

  event(message: EventMessage): void {
    this.#cursor.show(message, this.#encodeRecord(message));
    const handler = this.#handlerOf(message);
    if (handler === null) this.#skippedCount++;
    else handler(this.#cursor);
  }

  end(): void {
    this.#downstream.skippedEvents?.(this.#skippedCount);
    this.#skippedCount = 0;
  }

  #handlerOf(message: EventMessage): EventHandler | null {
    const { stream } = message.packet;
    let ofStream = this.#handlers.get(stream);
    if (ofStream === undefined) this.#handlers.set(stream, (ofStream = new Map()));
    let handler = ofStream.get(message.eventRecordClass);
    if (handler === undefined) {
      handler = this.#downstream.eventHandler(this.#cursor);
      ofStream.set(message.eventRecordClass, handler);
    }
    return handler;
  }
}

const noBytes = new Uint8Array(16);

class MessageCursor implements RecordCursor {
  bytes: Uint8Array = noBytes;
  view: DataView = new DataView(noBytes.buffer);
  bodyOffsetBits = 0;
  contentEndBits = 0;
  packetContextOffsetBits = 0;
  timeNs = Number.NaN;
  readonly keys: (number | bigint)[] = [];
  readonly #origin: TimeOrigin;
  #packet: Packet | undefined;
  #message: EventMessage | undefined;

  constructor(origin: TimeOrigin) {
    this.#origin = origin;
  }

  get packet(): Packet {
    assert(this.#packet !== undefined, 'a cursor is shown inside a packet');
    return this.#packet;
  }

  get stream(): DataStream {
    return this.packet.stream;
  }

  get eventRecordClass(): EventRecordClass {
    assert(this.#message !== undefined, 'the class of a record is asked for inside a record');
    return this.#message.eventRecordClass;
  }

  clockSnapshot(): ClockSnapshot | undefined {
    return this.#message?.time;
  }

  showPacket(packet: Packet): void {
    this.#packet = packet;
    this.#message = undefined;
  }

  show(message: EventMessage, encoded: EncodedRecord): void {
    this.#packet = message.packet;
    this.#message = message;
    const { bytes, packetContextOffsetBits, bodyOffsetBits, contentEndBits } = encoded;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.packetContextOffsetBits = packetContextOffsetBits;
    this.bodyOffsetBits = bodyOffsetBits;
    this.contentEndBits = contentEndBits;
    this.timeNs =
      message.time === undefined
        ? Number.NaN
        : Number(message.time.nsFromOrigin - this.#origin.nsFromOrigin);
  }
}
