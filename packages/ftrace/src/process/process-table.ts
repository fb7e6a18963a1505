/** What is known of one thread. Numbers that are not known are -1, texts empty. */
export interface ThreadInfo {
  readonly tid: number;
  /** The table's version when this thread last changed: what was made from it before is stale. */
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
}

export type ThreadFacts = Partial<
  Omit<ThreadInfo, 'tid' | 'revision' | 'changedAtCycles' | 'comm' | 'seen'>
> & {
  readonly comm?: string | Uint8Array;
};

const cloneThread = 0x1_0000;
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
 * CPUs whose records are converted in the same thread. They are converted sub-buffer by sub-buffer, so that events of one CPU may come
 * after later ones of another: those change nothing that is newer.
 */
export class ProcessTable {
  /** Changes with every change of a thread. */
  version = 0;
  readonly #threads = new Map<number, ThreadInfo>();
  readonly #lookUp: ((tid: number) => ThreadFacts | undefined) | undefined;
  /** Flags of `task_newtask`, until the fork event of the same thread. */
  readonly #cloneFlags = new Map<number, number>();

  /** @param lookUp - Asked once for a thread that no event told of, for example in /proc. */
  constructor(lookUp?: (tid: number) => ThreadFacts | undefined) {
    this.#lookUp = lookUp;
    this.#threads.set(0, {
      ...unknownThread(0),
      pid: 0,
      ppid: 0,
      vtid: 0,
      vpid: 0,
      vppid: 0,
      priority: 20,
    });
  }

  get size(): number {
    return this.#threads.size;
  }

  /** What is known of a thread; it is entered when it is new. */
  get(tid: number): ThreadInfo {
    const known = this.#threads.get(tid);
    if (known !== undefined) return known;
    const thread = unknownThread(tid);
    this.#threads.set(tid, thread);
    this.set(tid, this.#lookUp?.(tid) ?? {});
    return thread;
  }

  /** Enters what is known of a thread. */
  set(tid: number, facts: ThreadFacts): void {
    let thread = this.#threads.get(tid);
    if (thread === undefined) this.#threads.set(tid, (thread = unknownThread(tid)));
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
    thread.revision = ++this.version;
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
    this.#threads.set(childTid, {
      tid: childTid,
      revision: ++this.version,
      changedAtCycles: isNewer ? known.changedAtCycles : forkedAtCycles,
      pid: isThread ? parent.pid : childTid,
      ppid: isThread ? parent.ppid : parent.pid,
      comm: isNewer ? known.comm : parent.comm,
      seen: new Int32Array(4).fill(notSeen),
      priority: isNewer ? known.priority : parent.priority,
      // In the root namespace they are the same; elsewhere nobody tells them.
      vtid: parent.vtid === parent.tid ? childTid : -1,
      vpid: isThread ? parent.vpid : parent.vpid === parent.pid ? childTid : -1,
      vppid: isThread ? parent.vppid : parent.vpid,
      pidNamespace: parent.pidNamespace,
    });
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

  /** `sched_process_exec` by another thread than the leader: it gets the leader's id. */
  exec(tid: number, oldTid: number): void {
    if (tid === oldTid) return;
    const old = this.#threads.get(oldTid);
    if (old === undefined) return;
    this.#threads.delete(oldTid);
    const vtid = old.vtid === oldTid ? tid : old.vpid;
    const seen = new Int32Array(4).fill(notSeen);
    this.#threads.set(tid, { ...old, tid, seen, vtid, revision: ++this.version });
  }

  /** `sched_process_free`: nothing more comes from the thread, unless its id was given away since. */
  free(tid: number, time: EventTime): void {
    const thread = this.#threads.get(tid);
    if (tid === 0 || thread === undefined || thread.changedAtCycles > cyclesOf(time)) return;
    this.#threads.delete(tid);
    this.version++;
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
  };
}

function commOf(comm: string | Uint8Array): Uint8Array {
  const bytes = typeof comm === 'string' ? encoder.encode(comm) : comm;
  const end = bytes.indexOf(0);
  return bytes.slice(0, Math.min(end < 0 ? bytes.length : end, commBytes));
}
