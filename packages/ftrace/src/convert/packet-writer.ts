import type { HeaderKind } from '../layout/trace-class.ts';

/** One entry of LTTng's index of a data stream file (`index/NAME.idx`, version 1.1). */
export interface PacketIndexEntry {
  /** Of the packet in its file. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly beginCycles: bigint;
  readonly endCycles: bigint;
  /** Since the beginning of the stream. */
  readonly discardedEvents: bigint;
  readonly dataStreamClassId: number;
  readonly dataStreamId: number;
  readonly sequenceNumber: bigint;
}

/** Where finished packets go. */
export interface PacketOutput {
  /** @param packet - Valid until the call returns. */
  writePacket(packet: Uint8Array, entry: PacketIndexEntry): void;
}

export interface PacketStream {
  readonly dataStreamClassId: number;
  readonly dataStreamId: number;
  readonly cpuId: number;
}

export interface PacketWriterOptions {
  readonly uuid: Uint8Array;
  readonly headerKind: HeaderKind;
  readonly littleEndian: boolean;
  /** A packet ends when it is as long (default 256 KiB). */
  readonly packetBytes?: number;
  /** When the stream begins; default: with the first event. */
  readonly beginCycles?: bigint;
}

const packetMagic = 0xc1fc1fc1;
const uuidBytes = 16;
/** Where the packet context begins; see `packetHeader` and `packetContext` in trace-class.ts. */
const contextOffset = 4 + uuidBytes + 4 + 8;
const at = {
  magic: 0,
  uuid: 4,
  streamClassId: 4 + uuidBytes,
  streamId: 8 + uuidBytes,
  begin: contextOffset,
  end: contextOffset + 8,
  contentSize: contextOffset + 16,
  packetSize: contextOffset + 24,
  sequenceNumber: contextOffset + 32,
  discardedEvents: contextOffset + 40,
  cpuId: contextOffset + 48,
} as const;
const headBytes = contextOffset + 52;
const maxEventHeaderBytes = 14;
const defaultPacketBytes = 256 * 1024;
const twoTo32 = 0x1_0000_0000;
const twoTo27 = 0x800_0000;

/**
 * Puts event records of one data stream into packets. Used per record: `begin`, then the caller writes the body into `view` and says with
 * `finish` where it ends; nothing of a record without `finish` is kept.
 */
export class PacketWriter {
  readonly #stream: PacketStream;
  readonly #output: PacketOutput;
  readonly #littleEndian: boolean;
  readonly #isCompact: boolean;
  readonly #packetBytes: number;
  readonly #uuid: Uint8Array;
  #bytes: Uint8Array;
  /** The packet under construction. Another one after `begin`. */
  view: DataView;
  #position = 0;
  #isOpen = false;
  #beginLow = 0;
  #beginHigh = 0;
  /** Time of the last record; of the one under construction while it is. Low and high 32 bits, signed. */
  #timeLow = 0;
  #timeHigh = 0;
  #fileOffset = 0;
  #sequenceNumber = 0n;
  #discardedAtLastEnd = 0;
  /** Since the beginning of the stream, as the next packet's end will say. */
  discardedEvents = 0;
  /** Where the next packet begins; undefined: with its first record. */
  nextBeginCycles: bigint | undefined;

