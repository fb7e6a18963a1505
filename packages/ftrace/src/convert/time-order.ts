import type { CpuStreamConverter } from './cpu-stream-converter.ts';

/** Where sub-buffers come from. */
export interface SubBufferSource {
  /**
   * The next bytes of a CPU, whole sub-buffers; undefined: there is nothing now. They stay as they are until the next call for this CPU.
   * @param cpuIndex - Of the converter.
   */
  next(cpuIndex: number): Uint8Array | undefined;
  /** True: the rest can wait for the next call. */
  readonly isOverdue: boolean;
}

interface CpuInput {
  readonly index: number;
  readonly converter: CpuStreamConverter;
  bytes: Uint8Array;
  offsetBytes: number;
}

const noBytes = new Uint8Array(0);

/**
 * Converts the records of all CPUs in the order of time: whatever one CPU tells of threads is known when another needs it, and not
 * before. What is read ahead is one piece of each CPU.
 */
export class TimeOrder {
  readonly #inputs: readonly CpuInput[];
  readonly #subBufferBytes: number;
  /** Heap of those that have a record, by its time: a node is not later than those at twice its index and behind, counted from 1. */
  readonly #heap: CpuInput[] = [];

  /** Earlier records are all converted. */
  reachedCycles = 0;

  /** @param converters - By CPU index; each serves here alone. */
  constructor(converters: readonly CpuStreamConverter[], subBufferBytes: number) {
    this.#subBufferBytes = subBufferBytes;
    this.#inputs = converters.map((converter, index) => ({
      index,
      converter,
      bytes: noBytes,
      offsetBytes: 0,
    }));
  }

  /**
   * Converts what happened until a time, that included. Later records wait.
   * @param cycles - Not in the future: a CPU whose source has nothing now has nothing older.
   * @returns false: the source was overdue, there may be more
   */
  convertUntil(cycles: number, source: SubBufferSource): boolean {
    const heap = this.#heap;
    heap.length = 0;
    for (const input of this.#inputs) {
      if (this.#hasRecord(input, source)) this.#add(input);
    }
    for (let first = heap[0]; first !== undefined; first = heap[0]) {
      const { converter } = first;
      const { nextCycles } = converter;
      this.reachedCycles = Math.min(nextCycles, cycles);
      if (nextCycles > cycles) return true;
      converter.convertUntil(Math.min(this.#secondCycles(), cycles));
      if (!converter.hasRecord) {
        if (source.isOverdue) return false;
        if (!this.#hasRecord(first, source)) this.#removeFirst();
      }
      this.#sink(0);
    }
    this.reachedCycles = cycles;
    return true;
  }

  /** Reads on where all was converted. */
  #hasRecord(input: CpuInput, source: SubBufferSource): boolean {
    const { converter } = input;
    while (!converter.hasRecord) {
      if (input.offsetBytes + this.#subBufferBytes > input.bytes.length) {
        const bytes = source.next(input.index);
        if (bytes === undefined) return false;
        input.bytes = bytes;
        input.offsetBytes = 0;
      }
      const { bytes, offsetBytes } = input;
      input.offsetBytes += this.#subBufferBytes;
      converter.open(bytes, offsetBytes);
    }
    return true;
  }

  #secondCycles(): number {
    const [, left, right] = this.#heap;
    if (left === undefined) return Number.POSITIVE_INFINITY;
    const { nextCycles } = left.converter;
    return right === undefined ? nextCycles : Math.min(nextCycles, right.converter.nextCycles);
  }

  #add(input: CpuInput): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(input);
    const { nextCycles } = input.converter;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent]!;
      if (above.converter.nextCycles <= nextCycles) return;
      heap[at] = above;
      heap[parent] = input;
      at = parent;
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#heap[0] = last;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const input = heap[from];
    if (input === undefined) return;
    const { nextCycles } = input.converter;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.converter.nextCycles < heap[child]!.converter.nextCycles) {
        child++;
      }
      const below = heap[child]!;
      if (below.converter.nextCycles >= nextCycles) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = input;
  }
}
