import type { ContextPlan } from '../layout/contexts.ts';
import type { ProcessTable, ThreadInfo } from '../process/process-table.ts';

/** A power of 2. Threads whose ids end alike take turns in one place. */
const places = 1024;

/** The contexts of threads as bytes, kept until a thread changes: CPUs switch between the same threads all the time. */
export class ThreadContexts {
  /** The contexts that `find` found are here, `bytes` long. */
  readonly view: DataView;
  readonly bytes: number;
  readonly #contexts: ContextPlan;
  readonly #littleEndian: boolean;
  readonly #idleComm: Uint8Array;
  /** Whose contexts are in a place, and which revision of them. */
  readonly #threads = new Array<ThreadInfo | undefined>(places).fill(undefined);
  readonly #revisions = new Array<number>(places).fill(0);
  /** The one that was found last: mostly it is wanted again. */
  #current: ThreadInfo | undefined;
  #currentRevision = 0;
  #currentOffset = 0;

  constructor(contexts: ContextPlan, cpuId: number, littleEndian: boolean) {
    this.#contexts = contexts;
    this.#littleEndian = littleEndian;
    this.#idleComm = new TextEncoder().encode(`swapper/${cpuId}`);
    this.bytes = contexts.threadBytes;
    this.view = new DataView(new ArrayBuffer(this.bytes === 0 ? 0 : places * this.bytes));
  }

  /** @returns where the thread's contexts are in `view`, until the next call */
  find(processes: ProcessTable, tid: number): number {
    const current = this.#current;
    if (
      current === undefined ||
      current.tid !== tid ||
      current.revision !== this.#currentRevision
    ) {
      this.#update(processes.get(tid));
    }
    return this.#currentOffset;
  }

  #update(thread: ThreadInfo): void {
    const place = thread.tid & (places - 1);
    const offset = place * this.bytes;
    const { revision } = thread;
    this.#current = thread;
    this.#currentRevision = revision;
    this.#currentOffset = offset;
    if (this.#threads[place] === thread && this.#revisions[place] === revision) return;
    const shown = thread.tid === 0 ? { ...thread, comm: this.#idleComm } : thread;
    this.#contexts.writeThread(shown, this.view, offset, this.#littleEndian);
    this.#threads[place] = thread;
    this.#revisions[place] = revision;
  }
}
