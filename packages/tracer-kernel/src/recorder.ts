import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parseStats, type TraceInstance, unreadBytes } from './instance.ts';
import type { PushSubBuffer } from './recent-sub-buffers.ts';
import type { SubBufferSink } from './sub-buffer-sink.ts';
import { errnoOf } from './tracefs.ts';
import type { Tracing } from './tracing.ts';

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
/** The text of `per_cpu/cpuN/stats` is some 200. */
const maxStatsBytes = 4096;
/** Part of a CPU's buffer that may fill up between two readings. */
const fillGoal = 0.15;
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
  lastReadMs: number;
  /** The last reading gave full sub-buffers. */
  isBusy: boolean;
}

/** Between two looks at buffers that don't fill (ms): no burst fills one meanwhile, where it is not very small. */
export function idlePauseMs(bufferBytes: number): number {
  return Math.min(Math.max(bufferBytes / burstBytesPerMs, shortestIdlePauseMs), longestWaitMs);
}

interface HeldSubBuffer {
  readonly index: number;
  readonly subBuffer: Uint8Array;
}

export interface RecorderOptions {
  /** Takes the sub-buffers in the sink's place, to choose from them. */
  readonly push?: PushSubBuffer;
  /** Sees all sub-buffers of one reading, and of the next, before the first of them is handed on: no event that led to another is missed. */
  readonly look?: (subBuffer: Uint8Array) => void;
}

/** For recordings that have to know threads before their events. */
export function lookOf({ processThreads }: Tracing): RecorderOptions {
  return processThreads === undefined
    ? {}
    : { look: (subBuffer) => processThreads.look(subBuffer) };
}

/** Moves sub-buffers from an instance to a sink. Whoever owns it calls `drain` again and again, in the pauses that `pauseMs` tells. */
export class Recorder {
  readBytes = 0;
  /** Not recorded because a buffer was full, as of the last look. */
  droppedEvents = 0;
  readonly #sink: SubBufferSink;
  readonly #push: PushSubBuffer;
  readonly #look: ((subBuffer: Uint8Array) => void) | undefined;
  /** Looked at, to be handed on after the next reading. */
  #held: HeldSubBuffer[] = [];
  readonly #inputs: readonly CpuInput[];
  readonly #bufferBytes: number;
  readonly #stats = Buffer.alloc(maxStatsBytes);
  #lastDrainMs = performance.now();
  #lastLossMs = 0;
  #pauseMs = 10;

  constructor(instance: TraceInstance, sink: SubBufferSink, options: RecorderOptions = {}) {
    this.#push = options.push ?? ((cpuIndex, subBuffer) => sink.push(cpuIndex, subBuffer));
    this.#look = options.look;
    this.#sink = sink;
    this.#bufferBytes = Number(instance.folder.read('buffer_size_kb').split(' ')[0]) * 1024;
    const { path } = instance.folder;
    this.#inputs = instance.cpuIds.map((cpuId) => {
      const subBuffer = new Uint8Array(instance.subBufferBytes);
      const cpuPath = join(path, `per_cpu/cpu${cpuId}`);
      const flags = constants.O_RDONLY | constants.O_NONBLOCK;
      const fd = openSync(join(cpuPath, 'trace_pipe_raw'), flags);
      const statsFd = openSync(join(cpuPath, 'stats'), constants.O_RDONLY);
      const commit = new Uint32Array(subBuffer.buffer, commitOffset, 1);
      const begun = { droppedEvents: 0, lastReadMs: 0, isBusy: false };
      return { fd, statsFd, subBuffer, commit, ...begun };
    });
  }

  /** Until the next `drain` (ms): the faster the buffers fill, the shorter. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  /**
   * Reads what is there, for some time; without limit, to the last event, which only ends when tracing is off.
   * @param leavesParts - CPUs with less than a sub-buffer are left alone for a while: raw recordings keep whole ones. Not where threads are
   *   told from the events, or sub-buffers are looked at: what one CPU tells of them should not come long after what others tell.
   * @returns whether it read all, but for such parts
   * @throws what the sink throws
   */
  drain(limitMs = sliceMs, leavesParts = false): boolean {
    const held = this.#held;
    this.#held = [];
    const beginMs = performance.now();
    let mostBytes = 0;
    let isDone = true;
    for (const [index, input] of this.#inputs.entries()) {
      if (leavesParts && this.#look === undefined && this.#mayWait(input, beginMs)) continue;
      input.lastReadMs = beginMs;
      const bytes = this.#drainCpu(index, input, beginMs + limitMs);
      mostBytes = Math.max(mostBytes, Math.abs(bytes));
      if (bytes < 0) isDone = false;
      input.isBusy = Math.abs(bytes) > 2 * input.subBuffer.length;
      this.readBytes += Math.abs(bytes);
    }
    this.#handOnHeld(held);
    const rate = mostBytes / Math.max(beginMs - this.#lastDrainMs, 1);
    this.#lastDrainMs = beginMs;
    const goal = rate === 0 ? longestWaitMs : (fillGoal * this.#bufferBytes) / rate;
    // Not all at once: a burst may follow.
    const next = Math.min(goal, this.#pauseMs * 2, idlePauseMs(this.#bufferBytes));
    this.#pauseMs = isDone ? Math.max(shortestPauseMs, next) : 0;
    if (beginMs - this.#lastLossMs > lossIntervalMs) this.countLosses();
    return isDone;
  }

  #handOn(index: number, subBuffer: Uint8Array): void {
    if (this.#look === undefined) {
      this.#push(index, subBuffer);
      return;
    }
    this.#look(subBuffer);
    this.#held.push({ index, subBuffer: subBuffer.slice() });
  }

  #handOnHeld(held: readonly HeldSubBuffer[]): void {
    for (const { index, subBuffer } of held) this.#push(index, subBuffer);
  }

  /** What was read last is handed on by the next reading, where sub-buffers are looked at; this does not wait for it. */
  handOnAll(): void {
    const held = this.#held;
    this.#held = [];
    this.#handOnHeld(held);
  }

  #mayWait({ statsFd, isBusy, lastReadMs, subBuffer }: CpuInput, nowMs: number): boolean {
    if (isBusy || nowMs - lastReadMs >= longestWaitMs) return false;
    return unreadBytes(this.#statsText(statsFd)) < subBuffer.length;
  }

  #statsText(fd: number): string {
    return this.#stats.toString('latin1', 0, readSync(fd, this.#stats, 0, maxStatsBytes, 0));
  }

  /** Bytes read; negative: there is more. */
  #drainCpu(index: number, { fd, subBuffer, commit }: CpuInput, untilMs: number): number {
    const size = subBuffer.length;
    let bytes = 0;
    for (;;) {
      try {
        if (readSync(fd, subBuffer, 0, size, null) === 0) return bytes;
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') return bytes;
        throw error;
      }
      this.#handOn(index, subBuffer);
      bytes += size;
      // The rest of the one that was being written last time comes first; the next that is not full is being written now. Reading on
      // would go on for ever: reading makes events, too.
      const isFull = (commit[0]! & commitMask) >= size * fullShare;
      if (!isFull && bytes > size && untilMs < Number.POSITIVE_INFINITY) return bytes;
      if (performance.now() > untilMs) return -bytes;
    }
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
    for (const { fd, statsFd } of this.#inputs) {
      closeSync(fd);
      closeSync(statsFd);
    }
  }
}
