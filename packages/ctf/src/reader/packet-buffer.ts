import { DecodeError } from '@sonde/base';
import type { PacketEntry } from './packet-index.ts';

const slackBytes = 16;

/** The one buffer of a data stream: holds the current packet, with zero bytes after it. */
export class PacketBuffer {
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  readonly #maxBytes: number;

  /** @param maxBytes - Packets longer than that are refused. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Reads a packet.
   * @returns the number of bytes that are there: less than the entry says when the file became shorter
   * @throws DecodeError `packet-too-long`
   */
  load(entry: PacketEntry, packetIndex: number): number {
    const { source, offsetBytes, lengthBytes } = entry;
    if (lengthBytes > this.#maxBytes) {
      throw new DecodeError(
        'packet-too-long',
        `The packet is ${lengthBytes} bytes long; the limit is ${this.#maxBytes} (see --max-packet-size).`,
        { stream: source.name, packetIndex, offsetBits: 0 },
      );
    }
    if (this.bytes.length < lengthBytes + slackBytes) {
      this.bytes = new Uint8Array(lengthBytes + slackBytes);
      this.view = new DataView(this.bytes.buffer);
    }
    const length = source.read(offsetBytes, this.bytes, 0, lengthBytes);
    this.bytes.fill(0, length, length + slackBytes);
    return length;
  }
}
