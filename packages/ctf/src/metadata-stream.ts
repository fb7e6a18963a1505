/** The metadata stream of a trace: which form it has, and its text (CTF 1.8.3 §7.1; CTF2-SPEC-2.0, "Metadata stream"). */
import { MetadataError } from '@sonde/base';
import type { ByteOrder, TraceClass } from '@sonde/trace-model';
import { parseJsonMetadata } from './json/parse-json-metadata.ts';
import { type MetadataOptions, metadataLimits } from './metadata-options.ts';
import { parseTsdl } from './tsdl/parse-tsdl.ts';

export interface Metadata {
  readonly traceClass: TraceClass;
  /** TSDL or a JSON text sequence, without packets. */
  readonly text: string;
  readonly isPacketised: boolean;
  /** Of the packet headers. */
  readonly byteOrder?: ByteOrder;
  readonly warnings: readonly string[];
}

/** RFC 7464: what every CTF 2 fragment begins with. */
const recordSeparator = 0x1e;
const packetMagic = 0x75d11d57;
const headerBytes = 37;

/**
 * Reads a whole metadata stream.
 * @param name - Its path, for errors.
 * @throws MetadataError
 */
export function readMetadata(
  bytes: Uint8Array,
  name: string,
  options: MetadataOptions = {},
): Metadata {
  const warnings: string[] = [];
  const warn = (message: string): void => {
    warnings.push(message);
    options.warn?.(message);
  };
  const inner = { ...options, warn };
  try {
    checkLength(bytes, options);
    if (bytes[0] === recordSeparator) {
      const traceClass = parseJsonMetadata(bytes, inner);
      return { traceClass, text: decode(bytes), isPacketised: false, warnings };
    }
    const packets = unpack(bytes, warn);
    const text = decode(packets?.text ?? bytes);
    const traceClass = parseTsdl(text, { ...inner, mayEndEarly: packets !== undefined });
    const form =
      packets === undefined
        ? { isPacketised: false }
        : { isPacketised: true, byteOrder: packets.byteOrder };
    return { traceClass, text, ...form, warnings };
  } catch (error) {
    if (!(error instanceof MetadataError) || error.place.path !== undefined) throw error;
    throw new MetadataError(error.code, error.message, { path: name, ...error.place });
  }
}

function checkLength(bytes: Uint8Array, options: MetadataOptions): void {
  const { textLength } = metadataLimits(options);
  if (bytes.length > textLength) {
    throw new MetadataError('metadata-limit', `The metadata is longer than ${textLength} bytes.`);
  }
  if (bytes.length === 0) throw new MetadataError('empty-metadata', 'The metadata is empty.');
}

/** TSDL is ASCII, but names and comments of real traces are UTF-8. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The text in the packets, or undefined: the metadata has none. */
function unpack(
  bytes: Uint8Array,
  warn: (message: string) => void,
): { text: Uint8Array; byteOrder: ByteOrder } | undefined {
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = view.getUint32(0, true) === packetMagic;
  if (!littleEndian && view.getUint32(0, false) !== packetMagic) return undefined;
  const parts: Uint8Array[] = [];
  let uuid: Uint8Array | undefined;
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.length - at;
    if (rest === 1 && parts.length > 0) {
      warn(`The last byte of the metadata is not part of a packet; it is ignored (byte ${at}).`);
      break;
    }
    if (rest < headerBytes) throw fault('incomplete packet header', at + lastFieldOffset(rest));
    const header = readHeader(view, at, littleEndian);
    const own = bytes.subarray(at + 4, at + 20);
    uuid ??= own;
    if (own.some((byte, i) => byte !== uuid![i])) throw fault('another UUID than before', at);
    if (header.contentBytes > rest) throw fault('incomplete packet content', at + headerBytes);
    parts.push(bytes.subarray(at + headerBytes, at + header.contentBytes));
    at += header.packetBytes;
  }
  return { text: concatenate(parts), byteOrder: littleEndian ? 'little-endian' : 'big-endian' };
}

function fault(what: string, offsetBytes: number): MetadataError {
  return new MetadataError('bad-metadata-packet', `Bad metadata packet: ${what}.`, { offsetBytes });
}

interface PacketHeader {
  readonly contentBytes: number;
  readonly packetBytes: number;
}

/** Offsets of the header's fields (bytes). */
const fieldOffsets = [0, 4, 20, 24, 28, 32, 33, 34, 35, 36];

/** Where the field begins that is not complete in `length` bytes of a header. */
function lastFieldOffset(length: number): number {
  return fieldOffsets.findLast((offset) => offset <= length) ?? 0;
}

/**
 * ```
 *  0 magic  4 uuid  20 checksum  24 content size  28 packet size  32 compression  33 encryption  34 checksum scheme
 * 35 major  36 minor  37 text
 * ```
 */
function readHeader(view: DataView, at: number, littleEndian: boolean): PacketHeader {
  if (view.getUint32(at, littleEndian) !== packetMagic) throw fault('wrong magic number', at);
  const contentBits = view.getUint32(at + 24, littleEndian);
  const packetBits = view.getUint32(at + 28, littleEndian);
  const [compression, encryption, checksum, major, minor] = [32, 33, 34, 35, 36].map((i) =>
    view.getUint8(at + i),
  );
  if (contentBits < headerBytes * 8) throw fault('content smaller than its header', at);
  if (contentBits % 8 !== 0) throw fault('content size is not in whole bytes', at);
  if (packetBits % 8 !== 0) throw fault('packet size is not in whole bytes', at);
  if (packetBits < contentBits) throw fault('content greater than the packet', at);
  if (compression !== 0) throw fault('compression is not supported', at);
  if (encryption !== 0) throw fault('encryption is not supported', at);
  if (checksum !== 0 || view.getUint32(at + 20) !== 0) {
    throw fault('checksums are not supported', at);
  }
  if (major !== 1 || minor !== 8) throw fault(`version ${major}.${minor}, not 1.8`, at);
  return { contentBytes: contentBits / 8, packetBytes: packetBits / 8 };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const text = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    text.set(part, at);
    at += part.length;
  }
  return text;
}
