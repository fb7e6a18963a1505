/** flt.utils.muxer: merges streams by time. */
import { UsageError } from '@sonde/base';
import type { Filter, FilterClass, OpenUpstream } from '@sonde/graph';
import type {
  ClockClass,
  DataStream,
  Downstream,
  MessageIterator,
  RunStatus,
  TimeOrigin,
  Trace,
} from '@sonde/trace-model';
import { anyReady } from './ready.ts';

interface Input {
  readonly iterator: MessageIterator;
  /** Place among the inputs: the order of messages without time, which are due at once. */
  readonly index: number;
  /** Place in the order of ties; smaller first. */
  rank: number;
}

/** Compares what Babeltrace 2 compares when times are equal: trace identity and name, stream class, stream. */
function compareStreams(a: DataStream | undefined, b: DataStream | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const text = (x: string | undefined, y: string | undefined): number =>
    x === y ? 0 : (x ?? '') < (y ?? '') ? -1 : 1;
  const number = (x: bigint, y: bigint): number => (x === y ? 0 : x < y ? -1 : 1);
  const [left, right] = [a.trace.traceClass, b.trace.traceClass];
  return (
    text(left.namespace, right.namespace) ||
    text(a.trace.name, b.trace.name) ||
    text(left.uid, right.uid) ||
    number(a.dataStreamClass.id, b.dataStreamClass.id) ||
    number(a.id, b.id)
  );
}

/** The order of heads: time, then stream, then kind of message, then input. */
function isBefore(a: Input, b: Input): boolean {
  const [x, y] = [a.iterator, b.iterator];
  if (x.headTimeNs !== y.headTimeNs) return x.headTimeNs < y.headTimeNs;
  if (x.headTimeNs === Number.NEGATIVE_INFINITY) return a.index < b.index;
  return a.rank < b.rank;
}

/** Beyond so many inputs a heap finds the next one; below, looking at all is as fast. */
const maxLinearInputs = 16;

class MuxerIterator implements MessageIterator {
  #inputs: Input[];
  readonly #all: readonly Input[];

