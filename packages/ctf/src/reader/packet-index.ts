/** Where the packets of data streams are: found by reading heads only, or taken from LTTng's index files. */
import { DecodeError } from '@sonde/base';
import type { DataStreamClass, TraceClass } from '@sonde/trace-model';
import type { ByteSource } from '../byte-source.ts';
import { decodePacketHead, type PacketHead } from '../decoder/packet-head.ts';

/** One packet of one file. */
export interface PacketEntry {
  readonly source: ByteSource;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** As recorded or as corrected for known defects of tracers; undefined: the stream's packets have no such times. */
  beginCycles: bigint | undefined;
  endCycles: bigint | undefined;
  readonly sequenceNumber: bigint | undefined;
  /** At the end of the packet. */
  readonly discardedEventCounter?: bigint | undefined;
  /** Why it can't be read: what precedes it can. Nothing is known of what follows in its file. */
  readonly fault?: DecodeError;
}

/** The packets of one file, all of one data stream. */
export interface FileIndex {
  readonly source: ByteSource;
  readonly dataStreamClass: DataStreamClass;
  /** Undefined: packets don't say. */
  readonly dataStreamId: bigint | undefined;
  readonly packets: PacketEntry[];
}

export interface IndexOptions {
  /** Heads are never longer in practice; longer ones are refused (bytes). */
  readonly maxHeadBytes?: number;
  /** Tolerate a last packet that the file holds only in part: its index entry is cut to the file. */
  readonly keepsPartialPacket?: boolean;
  readonly warn?: (message: string) => void;
}

const firstReadBytes = 512;
const defaultMaxHeadBytes = 16 * 1024 * 1024;
/** Zero bytes after what was read: decoders may look there. */
const slackBytes = 16;

/** Reads heads into one growing buffer. */
class HeadReader {
  readonly #source: ByteSource;
  readonly #traceClass: TraceClass;
  readonly #maxBytes: number;
  #bytes = new Uint8Array(firstReadBytes + slackBytes);
  #view = new DataView(this.#bytes.buffer);

  constructor(source: ByteSource, traceClass: TraceClass, maxBytes: number) {
    this.#source = source;
    this.#traceClass = traceClass;
    this.#maxBytes = maxBytes;
  }

  /** @throws DecodeError */
  read(offsetBytes: number, packetIndex: number): PacketHead {
    for (;;) {
      const capacity = this.#bytes.length - slackBytes;
      const length = this.#source.read(offsetBytes, this.#bytes, 0, capacity);
      this.#bytes.fill(0, length);
      try {
        return decodePacketHead(this.#traceClass, this.#bytes, this.#view, length * 8, {
          streamName: this.#source.name,
          packetIndex,
        });
      } catch (error) {
        const canGrow = length === capacity && capacity < this.#maxBytes;
        if (!(error instanceof DecodeError) || error.code !== 'beyond-data' || !canGrow)
          throw error;
        this.#bytes = new Uint8Array(Math.min(capacity * 8, this.#maxBytes) + slackBytes);
        this.#view = new DataView(this.#bytes.buffer);
      }
    }
  }
}

/**
 * Finds the packets of a file by their heads.
 * @throws DecodeError when a head is wrong or a packet goes beyond the file.
 */
export function indexFile(
  source: ByteSource,
  traceClass: TraceClass,
  options: IndexOptions = {},
): FileIndex {
  const reader = new HeadReader(source, traceClass, options.maxHeadBytes ?? defaultMaxHeadBytes);
  const packets: PacketEntry[] = [];
  let first: PacketHead | undefined;
  for (let offsetBytes = 0; offsetBytes < source.lengthBytes; ) {
    const head = readOrFault(reader, offsetBytes, packets.length);
    const restBytes = source.lengthBytes - offsetBytes;
    if (head instanceof DecodeError) {
      if (first === undefined) throw head;
      packets.push({ ...unknownTimes, source, offsetBytes, lengthBytes: restBytes, fault: head });
      break;
    }
    first ??= head;
    let lengthBytes = head.totalLengthBits === undefined ? restBytes : head.totalLengthBits / 8;
    if (lengthBytes > restBytes) {
      const message = `The packet is ${lengthBytes} bytes long, but the file has only ${restBytes} more; it was truncated, or its size is wrong. With --continue-on-error, what is there is read.`;
      if (!options.keepsPartialPacket) {
        const place = { stream: source.name, packetIndex: packets.length, offsetBits: 0 };
        throw new DecodeError('packet-beyond-file', message, place);
      }
      options.warn?.(`${source.name}, packet ${packets.length}: ${message}`);
      lengthBytes = restBytes;
    }
    if (lengthBytes <= 0) {
      const place = { stream: source.name, packetIndex: packets.length, offsetBits: 0 };
      throw new DecodeError('empty-packet', 'The packet says that it is 0 bytes long.', place);
    }
    packets.push({
      source,
      offsetBytes,
      lengthBytes,
      beginCycles: head.beginCycles,
      endCycles: head.endCycles,
      sequenceNumber: head.sequenceNumber,
      discardedEventCounter: head.discardedEventCounter,
    });
    offsetBytes += lengthBytes;
  }
  if (first === undefined) {
    throw new DecodeError('empty-data-stream', 'The data stream has no packet.', {
      stream: source.name,
    });
  }
  const { dataStreamClass, dataStreamId } = first;
  return { source, dataStreamClass, dataStreamId, packets };
}

