/** What is known of one thread. Numbers that are not known are -1, texts empty. */
export interface ThreadInfo {
  readonly tid: number;
  /** Grows with every change, and when the thread ends or another takes its place: what was made from it before is stale. */
  revision: number;
  /** When the last event that changed it happened: what another CPU tells of the time before comes too late. */
  changedAtCycles: number;
  /** Thread group: LTTng's `pid`. */
  pid: number;
  ppid: number;
  /** As bytes: names need not be UTF-8. At most 15, without terminator. */
  comm: Uint8Array;
  /** The 16 bytes that `comm` was last seen as, in words: mostly they are the same again. */
  readonly seen: Int32Array;
  /** LTTng's numbering: the kernel's less 100. */
  priority: number;
  /** Ids in the innermost PID namespace. */
  vtid: number;
  vpid: number;
  vppid: number;
  /** Inode of that namespace; 0: not known. */
  pidNamespace: number;
  /** Namespaces and users, by the names of contexts: as of its first sight or last exec, or its parent's. Undefined: nobody asks. */
  identity: Readonly<Record<string, number>> | undefined;
}

export type ThreadFacts = Partial<
  Omit<ThreadInfo, 'tid' | 'revision' | 'changedAtCycles' | 'comm' | 'seen'>
> & {
  readonly comm?: string | Uint8Array;
};

const cloneThread = 0x1_0000;
/** A power of 2. */
const recentThreads = 1024;
const commBytes = 15;
/** No name begins with these bytes. */
const notSeen = -1;
const encoder = new TextEncoder();
const noBytes = new Uint8Array(0);

/** Low and high 32 bits, signed, of the time of an event. */
export interface EventTime {
  readonly timeLow: number;
  readonly timeHigh: number;
}

/** Only for what came first: beyond 2⁵³ it is not exact. */
function cyclesOf({ timeLow, timeHigh }: EventTime): number {
  return (timeHigh >>> 0) * 2 ** 32 + (timeLow >>> 0);
}

/**
 * The threads of the traced machine: filled from /proc by whoever records, kept up to date from the events. One table serves all
 * CPUs whose records are converted in the same thread; `TimeOrder` gives them in the order of time. Where nobody does, events of one CPU
 * may come after later ones of another: those change nothing that is newer.
 */
export class ProcessTable {
  readonly #threads = new Map<number, ThreadInfo>();
  /** Those asked for last, by the low bits of their ids: looking into the map costs more than all the rest of a record. */
  readonly #recent = new Array<ThreadInfo | undefined>(recentThreads).fill(undefined);
  readonly #lookUp: ((tid: number) => ThreadFacts | undefined) | undefined;
  /** Flags of `task_newtask`, until the fork event of the same thread. */
  readonly #cloneFlags = new Map<number, number>();

  /** @param lookUp - Asked once for a thread that no event told of, for example in /proc. */
  constructor(lookUp?: (tid: number) => ThreadFacts | undefined) {
    this.#lookUp = lookUp;
    const idle = unknownThread(0);
    idle.pid = idle.ppid = idle.vtid = idle.vpid = idle.vppid = 0;
    idle.priority = 20;
    this.#threads.set(0, idle);
  }

  get size(): number {
    return this.#threads.size;
  }

  /** What is known of a thread; it is entered when it is new. */
  get(tid: number): ThreadInfo {
    const recent = this.#recent[tid & (recentThreads - 1)];
    return recent !== undefined && recent.tid === tid ? recent : this.#find(tid);
  }

  #find(tid: number): ThreadInfo {
    let thread = this.#threads.get(tid);
    if (thread === undefined) {
      thread = unknownThread(tid);
      this.#put(thread);
      this.set(tid, this.#lookUp?.(tid) ?? {});
    }
    this.#recent[tid & (recentThreads - 1)] = thread;
    return thread;
  }

