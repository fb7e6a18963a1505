import type { PendingFileCall } from './file-call-state.ts';
import { FileTable } from './files.ts';
import type { WakerContext } from './segments.ts';

/** A system call in progress. One object per thread, reused. */
export interface PendingSystemCall {
  name: string;
  isCompat: boolean;
  /** NaN: no call in progress. */
  beginNs: number;
}

/** A process: what its threads share. */
export class Process {
  /** Thread group id; -1: unknown. */
  readonly pid: number;
  parentPid = -1;
  files: FileTable;
  /** Threads alive, as far as known. */
  threadCount = 0;

  constructor(pid: number, files: FileTable = new FileTable()) {
    this.pid = pid;
    this.files = files;
  }
}

/** A thread from its first sight to its end. A reused thread id gets a new object. */
export class Thread {
  readonly tid: number;
  /** Empty: not known. Follows exec and rename as far as events tell. */
  comm: string;
  /** Undefined: nothing was said of its process, and nothing is kept that belongs to one. */
  #process: Process | undefined;
  /** As the trace's tracer numbers it (LTTng: 20 = nice 0); undefined: unknown. */
  priority: number | undefined = undefined;
  /** CPU id it runs on; -1: it doesn't, or unknown. */
  runningOn = -1;
  /** CPU id it was switched out on last; where migrations must be found by it, that it was switched in on, too; -1: unknown. */
  lastCpuId = -1;
  /** First wakeup since it last ran (ns); NaN: none. */
  wakeupNs = Number.NaN;
  waker: Thread | undefined = undefined;
  wakerContext: WakerContext = 'unknown';
  wakeupTargetCpuId = -1;
  /** Last switch-out (ns), for off-CPU segments; NaN: not seen. */
  switchOutNs = Number.NaN;
  switchOutState = -1;
  /** It ran into or out of a time without events, or with a switch missing: before its end (ns) nothing is certain. */
  doubtedUntilNs = Number.NEGATIVE_INFINITY;
  /** `sched_process_exit` was seen: it will be switched out for the last time. */
  isExiting = false;
  systemCall: PendingSystemCall | undefined = undefined;
  /** The file call in progress: `fileCallBuffer`, or undefined. */
  fileCall: PendingFileCall | undefined = undefined;
  fileCallBuffer: PendingFileCall | undefined = undefined;
  /** Id in its own pid namespace, where it differs from `tid`; -1: the same, or unknown. */
  virtualTid = -1;
  /** Numbers of its control group and (innermost) pid namespaces, where events say them; children have their parents'. */
  cgroupId: string | undefined = undefined;
  containerId: string | undefined = undefined;

  constructor(tid: number, process: Process | undefined, comm = '') {
    this.tid = tid;
    this.#process = process;
    this.comm = comm;
  }

  /** Made for a thread of which nobody knows whose it is: where `pid` will do, take that. */
  get process(): Process {
    this.#process ??= new Process(-1);
    return this.#process;
  }

  set process(process: Process) {
    this.#process = process;
  }

  /** -1: unknown. */
  get pid(): number {
    return this.#process === undefined ? -1 : this.#process.pid;
  }
}

/** The threads of one host by tid, and their processes. Memory follows the live threads: dead ones are released. */
export class ThreadTable {
  readonly #threads = new Map<number, Thread>();
  readonly #processes = new Map<number, Process>();
  /** One per CPU in the kernel; one in the model, for they share the tid. */
  readonly idle: Thread;
  /** Stands for whoever ran while events were discarded; tid -1. */
  readonly unknown: Thread;

  constructor() {
    this.idle = new Thread(0, new Process(0), 'swapper');
    this.unknown = new Thread(-1, new Process(-1), 'unknown');
  }

  get(tid: number): Thread | undefined {
    return tid === 0 ? this.idle : this.#threads.get(tid);
  }

  /** The thread, made with an unknown process if it was not known. */
  ensure(tid: number, comm?: string): Thread {
    if (tid === 0) return this.idle;
    let thread = this.#threads.get(tid);
    if (thread === undefined) {
      thread = new Thread(tid, undefined, comm ?? '');
      this.#threads.set(tid, thread);
    } else if (comm !== undefined && comm !== '') {
      thread.comm = comm;
    }
    return thread;
  }

  ensureProcess(pid: number): Process {
    let process = this.#processes.get(pid);
    if (process === undefined) {
      process = new Process(pid);
      this.#processes.set(pid, process);
    }
    return process;
  }

  process(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  /** Says which process a thread belongs to. Descriptors seen before move to it, where it has none of that number. */
  joinProcess(thread: Thread, pid: number): void {
    if (thread.pid === pid || thread.tid === 0) return;
    const process = this.ensureProcess(pid);
    if (thread.pid === -1) process.files.adopt(thread.process.files, process);
    else this.#leave(thread);
    thread.process = process;
    process.threadCount++;
  }

  /** Replaces what the tid stood for. */
  create(tid: number, pid: number, comm: string, files?: FileTable): Thread {
    const old = this.#threads.get(tid);
    if (old !== undefined) this.#leave(old);
    let process = this.#processes.get(pid);
    if (process === undefined || tid === pid) {
      process = new Process(pid, files);
      this.#processes.set(pid, process);
    }
    const thread = new Thread(tid, process, comm);
    process.threadCount++;
    this.#threads.set(tid, thread);
    return thread;
  }

  /** A thread of a process whose first thread has gone goes on in its place, as the first. */
  replaceLeader(gone: Thread, by: Thread): Thread {
    const process = by.pid === -1 ? gone.process : by.process;
    const leader = new Thread(gone.tid, process, by.comm);
    process.threadCount++;
    this.#threads.set(gone.tid, leader);
    this.#leave(gone);
    return leader;
  }

  /** Forgets a thread; of a newer one with its tid nothing. */
  release(thread: Thread): void {
    if (this.#threads.get(thread.tid) !== thread) return;
    this.#threads.delete(thread.tid);
    this.#leave(thread);
  }

  values(): IterableIterator<Thread> {
    return this.#threads.values();
  }

  /** Threads known now. */
  get count(): number {
    return this.#threads.size;
  }

  get processCount(): number {
    return this.#processes.size;
  }

  #leave(thread: Thread): void {
    if (thread.pid === -1) return;
    const { process } = thread;
    process.threadCount--;
    if (process.threadCount <= 0 && this.#processes.get(process.pid) === process) {
      this.#processes.delete(process.pid);
    }
  }
}
