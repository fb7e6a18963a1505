/** flt.utils.muxer: merges streams by time. */
import { type Filter, type FilterClass, type OpenUpstream, ParameterReader } from '@sonde/graph';
import type {
  DataStream,
  Downstream,
  MessageIterator,
  RunStatus,
  TimeOrigin,
} from '@sonde/trace-model';
import { checkClocks } from './clock-correlation.ts';
import { justAfter } from './just-after.ts';
import { anyReady } from './ready.ts';
import { namespaceOf } from './trace-ir.ts';

interface Input {
  readonly iterator: MessageIterator;
  /** Place among the inputs. */
  readonly index: number;
  /** Place in the order of streams; equal for streams that nothing distinguishes. */
  readonly rank: number;
}

/** Compares what Babeltrace 2 compares when times are equal: trace identity and name, stream class, stream. */
function compareStreams(a: DataStream | undefined, b: DataStream | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const [left, right] = [a.trace.traceClass, b.trace.traceClass];
  return (
    compare(namespaceOf(left) ?? '', namespaceOf(right) ?? '') ||
    compare(a.trace.name ?? '', b.trace.name ?? '') ||
    compare(left.uid ?? '', right.uid ?? '') ||
    compare(a.dataStreamClass.id, b.dataStreamClass.id) ||
    compare(a.id, b.id)
  );
}

function compare<Value extends string | bigint>(a: Value, b: Value): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function ranksOf(streams: readonly (DataStream | undefined)[]): number[] {
  const order = streams.map((_, index) => index);
  order.sort((i, j) => compareStreams(streams[i], streams[j]));
  const ranks: number[] = new Array(streams.length).fill(0);
  let rank = 0;
  for (const [place, index] of order.entries()) {
    if (place > 0 && compareStreams(streams[order[place - 1]!], streams[index]) !== 0) rank++;
    ranks[index] = rank;
  }
  return ranks;
}

/** The order of heads: time, then stream, then kind of message, then input. */
function isBefore(a: Input, b: Input): boolean {
  const x = a.iterator;
  const y = b.iterator;
  if (x.headTimeNs !== y.headTimeNs) return x.headTimeNs < y.headTimeNs;
  if (a.rank !== b.rank) return a.rank < b.rank;
  return x.headRank === y.headRank ? a.index < b.index : x.headRank < y.headRank;
}

/** Beyond so many inputs a heap finds the next one; below, looking at all is as fast. */
const maxLinearInputs = 16;
/** Messages that one input may deliver at a stretch: budgets bound the time until other work has its turn. */
const maxBatch = 1024;
/** What a batch takes from the budget at least: an iterator does not say how many messages it delivered. */
const minBatchCost = 16;

class MuxerIterator implements MessageIterator {
  readonly #all: readonly Input[];
  /** Not at their ends. A heap when there are more than `maxLinearInputs`. */
  #inputs: Input[] = [];
  // What `select` found.
  #first: Input | undefined;
  #second: Input | undefined;

  constructor(iterators: readonly MessageIterator[]) {
    const ranks = ranksOf(iterators.map(({ headStream }) => headStream));
    this.#all = iterators.map((iterator, index) => ({ iterator, index, rank: ranks[index]! }));
    this.#start();
  }

  get headTimeNs(): number {
    this.#select();
    return this.#first?.iterator.headTimeNs ?? Number.POSITIVE_INFINITY;
  }

  get headRank(): number {
    this.#select();
    return this.#first?.iterator.headRank ?? 0;
  }

  get headStream(): DataStream | undefined {
    this.#select();
    return this.#first?.iterator.headStream;
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
    let left = budget;
    for (;;) {
      this.#select();
      const first = this.#first;
      if (first === undefined) return 'end';
      const { headTimeNs } = first.iterator;
      if (headTimeNs >= limitNs && limitNs !== Number.POSITIVE_INFINITY) return 'limit';
      if (left <= 0) return 'budget';
      let batch = Math.min(left, maxBatch);
      let untilNs = limitNs;
      const second = this.#second;
      if (second !== undefined) {
        // The first input runs until the head of the second one is due.
        const dueNs = second.iterator.headTimeNs;
        const isTie = first.rank >= second.rank && headTimeNs >= dueNs;
        // Streams that nothing distinguishes take turns by the kind of message.
        if (isTie) batch = 1;
        untilNs = Math.min(limitNs, isTie || first.rank < second.rank ? justAfter(dueNs) : dueNs);
      }
      const status = first.iterator.run(untilNs, batch);
      if (status === 'again') {
        this.#moved(first, false);
        return 'again';
      }
      // Nothing can come after an infinite time, whatever the iterator says.
      this.#moved(first, status === 'end' || headTimeNs === Number.POSITIVE_INFINITY);
      const cost = Math.max(batch, minBatchCost);
      left -= status === 'budget' ? cost : minBatchCost;
    }
  }

  /** False when some input can't: the others have moved all the same. */
  seek(timeNs: number): boolean {
    let haveAll = true;
    for (const { iterator } of this.#all) haveAll = iterator.seek?.(timeNs) === true && haveAll;
    this.#start();
    return haveAll;
  }

  async ready(): Promise<void> {
    await anyReady(this.#inputs.map(({ iterator }) => iterator));
  }

  close(): void {
    for (const { iterator } of this.#all) iterator.close();
    this.#inputs = [];
  }

  #start(): void {
    this.#inputs = [...this.#all];
    for (let i = (this.#inputs.length >> 1) - 1; i >= 0; i--) this.#sift(i);
  }

  #select(): void {
    const inputs = this.#inputs;
    if (inputs.length > maxLinearInputs) {
      const [first, a, b] = inputs;
      this.#first = first;
      this.#second = isBefore(b!, a!) ? b : a;
      return;
    }
    let first = inputs[0];
    let second: Input | undefined;
    for (let i = 1; i < inputs.length; i++) {
      const input = inputs[i]!;
      if (isBefore(input, first!)) {
        second = first;
        first = input;
      } else if (second === undefined || isBefore(input, second)) {
        second = input;
      }
    }
    this.#first = first;
    this.#second = second;
  }

  /** The first input has another head, or none. */
  #moved(first: Input, isOver: boolean): void {
    const inputs = this.#inputs;
    const isHeap = inputs.length > maxLinearInputs;
    if (isOver) {
      const last = inputs.pop()!;
      if (last !== first) inputs[isHeap ? 0 : inputs.indexOf(first)] = last;
    }
    if (isHeap) this.#sift(0);
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

/**
 * Merges iterators by time; at equal times the order is Babeltrace's (spec §7). Each upstream gets the downstream itself, so that a
 * message passes no extra hop.
 * @throws UsageError `clocks-differ`
 */
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
  create: ({ parameters, name }) => {
    new ParameterReader(parameters, name).rejectOthers();
    return new Muxer();
  },
};
