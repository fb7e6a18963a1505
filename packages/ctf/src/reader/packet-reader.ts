import { DecodeError } from '@sonde/base';
import type { DataStream, Packet, TimeOrigin } from '@sonde/trace-model';
import type { BackEnd } from '../decoder/contract.ts';
import { decodePacketHead, type PacketHead } from '../decoder/packet-head.ts';
import type { ClockConverter } from './clock-converter.ts';
import { contentBytesOf } from './index-file.ts';
import { PacketBuffer } from './packet-buffer.ts';
import { PacketCursor, type PacketCursorOptions } from './packet-cursor.ts';
import type { PacketEntry } from './packet-index.ts';
import type { CompileLength } from './record-dispatch.ts';

export interface PacketReaderOptions {
  readonly backEnd?: BackEnd;
  readonly compileLength?: CompileLength;
  /** Default: 512 MiB. */
  readonly maxPacketBytes?: number;
}

export interface LoadedPacket {
  readonly packet: Packet;
  /** Width of its discarded event counter. */
  readonly counterBits: number;
  /** To be reported after its records. */
  readonly fault?: DecodeError;
}

const defaultMaxPacketBytes = 512 * 1024 * 1024;

/** Reads packets of one data stream, one at a time, and sets a cursor on the records of the current one. */
export class PacketReader {
  readonly cursor: PacketCursor;
  readonly #stream: DataStream;
  readonly #clock: ClockConverter | undefined;
  readonly #origin: TimeOrigin;
  readonly #cursorOptions: PacketCursorOptions;
  readonly #buffer: PacketBuffer;
  #current:
    | { readonly packet: Packet; readonly head: PacketHead; readonly length: number }
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
    this.#buffer = new PacketBuffer(options.maxPacketBytes ?? defaultMaxPacketBytes);
    const { backEnd, compileLength } = options;
    this.#cursorOptions = {
      ...(backEnd && { backEnd }),
      ...(compileLength && { compileLength }),
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
    let length = this.#buffer.load(entry, entry.contentBytes, index);
    let head = this.#decodeHead(entry, index, length);
    const contentBytes = contentBytesOf(head, entry.lengthBytes);
    if (contentBytes > entry.contentBytes) {
      // An index file that knows less than the packet.
      length = this.#buffer.load(entry, contentBytes, index);
      head = this.#decodeHead(entry, index, length);
    }
    this.#checkOwner(head, entry, index);
    const packet = this.describe(head, index);
    const { bytes, view } = this.#buffer;
    this.cursor.beginPacket(packet, bytes, view, head, length * 8);
    this.#current = { packet, head, length };
    const counterBits = head.discardedEventCounterBits ?? 64;
    return { packet, counterBits, ...(head.lengthFault && { fault: head.lengthFault }) };
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
    const { packet, head, length } = this.#current;
    const cursor = new PacketCursor(this.#stream, this.#origin, this.#cursorOptions);
    cursor.beginPacket(packet, this.#buffer.bytes, this.#buffer.view, head, length * 8);
    while (cursor.recordOffsetBits < this.cursor.recordOffsetBits) {
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
