/**
 * The threads of chosen processes: the kernel can follow forks, but then takes children for threads. So it follows all, and who converts
 * leaves out what is of other processes.
 */
import type { EventSelection } from '../convert/cpu-stream-converter.ts';
import type { EventFormat } from '../format/event-format.ts';
import type { KernelEvent, KernelTraceLayout } from '../layout/kernel-trace-layout.ts';
import type { RecordState } from '../layout/record-state.ts';
import type { ProcessTable } from './process-table.ts';

export interface ChosenThreads {
  /** With all their threads, whenever they begin. */
  readonly pids: readonly number[];
  /** Single ones. */
  readonly tids: readonly number[];
}

/** Events that also belong to threads which they name, as `set_event_pid` has it. */
const namedThreads: Readonly<Record<string, readonly string[]>> = {
  'sched/sched_switch': ['prev_pid', 'next_pid'],
  'sched/sched_waking': ['pid'],
  'sched/sched_wakeup': ['pid'],
  'sched/sched_wakeup_new': ['pid'],
};

/** The threads of chosen processes, and other chosen threads: records come in the order of time, so that the table of threads is right. */
export class ThreadSelection implements EventSelection {
  readonly #pids: ReadonlySet<number>;
  readonly #singles: ReadonlySet<number>;
  /** Of the processes, as they were begun with: which one's each is. */
  readonly #present = new Map<number, number>();
  /** Offsets of threads in the payloads of events, by the event. */
  readonly #named = new Map<KernelEvent, readonly number[]>();

  /** @param formats - Those of the layout. */
  constructor(
    { pids, tids }: ChosenThreads,
    formats: Iterable<EventFormat>,
    { actions }: Pick<KernelTraceLayout, 'actions'>,
  ) {
    this.#pids = new Set(pids);
    this.#singles = new Set(tids);
    for (const format of formats) {
      const path = `${format.system}/${format.name}`;
      const names = Object.hasOwn(namedThreads, path) ? namedThreads[path] : undefined;
      const event = actions[format.id]?.event;
      if (event === undefined || names === undefined) continue;
      this.#named.set(
        event,
        names.flatMap((name) => offsetOf(format, name) ?? []),
      );
    }
  }

  /** A thread that is there now: it may have ended when its events are converted. */
  addPresent(tid: number, pid: number): void {
    this.#present.set(tid, pid);
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
