import { DecodeError } from '@sonde/base';
import type { DataStreamClass, TraceClass } from '@sonde/trace-model';
import type { ByteSource } from '../byte-source.ts';
import type { PacketHead } from '../decoder/packet-head.ts';
import { PacketHeadReader } from './packet-head-reader.ts';
import { type PacketEntry, type PacketIndex, PacketIndexBuilder } from './packet-index.ts';

/** The packets of one file, all of one data stream. */
export interface FileIndex {
  readonly source: ByteSource;
  readonly dataStreamClass: DataStreamClass;
  /** Undefined: packets don't say. */
  readonly dataStreamId: bigint | undefined;
  readonly packets: PacketIndex;
}

export interface IndexOptions {
  /** Longer packet heads are refused (bytes). Default: 16 MiB. */
  readonly maxHeadBytes?: number;
  /**
   * Told about a last packet that the file holds only in part; then what is there is taken for the packet. Absent: such a file
   * is refused.
   */
  readonly onPartialPacket?: (error: DecodeError) => void;
}

/**
 * Finds the packets of a file by reading their heads. A head that is wrong, after others which are not, becomes a packet with a
 * `fault`.
 * @throws DecodeError when the first head is wrong or a packet goes beyond the file (`packet-beyond-file`).
 */
export function indexFile(
  source: ByteSource,
  traceClass: TraceClass,
  options: IndexOptions = {},
): FileIndex {
  const reader = new PacketHeadReader(source, traceClass, options.maxHeadBytes);
  const packets = new PacketIndexBuilder();
  let first: PacketHead | undefined;
  let clockCycles = 0n;
  for (let offsetBytes = 0; offsetBytes < source.lengthBytes; ) {
    const index = packets.length;
    const head = attempt(() => reader.read(offsetBytes, index, clockCycles));
    if (head instanceof DecodeError) {
      if (first === undefined) throw head;
      const lengthBytes = source.lengthBytes - offsetBytes;
      packets.add({ source, offsetBytes, lengthBytes, contentBytes: 0, fault: head });
      break;
    }
    first ??= head;
    const packet = entryOf(head, source, offsetBytes, index, options);
    packets.add(packet);
    offsetBytes += packet.lengthBytes;
    clockCycles = head.beginCycles ?? clockCycles;
  }
  if (first === undefined) {
    const message = 'The data stream has no packet.';
    throw new DecodeError('empty-data-stream', message, { stream: source.name });
  }
  const { dataStreamClass, dataStreamId } = first;
  return { source, dataStreamClass, dataStreamId, packets: packets.finish() };
}

function entryOf(
  head: PacketHead,
  source: ByteSource,
  offsetBytes: number,
  packetIndex: number,
  options: IndexOptions,
): PacketEntry {
  const place = { stream: source.name, packetIndex, offsetBits: 0 };
  const restBytes = source.lengthBytes - offsetBytes;
  let lengthBytes = head.totalLengthBits === undefined ? restBytes : head.totalLengthBits / 8;
  if (lengthBytes > restBytes) {
    const error = new DecodeError(
      'packet-beyond-file',
      `The packet is ${lengthBytes} bytes long, but the file has only ${restBytes} more; it was truncated, or its size is wrong.`,
      place,
    );
    if (options.onPartialPacket === undefined) throw error;
    options.onPartialPacket(error);
    lengthBytes = restBytes;
  }
  if (lengthBytes === 0) {
    throw new DecodeError('empty-packet', 'The packet says that it is 0 bytes long.', place);
  }
  return {
    source,
    offsetBytes,
    lengthBytes,
    contentBytes: contentBytesOf(head, lengthBytes),
    beginCycles: head.beginCycles,
    endCycles: head.endCycles,
    sequenceNumber: head.sequenceNumber,
    discardedEventCounter: head.discardedEventCounter,
  };
}

/** How much of a packet has to be read, when `lengthBytes` of it are there. */
export function contentBytesOf({ contentLengthBits }: PacketHead, lengthBytes: number): number {
  if (contentLengthBits === undefined) return lengthBytes;
  return Math.min(Math.ceil(contentLengthBits / 8), lengthBytes);
}

function attempt<Result>(action: () => Result): Result | DecodeError {
  try {
    return action();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}
