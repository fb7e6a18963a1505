import { DecodeError } from '@sonde/base';
import type { TraceClass } from '@sonde/trace-model';
import type { ByteSource } from '../byte-source.ts';
import { decodePacketHead, type PacketHead } from '../decoder/packet-head.ts';

const firstReadBytes = 512;
const defaultMaxHeadBytes = 16 * 1024 * 1024;
/** Zero bytes after what was read: decoders may look there. */
const slackBytes = 16;

/** Reads the heads of packets of one file, and as little else as may be, into one buffer that grows when a head is long. */
export class PacketHeadReader {
  readonly #source: ByteSource;
  readonly #traceClass: TraceClass;
  readonly #maxBytes: number;
  #bytes = new Uint8Array(firstReadBytes + slackBytes);
  #view = new DataView(this.#bytes.buffer);

  /** @param maxBytes - Longer heads are refused. Default: 16 MiB. */
  constructor(source: ByteSource, traceClass: TraceClass, maxBytes = defaultMaxHeadBytes) {
    this.#source = source;
    this.#traceClass = traceClass;
    this.#maxBytes = maxBytes;
  }

  /**
   * @param clockCycles - Value of the default clock before the packet, for timestamps of less than 64 bits.
   * @throws DecodeError
   */
  read(offsetBytes: number, packetIndex: number, clockCycles = 0n): PacketHead {
    for (;;) {
      const capacity = this.#bytes.length - slackBytes;
      const length = this.#source.read(offsetBytes, this.#bytes, 0, capacity);
      this.#bytes.fill(0, length);
      try {
        return decodePacketHead(this.#traceClass, this.#bytes, this.#view, length * 8, {
          streamName: this.#source.name,
          packetIndex,
          clockCycles,
        });
      } catch (error) {
        const canGrow = length === capacity && capacity < this.#maxBytes;
        if (!(error instanceof DecodeError) || error.code !== 'beyond-data' || !canGrow) {
          throw error;
        }
        this.#bytes = new Uint8Array(Math.min(capacity * 8, this.#maxBytes) + slackBytes);
        this.#view = new DataView(this.#bytes.buffer);
      }
    }
  }
}
