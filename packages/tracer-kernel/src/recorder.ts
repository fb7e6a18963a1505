import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Native } from '@sonde/ebpf';
import { type SubBufferSource, TimeOrder } from '@sonde/ftrace';
import type { RecordingClock } from './clock.ts';
import { FillAlarm } from './fill-alarm.ts';
import { parseStats, type TraceInstance, unreadBytes } from './instance.ts';
import type { PushSubBuffer, SubBufferSink } from './sub-buffer-sink.ts';
import { errnoOf } from './tracefs.ts';

/** How long one call may read before others have their turn (ms). */
const sliceMs = 40;
/** How often the counters of lost events are asked for (ms). */
const lossIntervalMs = 500;
/** A sub-buffer at least is waited for, this long at most: live readers wait as long (ms). */
const longestWaitMs = 200;
const shortestPauseMs = 2;
/** What a burst may come with: a CPU that does nothing but small system calls fills 300 KB. */
const burstBytesPerMs = 400_000;
const shortestIdlePauseMs = 20;
/** Where the kernel tells of buffers that fill: what is held back is written once a second anyway. */
const longestAlarmedWaitMs = 500;
/** With less in it (part of the buffer), no alarm was due. */
const falseFill = 0.1;
/** The text of `per_cpu/cpuN/stats` is some 200. */
const maxStatsBytes = 4096;
/** Part of a CPU's buffer that may fill up between two readings. */
const fillGoal = 0.15;
/** Between the time of an event and the moment from which it can be read: whoever writes it may be interrupted (ns). */
const longestWritingNs = 10_000_000n;
/** In `header_page` (64 bit, little-endian): the number of bytes, in its lower 20 bits. */
const commitOffset = 8;
const commitMask = 0xf_ffff;
/** A sub-buffer with less in it is not full. */
const fullShare = 0.75;

interface CpuInput {
  readonly fd: number;
  /** Kept open: that takes ten times longer than reading. */
  readonly statsFd: number;
  readonly subBuffer: Uint8Array;
  /** Low half of the sub-buffer's word `commit`: how many bytes it holds. */
  readonly commit: Uint32Array;
  droppedEvents: number;
  /** By the last `drain`. */
  drainedBytes: number;
  lastReadMs: number;
  /** The last reading gave full sub-buffers. */
  isBusy: boolean;
}

/** Between two looks at buffers that don't fill (ms): no burst fills one meanwhile, where it is not very small. */
export function idlePauseMs(bufferBytes: number): number {
  return Math.min(Math.max(bufferBytes / burstBytesPerMs, shortestIdlePauseMs), longestWaitMs);
}

/** Moves sub-buffers from an instance to a sink. Whoever owns it calls `drain` again and again, in the pauses that `pauseMs` tells. */
export class Recorder {
  readBytes = 0;
  /** Nothing more is read when the sink has as much. */
  limitBytes = Number.POSITIVE_INFINITY;
  /** Reading pauses when the sink has as much, until there is a new one here. */
  pauseBytes = Number.POSITIVE_INFINITY;
  /** Not recorded because a buffer was full, as of the last look. */
  droppedEvents = 0;
  readonly #sink: SubBufferSink;
  readonly #instance: TraceInstance;
  readonly #clock: RecordingClock;
  readonly #inputs: readonly CpuInput[];
  readonly #bufferBytes: number;
  readonly #stats = Buffer.alloc(maxStatsBytes);
  #alarm: FillAlarm | undefined;
  /** It woke us before the time was up. */
  #isAlarmed = false;
  #lastDrainMs = performance.now();
  #lastLossMs = 0;
  #pauseMs = 10;

