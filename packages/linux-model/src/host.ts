import { Cpu } from './cpu.ts';
import { type Disk, DiskTable } from './disks.ts';
import type { SegmentKind, SegmentKinds } from './segments.ts';
import { type Thread, ThreadTable } from './threads.ts';

/** Consumers of one kind of segment. */
export class Channel<T> {
  readonly #handlers: ((value: T) => void)[] = [];

  /** False: don't bother to make the segment. */
  get isWanted(): boolean {
    return this.#handlers.length > 0;
  }

  add(handler: (value: T) => void): void {
    this.#handlers.push(handler);
  }

  emit(value: T): void {
    for (let i = 0; i < this.#handlers.length; i++) this.#handlers[i]!(value);
  }
}

export type Channels = { readonly [K in SegmentKind]: Channel<SegmentKinds[K]> };

/** What differs between tracers and their versions, for one trace. */
export interface Dialect {
  /** Added to every priority (ftrace and perf number 100 higher than LTTng). */
  readonly priorityOffset: number;
  /** Added to the priority of wakeups: LTTng before 2.7.1 was inconsistent. */
  readonly wakeupPriorityOffset: number;
}

/** The state of one traced machine. */
export class Host {
  /** Host name from the environment, else the trace's path. */
  readonly name: string;
  readonly channels: Channels;
  readonly threads = new ThreadTable();
  readonly disks = new DiskTable();
  /** `file_table_address` → pids, from the state dump. */
  readonly pidsByFileTable = new Map<number, Set<number>>();
  /** First event of the run (ns): what runs then is taken to have run since. */
  beginNs = Number.NaN;
  /** End of the last gap in any stream (ns): what began before is uncertain. */
  lastGapEndNs = Number.NEGATIVE_INFINITY;
  /** The trace has no `sched_switch`: contexts say who runs. */
  identifiesByContext = false;
  /** Somebody wants to know about files. */
  followsFiles = false;
  dialect: Dialect = { priorityOffset: 0, wakeupPriorityOffset: 0 };
  readonly #cpus: Cpu[] = [];
  readonly #farCpus = new Map<number, Cpu>();

  constructor(name: string, channels: Channels) {
    this.name = name;
    this.channels = channels;
  }

  cpu(id: number): Cpu {
    if (id >= 0 && id < 8192) {
      let cpu = this.#cpus[id];
      if (cpu === undefined) {
        while (this.#cpus.length < id) this.#cpus.push(new Cpu(this.#cpus.length));
        cpu = new Cpu(id);
        this.#cpus[id] = cpu;
      }
      cpu.isSeen = true;
      return cpu;
    }
    let cpu = this.#farCpus.get(id);
    if (cpu === undefined) {
      cpu = new Cpu(id);
      cpu.isSeen = true;
      this.#farCpus.set(id, cpu);
    }
    return cpu;
  }

  /** CPUs that events were seen on, by id. */
  get cpus(): readonly Cpu[] {
    return [...this.#cpus, ...this.#farCpus.values()].filter((cpu) => cpu.isSeen);
  }

  setPriority(thread: Thread, priority: number | undefined, timeNs: number): void {
    if (priority === undefined || thread.tid === 0 || thread.priority === priority) return;
    thread.priority = priority;
    const channel = this.channels['priority-change'];
    if (channel.isWanted) channel.emit({ host: this, timeNs, thread, priority });
  }

  disk(device: number): Disk {
    return this.disks.ensure(device);
  }
}
