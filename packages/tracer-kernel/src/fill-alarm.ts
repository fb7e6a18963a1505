import { closeSync, writeSync } from 'node:fs';
import { Native, type NativeMemory } from '@sonde/ebpf';
import type { TraceInstance } from './instance.ts';

/** At which the kernel wakes us: most of the buffer is left for what comes meanwhile. */
const alarmPercent = 20;
/** `struct pollfd`: descriptor (4 bytes), wanted events (2), what happened (2). */
const entryBytes = 8;
const happenedOffset = 6;
const pollIn = 1;
/** No bits that poll(2) gives: the call has not ended. */
const pending = 0x7fff;
const longestEndingMs = 1000;
/** As often in a row, a kernel that knows no filling level is seen through. */
const mostFalseAlarms = 8;

/** What wakes recorders; undefined where calls into C are not possible: timers do then. */
export async function openNative(): Promise<Native | undefined> {
  try {
    return await Native.open();
  } catch {
    return undefined;
  }
}

/** Waits for buffers that fill up, in the kernel: nobody has to look at them again and again while little happens. */
export class FillAlarm {
  readonly #native: Native;
  readonly #entries: NativeMemory;
  readonly #count: number;
  /** Entries from there are no buffers'. */
  readonly #othersBegin: number;
  readonly #wakeFd: number;
  #waiting: Promise<void> | undefined;
  #falseAlarms = 0;
  #isClosed = false;

  /**
   * @param descriptors - Of `trace_pipe_raw`, by CPU. To be kept open until `close`.
   * @param others - What else ends the wait when it can be read. To be kept open, too.
   * @returns nothing where the kernel can't tell
   */
  static over(
    native: Native | undefined,
    { folder }: TraceInstance,
    descriptors: readonly number[],
    others: readonly number[] = [],
  ): FillAlarm | undefined {
    if (native === undefined || !folder.has('buffer_percent')) return undefined;
    try {
      const alarm = new FillAlarm(native, descriptors, others);
      folder.write('buffer_percent', String(alarmPercent));
      return alarm;
    } catch {
      return undefined;
    }
  }

  private constructor(native: Native, descriptors: readonly number[], others: readonly number[]) {
    this.#native = native;
    this.#wakeFd = native.call('eventfd2', 'eventfd', 0, 0);
    const all = [this.#wakeFd, ...descriptors, ...others];
    this.#count = all.length;
    this.#othersBegin = 1 + descriptors.length;
    this.#entries = native.allocate(all.length * entryBytes);
    for (const [index, fd] of all.entries()) {
      this.#entries.view.setInt32(index * entryBytes, fd, true);
      this.#entries.view.setInt16(index * entryBytes + 4, pollIn, true);
    }
  }

  /** False: it has turned out to be of no use, or is closed. */
  get isOn(): boolean {
    return !this.#isClosed && this.#falseAlarms < mostFalseAlarms;
  }

  /** Until a buffer is filled to a fifth, one of the others can be read, `wake` is called, or the time is up. */
  wait(durationMs: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    if (this.#waiting === undefined) {
      this.#entries.view.setInt16(happenedOffset, pending, true);
      const timeoutMs = Math.max(1, Math.ceil(durationMs));
      this.#waiting = this.#native.pollLater(this.#entries, this.#count, timeoutMs).then(() => {
        this.#waiting = undefined;
      });
    }
    return this.#waiting;
  }

  /** Whether buffers were as full as the last `wait` told, where it ended before its time. */
  setTruth(isTrue: boolean): void {
    if (isTrue) this.#falseAlarms = 0;
    else if (!this.#isRaisedByOthers) this.#falseAlarms++;
  }

  get #isRaisedByOthers(): boolean {
    for (let i = this.#othersBegin; i < this.#count; i++) {
      if (this.#entries.view.getInt16(i * entryBytes + happenedOffset, true) !== 0) return true;
    }
    return false;
  }

  /** Ends the waiting, now and for ever. */
  wake(): void {
    if (!this.#isClosed) writeSync(this.#wakeFd, new BigUint64Array([1n]));
  }

  /** Afterwards nobody waits for the descriptors any more: an instance can't be removed before. Again: does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.wake();
    this.#isClosed = true;
    if (this.#waiting !== undefined && !this.#hasEnded()) return;
    closeSync(this.#wakeFd);
    this.#entries.free();
  }

  /** Not by the promise: even a process that exits has to know. */
  #hasEnded(): boolean {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    const untilMs = performance.now() + longestEndingMs;
    while (this.#entries.view.getInt16(happenedOffset, true) === pending) {
      if (performance.now() > untilMs) return false;
      Atomics.wait(clock, 0, 0, 1);
    }
    return true;
  }
}
