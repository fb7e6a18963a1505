import type { PendingHardIrq, PendingSoftIrq } from './irq.ts';
import type { Thread } from './threads.ts';
import type { PendingTimer } from './timers.ts';

/** One CPU of a host: who runs, and which interrupts are being handled. */
export class Cpu {
  readonly id: number;
  /** The running thread, the idle thread (tid 0) included; undefined: not known yet. */
  thread: Thread | undefined = undefined;
  /** Since when it runs (ns); the begin of the trace for the first one. */
  threadSinceNs = Number.NaN;
  /** False: `threadSinceNs` is the begin of the trace or the end of a gap. */
  threadSinceIsCertain = false;
  /** Nested hard interrupt handlers, outermost first. */
  readonly hardIrqs: PendingHardIrq[] = [];
  /** By vector. */
  readonly softIrqs: (PendingSoftIrq | undefined)[] = [];
  readonly timers = new Map<number, PendingTimer>();
  /** An event was seen on it. */
  isSeen = false;

  constructor(id: number) {
    this.id = id;
  }

  /** The running thread but for the idle one: whom events on this CPU are booked on. */
  get busyThread(): Thread | undefined {
    return this.thread !== undefined && this.thread.tid !== 0 ? this.thread : undefined;
  }
}
