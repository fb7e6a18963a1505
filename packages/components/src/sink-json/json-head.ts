import type { Packet, RecordCursor } from '@sonde/trace-model';
import { ShortText } from '../sink-text/short-text.ts';
import { slackBytes, type TextBuffer } from '../sink-text/text-buffer.ts';
import type { JsonTimeWriter } from './json-time.ts';

/** Longer texts need a check of the room. */
const maxUncheckedBytes = 4096;

/** What each line of one event record class in one stream begins with: time, name, stream, and the packet's context. */
export class JsonHead {
  readonly #buffer: TextBuffer;
  readonly #time: JsonTimeWriter;
  readonly #textFor: (cursor: RecordCursor) => Uint8Array;
  #packet: Packet | undefined;
  #text: ShortText = ShortText.of('');

  /** @param textFor - What stands after the time in the lines of the cursor's packet, from the comma. */
  constructor(
    buffer: TextBuffer,
    time: JsonTimeWriter,
    textFor: (cursor: RecordCursor) => Uint8Array,
  ) {
    this.#buffer = buffer;
    this.#time = time;
    this.#textFor = textFor;
  }

  /** Begins the line of the current record. @returns where its next byte goes */
  write(cursor: RecordCursor): number {
    const buffer = this.#buffer;
    if (cursor.packet !== this.#packet) {
      this.#text = ShortText.of(this.#textFor(cursor));
      this.#packet = cursor.packet;
    }
    let at = this.#time.write(buffer.length, cursor);
    const { length } = this.#text;
    if (length > maxUncheckedBytes) at = buffer.room(at, length + slackBytes);
    return this.#text.write(buffer.view, at);
  }
}