  constructor(iterators: readonly MessageIterator[]) {
    const inputs = iterators.map((iterator, index): Input => ({ iterator, index, rank: 0 }));
    const order = inputs.toSorted((a, b) =>
      compareStreams(a.iterator.headStream, b.iterator.headStream),
    );
    order.forEach((input, rank) => {
      input.rank = rank;
    });
    this.#all = inputs;
    this.#inputs = order.filter((input) => input.iterator.headTimeNs !== Infinity);
    if (this.#inputs.length > maxLinearInputs) this.#heapify();
  }

  get headTimeNs(): number {
    return this.#first()?.iterator.headTimeNs ?? Number.POSITIVE_INFINITY;
  }

  get headRank(): number {
    return this.#first()?.iterator.headRank ?? 0;
  }

  get headStream(): DataStream | undefined {
    return this.#first()?.iterator.headStream;
  }

  /** Of the last event of all inputs, as far as they know (ns since the origin); NaN: none. */
  get lastEventNs(): number {
    const times = this.#all.map(({ iterator }) => iterator.lastEventNs ?? Number.NaN);
    return times.reduce(
      (last, time) => (time > last || Number.isNaN(last) ? time : last),
      Number.NaN,
    );
  }

  run(limitNs: number, budget: number): RunStatus {
    return this.#inputs.length > maxLinearInputs
      ? this.#runHeap(limitNs, budget)
      : this.#runLinear(limitNs, budget);
  }

  seek(timeNs: number): boolean {
    let isSought = true;
    for (const { iterator } of this.#all) isSought = iterator.seek?.(timeNs) === true && isSought;
    return isSought;
  }

  async ready(): Promise<void> {
    await anyReady(this.#inputs.map(({ iterator }) => iterator));
  }

  close(): void {
    for (const { iterator } of this.#all) iterator.close();
    this.#inputs = [];
  }

  #first(): Input | undefined {
    let first = this.#inputs[0];
    if (first === undefined || this.#inputs.length > maxLinearInputs) return first;
    for (const input of this.#inputs) if (isBefore(input, first)) first = input;
    return first;
  }

  /** Runs the first input until the second one's head is due: a batch costs one search. */
  #runLinear(limitNs: number, budget: number): RunStatus {
    let left = budget;
    const inputs = this.#inputs;
    while (inputs.length > 0) {
      if (left <= 0) return 'budget';
      let first = inputs[0]!;
      let second: Input | undefined;
      for (let i = 1; i < inputs.length; i++) {
        const input = inputs[i]!;
        if (isBefore(input, first)) {
          second = first;
          first = input;
        } else if (second === undefined || isBefore(input, second)) {
          second = input;
        }
      }
      const status = this.#runOne(first, second, limitNs, left);
      if (status === 'end') inputs.splice(inputs.indexOf(first), 1);
      else if (status !== 'limit') return status;
      else if (first.iterator.headTimeNs >= limitNs && isDone(inputs, limitNs)) return 'limit';
      left -= batchCost;
    }
    return 'end';
  }

  #runOne(first: Input, second: Input | undefined, limitNs: number, budget: number): RunStatus {
    const { iterator } = first;
    if (second === undefined) return iterator.run(limitNs, budget);
    const { headTimeNs } = second.iterator;
    if (headTimeNs === Number.NEGATIVE_INFINITY) {
      // Messages without time alternate by rank: one at a time.
      return iterator.run(limitNs, 1) === 'end' ? 'end' : 'limit';
    }
    // Times are whole ns: half of one more takes the ties that are this input's.
    const until = first.rank < second.rank ? headTimeNs + 0.5 : headTimeNs;
    return iterator.run(Math.min(until, limitNs), budget);
  }

  #runHeap(limitNs: number, budget: number): RunStatus {
    const heap = this.#inputs;
    let left = budget;
    while (heap.length > 0) {
      if (left <= 0) return 'budget';
      const first = heap[0]!;
      if (first.iterator.headTimeNs >= limitNs) return 'limit';
      const [a, b] = [heap[1], heap[2]];
      const second = a !== undefined && b !== undefined && isBefore(b, a) ? b : a;
      const status = this.#runOne(first, second, limitNs, left);
      if (status === 'end') {
        const last = heap.pop()!;
        if (last !== first) heap[0] = last;
      } else if (status !== 'limit') {
        this.#sift(0);
        return status;
      }
      if (heap.length > 0) this.#sift(0);
      left -= batchCost;
    }
    return 'end';
  }

  #heapify(): void {
    for (let i = (this.#inputs.length >> 1) - 1; i >= 0; i--) this.#sift(i);
  }

  #sift(from: number): void {
    const heap = this.#inputs;
    const moved = heap[from]!;
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}

/** What a batch takes from the budget, however many messages it had: budgets only bound the time between turns. */
const batchCost = 4;

function isDone(inputs: readonly Input[], limitNs: number): boolean {
  return inputs.every((input) => input.iterator.headTimeNs >= limitNs);
}

/** @throws UsageError when the clocks of two streams can't be compared. */
export function checkClocks(streams: readonly DataStream[]): void {
  let reference: { clock: ClockClass | undefined; trace: Trace } | undefined;
  for (const { dataStreamClass, trace } of streams) {
    const clock = dataStreamClass.defaultClockClass;
    if (reference === undefined) {
      reference = { clock, trace };
    } else if (!areComparable(reference.clock, clock)) {
      throw new UsageError(
        'clocks-differ',
        `The clocks of ${reference.trace.path} and ${trace.path} can't be compared: ${describe(reference.clock)}, ${describe(clock)}. With --clock-force-correlate they are taken to count from the same moment.`,
      );
    }
  }
}

function describe(clock: ClockClass | undefined): string {
  if (clock === undefined) return 'one has no clock';
  if (clock.origin === 'unix-epoch') return `"${clock.id}" counts from the Unix epoch`;
  return clock.origin === undefined
    ? `"${clock.id}" has an unknown origin`
    : `"${clock.id}" counts from "${clock.origin.name}"`;
}

function areComparable(a: ClockClass | undefined, b: ClockClass | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return a === b;
  if (a.origin !== undefined || b.origin !== undefined) {
    return JSON.stringify(a.origin) === JSON.stringify(b.origin);
  }
  if (a.uid === undefined && b.uid === undefined) return false;
  return a.uid === b.uid && a.name === b.name && a.namespace === b.namespace;
}

/** Merges iterators; each upstream gets the downstream itself, so that a message passes no extra hop. */
export function muxIterators(iterators: readonly MessageIterator[]): MessageIterator {
  checkClocks(iterators.flatMap((iterator) => iterator.headStream ?? []));
  return new MuxerIterator(iterators);
}

class Muxer implements Filter {
  readonly inputs = 'many';
  readonly outputPorts = [{ name: 'out' }];

  open(
    _port: string,
    _origin: TimeOrigin,
    upstreams: readonly OpenUpstream[],
    downstream: Downstream,
  ): MessageIterator {
    return muxIterators(upstreams.map((open) => open(downstream)));
  }

  close(): void {}
}

export const muxerFilter: FilterClass = {
  kind: 'flt',
  plugin: 'utils',
  className: 'muxer',
  description: 'Merge messages of several inputs by time.',
  parameterHelp: {},
  create: () => new Muxer(),
};
