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
import type { SubBufferSink } from './sub-buffer-sink.ts';
import { TimedStateDump } from './timed-state-dump.ts';
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

/** What may be on disk. */
export interface SessionLimits {
  /** See `isFull`. Default: there is no limit. */
  readonly totalBytes?: number | undefined;
  /** See `isChunkFull`. Default: likewise. */
  readonly chunkBytes?: number | undefined;
  /** Finished chunks, the newest ones. Default: likewise. */
  readonly keptChunks?: number | undefined;
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
  readonly #limits: SessionLimits;
  readonly #dump: TimedStateDump;
  #isReady = false;
  #isFinished = false;

  /**
   * @param native - Lets the kernel wake the recorder when a buffer fills up; undefined: it looks more often. Keeps the recording from
   * filling the page cache.
   */
  constructor(tracing: Tracing, native?: Native, limits: SessionLimits = {}) {
    this.tracing = tracing;
    this.#dump = new TimedStateDump(() => tracing.clock.nowNs());
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
    this.#limits = limits;
    this.#recorder.limitBytes = limits.totalBytes ?? Number.POSITIVE_INFINITY;
    this.#recorder.pauseBytes = limits.chunkBytes ?? Number.POSITIVE_INFINITY;
    const { contents } = tracing;
    this.#recorder.useAlarm(native, contents === undefined ? [] : [contents.alarmFd]);
  }

  /** Events are on from here; then comes the state dump, so that no change of state falls between. */
  start(): void {
    this.#sink.begin(this.tracing.start());
    this.#dump.begin();
  }

  /** The recording is complete from here on: the state before is in it. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** So is the chunk. */
  get isChunkReady(): boolean {
    return this.#dump.isDone;
  }

  /** A turn of work: reads, converts, writes. @returns when the next one is due (ms). @throws what writing throws */
  work(): number {
    this.#dump.read(dumpSliceMs);
    this.#isReady ||= this.#dump.isRead;
    this.tracing.contents?.poll();
    const isDone = this.#recorder.drain(undefined, this.tracing.options.isRaw);
    this.#writeDump();
    this.tracing.contents?.release(this.#recorder.convertedNs);
    if (!this.#dump.isRead || !isDone) return 0;
    const { pauseMs } = this.#recorder;
    if (!this.#dump.isDone) return Math.min(pauseMs, dumpSliceMs);
    const waitsForAlarm = this.tracing.contents === undefined || this.#recorder.hasAlarm;
    return waitsForAlarm ? pauseMs : Math.min(pauseMs, longestTextsPauseMs);
  }

  /** The limit of bytes is reached: nothing more is read, and `finish` ends the trace with its last event. */
  get isFull(): boolean {
    return this.#recorder.isFull;
  }

  /** The chunk is as long as it may be: no more is read until `rotate`. What is in the kernel's buffers waits for the next one. */
  get isChunkFull(): boolean {
    return this.#recorder.isPaused;
  }

  /** Until the next turn: so long, or until the kernel tells that a buffer fills up. */
  wait(durationMs: number, signal: AbortSignal): Promise<void> {
    return this.#recorder.wait(durationMs, signal);
  }

  /** As far as the events are written, where these wait for one another. */
  #writeDump(isLast = this.tracing.options.isRaw): void {
    const untilNs = isLast === true ? Number.POSITIVE_INFINITY : this.#recorder.convertedNs;
    this.#dump.handOn(untilNs, (event, timeNs) => this.#sink.writeStateDump(event, timeNs));
  }

  /** Writes what is held back, for live readers and for the case that this process is killed. */
  flush(): void {
    this.#sink.flush();
  }

  /**
   * Ends a chunk and begins the next one, with a state dump of its own; where chunks are shorter than a dump takes, the dump goes on in
   * the next. Not for raw recordings.
   * @returns where the chunk is
   */
  rotate(): string | undefined {
    const [sink, rotation] = [this.#ctfSink, this.#rotation];
    if (sink === undefined || rotation === undefined) return undefined;
    const { chunkBytes = Number.POSITIVE_INFINITY, keptChunks = Number.POSITIVE_INFINITY } =
      this.#limits;
    const completeNs = this.isChunkFull ? justAfter(sink) : this.#drainToNow(sink);
    const chunk = rotation.rotate(keptChunks, completeNs);
    this.#recorder.pauseBytes = sink.earlierBytes + chunkBytes;
    this.#dump.begin();
    return chunk;
  }

  /** @returns a time before which there is no event that was not converted */
  #drainToNow(sink: CtfSink): bigint {
    for (let turn = 0; turn < drainTurns && !this.isChunkFull; turn++) {
      const isDone = this.#recorder.drain();
      this.#writeDump();
      if (isDone) return this.#recorder.completeNs;
    }
    return justAfter(sink);
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
      while (!this.#recorder.drain(Number.POSITIVE_INFINITY) && this.isChunkFull) {
        this.#writeDump();
        this.rotate();
      }
      this.#dump.read(Number.POSITIVE_INFINITY);
      this.#writeDump(true);
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

/**
 * All events before were converted: they are in the order of time, those of all CPUs. Not the time of the last one: a packet that holds
 * it alone would begin where the next chunk's does, and who sorts packets by their beginnings would mix them up.
 */
function justAfter(sink: CtfSink): bigint {
  return sink.endNs + 1n;
}
