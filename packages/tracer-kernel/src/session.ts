/**
 * A recording from its first event to its last: `Tracing` owns what is in the kernel; `Recorder` moves sub-buffers to the sink; the
 * sink owns the files. Everything is synchronous, so that even `process.exit` finishes a recording: nothing is lost, nothing is left.
 */
import { join } from 'node:path';
import type { Native } from '@sonde/ebpf';
import type { ContentsCounts } from './contents/system-call-contents.ts';
import { CtfSink } from './ctf-sink.ts';
import { RawSink } from './raw-sink.ts';
import { Recorder } from './recorder.ts';
import { Rotation } from './rotation.ts';
import { type DumpedEvent, dumpState } from './state-dump.ts';
import type { SubBufferSink } from './sub-buffer-sink.ts';
import type { Tracing } from './tracing.ts';

/** What a recording amounts to, so far or in the end. */
export interface SessionCounts {
  /** 0: not counted (raw recordings). */
  readonly events: number;
  /** Lost: not recorded, or overwritten before they were read. */
  readonly lostEvents: number;
  /** Left out by the part of the filter that the recorder does: not lost. */
  readonly filteredEvents: number;
  readonly writtenBytes: number;
  /** Of texts that system calls point to; undefined: they are not fetched. */
  readonly contents?: ContentsCounts | undefined;
}

/** Work on the state dump between two readings (ms). */
const dumpSliceMs = 10;
/** Texts of system calls have a buffer of their own: so often it is emptied where no alarm tells when (ms). */
const longestTextsPauseMs = 100;
/** How often it is tried to read all that there is, before a chunk ends. */
const drainTurns = 5;

export class KernelSession {
  readonly tracing: Tracing;
  readonly #sink: SubBufferSink;
  readonly #recorder: Recorder;
  readonly #rotation: Rotation | undefined;
  /** Undefined: the recording is raw. */
  readonly #ctfSink: CtfSink | undefined;
  #dump: Generator<DumpedEvent> | undefined;
  #isFinished = false;

  /**
   * @param native - Lets the kernel wake the recorder when a buffer fills up; undefined: it looks more often. Keeps the recording from
   * filling the page cache.
   * @param limitBytes - Of events; see `isFull`.
   */
  constructor(tracing: Tracing, native?: Native, limitBytes = Number.POSITIVE_INFINITY) {
    this.tracing = tracing;
    const { tracefs, formats, instance, plan, options, chosen } = tracing;
    const { cpuIds, subBufferBytes } = instance;
    const { directory, onFault } = options;
    if (options.isRaw === true) {
      this.#sink = new RawSink({
        formats,
        tracefs,
        plan,
        cpuIds,
        subBufferBytes,
        path: directory,
        chosen,
        native,
      });
    } else {
      const path = join(directory, 'kernel');
      const { layout, contents: userStrings } = tracing;
      const sink = new CtfSink({
        layout,
        plan,
        cpuIds,
        subBufferBytes,
        path,
        onFault,
        userStrings,
        filter: tracing.recorderFilter,
        selection: tracing.processThreads,
        native,
      });
      this.#rotation = new Rotation(directory, sink);
      this.#ctfSink = sink;
      this.#sink = sink;
    }
    this.#recorder = new Recorder(instance, this.#sink, tracing.clock);
    this.#recorder.limitBytes = limitBytes;
    const { contents } = tracing;
    this.#recorder.useAlarm(native, contents === undefined ? [] : [contents.alarmFd]);
  }

  /** Events are on from here; then comes the state dump, so that no change of state falls between. */
  start(): void {
    this.#sink.begin(this.tracing.start());
    this.#dump = dumpState();
  }

  /** The recording is complete from here on: the state before is in it. */
  get isReady(): boolean {
    return this.#dump === undefined;
  }

  /** A turn of work: reads, converts, writes. @returns when the next one is due (ms). @throws what writing throws */
  work(): number {
    const dump = this.#dump;
    if (dump !== undefined) this.#continueDump(dump);
    this.tracing.contents?.poll();
    const isDone = this.#recorder.drain(undefined, this.tracing.options.isRaw);
    this.tracing.contents?.release(this.#recorder.convertedNs);
    if (this.#dump !== undefined || !isDone) return 0;
    const { pauseMs } = this.#recorder;
    const waitsForAlarm = this.tracing.contents === undefined || this.#recorder.hasAlarm;
    return waitsForAlarm ? pauseMs : Math.min(pauseMs, longestTextsPauseMs);
  }

  /** The limit of bytes is reached: nothing more is read, and `finish` ends the trace with its last event. */
  get isFull(): boolean {
    return this.#recorder.isFull;
  }

  /** Until the next turn: so long, or until the kernel tells that a buffer fills up. */
  wait(durationMs: number, signal: AbortSignal): Promise<void> {
    return this.#recorder.wait(durationMs, signal);
  }

  #continueDump(dump: Generator<DumpedEvent>): void {
    const untilMs = performance.now() + dumpSliceMs;
    // No `for … of`: leaving it would end the generator.
    for (let next = dump.next(); next.done !== true; next = dump.next()) {
      this.#sink.writeStateDump(next.value, this.tracing.clock.nowNs());
      if (performance.now() > untilMs) return;
    }
    this.#dump = undefined;
  }

  /** Writes what is held back, for live readers and for the case that this process is killed. */
  flush(): void {
    this.#sink.flush();
  }

  /**
   * Ends a chunk and begins the next one, with a state dump of its own. Not for raw recordings.
   * @returns where the chunk is
   */
  rotate(keep: number): string | undefined {
    const chunk = this.#rotation?.rotate(keep, this.#drainToNow());
    this.#dump = dumpState();
    return chunk;
  }

  /** A time before which there is no event that was not converted; 0: nobody knows one. */
  #drainToNow(): bigint {
    for (let turn = 0; turn < drainTurns; turn++) {
      if (this.#recorder.drain()) return this.#recorder.completeNs;
    }
    return 0n;
  }

  get counts(): SessionCounts {
    return {
      events: this.#sink.events,
      filteredEvents: this.#sink.filteredEvents,
      lostEvents: this.#recorder.droppedEvents + this.#sink.missedEvents,
      writtenBytes: this.#sink.writtenBytes,
      contents: this.tracing.contents?.counts,
    };
  }

  /**
   * Turns the events off, writes what the kernel still holds, and removes everything from the kernel. Again: does nothing.
   * @throws what writing throws; everything is removed all the same
   */
  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    try {
      this.tracing.instance.isOn = false;
      // Sub-buffers of one CPU only would be no trace of the others' time: raw recordings keep what the buffers hold.
      if (this.#ctfSink === undefined) this.#recorder.limitBytes = Number.POSITIVE_INFINITY;
      this.#recorder.drain(Number.POSITIVE_INFINITY);
      this.#recorder.countLosses();
    } finally {
      this.#recorder.close();
      this.tracing.remove();
      this.#sink.close(this.#endNs());
    }
  }

  /** Where the limit cut it off, nobody knows what came after the last event. */
  #endNs(): bigint {
    const sink = this.#ctfSink;
    if (sink === undefined || !this.isFull) return this.tracing.clock.nowNs();
    return sink.endNs;
  }
}
