import type { ContextPlan } from '../layout/contexts.ts';
import type { ProcessTable } from '../process/process-table.ts';

interface Written {
  readonly revision: number;
  readonly view: DataView;
}

/** More threads than that are forgotten. */
const maxThreads = 8192;

/** The contexts of threads as bytes, kept until a thread changes: CPUs switch between the same threads all the time. */
export class ThreadContexts {
  readonly #contexts: ContextPlan;
  readonly #littleEndian: boolean;
  readonly #idleComm: Uint8Array;
  readonly #written = new Map<number, Written>();

  constructor(contexts: ContextPlan, cpuId: number, littleEndian: boolean) {
    this.#contexts = contexts;
    this.#littleEndian = littleEndian;
    this.#idleComm = new TextEncoder().encode(`swapper/${cpuId}`);
  }

  /** The bytes are not changed afterwards. */
  get(processes: ProcessTable, tid: number): DataView {
    const thread = processes.get(tid);
    const known = this.#written.get(tid);
    if (known !== undefined && known.revision === thread.revision) return known.view;
    const view = new DataView(new ArrayBuffer(this.#contexts.threadBytes));
    const shown = tid === 0 ? { ...thread, comm: this.#idleComm } : thread;
    this.#contexts.writeThread(shown, view, 0, this.#littleEndian);
    if (this.#written.size >= maxThreads) this.#written.clear();
    this.#written.set(tid, { revision: thread.revision, view });
    return view;
  }
}
