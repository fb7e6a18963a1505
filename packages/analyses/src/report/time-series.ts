import type { SeriesChart } from './section.ts';

const maxBuckets = 240;
const firstBucketNs = 100_000;

/** Sums over time in at most 240 buckets, whose width doubles as the trace goes on: memory does not grow with the trace. */
export class TimeSeries {
  readonly #beginNs: number;
  #bucketNs = firstBucketNs;
  #values = new Float64Array(maxBuckets);
  #count = 0;

  /** @param beginNs - Of the first bucket; what is before it is left out. */
  constructor(beginNs: number) {
    this.#beginNs = beginNs;
  }

  get bucketNs(): number {
    return this.#bucketNs;
  }

  /** Adds to the bucket of a moment. */
  add(timeNs: number, value: number): void {
    const at = this.#bucketOf(timeNs);
    if (at >= 0) this.#values[at]! += value;
  }

  /** Adds the time (ns) of an interval to the buckets it lies in. */
  addInterval(beginNs: number, endNs: number): void {
    const from = Math.max(beginNs, this.#beginNs);
    if (!(endNs > from)) return;
    const last = this.#bucketOf(endNs);
    let at = Math.trunc((from - this.#beginNs) / this.#bucketNs);
    let time = from;
    for (; at < last; at++) {
      const edge = this.#beginNs + (at + 1) * this.#bucketNs;
      this.#values[at]! += edge - time;
      time = edge;
    }
    this.#values[last]! += endNs - time;
  }

  /** One value per bucket up to `endNs`. */
  values(endNs: number): number[] {
    this.#bucketOf(endNs);
    const count = Math.max(1, Math.ceil((endNs - this.#beginNs) / this.#bucketNs));
    return [...this.#values.subarray(0, Math.min(count, maxBuckets))];
  }

  /** Interval time as a share of each bucket; the last bucket may be shorter. */
  shares(endNs: number): number[] {
    const values = this.values(endNs);
    return values.map((value, i) => {
      const begin = this.#beginNs + i * this.#bucketNs;
      const width = Math.min(this.#bucketNs, endNs - begin);
      return width > 0 ? value / width : 0;
    });
  }

  /** -1: before the begin. */
  #bucketOf(timeNs: number): number {
    const offset = timeNs - this.#beginNs;
    if (!(offset >= 0)) return -1;
    while (offset >= maxBuckets * this.#bucketNs) this.#fold();
    const at = Math.trunc(offset / this.#bucketNs);
    if (at >= this.#count) this.#count = at + 1;
    return at;
  }

  #fold(): void {
    const folded = new Float64Array(maxBuckets);
    for (let i = 0; i < this.#count; i++) folded[i >> 1]! += this.#values[i]!;
    this.#values = folded;
    this.#count = (this.#count + 1) >> 1;
    this.#bucketNs *= 2;
  }
}

/** Makes all series as coarse as the coarsest, by adding up neighbours (`sum`) or averaging them. */
export function seriesChart(
  title: string,
  unit: SeriesChart['unit'],
  all: readonly { readonly name: string; readonly series: TimeSeries }[],
  endNs: number,
  how: 'sum' | 'share',
): SeriesChart {
  // Asking for the end makes each as coarse as the length needs: they all began at the same time.
  const series = all.map(({ name, series: one }) => ({
    name,
    values: how === 'share' ? one.shares(endNs) : one.values(endNs),
  }));
  return { kind: 'series', title, unit, bucketNs: all[0]?.series.bucketNs ?? 1, series };
}
