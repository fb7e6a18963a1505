/**
 * LTTng's index of a data stream file (`index/NAME.idx`; lttng-tools, `ctf-index.h`). All integers are big-endian.
 *
 *     header   magic u32 │ major u32 │ minor u32 │ entry length u32
 *     entry    offset (bytes) │ packet size (bits) │ content size (bits) │ begin │ end │ events discarded │ stream class id
 *              since 1.1: │ stream instance id │ packet sequence number                                       each u64
 */
import { DecodeError } from '@sonde/base';
import type { TraceClass } from '@sonde/trace-model';
import type { ByteSource } from '../byte-source.ts';
import type { PacketHead } from '../decoder/packet-head.ts';
import { contentBytesOf, type FileIndex } from './index-file.ts';
import { PacketHeadReader } from './packet-head-reader.ts';
import { type PacketEntry, PacketIndexBuilder } from './packet-index.ts';

const magic = 0xc1f1dcc1;
const headerBytes = 16;
const minEntryBytes = 56;
const minEntryBytesSince11 = 72;
/** 3.5 million packets. */
const maxIndexBytes = 256 * 1024 * 1024;

/**
 * Reads the index of `source`. The head of the first packet is decoded too, for what the index doesn't tell.
 * @returns undefined when anything in it is not as it must be: then the packets have to be found by their heads.
 */
export function readLttngIndex(
  index: ByteSource,
  source: ByteSource,
  traceClass: TraceClass,
): FileIndex | undefined {
  const view = load(index);
  if (view === undefined) return undefined;
  const entryBytes = view.getUint32(12);
  const bodyBytes = view.byteLength - headerBytes;
  if (view.getUint32(0) !== magic || view.getUint32(4) !== 1) return undefined;
  if (entryBytes < minEntryBytes || bodyBytes === 0 || bodyBytes % entryBytes !== 0) {
    return undefined;
  }
  const head = firstHead(source, traceClass);
  if (head === undefined) return undefined;
  const hasSequenceNumbers = view.getUint32(8) >= 1 && entryBytes >= minEntryBytesSince11;
  const packets = new PacketIndexBuilder();
  let nextOffsetBytes = 0;
  for (let at = headerBytes; at < view.byteLength; at += entryBytes) {
    const packet = readEntry(view, at, source, head, hasSequenceNumbers);
    if (packet === undefined || packet.offsetBytes !== nextOffsetBytes) return undefined;
    if (packets.length === 0 && !agrees(packet, head)) return undefined;
    nextOffsetBytes += packet.lengthBytes;
    packets.add(packet);
  }
  if (nextOffsetBytes !== source.lengthBytes) return undefined;
  const { dataStreamClass, dataStreamId } = head;
  return { source, dataStreamClass, dataStreamId, packets: packets.finish() };
}

function load(index: ByteSource): DataView | undefined {
  const { lengthBytes } = index;
  if (lengthBytes < headerBytes || lengthBytes > maxIndexBytes) return undefined;
  const bytes = new Uint8Array(lengthBytes);
  if (index.read(0, bytes, 0, lengthBytes) !== lengthBytes) return undefined;
  return new DataView(bytes.buffer);
}

function firstHead(source: ByteSource, traceClass: TraceClass): PacketHead | undefined {
  try {
    return new PacketHeadReader(source, traceClass).read(0, 0);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function agrees({ lengthBytes, contentBytes }: PacketEntry, head: PacketHead): boolean {
  const { totalLengthBits = lengthBytes * 8 } = head;
  return totalLengthBits === lengthBytes * 8 && contentBytesOf(head, lengthBytes) === contentBytes;
}

/** Which times and counters packets have is up to the metadata, not to the index: `head` tells. */
function readEntry(
  view: DataView,
  at: number,
  source: ByteSource,
  head: PacketHead,
  hasSequenceNumbers: boolean,
): PacketEntry | undefined {
  const u64 = (position: number): bigint => view.getBigUint64(at + position * 8);
  const [lengthBits, contentBits] = [Number(u64(1)), Number(u64(2))];
  if (lengthBits % 8 !== 0 || lengthBits === 0 || contentBits > lengthBits) return undefined;
  const [beginCycles, endCycles] = [u64(3), u64(4)];
  if (beginCycles > endCycles && endCycles !== 0n) return undefined;
  return {
    source,
    offsetBytes: Number(u64(0)),
    lengthBytes: lengthBits / 8,
    contentBytes: Math.ceil(contentBits / 8),
    beginCycles: head.beginCycles === undefined ? undefined : beginCycles,
    endCycles: head.endCycles === undefined ? undefined : endCycles,
    discardedEventCounter: head.discardedEventCounter === undefined ? undefined : u64(5),
    sequenceNumber: head.sequenceNumber === undefined || !hasSequenceNumbers ? undefined : u64(8),
  };
}
