import { DecodeError } from '@sonde/base';
import type { DataStream, Packet, TimeOrigin } from '@sonde/trace-model';
import type { BackEnd } from '../decoder/contract.ts';
import { decodePacketHead, type PacketHead } from '../decoder/packet-head.ts';
import type { ClockConverter } from './clock-converter.ts';
import { contentBytesOf } from './index-file.ts';
import { PacketBuffer } from './packet-buffer.ts';
import { PacketCursor, type PacketCursorOptions } from './packet-cursor.ts';
import type { PacketEntry } from './packet-index.ts';

export interface PacketReaderOptions {
  readonly backEnd?: BackEnd;
  /** Default: 512 MiB. */
  readonly maxPacketBytes?: number;
  /** Packets with more content are read in windows of that size (bytes). Default: 128 KiB. */
  readonly windowBytes?: number;
}

export interface LoadedPacket {
  readonly packet: Packet;
  /** Width of its discarded event counter. */
  readonly counterBits: number;
  /** To be reported after its records. */
  readonly fault?: DecodeError;
}

const defaultMaxPacketBytes = 512 * 1024 * 1024;
/** Fits the nearest caches that are not tiny. Twice as much was as fast on an idle machine, and not on a busy one. */
const defaultWindowBytes = 128 * 1024;
/** A window that holds a head has room for records too. */
const maxHeadShare = 0.25;

/** Reads packets of one data stream, one at a time, and sets a cursor on the records of the current one. */
export class PacketReader {
  readonly cursor: PacketCursor;
  readonly #stream: DataStream;
  readonly #clock: ClockConverter | undefined;
  readonly #origin: TimeOrigin;
  readonly #cursorOptions: PacketCursorOptions;
  readonly #maxPacketBytes: number;
  readonly #windowBytes: number;
  readonly #buffer: PacketBuffer;
  #current:
    | { readonly entry: PacketEntry; readonly packet: Packet; readonly head: PacketHead }
    | undefined;

  constructor(
    stream: DataStream,
    clock: ClockConverter | undefined,
    origin: TimeOrigin,
    options: PacketReaderOptions = {},
  ) {
    this.#stream = stream;
    this.#clock = clock;
    this.#origin = origin;
    this.#maxPacketBytes = options.maxPacketBytes ?? defaultMaxPacketBytes;
    this.#windowBytes = options.windowBytes ?? defaultWindowBytes;
    this.#buffer = new PacketBuffer(this.#maxPacketBytes);
    const { backEnd } = options;
    this.#cursorOptions = {
      ...(backEnd && { backEnd }),
      ...(clock && { clock }),
    };
    this.cursor = new PacketCursor(stream, origin, this.#cursorOptions);
  }

  /**
   * Reads a packet and sets the cursor before its first record.
   * @throws DecodeError
   */
  load(entry: PacketEntry, index: number): LoadedPacket {
    if (entry.fault !== undefined) throw entry.fault;
    const head = this.#loadHead(entry, index);
    this.#checkOwner(head, entry, index);
    const packet = this.describe(head, index);
    const buffer = this.#buffer;
    const hasRoom = head.recordsOffsetBits <= this.#windowBytes * 8 * maxHeadShare;
    if (!buffer.isAtEnd && !(hasRoom && this.cursor.canReadInWindows(head))) buffer.loadWhole();
    const { bytes, view, endBytes, isAtEnd } = buffer;
    this.cursor.beginPacket(packet, bytes, view, head, endBytes * 8, isAtEnd ? undefined : buffer);
    this.#current = { entry, packet, head };
    const counterBits = head.discardedEventCounterBits ?? 64;
    return { packet, counterBits, ...(head.lengthFault && { fault: head.lengthFault }) };
  }

  /** Reads the first window of the packet, or all of it. */
  #loadHead(entry: PacketEntry, index: number): PacketHead {
    const buffer = this.#buffer;
    let length = buffer.load(entry, entry.contentBytes, index, this.#windowBytes);
    let head: PacketHead;
    try {
      head = this.#decodeHead(entry, index, length);
    } catch (error) {
      if (!(error instanceof DecodeError) || buffer.isAtEnd) throw error;
      buffer.loadWhole();
      head = this.#decodeHead(entry, index, buffer.endBytes);
    }
    const contentBytes = contentBytesOf(head, entry.lengthBytes);
    if (contentBytes <= entry.contentBytes) return head;
    // An index file that knows less than the packet.
    length = buffer.load(entry, contentBytes, index, this.#windowBytes);
    return this.#decodeHead(entry, index, length);
  }

  /** What a packet's head, or the index, says of it. */
  describe(
    facts: Pick<
      PacketEntry,
      'beginCycles' | 'endCycles' | 'discardedEventCounter' | 'sequenceNumber'
    >,
    index: number,
  ): Packet {
    const { beginCycles, endCycles, discardedEventCounter, sequenceNumber } = facts;
    const begin = beginCycles === undefined ? undefined : this.#clock?.snapshot(beginCycles);
    const end = endCycles === undefined ? undefined : this.#clock?.snapshot(endCycles);
    return {
      stream: this.#stream,
      index,
      ...(begin && { begin }),
      ...(end && { end }),
      ...(discardedEventCounter === undefined ? {} : { discardedEventCounter }),
      ...(sequenceNumber === undefined ? {} : { sequenceNumber }),
    };
  }

  /** Time of the record before the cursor's next one, in the same packet (ns since the origin). Walks the packet: not for loops. */
  timeBeforeNext(): number {
    let timeNs = Number.NaN;
    if (this.#current === undefined) return timeNs;
    const { entry, packet, head } = this.#current;
    const buffer = new PacketBuffer(this.#maxPacketBytes);
    buffer.load(entry, contentBytesOf(head, entry.lengthBytes), packet.index);
    const cursor = new PacketCursor(this.#stream, this.#origin, this.#cursorOptions);
    cursor.beginPacket(packet, buffer.bytes, buffer.view, head, buffer.endBytes * 8);
    while (cursor.recordOffsetBits < this.cursor.recordOffsetInPacketBits) {
      timeNs = cursor.headTimeNs;
      if (cursor.run(Number.POSITIVE_INFINITY, 1, { eventHandler: () => () => -1 }) === 0) break;
    }
    return timeNs;
  }

  /** Gives memory back. The current packet is gone. */
  release(): void {
    this.#current = undefined;
    this.#buffer.release();
    this.cursor.bytes = this.#buffer.bytes;
    this.cursor.view = this.#buffer.view;
  }

  #decodeHead(entry: PacketEntry, packetIndex: number, length: number): PacketHead {
    const { bytes, view } = this.#buffer;
    return decodePacketHead(this.#stream.trace.traceClass, bytes, view, length * 8, {
      streamName: entry.source.name,
      packetIndex,
      // Timestamps of less than 64 bits go on from the clock so far.
      clockCycles: this.#current === undefined ? (entry.beginCycles ?? 0n) : this.cursor.cycles,
    });
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
}