  constructor(stream: PacketStream, output: PacketOutput, options: PacketWriterOptions) {
    this.#stream = stream;
    this.#output = output;
    this.#littleEndian = options.littleEndian;
    this.#isCompact = options.headerKind === 'compact';
    this.#uuid = options.uuid;
    this.nextBeginCycles = options.beginCycles;
    this.#packetBytes = Math.max(options.packetBytes ?? defaultPacketBytes, headBytes);
    this.#bytes = new Uint8Array(this.#packetBytes);
    this.view = new DataView(this.#bytes.buffer);
    this.#writeConstants();
  }

  /** The next packets go to a new file: offsets count from 0 again. */
  beginFile(): void {
    this.endPacket();
    this.#fileOffset = 0;
  }

  /**
   * Begins an event record: writes its header, in a new packet where the current one has no room for `bodyBytes` more.
   * @returns where the body begins in `view`
   */
  begin(id: number, timeLow: number, timeHigh: number, bodyBytes: number): number {
    if (this.#position + maxEventHeaderBytes + bodyBytes > this.#bytes.length || !this.#isOpen) {
      this.#open(timeLow, timeHigh, bodyBytes);
    }
    let low = timeLow;
    let high = timeHigh;
    let isNear = high === this.#timeHigh && low >>> 0 >= this.#timeLow >>> 0;
    let delta = (low - this.#timeLow) >>> 0;
    if (!isNear) {
      const far = distance(this.#timeLow, this.#timeHigh, low, high);
      if (far < 0) {
        // Times of a stream never go back, whatever the clock did.
        low = this.#timeLow;
        high = this.#timeHigh;
      }
      isNear = far < twoTo32;
      delta = Math.max(far, 0);
    }
    this.#timeLow = low;
    this.#timeHigh = high;
    const position = this.#position;
    const view = this.view;
    const le = this.#littleEndian;
    if (this.#isCompact) {
      if (!isNear || delta >= twoTo27) return this.#extended(id, low, high);
      const word = le ? (low << 5) | id : (id << 27) | (low & (twoTo27 - 1));
      view.setInt32(position, word, le);
      return position + 4;
    }
    if (!isNear) return this.#extended(id, low, high);
    view.setUint16(position, id, le);
    view.setInt32(position + 2, low, le);
    return position + 6;
  }

  #extended(id: number, low: number, high: number): number {
    const { view } = this;
    const le = this.#littleEndian;
    let position = this.#position;
    if (this.#isCompact) {
      view.setUint8(position, le ? 31 : 31 << 3);
      position += 1;
    } else {
      view.setUint16(position, 0xffff, le);
      position += 2;
    }
    view.setUint32(position, id, le);
    this.#setU64(position + 4, low, high);
    return position + 12;
  }

  /** The record that was begun ends at `position`. */
  finish(position: number): void {
    this.#position = position;
  }

  /**
   * Takes the record back that was begun: nothing of it is kept.
   * @param timeLow - `timeLow` and `timeHigh` before `begin`: the next record's time is told by the distance from there.
   */
  cancel(timeLow: number, timeHigh: number): void {
    const isBefore = distance(this.#beginLow, this.#beginHigh, timeLow, timeHigh) < 0;
    this.#timeLow = isBefore ? this.#beginLow : timeLow;
    this.#timeHigh = isBefore ? this.#beginHigh : timeHigh;
  }

  /** Time of the last record, low and high 32 bits, signed. */
  get timeLow(): number {
    return this.#timeLow;
  }

  get timeHigh(): number {
    return this.#timeHigh;
  }

  /** Ends the packet, if one was begun, and hands it out. */
  endPacket(): void {
    if (this.#isOpen) this.#close();
  }

  /** Ends the packet; where events were discarded since the last one, a packet without events says so. */
  flush(): void {
    if (!this.#isOpen && this.discardedEvents > this.#discardedAtLastEnd) {
      this.#open(this.#timeLow, this.#timeHigh, 0);
    }
    this.endPacket();
  }

  /**
   * Ends the stream, or its part in this file, at a time: the last packet lasts as long, one without events where none is open. So nobody
   * takes the time after the last event for time that was not recorded. What comes after begins there.
   */
  end(timeLow: number, timeHigh: number): void {
    if (!this.#isOpen) {
      // Not where the packet before began: those who sort packets by their beginnings would mix them up.
      if (this.#sequenceNumber > 0n) this.nextBeginCycles ??= this.lastCycles + 1n;
      this.#open(timeLow, timeHigh, 0);
    }
    if (distance(this.#timeLow, this.#timeHigh, timeLow, timeHigh) > 0) {
      this.#timeLow = timeLow;
      this.#timeHigh = timeHigh;
    }
    this.endPacket();
    this.nextBeginCycles = this.lastCycles;
  }

  /** Of the packet under construction: not handed out yet. */
  get heldBytes(): number {
    return this.#isOpen ? this.#position : 0;
  }

  /** Of the last record, or the end. */
  get lastCycles(): bigint {
    return (BigInt(this.#timeHigh >>> 0) << 32n) | BigInt(this.#timeLow >>> 0);
  }

  #writeConstants(): void {
    const { view } = this;
    const le = this.#littleEndian;
    view.setUint32(at.magic, packetMagic, le);
    this.#bytes.set(this.#uuid, at.uuid);
    view.setUint32(at.streamClassId, this.#stream.dataStreamClassId, le);
    this.#setU64(at.streamId, this.#stream.dataStreamId, 0);
    view.setUint32(at.cpuId, this.#stream.cpuId, le);
  }

  #open(timeLow: number, timeHigh: number, bodyBytes: number): void {
    this.endPacket();
    const needed = headBytes + maxEventHeaderBytes + bodyBytes;
    if (needed > this.#bytes.length) {
      this.#bytes = new Uint8Array(needed);
      this.view = new DataView(this.#bytes.buffer);
      this.#writeConstants();
    }
    this.#isOpen = true;
    this.#position = headBytes;
    this.#advance(timeLow, timeHigh);
    this.#beginLow = this.#timeLow;
    this.#beginHigh = this.#timeHigh;
  }

  /** To where a packet begins whose first record has this time. */
  #advance(timeLow: number, timeHigh: number): void {
    let [low, high] = [timeLow, timeHigh];
    const begin = this.nextBeginCycles;
    this.nextBeginCycles = undefined;
    if (begin !== undefined) {
      const beginLow = Number(begin & 0xffff_ffffn) | 0;
      const beginHigh = Number(begin >> 32n) | 0;
      // A record from before is no reason to give it another time.
      if (distance(beginLow, beginHigh, timeLow, timeHigh) > 0) {
        [low, high] = [beginLow, beginHigh];
      }
    }
    if (distance(this.#timeLow, this.#timeHigh, low, high) < 0) return;
    this.#timeLow = low;
    this.#timeHigh = high;
  }

  #close(): void {
    this.#isOpen = false;
    const le = this.#littleEndian;
    this.#setU64(at.begin, this.#beginLow, this.#beginHigh);
    const beginCycles = this.view.getBigUint64(at.begin, le);
    this.#setU64(at.end, this.#timeLow, this.#timeHigh);
    const endCycles = this.view.getBigUint64(at.end, le);
    if (this.#sequenceNumber === 0n && this.discardedEvents > 0) {
      // Readers see a loss as a difference between two packets: one without events makes that of the first packet visible.
      this.#write({ beginCycles, endCycles: beginCycles, lengthBytes: headBytes }, 0);
    }
    this.#write({ beginCycles, endCycles, lengthBytes: this.#position }, this.discardedEvents);
  }

  /** Completes the head of a packet in the buffer, and hands the packet out. */
  #write(
    packet: Pick<PacketIndexEntry, 'beginCycles' | 'endCycles' | 'lengthBytes'>,
    discardedEventCount: number,
  ): void {
    const { view } = this;
    const le = this.#littleEndian;
    const { beginCycles, endCycles, lengthBytes } = packet;
    const lengthBits = BigInt(lengthBytes) * 8n;
    const discardedEvents = BigInt(discardedEventCount);
    view.setBigUint64(at.begin, beginCycles, le);
    view.setBigUint64(at.end, endCycles, le);
    view.setBigUint64(at.contentSize, lengthBits, le);
    view.setBigUint64(at.packetSize, lengthBits, le);
    view.setBigUint64(at.sequenceNumber, this.#sequenceNumber, le);
    view.setBigUint64(at.discardedEvents, discardedEvents, le);
    const { dataStreamClassId, dataStreamId } = this.#stream;
    this.#output.writePacket(this.#bytes.subarray(0, lengthBytes), {
      ...packet,
      offsetBytes: this.#fileOffset,
      discardedEvents,
      dataStreamClassId,
      dataStreamId,
      sequenceNumber: this.#sequenceNumber,
    });
    this.#sequenceNumber++;
    this.#fileOffset += lengthBytes;
    this.#discardedAtLastEnd = discardedEventCount;
  }

  #setU64(offset: number, low: number, high: number): void {
    const le = this.#littleEndian;
    this.view.setInt32(offset + (le ? 0 : 4), low, le);
    this.view.setInt32(offset + (le ? 4 : 0), high, le);
  }
}

/** From one time to another, exact where it matters: below 2^53. */
function distance(fromLow: number, fromHigh: number, toLow: number, toHigh: number): number {
  return ((toHigh >>> 0) - (fromHigh >>> 0)) * twoTo32 + ((toLow >>> 0) - (fromLow >>> 0));
}
