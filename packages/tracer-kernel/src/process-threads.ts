/**
 * `--pid` without the children: the kernel can follow forks, but then takes children for threads. So it follows all, and the
 * recorder leaves out what is of other processes.
 */
import { DecodeError } from '@sonde/base';
import {
  type EventFormat,
  type EventSelection,
  type KernelEvent,
  type PageFormat,
  parseEventFormat,
  type RecordState,
  SubBufferReader,
} from '@sonde/ftrace';
import { type ProcessFilter, threadsOf } from './process-filter.ts';

const newTask = 'task/task_newtask';
const cloneThreadFlag = 0x1_0000; // CLONE_THREAD (include/uapi/linux/sched.h, v6.12)

/** Events that also belong to threads which they name, as `set_event_pid` has it. */
const namedThreads: Readonly<Record<string, readonly string[]>> = {
  'sched/sched_switch': ['prev_pid', 'next_pid'],
  'sched/sched_waking': ['pid'],
  'sched/sched_wakeup': ['pid'],
  'sched/sched_wakeup_new': ['pid'],
};

/** Whether the recorder has to tell threads from children. */
export function followsThreadsOnly({ pids, followsForks, followsChild }: ProcessFilter): boolean {
  return pids.length > 0 && !followsForks && !followsChild;
}

/**
 * The threads of chosen processes, and other chosen threads. Whoever reads sub-buffers shows all of one reading to `look` before the
 * first of them is converted: a thread's events may be on another CPU than that of its beginning.
 */
export class ProcessThreads implements EventSelection {
  readonly #pids: readonly number[];
  /** Of the processes: which one's each is. */
  readonly #threads = new Map<number, number>();
  readonly #singles: ReadonlySet<number>;
  readonly #newTask: { readonly id: number; readonly pid: number; readonly flags: number };
  readonly #littleEndian: boolean;
  readonly #reader: SubBufferReader;
  /** Offsets of threads in the payloads of events, by the event. */
  readonly #named = new Map<KernelEvent, readonly number[]>();

  /** @param events - Of the layout, by `system/name`. Undefined: the kernel does not tell of new threads. */
  static of(
    { pids, tids }: ProcessFilter,
    formats: ReadonlyMap<string, string>,
    events: ReadonlyMap<string, KernelEvent>,
    pageFormat: PageFormat,
  ): ProcessThreads | undefined {
    const text = formats.get(newTask);
    if (text === undefined) return undefined;
    const format = parseEventFormat('task', text, pageFormat.longBytes);
    const [pid, flags] = [offsetOf(format, 'pid'), offsetOf(format, 'clone_flags')];
    if (pid === undefined || flags === undefined) return undefined;
    const threads = new ProcessThreads(pids, tids, { id: format.id, pid, flags }, pageFormat);
    for (const [path, names] of Object.entries(namedThreads)) {
      const event = events.get(path);
      const eventText = formats.get(path);
      if (event === undefined || eventText === undefined) continue;
      const eventFormat = parseEventFormat('sched', eventText, pageFormat.longBytes);
      const offsets = names.flatMap((name) => offsetOf(eventFormat, name) ?? []);
      threads.#named.set(event, offsets);
    }
    return threads;
  }

  private constructor(
    pids: readonly number[],
    tids: readonly number[],
    task: { readonly id: number; readonly pid: number; readonly flags: number },
    pageFormat: PageFormat,
  ) {
    this.#pids = pids;
    this.#singles = new Set(tids);
    this.#newTask = task;
    this.#littleEndian = pageFormat.byteOrder === 'little-endian';
    this.#reader = new SubBufferReader(pageFormat);
  }

  /** Takes in the threads that there are now. */
  refresh(): void {
    for (const pid of this.#pids) {
      try {
        for (const tid of threadsOf(pid)) this.#threads.set(tid, pid);
      } catch {
        // It has ended.
      }
    }
  }

  /** Learns of new threads. */
  look(subBuffer: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = subBuffer;
    const view = new DataView(buffer, byteOffset, byteLength);
    const reader = this.#reader;
    const { id, pid, flags } = this.#newTask;
    const le = this.#littleEndian;
    try {
      reader.open(view, 0, byteLength);
      while (reader.next()) {
        const at = reader.payloadOffset;
        if (view.getUint16(at, le) !== id || reader.payloadBytes < flags + 8) continue;
        const isThread = (view.getUint32(at + flags + (le ? 0 : 4), le) & cloneThreadFlag) !== 0;
        const parent = view.getInt32(at + 4, le);
        const child = view.getInt32(at + pid, le);
        const process = isThread ? this.#threads.get(parent) : undefined;
        if (process !== undefined) this.#threads.set(child, process);
        // The id of a thread that has ended may come again.
        else this.#threads.delete(child);
      }
    } catch (error) {
      // The conversion meets it again, and tells.
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  #has(tid: number): boolean {
    return this.#threads.has(tid) || this.#singles.has(tid);
  }

  selects(event: KernelEvent, { tid, view, processes }: RecordState, at: number): boolean {
    const process = this.#threads.get(tid);
    if (process !== undefined) {
      // It may have been begun on a CPU whose events are converted after these.
      if (processes.get(tid).pid < 0) processes.set(tid, { pid: process });
      return true;
    }
    if (this.#singles.has(tid)) return true;
    const named = this.#named.get(event);
    return (
      named?.some((offset) => this.#has(view.getInt32(at + offset, this.#littleEndian))) === true
    );
  }
}

function offsetOf({ fields }: EventFormat, name: string): number | undefined {
  return fields.find((field) => field.name === name)?.offsetBytes;
}