  constructor(instance: TraceInstance, sink: SubBufferSink, clock: RecordingClock) {
    this.#clock = clock;
    this.#sink = sink;
    this.#instance = instance;
    this.#bufferBytes = Number(instance.folder.read('buffer_size_kb').split(' ')[0]) * 1024;
    const { path } = instance.folder;
    this.#inputs = instance.cpuIds.map((cpuId) => {
      const subBuffer = new Uint8Array(instance.subBufferBytes);
      const cpuPath = join(path, `per_cpu/cpu${cpuId}`);
      const flags = constants.O_RDONLY | constants.O_NONBLOCK;
      const fd = openSync(join(cpuPath, 'trace_pipe_raw'), flags);
      const statsFd = openSync(join(cpuPath, 'stats'), constants.O_RDONLY);
      const commit = new Uint32Array(subBuffer.buffer, commitOffset, 1);
      const begun = { droppedEvents: 0, drainedBytes: 0, lastReadMs: 0, isBusy: false };
      return { fd, statsFd, subBuffer, commit, ...begun };
    });
  }

  /** Until the next `drain` (ms): the faster the buffers fill, the shorter. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  /** All events until then were handed on (in the clock's time): as of the last `drain` that read all. */
  completeNs = 0n;

  /**
   * Reads what is there, for some time; without limit, to the last event, which only ends when tracing is off. What is handed on in the
   * order of time are the events until a moment ago.
   * @param leavesParts - CPUs with less than a sub-buffer are left alone for a while: raw recordings keep whole ones.
   * @returns whether it read all, but for such parts
   * @throws what the sink throws
   */
  drain(limitMs = sliceMs, leavesParts = false): boolean {
    const { intake } = this.#sink;
    const beginMs = performance.now();
    const pastNs = this.#clock.pastNs() - longestWritingNs;
    for (const input of this.#inputs) input.drainedBytes = 0;
    const isDone =
      intake instanceof TimeOrder
        ? this.#convert(intake, limitMs, pastNs)
        : this.#handOn(intake, limitMs, leavesParts);
    if (isDone) this.completeNs = pastNs;
    const mostBytes = Math.max(...this.#inputs.map(({ drainedBytes }) => drainedBytes));
    const rate = mostBytes / Math.max(beginMs - this.#lastDrainMs, 1);
    this.#lastDrainMs = beginMs;
    if (this.#isAlarmed) this.#alarm?.setTruth(mostBytes > falseFill * this.#bufferBytes);
    this.#isAlarmed = false;
    this.#pauseMs = isDone ? this.#nextPauseMs(rate) : 0;
    if (beginMs - this.#lastLossMs > lossIntervalMs) this.countLosses();
    return isDone;
  }

  /** @param rate - Of the CPU with most events (bytes/ms). */
  #nextPauseMs(rate: number): number {
    if (this.hasAlarm) return longestAlarmedWaitMs;
    const goal = rate === 0 ? longestWaitMs : (fillGoal * this.#bufferBytes) / rate;
    // Not all at once: a burst may follow.
    const next = Math.min(goal, this.#pauseMs * 2, idlePauseMs(this.#bufferBytes));
    return Math.max(shortestPauseMs, next);
  }

  /**
   * The kernel tells from now on when a buffer fills up, where it can: pauses are longer then, and `wait` ends them.
   * @param others - They end it, too, when they can be read.
   */
  useAlarm(native: Native | undefined, others: readonly number[] = []): void {
    const descriptors = this.#inputs.map(({ fd }) => fd);
    this.#alarm = FillAlarm.over(native, this.#instance, descriptors, others);
  }

  get hasAlarm(): boolean {
    return this.#alarm?.isOn === true;
  }

  /** Waits for the next `drain`: so long, or until a buffer fills up. */
  async wait(durationMs: number, signal: AbortSignal): Promise<void> {
    const alarm = this.#alarm;
    if (alarm?.isOn !== true || durationMs < shortestPauseMs) {
      await pause(durationMs, undefined, { signal }).catch(() => undefined);
      return;
    }
    const wake = (): void => alarm.wake();
    const untilMs = performance.now() + durationMs;
    signal.addEventListener('abort', wake, { once: true });
    if (!signal.aborted) await alarm.wait(durationMs);
    signal.removeEventListener('abort', wake);
    this.#isAlarmed = performance.now() < untilMs;
  }

  /** All events until then were converted; 0: they are not. */
  get convertedNs(): number {
    const { intake } = this.#sink;
    return intake instanceof TimeOrder ? intake.reachedCycles : 0;
  }

  #convert(order: TimeOrder, limitMs: number, pastNs: bigint): boolean {
    const isLast = limitMs === Number.POSITIVE_INFINITY;
    return order.convertUntil(isLast ? limitMs : Number(pastNs), this.#source(limitMs));
  }

  /** The sink has as much as it may. */
  get isFull(): boolean {
    return this.#sinkBytes >= this.limitBytes;
  }

  /** The sink has as much as it may for now. */
  get isPaused(): boolean {
    return this.#sinkBytes >= this.pauseBytes;
  }

  get #sinkBytes(): number {
    return this.#sink.writtenBytes + this.#sink.heldBytes;
  }

  #source(limitMs: number): SubBufferSource {
    const untilMs = performance.now() + limitMs;
    const mayNotGoOn = (): boolean => this.isFull || this.isPaused;
    return {
      next: (cpuIndex) => {
        const input = this.#inputs[cpuIndex]!;
        return this.#read(input) ? input.subBuffer : undefined;
      },
      get isOverdue() {
        return performance.now() > untilMs || mayNotGoOn();
      },
    };
  }

  /** For a sink that is not gone on with: all until now, and what was read beyond. @returns that moment */
  drainToNow(limitMs: number): bigint {
    const { intake } = this.#sink;
    const nowNs = this.#clock.pastNs();
    if (!(intake instanceof TimeOrder)) return nowNs;
    intake.convertUntil(Number(nowNs), this.#source(limitMs));
    const nothingMore = { next: () => undefined, isOverdue: false };
    intake.convertUntil(Number.POSITIVE_INFINITY, nothingMore);
    return nowNs;
  }

  #handOn(push: PushSubBuffer, limitMs: number, leavesParts: boolean): boolean {
    const beginMs = performance.now();
    let isDone = true;
    for (const [index, input] of this.#inputs.entries()) {
      if (leavesParts && this.#mayWait(input, beginMs)) continue;
      input.lastReadMs = beginMs;
      if (!this.#handOnCpu(push, index, input, beginMs + limitMs)) isDone = false;
      input.isBusy = input.drainedBytes > 2 * input.subBuffer.length;
    }
    return isDone;
  }

  #mayWait({ statsFd, isBusy, lastReadMs, subBuffer }: CpuInput, nowMs: number): boolean {
    if (isBusy || nowMs - lastReadMs >= longestWaitMs) return false;
    return unreadBytes(this.#statsText(statsFd)) < subBuffer.length;
  }

  #statsText(fd: number): string {
    return this.#stats.toString('latin1', 0, readSync(fd, this.#stats, 0, maxStatsBytes, 0));
  }

  /** False: there is nothing. */
  #read(input: CpuInput): boolean {
    const { fd, subBuffer } = input;
    try {
      if (readSync(fd, subBuffer, 0, subBuffer.length, null) === 0) return false;
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return false;
      throw error;
    }
    input.drainedBytes += subBuffer.length;
    this.readBytes += subBuffer.length;
    return true;
  }

  /** False: there is more. */
  #handOnCpu(push: PushSubBuffer, index: number, input: CpuInput, untilMs: number): boolean {
    const { subBuffer, commit } = input;
    const size = subBuffer.length;
    while (this.#read(input)) {
      push(index, subBuffer);
      // The rest of the one that was being written last time comes first; the next that is not full is being written now. Reading on
      // would go on for ever: reading makes events, too.
      const isFull = (commit[0]! & commitMask) >= size * fullShare;
      if (!isFull && input.drainedBytes > size && untilMs < Number.POSITIVE_INFINITY) return true;
      if (performance.now() > untilMs || this.isFull) return false;
    }
    return true;
  }

  /** In discard mode the sub-buffers don't tell what is missing: the counters do. */
  countLosses(): void {
    this.#lastLossMs = performance.now();
    for (const [index, input] of this.#inputs.entries()) {
      const { dropped } = parseStats(this.#statsText(input.statsFd));
      if (dropped === input.droppedEvents) continue;
      this.droppedEvents += dropped - input.droppedEvents;
      input.droppedEvents = dropped;
      this.#sink.setDroppedEvents(index, dropped);
    }
  }

  close(): void {
    this.#alarm?.close();
    for (const { fd, statsFd } of this.#inputs) {
      closeSync(fd);
      closeSync(statsFd);
    }
  }
}
