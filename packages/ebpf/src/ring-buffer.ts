/**
 * The reading end of a BPF ring buffer. Programs write records with `NO_WAKEUP`, and this is asked by a timer: a wakeup per record would
 * cost more than the record, and where switches are what is recorded, each would cause the next.
 */
import { BpfMap } from './maps.ts';
import type { Native, NativeMemory } from './native.ts';

const pageBytes = 4096;
const headerBytes = 8;
const busyBit = 0x8000_0000;
const discardBit = 0x4000_0000;
const lengthMask = 0x3fff_ffff;
const twoTo32 = 4_294_967_296;

/** Flag for `ringbuf_submit`. */
export const ringNoWakeup = 1;
/** For `ringbuf_query`: the bytes that wait to be read. */
export const ringAvailableData = 0;

/** `offset` and `lengthBytes` bound the record in `view`; all is valid until the call returns, and must not be written. */
export type RecordHandler = (view: DataView, offset: number, lengthBytes: number) => void;

export class RingBuffer {
  readonly map: BpfMap;
  readonly #consumer: NativeMemory;
  readonly #producer: NativeMemory;
  readonly #consumed: BigUint64Array;
  readonly #produced: Int32Array;
  readonly #headers: Int32Array;
  readonly #data: DataView;
  readonly #mask: number;
  /** Modulo 2^32, as are all positions here: a buffer is far smaller. */
  #position: number;

  /** @param lengthBytes - a power of two, at least a page */
  constructor(native: Native, lengthBytes: number, name = 'ring') {
    this.map = new BpfMap(native, {
      type: 'ring-buffer',
      name,
      keyBytes: 0,
      valueBytes: 0,
      maxEntries: lengthBytes,
    });
    // The kernel maps the data twice, one behind the other: no record is ever cut at the end.
    this.#consumer = native.map(this.map.fd, pageBytes, true);
    this.#producer = native.map(this.map.fd, pageBytes + 2 * lengthBytes, false, pageBytes);
    const { buffer } = this.#producer.bytes;
    this.#consumed = new BigUint64Array(this.#consumer.bytes.buffer, 0, 1);
    this.#produced = new Int32Array(buffer, 0, 1);
    this.#headers = new Int32Array(buffer, pageBytes);
    this.#data = new DataView(buffer, pageBytes);
    this.#mask = lengthBytes - 1;
    this.#position = Number(this.#consumed[0]! % BigInt(twoTo32));
  }

  /**
   * Hands over what is complete. A record still being written ends the call: it and those behind it come next time.
   * @returns number of records
   */
  poll(handle: RecordHandler, maxRecords = Number.POSITIVE_INFINITY): number {
    const before = this.#position;
    let position = before;
    let count = 0;
    // Atomic loads keep the order: the length is read after the position, the data after the length.
    while (count < maxRecords && position !== Atomics.load(this.#produced, 0) >>> 0) {
      const offset = (position & this.#mask) >>> 0;
      const header = Atomics.load(this.#headers, offset >>> 2) >>> 0;
      if (header >= busyBit) break;
      const lengthBytes = header & lengthMask;
      if ((header & discardBit) === 0) {
        handle(this.#data, offset + headerBytes, lengthBytes);
        count++;
      }
      position = (position + ((lengthBytes + headerBytes + 7) & ~7)) >>> 0;
    }
    this.#commit((position - before) >>> 0, position);
    return count;
  }

  /** There is something that no call of `poll` has handed over, complete or not. */
  get hasMore(): boolean {
    return this.#position !== Atomics.load(this.#produced, 0) >>> 0;
  }

  #commit(advanceBytes: number, position: number): void {
    if (advanceBytes === 0) return;
    this.#position = position;
    Atomics.store(this.#consumed, 0, this.#consumed[0]! + BigInt(advanceBytes));
  }

  close(): void {
    this.#consumer.free();
    this.#producer.free();
    this.map.close();
  }
}
