import type { OutputPort } from '@sonde/graph';

/** Written to the output in pieces of at least this size: the system takes fewer of them in less time, and they still fit a cache. */
const chunkBytes = 262_144;
/** What may be written after one check of the room. */
export const slackBytes = 65_536;
/** Text that belongs together (a record) is held back up to this size, so that a record that turns out to be broken leaves no trace. */
const heldBytes = 4_194_304;

const encoder = new TextEncoder();

/** UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Text on its way to an output, as bytes. Code in hot loops writes to `bytes` and `view` itself, from `length` on, and stores
 * the new `length` when a record is complete: until then nothing of it can reach the output. Up to `limit` there is room for
 * `slackBytes` more; beyond it, call `room` and read `bytes` and `view` again.
 */
export class TextBuffer {
  bytes = new Uint8Array(chunkBytes + slackBytes);
  view = new DataView(this.bytes.buffer);
  length = 0;
  /** Where the next part of an incomplete record goes: handed from one writer to the next. */
  pending = 0;
  /** `room` is needed from here on. */
  limit = chunkBytes;
  readonly #output: OutputPort;

  constructor(output: OutputPort) {
    this.#output = output;
  }

  /**
   * Makes room after `offset` for at least `wantedBytes` (default: `slackBytes`), and keeps what is before it.
   * @returns the offset to go on at: less than `offset` when a very long record had to be let go
   */
  room(offset: number, wantedBytes: number = slackBytes): number {
    if (offset + wantedBytes <= this.bytes.length) return offset;
    if (this.length > 0) {
      const pending = offset - this.length;
      this.#output.write(this.bytes.subarray(0, this.length));
      this.bytes.copyWithin(0, this.length, offset);
      this.length = 0;
      return this.room(pending, wantedBytes);
    }
    if (offset > heldBytes) {
      this.#output.write(this.bytes.subarray(0, offset));
      return this.room(0, wantedBytes);
    }
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, offset + wantedBytes));
    grown.set(this.bytes.subarray(0, offset));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
    this.limit = grown.length - slackBytes;
    return offset;
  }

  /** Appends a text. */
  text(text: string): void {
    const bound = text.length * 3;
    if (this.length + bound > this.bytes.length) this.length = this.room(this.length, bound);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        at += encoder.encodeInto(text.slice(i), bytes.subarray(at)).written;
        break;
      }
      bytes[at++] = code;
    }
    this.length = at;
  }

  /** Appends bytes as they are. */
  copy(source: Uint8Array, begin: number, end: number): void {
    const count = end - begin;
    if (this.length + count > this.bytes.length) this.length = this.room(this.length, count);
    this.bytes.set(source.subarray(begin, end), this.length);
    this.length += count;
  }

  /** To be called between records. */
  flushIfFull(): void {
    if (this.length >= chunkBytes) this.flush();
  }

  flush(): void {
    if (this.length === 0) return;
    const count = this.length;
    this.length = 0;
    this.#output.write(this.bytes.subarray(0, count));
  }
}
