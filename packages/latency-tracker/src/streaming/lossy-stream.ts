import type { StreamGaps } from '@sonde/linux-model';
import type { RecordCursor } from '@sonde/trace-model';
import type { CpuState } from './event-context.ts';

/**
 * When a packet of LTTng's ring buffer is nearly full, an event record finds no room, and a shorter one after it may. So from here to the end of the
 * packet any may be missing: event records are hardly ever longer.
 */
const tailBits = 512 * 8;

/** A data stream that says it lost events, and not yet when. */
export class LossyStream {
  /** Undefined: its events may be of any CPU. */
  readonly cpu: CpuState | undefined;
  readonly #gaps: StreamGaps;
  /** Of the last event seen (ns). */
  #lastNs: number;
  /** Before the first event in the tail of the packet (ns). */
  #tailSinceNs = Number.NaN;

  /** @param beginNs - Of the packet; NaN: not known. */
  constructor(gaps: StreamGaps, cpu: CpuState | undefined, beginNs: number) {
    this.#gaps = gaps;
    this.cpu = cpu;
    this.#lastNs = beginNs;
  }

  /** An event of the stream. */
  pass({ timeNs, contentEndBits, bodyOffsetBits }: RecordCursor): void {
    if (Number.isNaN(this.#tailSinceNs) && contentEndBits - bodyOffsetBits < tailBits) {
      this.#tailSinceNs = this.#lastNs;
    }
    this.#lastNs = timeNs;
  }

  /** Since when events may have been missing, where `untilNs` is thought to be the begin of a gap (ns). */
  sinceNs(untilNs: number): number {
    const sinceNs = Number.isNaN(this.#tailSinceNs) ? this.#lastNs : this.#tailSinceNs;
    return Number.isNaN(sinceNs) ? untilNs : Math.min(sinceNs, untilNs);
  }

  /** Begin of the gap that the stream is in at `nowNs` (ns); Infinity: it is in none. */
  openSince(nowNs: number): number {
    return this.#tailSinceNs < nowNs ? this.#tailSinceNs : this.#gaps.openSince(nowNs);
  }
}
