import type { PendingHardIrq, PendingSoftIrq } from './irq.ts';
import type { Thread } from './threads.ts';

/** One CPU of a host: who runs, and which interrupts are being handled. */
export class Cpu {
  readonly id: number;
  /** The running thread, the idle thread (tid 0) included; undefined: not known yet, or not any more after a gap. */
  thread: Thread | undefined = undefined;
  /** Since when it runs (ns); the begin of the trace for the first one, of the gap while it is unknown. */
  threadSinceNs = Number.NaN;
  /** False: `threadSinceNs` is the begin of the trace or of a gap, or somebody else was thought to run. */
  threadSinceIsCertain = false;
  /** End of the last gap on this CPU (ns). */
  lastGapEndNs = Number.NEGATIVE_INFINITY;
  /** Packets being read that say they discarded events: a switch that is missing in them is one of those. */
  lossyPackets = 0;
  /** Nested hard interrupt handlers, outermost first. */
  readonly hardIrqs: PendingHardIrq[] = [];
  /** By vector. */
  readonly softIrqs: (PendingSoftIrq | undefined)[] = [];
  /** Soft interrupt handlers that run: more than one only where an exit is missing. */
  softIrqDepth = 0;
  /** Timer handlers that run: interrupts of the CPU's own timer have no other event. Only where somebody follows timers. */
  timerDepth = 0;
  /** An event was seen on it. */
  isSeen = false;

  constructor(id: number) {
    this.id = id;
  }

  /** `thread`, unless it has been seen on another CPU since: then its switch-out is missing, and nobody knows who runs. */
  get presentThread(): Thread | undefined {
    const { thread } = this;
    return thread === undefined || thread.tid === 0 || thread.runningOn === this.id
      ? thread
      : undefined;
  }

  /** The running thread but for the idle one: whom events on this CPU are booked on. */
  get busyThread(): Thread | undefined {
    return this.thread !== undefined && this.thread.tid !== 0 ? this.thread : undefined;
  }
}