const unknownTimes = {
  beginCycles: undefined,
  endCycles: undefined,
  sequenceNumber: undefined,
} as const;

function readOrFault(
  reader: HeadReader,
  offsetBytes: number,
  packetIndex: number,
): PacketHead | DecodeError {
  try {
    return reader.read(offsetBytes, packetIndex);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

const indexMagic = 0xc1f1dcc1;
const indexHeaderBytes = 16;
const minEntryBytes = 56;
const maxIndexBytes = 256 * 1024 * 1024;

/**
 * Reads LTTng's index of a data stream file (lttng-tools, `lttng-index.h`: big-endian). The head of the first packet is still decoded.
 * @returns undefined when anything in it is not as it must be: then the packets have to be found by their heads.
 */
export function readLttngIndex(
  index: ByteSource,
  source: ByteSource,
  traceClass: TraceClass,
): FileIndex | undefined {
  const { lengthBytes } = index;
  if (lengthBytes < indexHeaderBytes || lengthBytes > maxIndexBytes) return undefined;
  const bytes = new Uint8Array(lengthBytes);
  if (index.read(0, bytes, 0, lengthBytes) !== lengthBytes) return undefined;
  const view = new DataView(bytes.buffer);
  const entryBytes = view.getUint32(12);
  const body = lengthBytes - indexHeaderBytes;
  if (view.getUint32(0) !== indexMagic || view.getUint32(4) !== 1) return undefined;
  if (entryBytes < minEntryBytes || body === 0 || body % entryBytes !== 0) return undefined;
  const hasSequenceNumbers = view.getUint32(8) >= 1 && entryBytes >= minEntryBytes + 16;
  const packets: PacketEntry[] = [];
  let nextOffset = 0;
  const head = new HeadReader(source, traceClass, defaultMaxHeadBytes).read(0, 0);
  const roles = packetTimesOf(head);
  for (let at = indexHeaderBytes; at < lengthBytes; at += entryBytes) {
    const offsetBytes = Number(view.getBigUint64(at));
    const packetBits = Number(view.getBigUint64(at + 8));
    const contentBits = Number(view.getBigUint64(at + 16));
    const beginCycles = view.getBigUint64(at + 24);
    const endCycles = view.getBigUint64(at + 32);
    const isSane = packetBits % 8 === 0 && packetBits > 0 && contentBits <= packetBits;
    if (!isSane || offsetBytes !== nextOffset || beginCycles > endCycles) return undefined;
    nextOffset = offsetBytes + packetBits / 8;
    packets.push({
      source,
      offsetBytes,
      lengthBytes: packetBits / 8,
      beginCycles: roles.hasBegin ? beginCycles : undefined,
      endCycles: roles.hasEnd ? endCycles : undefined,
      sequenceNumber: hasSequenceNumbers ? view.getBigUint64(at + minEntryBytes + 8) : undefined,
      discardedEventCounter:
        head.discardedEventCounter === undefined ? undefined : view.getBigUint64(at + 40),
    });
  }
  if (nextOffset !== source.lengthBytes) return undefined;
  const { dataStreamClass, dataStreamId } = head;
  return { source, dataStreamClass, dataStreamId, packets };
}

function packetTimesOf(head: PacketHead): { hasBegin: boolean; hasEnd: boolean } {
  return { hasBegin: head.beginCycles !== undefined, hasEnd: head.endCycles !== undefined };
}

/**
 * Joins the packets of several files of one data stream: by begin time, equal neighbours (overlapping snapshots) once.
 */
export function mergePackets(files: readonly FileIndex[]): PacketEntry[] {
  const [only] = files;
  if (files.length === 1 && only !== undefined) return only.packets;
  const all: PacketEntry[] = [];
  for (const packet of files.flatMap((file) => file.packets)) {
    if (packet.fault !== undefined) {
      all.push(packet);
      continue;
    }
    const begin = packet.beginCycles ?? 0n;
    let at = all.length;
    while (at > 0 && isAfter(all[at - 1]!, begin)) at--;
    if (!isSame(all[at], packet)) all.splice(at, 0, packet);
  }
  return all;
}

/** Whether a packet belongs after one that begins at `begin`. */
function isAfter(packet: PacketEntry, begin: bigint): boolean {
  return packet.fault !== undefined || (packet.beginCycles ?? 0n) >= begin;
}

function isSame(a: PacketEntry | undefined, b: PacketEntry): boolean {
  return (
    a !== undefined &&
    a.lengthBytes === b.lengthBytes &&
    a.beginCycles === b.beginCycles &&
    a.endCycles === b.endCycles &&
    a.sequenceNumber === b.sequenceNumber &&
    (a.source !== b.source || a.offsetBytes === b.offsetBytes)
  );
}
