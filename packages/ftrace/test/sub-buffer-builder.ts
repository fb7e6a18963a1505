import { defaultPageFormat, type PageFormat } from '@sonde/ftrace';

/** Writes a sub-buffer as the kernel does. */
export class SubBufferBuilder {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #format: PageFormat;
  readonly #le: boolean;
  #at: number;

  constructor(time: bigint, lengthBytes = 4096, format: PageFormat = defaultPageFormat) {
    this.bytes = new Uint8Array(lengthBytes);
    this.#view = new DataView(this.bytes.buffer);
    this.#format = format;
    this.#le = format.byteOrder === 'little-endian';
    this.#view.setBigUint64(0, time, this.#le);
    this.#at = format.dataOffsetBytes;
  }

  /** Any word, for what is not as it should be. */
  word(value: number): this {
    this.#view.setUint32(this.#at, value, this.#le);
    this.#at += 4;
    return this;
  }

  header(type: number, delta: number): this {
    return this.word(this.#le ? ((delta << 5) | type) >>> 0 : ((type << 27) | delta) >>> 0);
  }

  /** A record of whole words; longer than 112 bytes it gets a length word. */
  record(delta: number, payload: Uint8Array, isLong = payload.length > 112): this {
    const padded = Math.ceil(payload.length / 4) * 4;
    if (isLong) this.header(0, delta).word(padded + 4);
    else this.header(padded / 4, delta);
    this.bytes.set(payload, this.#at);
    this.#at += padded;
    return this;
  }

  /** Common fields, then bytes. */
  event(delta: number, type: number, tid: number, body: Uint8Array = new Uint8Array(0), flags = 0) {
    const payload = new Uint8Array(8 + body.length);
    const view = new DataView(payload.buffer);
    view.setUint16(0, type, this.#le);
    view.setUint8(2, flags);
    view.setInt32(4, tid, this.#le);
    payload.set(body, 8);
    return this.record(delta, payload);
  }

  timeExtend(delta: bigint): this {
    return this.header(30, Number(delta & 0x7ff_ffffn)).word(Number(delta >> 27n));
  }

  timeStamp(time: bigint): this {
    return this.header(31, Number(time & 0x7ff_ffffn)).word(Number((time >> 27n) & 0xffff_ffffn));
  }

  /** A record that was discarded after it was reserved. */
  discarded(delta: number, lengthBytes: number): this {
    this.header(29, delta).word(lengthBytes);
    this.#at += lengthBytes - 4;
    return this;
  }

  /** Ends the committed part. `missed`: events before the sub-buffer; null: a number that the kernel did not store. */
  end(missed?: bigint | null): Uint8Array {
    const { commitOffsetBytes, dataOffsetBytes, longBytes } = this.#format;
    let commit = this.#at - dataOffsetBytes;
    if (missed !== undefined) commit += 2 ** 31;
    if (missed !== undefined && missed !== null) {
      commit += 2 ** 30;
      if (longBytes === 8) this.#view.setBigUint64(this.#at, missed, this.#le);
      else this.#view.setUint32(this.#at, Number(missed), this.#le);
    }
    if (longBytes === 8) this.#view.setBigUint64(commitOffsetBytes, BigInt(commit), this.#le);
    else this.#view.setUint32(commitOffsetBytes, commit, this.#le);
    return this.bytes;
  }
}

/** Bytes of numbers, little-endian: `[4, 0xffff]` is a u32. */
export function bytesOf(...numbers: readonly (readonly [number, number | bigint])[]): Uint8Array {
  const bytes: number[] = [];
  for (const [length, value] of numbers) {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < length; i++) {
      bytes.push(Number(rest & 0xffn));
      rest >>= 8n;
    }
  }
  return Uint8Array.from(bytes);
}

export function text(value: string, lengthBytes = value.length): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  bytes.set(new TextEncoder().encode(value));
  return bytes;
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
