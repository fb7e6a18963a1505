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

interface RankedIterator {
  readonly iterator: MessageIterator;
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

/** Beyond so many inputs a heap finds the next one; below, looking at all is as fast. */
const maxLinearInputs = 16;
/** Messages that one input may deliver at a stretch: budgets bound the time until other work has its turn. */
const maxBatch = 1024;
/** What a batch takes from the budget at least: an iterator does not say how many messages it delivered. */
const minBatchCost = 16;

/**
 * Inputs are in the order of their ranks. Where streams alternate, a batch is a handful of messages: what happens between batches looks
 * at the numbers in one array, and little else.
 */
class MuxerIterator implements MessageIterator {
  readonly #all: readonly RankedIterator[];
  /** Those not at their ends, and with a heap those that were not when it was made. */
  #inputs: RankedIterator[] = [];
  /** `headTimeNs` of each input. */
  readonly #heads: Float64Array;
  /** Some inputs have equal ranks. */
  readonly #hasTwins: boolean;
  /** Indexes of inputs. Undefined: they are at most `maxLinearInputs`. */
  #heap: number[] | undefined;
  /** Some input had to wait: its head may have become another since. */
  #hasWaited = false;
  // What `select` found: indexes of inputs, or -1.
  #first = -1;
  #second = -1;

  constructor(iterators: readonly MessageIterator[]) {
    const ranks = ranksOf(iterators.map(({ headStream }) => headStream));
    this.#all = iterators
      .map((iterator, index) => ({ iterator, rank: ranks[index]! }))
      .sort((a, b) => a.rank - b.rank);
    this.#heads = new Float64Array(iterators.length);
    this.#hasTwins = new Set(ranks).size < ranks.length;
    this.#start();
  }

  get headTimeNs(): number {
    return this.#head?.headTimeNs ?? Number.POSITIVE_INFINITY;
  }

  get headRank(): number {
    return this.#head?.headRank ?? 0;
  }

  get headStream(): DataStream | undefined {
    return this.#head?.headStream;
  }

  get #head(): MessageIterator | undefined {
    this.#select();
    return this.#inputs[this.#first]?.iterator;
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
    if (this.#hasWaited) this.#refresh();
    const heads = this.#heads;
    let left = budget;
    for (;;) {
      this.#select();
      const first = this.#first;
      const second = this.#second;
      if (first < 0) return 'end';
      const headTimeNs = heads[first]!;
      if (headTimeNs >= limitNs && limitNs !== Number.POSITIVE_INFINITY) return 'limit';
      if (left <= 0) return 'budget';
      let batch = Math.min(left, maxBatch);
      let untilNs = limitNs;
      if (second >= 0) {
        // The first input runs until the head of the second one is due.
        const dueNs = heads[second]!;
        const areTwins = this.#hasTwins && this.#areTwins(first, second);
        const isTie = areTwins && headTimeNs >= dueNs;
        // Streams that nothing distinguishes take turns by the kind of message.
        if (isTie) batch = 1;
        const isInclusive = isTie || (first < second && !areTwins);
        untilNs = Math.min(limitNs, isInclusive ? justAfter(dueNs) : dueNs);
      }
      const { iterator } = this.#inputs[first]!;
      const status = iterator.run(untilNs, batch);
      heads[first] = iterator.headTimeNs;
      // Nothing can come after an infinite time, whatever the iterator says.
      const isOver = status === 'end' || headTimeNs === Number.POSITIVE_INFINITY;
      if (isOver && status !== 'again') this.#remove(first);
      else if (this.#heap !== undefined) this.#sift(this.#heap, 0);
      if (status === 'again') {
        this.#hasWaited = true;
        return 'again';
      }
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
    const inputs = this.#heap?.map((index) => this.#inputs[index]!) ?? this.#inputs;
    await anyReady(inputs.map(({ iterator }) => iterator));
  }

  close(): void {
    for (const { iterator } of this.#all) iterator.close();
    this.#inputs = [];
    this.#heap = undefined;
  }

  #start(): void {
    this.#inputs = [...this.#all];
    this.#heap = this.#all.length > maxLinearInputs ? [...this.#all.keys()] : undefined;
    this.#refresh();
  }

  /** Looks at all heads again. */
  #refresh(): void {
    this.#hasWaited = false;
    for (const [index, { iterator }] of this.#inputs.entries()) {
      this.#heads[index] = iterator.headTimeNs;
    }
    const heap = this.#heap;
    if (heap === undefined) return;
    for (let at = (heap.length >> 1) - 1; at >= 0; at--) this.#sift(heap, at);
  }

  /** Finds the input that is due, and the next one. */
  #select(): void {
    const heap = this.#heap;
    if (heap !== undefined) {
      this.#first = heap[0]!;
      this.#second = this.#isBefore(heap[2]!, heap[1]!) ? heap[2]! : heap[1]!;
      return;
    }
    const heads = this.#heads;
    const { length } = this.#inputs;
    let first = length > 0 ? 0 : -1;
    let second = -1;
    for (let i = 1; i < length; i++) {
      // At equal times the lower rank, which is the lower index, is first.
      if (heads[i]! < heads[first]! || (this.#hasTwins && this.#isBefore(i, first))) {
        second = first;
        first = i;
      } else if (
        second < 0 ||
        heads[i]! < heads[second]! ||
        (this.#hasTwins && this.#isBefore(i, second))
      ) {
        second = i;
      }
    }
    this.#first = first;
    this.#second = second;
  }

  /** The order of heads: time, then stream, then kind of message, then input. */
  #isBefore(i: number, j: number): boolean {
    const heads = this.#heads;
    if (heads[i]! !== heads[j]!) return heads[i]! < heads[j]!;
    if (!this.#areTwins(i, j)) return i < j;
    const [a, b] = [this.#inputs[i]!.iterator.headRank, this.#inputs[j]!.iterator.headRank];
    return a === b ? i < j : a < b;
  }

  #areTwins(i: number, j: number): boolean {
    return this.#inputs[i]!.rank === this.#inputs[j]!.rank;
  }

  /** Takes out the input that was due. */
  #remove(first: number): void {
    const heap = this.#heap;
    if (heap === undefined) {
      this.#inputs.splice(first, 1);
      this.#heads.copyWithin(first, first + 1);
      return;
    }
    heap[0] = heap.pop()!;
    this.#sift(heap, 0);
    if (heap.length > maxLinearInputs) return;
    this.#inputs = heap.sort((i, j) => i - j).map((index) => this.#inputs[index]!);
    this.#heap = undefined;
    this.#refresh();
  }

  #sift(heap: number[], from: number): void {
    const moved = heap[from]!;
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, moved)) break;
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
