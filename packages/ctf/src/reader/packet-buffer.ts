import { DecodeError } from '@sonde/base';
import type { PacketEntry } from './packet-index.ts';

const slackBytes = 16;
const noBytes = new Uint8Array(slackBytes);

/** The one buffer of a data stream: holds the content of the current packet, with zero bytes after it. */
export class PacketBuffer {
  bytes = noBytes;
  view = new DataView(noBytes.buffer);
  readonly #maxBytes: number;

  /** @param maxBytes - Packets with more content are refused. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Reads the first `contentBytes` of a packet. Never makes room for more than the file holds.
   * @returns the number of bytes that are there: less than asked for when the file became shorter
   * @throws DecodeError `packet-too-long`
   */
  load({ source, offsetBytes }: PacketEntry, contentBytes: number, packetIndex: number): number {
    if (contentBytes > this.#maxBytes) {
      throw new DecodeError(
        'packet-too-long',
        `The packet has ${contentBytes} bytes of content; the limit is ${this.#maxBytes}.`,
        { stream: source.name, packetIndex, offsetBits: 0 },
      );
    }
    const wanted = Math.max(Math.min(contentBytes, source.lengthBytes - offsetBytes), 0);
    if (this.bytes.length < wanted + slackBytes) {
      this.bytes = new Uint8Array(wanted + slackBytes);
      this.view = new DataView(this.bytes.buffer);
    }
    const length = source.read(offsetBytes, this.bytes, 0, wanted);
    this.bytes.fill(0, length, length + slackBytes);
    return length;
  }

  /** Gives the memory back. */
  release(): void {
    this.bytes = noBytes;
    this.view = new DataView(noBytes.buffer);
  }
}
