import { DecodeError, type Place } from '@sonde/base';
import type { PageFormat } from '../format/page-format.ts';

/** Bits of the commit word (kernel/trace/ring_buffer.c, v6.12): 20 bits of length, two flags. */
const lengthMask = 0xf_ffff;
const missedEventsFlag = 0x8000_0000;
const missedStoredFlag = 0x4000_0000;

const paddingType = 29;
const timeExtendType = 30;
/** Shorter records have no `common_type` and thread. */
const minPayloadBytes = 8;

/**
 * Walks over the records of ring-buffer sub-buffers, as `trace_pipe_raw` gives them. Reused for all sub-buffers of a CPU.
 *
 *     u32 header: type_len = 5 bits, time_delta = 27 bits (to the record before), low bits first on little-endian machines
 *     type_len 1…28  payload of type_len × 4 bytes
 *              0     u32 length + 4, payload
 *              29    padding: delta 0 = nothing more, else u32 length: a discarded record
 *              30    time extend: u32 = high bits of a delta
 *              31    absolute time: u32 = high bits, 59 bits in all
 *
 * Lengths are those of the text, which may be hostile: whatever does not lie within the committed bytes is a DecodeError.
 */
export class SubBufferReader {
  readonly #littleEndian: boolean;
  readonly #longBytes: number;
  readonly #commitOffset: number;
  readonly #dataOffset: number;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #begin = 0;
  #end = 0;
  #next = 0;

  /**
   * Time of the current record: low and high 32 bits of 64, as signed numbers (`>>> 0` gives unsigned ones). A single number would not be
   * exact beyond 104 days, and unsigned ones would have to be boxed.
   */
  timeLow = 0;
  timeHigh = 0;
  /** Where the payload of the current record begins in the view. */
  payloadOffset = 0;
  /** Of the current record, padding to whole words included; at least 8. */
  payloadBytes = 0;
  /** Records were overwritten before this sub-buffer. */
  hasMissedEvents = false;
  /** How many; -1: the kernel had no room to say. 0: none. */
  missedEvents = 0;

  constructor(format: PageFormat) {
    this.#littleEndian = format.byteOrder === 'little-endian';
    this.#longBytes = format.longBytes;
    this.#commitOffset = format.commitOffsetBytes;
    this.#dataOffset = format.dataOffsetBytes;
  }

  /** Bytes of the current sub-buffer that hold records. */
  get committedBytes(): number {
    return this.#end - this.#begin - this.#dataOffset;
  }

  /**
   * Goes to the beginning of a sub-buffer.
   * @throws DecodeError when it is shorter than it says
   */
  open(view: DataView, offsetBytes: number, lengthBytes: number): void {
    const littleEndian = this.#littleEndian;
    this.#view = view;
    this.#begin = offsetBytes;
    this.#next = this.#end = offsetBytes;
    this.hasMissedEvents = false;
    this.missedEvents = 0;
    const dataOffset = this.#dataOffset;
    if (lengthBytes < dataOffset || offsetBytes + lengthBytes > view.byteLength) {
      throw this.#fault('sub-buffer-too-short', `The sub-buffer has only ${lengthBytes} bytes.`);
    }
    const highWord = littleEndian ? 4 : 0;
    this.timeLow = view.getInt32(offsetBytes + 4 - highWord, littleEndian);
    this.timeHigh = view.getInt32(offsetBytes + highWord, littleEndian);
    const isWide = this.#longBytes === 8;
    const commitAt = offsetBytes + this.#commitOffset + (isWide && !littleEndian ? 4 : 0);
    const commit = view.getUint32(commitAt, littleEndian);
    const committed = commit & lengthMask;
    if (dataOffset + committed > lengthBytes) {
      throw this.#fault(
        'commit-beyond-sub-buffer',
        `The sub-buffer says that it holds ${committed} bytes of records, but has only ${lengthBytes - dataOffset}.`,
      );
    }
    this.#next = offsetBytes + dataOffset;
    this.#end = this.#next + committed;
    if ((commit & missedEventsFlag) !== 0) this.#readMissed(commit, offsetBytes + lengthBytes);
  }

  #readMissed(commit: number, limit: number): void {
    this.hasMissedEvents = true;
    this.missedEvents = -1;
    const at = this.#end;
    if ((commit & missedStoredFlag) === 0 || at + this.#longBytes > limit) return;
    const littleEndian = this.#littleEndian;
    if (this.#longBytes === 4) {
      this.missedEvents = this.#view.getUint32(at, littleEndian);
      return;
    }
    const count = Number(this.#view.getBigUint64(at, littleEndian));
    this.missedEvents = Number.isSafeInteger(count) ? count : -1;
  }

  /**
   * Goes to the next record. False: there is none.
   * @throws DecodeError when a record goes beyond the committed bytes; the sub-buffer is at its end then
   */
  next(): boolean {
    const view = this.#view;
    const littleEndian = this.#littleEndian;
    const end = this.#end;
    let at = this.#next;
    while (at < end) {
      if (end - at < 4) throw this.#beyond(at);
      const header = view.getUint32(at, littleEndian);
      const type = littleEndian ? header & 31 : header >>> 27;
      const delta = littleEndian ? header >>> 5 : header & 0x7ff_ffff;
      if (type > 0 && type < paddingType) {
        this.#advance(delta);
        const length = type * 4;
        if (length < minPayloadBytes || at + 4 + length > end) throw this.#beyond(at);
        this.payloadOffset = at + 4;
        this.payloadBytes = length;
        this.#next = at + 4 + length;
        return true;
      }
      if (type === paddingType && delta === 0) break;
      if (end - at < 8) throw this.#beyond(at);
      const word = view.getUint32(at + 4, littleEndian);
      if (type === 0) {
        this.#advance(delta);
        const length = word - 4;
        if (length < minPayloadBytes || at + 8 + length > end) throw this.#beyond(at);
        this.payloadOffset = at + 8;
        this.payloadBytes = length;
        this.#next = (at + 8 + length + 3) & ~3;
        return true;
      }
      if (type === paddingType) {
        // A delta of 1 stands for 0 too: the kernel must not leave 0 in a discarded record.
        if (delta !== 1) this.#advance(delta);
        if (word < 4 || at + 4 + word > end) throw this.#beyond(at);
        at += (4 + word + 3) & ~3;
      } else {
        this.#setTime(type, delta, word);
        at += 8;
      }
    }
    this.#next = end;
    return false;
  }

  #advance(delta: number): void {
    const before = this.timeLow;
    const low = (before + delta) | 0;
    this.timeLow = low;
    if (low >>> 0 < before >>> 0) this.timeHigh = (this.timeHigh + 1) | 0;
  }

  /** 59 bits: `word` has all above the low 27. */
  #setTime(type: number, delta: number, word: number): void {
    const low = ((word & 31) << 27) | delta;
    const high = word >>> 5;
    if (type === timeExtendType) {
      this.timeHigh = (this.timeHigh + high) | 0;
      this.#advance(low);
    } else {
      this.timeLow = low;
      this.timeHigh = (this.timeHigh & 0xf800_0000) | high;
    }
  }

  #beyond(at: number): DecodeError {
    this.#next = this.#end;
    return this.#fault(
      'record-beyond-sub-buffer',
      'A record has an impossible length.',
      at - this.#begin,
    );
  }

  #fault(code: string, message: string, offsetBytes = 0): DecodeError {
    const place: Place = { offsetBits: offsetBytes * 8 };
    return new DecodeError(code, message, place);
  }
}
