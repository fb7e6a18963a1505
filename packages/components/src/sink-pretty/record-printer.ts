import type { EventHandler, Packet, RecordCursor } from '@sonde/trace-model';
import { ShortText } from '../sink-text/short-text.ts';
import { slackBytes, type TextBuffer } from '../sink-text/text-buffer.ts';
import type { ContextCache } from './context-cache.ts';
import type { TimeWriter } from './time-writer.ts';

/** Longer texts need a check of the room. */
const maxUncheckedBytes = 8192;
/** Longer heads are made again for each record. */
const maxKeptBytes = 65_536;

/** How the lines of one event record class in one data stream are made. */
export interface RecordPrinterParts {
  readonly buffer: TextBuffer;
  readonly time: Pick<TimeWriter, 'write' | 'complete'>;
  /**
   * What stands after the time in the lines of the cursor's packet: name and packet context. The same array as before tells that
   * nothing has changed.
   */
  headText(cursor: RecordCursor): Uint8Array;
  /** Prints the scopes of the record from `buffer.pending` on, and sets `buffer.length` when the line is complete. */
  body(): EventHandler;
  /** For streams whose common contexts repeat. */
  readonly contexts: ContextReuse | undefined;
}

/** Printing the common context once for all records that have the same. */
export interface ContextReuse {
  readonly cache: ContextCache;
  /** What stands before the context. */
  readonly before: Uint8Array;
  /** Prints the scopes but the common context. */
  body(): EventHandler;
  /** Prints the common context of the cursor into the cache. */
  fill(cursor: RecordCursor): void;
}

/** Prints lines: what doesn't change within a packet is copied, the context is copied while it repeats, the rest is generated code. */
export class RecordPrinter {
  readonly #parts: RecordPrinterParts;
  readonly #buffer: TextBuffer;
  readonly #time: RecordPrinterParts['time'];
  readonly #contexts: ContextReuse | undefined;
  #cache: ContextCache | undefined;
  #body: EventHandler;
  #packet: Packet | undefined;
  #headText: Uint8Array | undefined;
  #head = ShortText.of('');

  constructor(parts: RecordPrinterParts) {
    this.#parts = parts;
    this.#buffer = parts.buffer;
    this.#time = parts.time;
    this.#contexts = parts.contexts;
    this.#cache = parts.contexts?.cache;
    this.#body = (parts.contexts ?? parts).body();
  }

  readonly print: EventHandler = (cursor) => {
    const buffer = this.#buffer;
    let at = this.#time.write(buffer.length, cursor);
    if (cursor.packet !== this.#packet) this.#enterPacket(cursor);
    const head = this.#head;
    const cache = this.#cache;
    if (cache === undefined) {
      if (head.length > maxUncheckedBytes) at = buffer.room(at, head.length + slackBytes);
      at = head.copy(buffer.bytes, buffer.view, at);
    } else {
      if (!cache.matches(cursor)) this.#contexts!.fill(cursor);
      const { text } = cache;
      const length = head.length + text.length;
      if (length > maxUncheckedBytes) at = buffer.room(at, length + slackBytes);
      at = text.copy(buffer.bytes, buffer.view, head.copy(buffer.bytes, buffer.view, at));
    }
    if (head.length > maxKeptBytes) this.#forgetHead();
    buffer.pending = at;
    const end = this.#body(cursor);
    this.#time.complete();
    buffer.flushIfFull();
    return end;
  };

  /** So that not each of many classes keeps a very long text. */
  #forgetHead(): void {
    this.#packet = undefined;
    this.#headText = undefined;
    this.#head = ShortText.of('');
  }

  #enterPacket(cursor: RecordCursor): void {
    this.#packet = cursor.packet;
    const isToBeGivenUp = this.#cache?.isUseless === true;
    const headText = this.#parts.headText(cursor);
    if (headText === this.#headText && !isToBeGivenUp) return;
    if (isToBeGivenUp) {
      this.#cache = undefined;
      this.#body = this.#parts.body();
    }
    const before = this.#cache === undefined ? [] : [this.#contexts!.before];
    this.#head = ShortText.of(Buffer.concat([headText, ...before]));
    this.#headText = headText;
  }
}
