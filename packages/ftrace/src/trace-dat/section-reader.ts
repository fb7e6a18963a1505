import { DecodeError } from '@sonde/base';
import type { ByteOrder } from '@sonde/trace-model';

const maxNameBytes = 4096;
const decoder = new TextDecoder();

/** Reads the numbers, texts and blocks of one section of a trace.dat, every length checked. */
export class SectionReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  readonly #name: string;
  /** Of the section in its file, for errors. */
  readonly #origin: number;
  position = 0;

  constructor(bytes: Uint8Array, byteOrder: ByteOrder, name: string, originBytes: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = byteOrder === 'little-endian';
    this.#name = name;
    this.#origin = originBytes;
  }

  get restBytes(): number {
    return this.#bytes.length - this.position;
  }

  u16(): number {
    return this.#view.getUint16(this.#step(2), this.#littleEndian);
  }

  u32(): number {
    return this.#view.getUint32(this.#step(4), this.#littleEndian);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#step(8), this.#littleEndian);
  }

  /** A 64-bit length or offset in the file. @throws DecodeError beyond 2^53 */
  offset(): number {
    const value = Number(this.u64());
    if (!Number.isSafeInteger(value)) throw this.fault('An offset is beyond any file.');
    return value;
  }

  bytes(lengthBytes: number): Uint8Array {
    const begin = this.#step(lengthBytes);
    return this.#bytes.subarray(begin, begin + lengthBytes);
  }

  /** The next bytes as a section of their own. */
  section(lengthBytes: number): SectionReader {
    const origin = this.#origin + this.position;
    const order = this.#littleEndian ? 'little-endian' : 'big-endian';
    return new SectionReader(this.bytes(lengthBytes), order, this.#name, origin);
  }

  /** A text of that length, without what follows its first zero. */
  text(lengthBytes: number): string {
    const bytes = this.bytes(lengthBytes);
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** A text up to its zero. */
  name(): string {
    const limit = Math.min(this.#bytes.length, this.position + maxNameBytes);
    for (let end = this.position; end < limit; end++) {
      if (this.#bytes[end] !== 0) continue;
      const text = decoder.decode(this.#bytes.subarray(this.position, end));
      this.position = end + 1;
      return text;
    }
    throw this.fault('A text has no end.');
  }

  fault(message: string): DecodeError {
    return new DecodeError('bad-trace-dat', message, {
      path: this.#name,
      offsetBytes: this.#origin + this.position,
    });
  }

  #step(lengthBytes: number): number {
    const begin = this.position;
    if (lengthBytes > this.restBytes) {
      throw this.fault(`${lengthBytes} bytes are wanted, ${this.restBytes} are left.`);
    }
    this.position = begin + lengthBytes;
    return begin;
  }
}
