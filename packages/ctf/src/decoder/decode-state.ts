import { DecodeError } from '@sonde/base';
import type { ByteOrder } from '@sonde/trace-model';

/**
 * What the closure back end needs to know about the bytes it decodes. A `RecordCursor` has all of it but the state of one
 * decoding run, which `DecodeRun` adds.
 */
export interface DecodeSource {
  /** From the beginning of the packet. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Nothing at or after this bit is read. */
  readonly contentEndBits: number;
  /** Values saved by key fields, by slot. */
  readonly keys: (number | bigint)[];
  readonly stream: { readonly name: string };
  readonly packet: { readonly index: number };
  /**
   * True: the packet has no length of its own, `contentEndBits` is where the data ends. Errors then say so. Default: false.
   */
  readonly contentIsOpenEnded?: boolean;
  /** Byte order of the last bit array before the fields to decode, if known. */
  readonly lastByteOrder?: ByteOrder | undefined;
}

/** Where a field is in its root structure: for error messages. A chain, since paths are only printed when something is wrong. */
export interface FieldPath {
  readonly parent: FieldPath | undefined;
  /** Member name, `[]` for array elements. */
  readonly name: string;
}

function formatFieldPath(path: FieldPath | undefined): string {
  let text = '';
  for (let node = path; node !== undefined; node = node.parent) {
    text = text === '' || text.startsWith('[') ? node.name + text : `${node.name}.${text}`;
  }
  return text;
}

/**
 * How many array elements that take no space one record may hold. Without a limit a few bytes of hostile trace could
 * claim 2^64 empty structures.
 */
export const maxEmptyElements = 65_536;

/** State of one walk over fields in decoding order. */
export class DecodeRun {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly contentEndBits: number;
  readonly keys: (number | bigint)[];
  /** Byte order of the last bit array, for the rule about changes inside a byte. */
  lastByteOrder: ByteOrder | undefined;
  emptyElementsLeft = maxEmptyElements;
  readonly #source: DecodeSource;

  constructor(source: DecodeSource) {
    this.bytes = source.bytes;
    this.view = source.view;
    this.contentEndBits = source.contentEndBits;
    this.keys = source.keys;
    this.lastByteOrder = source.lastByteOrder;
    this.#source = source;
  }

  /** @throws DecodeError always */
  fail(code: string, message: string, offsetBits: number): never {
    throw this.fault(code, message, offsetBits);
  }

  /** An error with its place, for later. */
  fault(code: string, message: string, offsetBits: number): DecodeError {
    return new DecodeError(code, message, {
      stream: this.#source.stream.name,
      packetIndex: this.#source.packet.index,
      offsetBits,
    });
  }

  /**
   * Reports that `wantedBits` bits at `offsetBits` are not there. The reported offset is the beginning of what was wanted, but
   * the end of the data when a packet of unknown length ends in something that is read bytewise (`isBytewise`).
   * @throws DecodeError always
   */
  failBeyond(what: string, wantedBits: number, offsetBits: number, isBytewise = false): never {
    const isOpenEnded = this.#source.contentIsOpenEnded === true;
    const leftBits = Math.max(0, this.contentEndBits - offsetBits);
    this.fail(
      isOpenEnded ? 'beyond-data' : 'beyond-packet-content',
      `Cannot read ${what}: ${formatBits(wantedBits)} wanted, ${formatBits(leftBits)} left in the ` +
        `${isOpenEnded ? 'data' : 'packet content'}.`,
      isOpenEnded && isBytewise ? this.contentEndBits - (this.contentEndBits & 7) : offsetBits,
    );
  }

  /** The next multiple of `alignmentBits` at or after `offsetBits`. */
  align(offsetBits: number, alignmentBits: number, path: FieldPath | undefined): number {
    const excessBits = offsetBits % alignmentBits;
    if (excessBits === 0) return offsetBits;
    const paddingBits = alignmentBits - excessBits;
    if (offsetBits + paddingBits > this.contentEndBits) {
      this.failBeyond(`alignment padding before ${describe(path)}`, paddingBits, offsetBits, true);
    }
    return offsetBits + paddingBits;
  }

  /** Checks that `lengthBits` bits are there. Returns the end. */
  need(offsetBits: number, lengthBits: number, path: FieldPath | undefined): number {
    const endBits = offsetBits + lengthBits;
    if (!(endBits <= this.contentEndBits)) this.failBeyond(describe(path), lengthBits, offsetBits);
    return endBits;
  }

  /** As `need`, for fields which are read byte by byte. */
  needBytes(offsetBits: number, lengthBytes: number, path: FieldPath | undefined): number {
    const endBits = offsetBits + lengthBytes * 8;
    if (!(endBits <= this.contentEndBits)) {
      this.failBeyond(describe(path), lengthBytes * 8, offsetBits, true);
    }
    return endBits;
  }
}

function formatBits(count: number): string {
  return count === 1 ? '1 bit' : `${count} bits`;
}

export function describe(path: FieldPath | undefined): string {
  return path === undefined ? 'the root structure' : `field \`${formatFieldPath(path)}\``;
}
