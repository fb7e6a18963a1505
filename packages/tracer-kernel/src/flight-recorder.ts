import { join } from 'node:path';
import type { EventSelection, KernelEvent, RecordState } from '@sonde/ftrace';
import { onlineCpus } from './cpus.ts';
import { CtfSink } from './ctf-sink.ts';
import { Recorder } from './recorder.ts';
import { compactTime } from './recording-plan.ts';
import type { SessionCounts } from './session.ts';
import { dumpState } from './state-dump.ts';
import type { Tracing } from './tracing.ts';

const nsPerSecond = 1e9;
const twoTo32 = 0x1_0000_0000;
/** Reading goes on while events come: it ends with what is newest, or after this time (ms). */
const longestReadingMs = 10_000;

/** Leaves out what the ring holds beyond the time that is wanted; what older events tell of threads is known all the same. */
class RecentEvents implements EventSelection {
  readonly #sinceNs: number;
  readonly #others: EventSelection | undefined;
  olderEvents = 0;

  constructor(sinceNs: bigint, others: EventSelection | undefined) {
    this.#sinceNs = Number(sinceNs);
    this.#others = others;
  }

  selects(event: KernelEvent, state: RecordState, at: number): boolean {
    if ((state.timeHigh >>> 0) * twoTo32 + (state.timeLow >>> 0) < this.#sinceNs) {
      this.olderEvents++;
      return false;
    }
    return this.#others?.selects(event, state, at) ?? true;
  }
}

/**
 * Records into the kernel's ring only, where new events overwrite old ones, and writes what is there when it is asked to. Costs
 * nothing but the events themselves.
 */
export class FlightRecorder {
  readonly tracing: Tracing;
  readonly #keepSeconds: number | undefined;
  #snapshots = 0;
  /** Of the recording; of what the last snapshot left. */
  #beginNs = 0n;
  /** By CPU, as of the last snapshot: overwritten before it. */
  readonly #overwritten: number[];
  /** By CPU: where the last snapshot ended, which may be a little later on some than on others. */
  readonly #endsNs: bigint[] = [];
  #isFinished = false;

  /** @param keepSeconds - Undefined: all that the ring holds. */
  constructor(tracing: Tracing, keepSeconds: number | undefined) {
    this.tracing = tracing;
    this.#keepSeconds = keepSeconds;
    this.#overwritten = tracing.instance.cpuIds.map(() => 0);
  }

  start(): void {
    this.#beginNs = this.tracing.start();
  }

  get snapshotCount(): number {
    return this.#snapshots;
  }

  /**
   * Writes the last events to a trace of its own, with the state of now. They are in no later snapshot again.
   * @throws what writing throws
   */
  snapshot(): { readonly path: string; readonly counts: SessionCounts } {
    const { instance, layout, plan, options, clock } = this.tracing;
    const { cpuIds, subBufferBytes } = instance;
    const name = `snapshot-${compactTime(new Date()).replace(/\+.*/, '')}-${this.#snapshots++}`;
    const path = join(options.directory, name);
    const keepNs = this.#keepSeconds === undefined ? undefined : this.#keepSeconds * nsPerSecond;
    const sinceNs = keepNs === undefined ? 0n : clock.nowNs() - BigInt(Math.round(keepNs));
    const recent = new RecentEvents(sinceNs, this.tracing.processThreads);
    const sink = new CtfSink({
      layout,
      plan,
      cpuIds,
      subBufferBytes,
      path: join(path, 'kernel'),
      onFault: options.onFault,
      filter: this.tracing.recorderFilter,
      selection: recent,
    });
    // What they were begun with may be overwritten.
    this.tracing.refreshThreads();
    const recorder = new Recorder(instance, sink, clock);
    this.#begin(sink, sinceNs);
    let untilNs = clock.nowNs();
    try {
      // The state first: names of threads come from it, their forks were overwritten long ago.
      for (const event of dumpState()) sink.writeStateDump(event, clock.nowNs());
      // Before the first event: what was overwritten until now is no gap between events.
      this.#tellOverwritten(sink);
      untilNs = recorder.drainToNow(longestReadingMs);
      this.#beginNs = untilNs;
      const overwritten = this.#tellOverwritten(sink);
      for (const [index, total] of overwritten.entries()) this.#overwritten[index] = total;
    } finally {
      recorder.close();
      sink.close(untilNs);
      for (const index of cpuIds.keys()) this.#endsNs[index] = sink.lastNs(index);
    }
    const { events, writtenBytes } = sink;
    const filteredEvents = sink.filteredEvents - recent.olderEvents;
    // What was overwritten was meant to be.
    return { path, counts: { events, lostEvents: 0, filteredEvents, writtenBytes } };
  }

  /** CPUs whose ring has lost nothing were recorded since then, even those without an event. */
  #begin(sink: CtfSink, sinceNs: bigint): void {
    const { instance } = this.tracing;
    const beginNs = sinceNs > this.#beginNs ? sinceNs : this.#beginNs;
    const whole = onlineCpus().filter((cpuId) => {
      const index = instance.cpuIds.indexOf(cpuId);
      return index >= 0 && instance.stats(cpuId).overrun === this.#overwritten[index];
    });
    sink.begin(beginNs, whole, this.#endsNs);
  }

  /** The kernel's counters: sub-buffers don't tell all, and those that are too old are left out. @returns them, by CPU */
  #tellOverwritten(sink: CtfSink): readonly number[] {
    const { instance } = this.tracing;
    return instance.cpuIds.map((cpuId, index) => {
      const { overrun } = instance.stats(cpuId);
      sink.setOverrunEvents(index, overrun - this.#overwritten[index]!);
      return overrun;
    });
  }

  /** Again: does nothing. */
  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.tracing.remove();
  }
}
