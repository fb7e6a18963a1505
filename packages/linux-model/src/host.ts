import { BoundedMap } from './bounded-map.ts';
import { Cpu } from './cpu.ts';
import { type Disk, DiskTable } from './disks.ts';
import type { OpenFile } from './files.ts';
import type { PendingRingRequest } from './io-uring.ts';
import type { PendingTransmission } from './resources.ts';
import { makeSegmentBuffers, type SegmentBuffers } from './segment-buffers.ts';
import type { SegmentKind, SegmentKinds } from './segments.ts';
import { type Process, type Thread, ThreadTable } from './threads.ts';
import type { PendingTimer } from './timers.ts';

/** As many CPU ids as Linux can be built for (`CONFIG_NR_CPUS`): others are nonsense. */
const maxCpus = 8192;

/** Requests of rings whose completion is missing. */
const maxRingRequests = 65_536;

/** Timers that are started and never expire. */
const maxTimers = 16_384;

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
  /** Added to the priority of wakeups: LTTng before 2.7.1 was inconsistent. */
  readonly wakeupPriorityOffset: number;
  /**
   * The ring buffer discards when a packet is full and there is no next one: what a packet says it discarded is missing between the end of
   * the packet before and its begin, or between its last record and its end, not among its records.
   */
  readonly losesAtPacketEnd: boolean;
}

/** The state of one traced machine. */
export class Host {
  /** Host name from the environment, else the trace's path. */
  readonly name: string;
  /** Paths of its traces. */
  readonly traceNames = new Set<string>();
  readonly channels: Channels;
  readonly threads = new ThreadTable();
  readonly disks = new DiskTable();
  /** `file_table_address` → pids, while a state dump goes on. */
  readonly pidsByFileTable = new Map<number, Set<number>>();
  /** Clone flags by the tid of a thread that is being made (`task_newtask`, before its fork event). */
  readonly cloneFlags = new Map<number, number>();
  /** Timers that were started or run, by address. */
  readonly timers = new BoundedMap<number, PendingTimer>(maxTimers);
  /** How many asynchronous requests are no operations, by the call that submitted them. */
  readonly submissions = new Map<string, number>();
  /** The trace has the tracepoints of io_uring. */
  seesRings = false;
  /** Requests of io_uring that are not complete, by address. */
  readonly ringRequests = new BoundedMap<number, PendingRingRequest>(maxRingRequests);
  /** What stands for the files that a process has registered with its rings. */
  readonly registeredFiles = new WeakMap<Process, OpenFile>();
  /** Packets queued for transmission, by the address of the socket buffer. */
  readonly transmissions = new Map<number, PendingTransmission>();
  /** First event of the run (ns): what runs then is taken to have run since. */
  beginNs = Number.NaN;
  /** End of the last gap in any stream (ns): what began before is uncertain. */
  lastGapEndNs = Number.NEGATIVE_INFINITY;
  /** As `lastGapEndNs`, and the end of the last time in which switches are missing: what waited then may have run. */
  lastUnseenNs = Number.NEGATIVE_INFINITY;
  /** Time of the last event: time stands still where clocks go back (ns). */
  nowNs = Number.NEGATIVE_INFINITY;
  /** The trace has no `sched_switch`: contexts say who runs. */
  identifiesByContext = false;
  /** Somebody wants to know about files. */
  followsFiles = false;
  /** Somebody wants to know about hard and soft interrupts. */
  followsInterrupts = false;
  /** The trace has `sched_migrate_task`: otherwise migrations are found by where threads run. */
  hasMigrationEvents = false;
  /** The trace has `sched_switch`, `sched_process_exit`. */
  hasSwitches = false;
  hasExits = false;
  /** Numbers of system calls are those of x86-64. */
  isX86 = false;
  dialect: Dialect = { wakeupPriorityOffset: 0, losesAtPacketEnd: false };
  readonly buffers: SegmentBuffers;
  readonly #cpus: Cpu[] = [];
  readonly #noCpu = new Cpu(-1);

  constructor(name: string, channels: Channels) {
    this.name = name;
    this.channels = channels;
    this.buffers = makeSegmentBuffers(this, this.#noCpu, this.threads.unknown);
  }

  /** Made at the first use. What is no CPU id (negative, not whole, out of range) is CPU -1. */
  cpu(id: number): Cpu {
    let cpu = this.#cpus[id];
    if (cpu !== undefined) {
      cpu.isSeen = true;
      return cpu;
    }
    if (Number.isInteger(id) && id >= 0 && id < maxCpus) {
      while (this.#cpus.length < id) this.#cpus.push(new Cpu(this.#cpus.length));
      cpu = new Cpu(id);
      this.#cpus[id] = cpu;
    } else {
      cpu = this.#noCpu;
    }
    cpu.isSeen = true;
    return cpu;
  }

  /** The CPU of that id, if events were seen on it, else CPU -1; no use of it. */
  knownCpu(id: number): Cpu {
    return this.#cpus[id] ?? this.#noCpu;
  }

  /** CPUs that events were seen on, by id. */
  get cpus(): readonly Cpu[] {
    return [...this.#cpus, this.#noCpu].filter((cpu) => cpu.isSeen);
  }

  setPriority(thread: Thread, priority: number | undefined, timeNs: number): void {
    if (priority === undefined || thread.tid <= 0 || thread.priority === priority) return;
    thread.priority = priority;
    const channel = this.channels['priority-change'];
    if (channel.isWanted) channel.emit({ host: this, timeNs, thread, priority });
  }

  /** Asynchronous requests that a call submitted: nobody knows what they are on, but where tracepoints tell it. */
  addSubmissions(call: string, count: number): void {
    if (call === 'io_uring_enter' && this.seesRings) return;
    this.submissions.set(call, (this.submissions.get(call) ?? 0) + count);
  }

  /** What the thread began before that time may have ended unseen, or be another's. */
  doubt(thread: Thread, timeNs: number): void {
    if (thread.tid <= 0) return;
    thread.doubtedUntilNs = timeNs;
    const channel = this.channels.doubt;
    if (channel.isWanted) channel.emit({ host: this, timeNs, thread });
  }

  disk(device: number): Disk {
    return this.disks.ensure(device);
  }
}