  /** In the place of what had that id before. */
  #put(thread: ThreadInfo): void {
    this.#remove(thread.tid);
    this.#threads.set(thread.tid, thread);
  }

  #remove(tid: number): void {
    const thread = this.#threads.get(tid);
    if (thread === undefined) return;
    this.#changed(thread);
    this.#threads.delete(tid);
    const place = tid & (recentThreads - 1);
    if (this.#recent[place] === thread) this.#recent[place] = undefined;
  }

  /** Enters what is known of a thread. */
  set(tid: number, facts: ThreadFacts): void {
    let thread = this.#threads.get(tid);
    if (thread === undefined) {
      thread = unknownThread(tid);
      this.#put(thread);
    }
    const { comm, ...numbers } = facts;
    const { seen } = thread;
    Object.assign(thread, numbers, { tid, seen });
    if (comm !== undefined) {
      thread.comm = commOf(comm);
      thread.seen.fill(notSeen);
    }
    this.#changed(thread);
  }

  #changed(thread: ThreadInfo): void {
    thread.revision++;
  }

  /** `sched_process_fork`. */
  fork(parentTid: number, childTid: number, time: EventTime): void {
    const parent = this.get(parentTid);
    const known = this.#threads.get(childTid);
    const forkedAtCycles = cyclesOf(time);
    const isNewer = known !== undefined && known.changedAtCycles > forkedAtCycles;
    const flags = this.#cloneFlags.get(childTid) ?? 0;
    this.#cloneFlags.delete(childTid);
    const isThread = (flags & cloneThread) !== 0;
    const child = unknownThread(childTid);
    child.changedAtCycles = isNewer ? known.changedAtCycles : forkedAtCycles;
    child.pid = isThread ? parent.pid : childTid;
    child.ppid = isThread ? parent.ppid : parent.pid;
    child.comm = isNewer ? known.comm : parent.comm;
    child.priority = isNewer ? known.priority : parent.priority;
    // In the root namespace they are the same; elsewhere nobody tells them.
    child.vtid = parent.vtid === parent.tid ? childTid : -1;
    child.vpid = isThread ? parent.vpid : parent.vpid === parent.pid ? childTid : -1;
    child.vppid = isThread ? parent.vppid : parent.vpid;
    child.pidNamespace = parent.pidNamespace;
    child.identity = parent.identity;
    this.#put(child);
  }

  /** `task_newtask`, which comes just before the fork event. */
  willFork(childTid: number, cloneFlags: number): void {
    this.#cloneFlags.set(childTid, cloneFlags);
    const limit = 4096;
    if (this.#cloneFlags.size > limit) this.#cloneFlags.clear();
  }

  /** A name, as an event has it: bytes up to the first zero. */
  rename(tid: number, comm: Uint8Array, time: EventTime): void {
    const thread = this.get(tid);
    const cycles = cyclesOf(time);
    if (thread.changedAtCycles > cycles) return;
    thread.changedAtCycles = cycles;
    const end = comm.indexOf(0);
    const length = Math.min(end < 0 ? comm.length : end, commBytes);
    thread.seen.fill(notSeen);
    const known = thread.comm;
    if (known.length === length && known.every((byte, i) => byte === comm[i])) return;
    thread.comm = comm.slice(0, length);
    this.#changed(thread);
  }

  /** Name (16 bytes at `at`, up to the first zero) and priority of a thread, as the scheduler told them. */
  observe(tid: number, view: DataView, at: number, priority: number, time: EventTime): void {
    // The idle threads of all CPUs are thread 0, each with a name of its own.
    if (tid === 0) return;
    const thread = this.get(tid);
    const { seen } = thread;
    if (
      thread.priority === priority &&
      view.getInt32(at, true) === seen[0] &&
      view.getInt32(at + 4, true) === seen[1] &&
      view.getInt32(at + 8, true) === seen[2] &&
      view.getInt32(at + 12, true) === seen[3]
    ) {
      return;
    }
    if (thread.changedAtCycles > cyclesOf(time)) return;
    if (thread.priority !== priority) {
      thread.priority = priority;
      this.#changed(thread);
    }
    this.rename(tid, new Uint8Array(view.buffer, view.byteOffset + at, commBytes + 1), time);
    for (let i = 0; i < seen.length; i++) seen[i] = view.getInt32(at + 4 * i, true);
  }

  /** `sched_process_exec`; by another thread than the leader: it gets the leader's id. */
  exec(tid: number, oldTid: number): void {
    if (tid !== oldTid) this.#becomeLeader(tid, oldTid);
    const thread = this.#threads.get(tid);
    if (thread?.identity === undefined) return;
    // Whoever changes its user mostly does it just before.
    const identity = this.#lookUp?.(tid)?.identity;
    if (identity === undefined) return;
    thread.identity = identity;
    this.#changed(thread);
  }

  #becomeLeader(tid: number, oldTid: number): void {
    const old = this.#threads.get(oldTid);
    if (old === undefined) return;
    const vtid = old.vtid === oldTid ? tid : old.vpid;
    const thread = unknownThread(tid);
    const { seen } = thread;
    Object.assign(thread, old, { tid, seen, vtid });
    this.#remove(oldTid);
    this.#put(thread);
  }

  /** `sched_process_free`: nothing more comes from the thread, unless its id was given away since. */
  free(tid: number, time: EventTime): void {
    const thread = this.#threads.get(tid);
    if (tid === 0 || thread === undefined || thread.changedAtCycles > cyclesOf(time)) return;
    this.#remove(tid);
  }
}

function unknownThread(tid: number): ThreadInfo {
  return {
    tid,
    revision: 0,
    changedAtCycles: 0,
    pid: -1,
    ppid: -1,
    comm: noBytes,
    seen: new Int32Array(4).fill(notSeen),
    priority: -1,
    vtid: -1,
    vpid: -1,
    vppid: -1,
    pidNamespace: 0,
    identity: undefined,
  };
}

function commOf(comm: string | Uint8Array): Uint8Array {
  const bytes = typeof comm === 'string' ? encoder.encode(comm) : comm;
  const end = bytes.indexOf(0);
  return bytes.slice(0, Math.min(end < 0 ? bytes.length : end, commBytes));
}
