/**
 * `--pid` without the children: the kernel can follow forks, but then takes children for threads. So it follows all, and the
 * recorder leaves out what is of other processes.
 */
import {
  type EventFormat,
  type EventSelection,
  type KernelEvent,
  type PageFormat,
  type ProcessTable,
  parseEventFormat,
  type RecordState,
} from '@sonde/ftrace';
import { type ProcessFilter, threadsOf } from './process-filter.ts';

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

/** The threads of chosen processes, and other chosen threads: records come in the order of time, so that the table of threads is right. */
export class ProcessThreads implements EventSelection {
  readonly #pids: ReadonlySet<number>;
  readonly #singles: ReadonlySet<number>;
  /** Of the processes, as they were begun with: which one's each is. */
  readonly #present = new Map<number, number>();
  /** Offsets of threads in the payloads of events, by the event. */
  readonly #named = new Map<KernelEvent, readonly number[]>();

  /** @param events - Of the layout, by `system/name`; as the formats. */
  constructor(
    { pids, tids }: Pick<ProcessFilter, 'pids' | 'tids'>,
    formats: ReadonlyMap<string, string>,
    events: ReadonlyMap<string, KernelEvent>,
    { longBytes }: PageFormat,
  ) {
    this.#pids = new Set(pids);
    this.#singles = new Set(tids);
    for (const [path, names] of Object.entries(namedThreads)) {
      const event = events.get(path);
      const text = formats.get(path);
      if (event === undefined || text === undefined) continue;
      const format = parseEventFormat('sched', text, longBytes);
      this.#named.set(
        event,
        names.flatMap((name) => offsetOf(format, name) ?? []),
      );
    }
  }

  /** Takes in the threads that there are now: they may have ended when their events are converted. */
  refresh(): void {
    for (const pid of this.#pids) {
      try {
        for (const tid of threadsOf(pid)) this.#present.set(tid, pid);
      } catch {
        // It has ended.
      }
    }
  }

  #has(tid: number, processes: ProcessTable): boolean {
    if (this.#singles.has(tid)) return true;
    if (tid === 0) return false;
    const { pid } = processes.get(tid);
    if (pid >= 0) return this.#pids.has(pid);
    const process = this.#present.get(tid);
    if (process === undefined) return false;
    processes.set(tid, { pid: process });
    return true;
  }

  selects(event: KernelEvent, state: RecordState, at: number): boolean {
    const { tid, view, processes, littleEndian } = state;
    if (this.#has(tid, processes)) return true;
    const offsets = this.#named.get(event);
    if (offsets === undefined) return false;
    for (const offset of offsets) {
      if (this.#has(view.getInt32(at + offset, littleEndian), processes)) return true;
    }
    return false;
  }
}

function offsetOf({ fields }: EventFormat, name: string): number | undefined {
  return fields.find((field) => field.name === name)?.offsetBytes;
}
