import { Histogram, type HistogramData } from '@sonde/latency-tracker';

/** The last 15 minutes. */
const seconds = 900;

/** One second of one column: only the buckets that have something. */
interface SparseSecond {
  readonly indexes: Uint16Array;
  readonly counts: Float64Array;
  readonly count: number;
  readonly sumNs: number;
  readonly minNs: number;
  readonly maxNs: number;
}

/** Distributions over the last minutes: a ring of seconds. */
export class RollingWindows {
  readonly #ring: (SparseSecond | undefined)[] = new Array(seconds).fill(undefined);
  readonly #bits: number;
  readonly #total: Histogram;
  #tick = 0;

  constructor(bits: number) {
    this.#bits = bits;
    this.#total = new Histogram(bits);
  }

  /** Adds what happened in the last second. */
  tick(histogram: HistogramData): void {
    this.#total.merge(histogram);
    this.#ring[this.#tick++ % seconds] = sparse(histogram);
  }

  reset(): void {
    this.#ring.fill(undefined);
    this.#total.reset();
  }

  /** Everything since the start or the last reset. */
  get total(): Histogram {
    return this.#total;
  }

  last(minutes: number): Histogram {
    const sum = new Histogram(this.#bits);
    const count = Math.min(minutes * 60, seconds, this.#tick);
    for (let i = 1; i <= count; i++) {
      const second = this.#ring[(this.#tick - i) % seconds];
      if (second !== undefined) addTo(sum, second);
    }
    return sum;
  }
}

function sparse({ counts, count, sumNs, minNs, maxNs }: HistogramData): SparseSecond | undefined {
  if (count === 0) return undefined;
  const indexes: number[] = [];
  for (let i = 0; i < counts.length; i++) if (counts[i] !== 0) indexes.push(i);
  return {
    indexes: Uint16Array.from(indexes),
    counts: Float64Array.from(indexes, (i) => counts[i]!),
    count,
    sumNs,
    minNs,
    maxNs,
  };
}

function addTo(sum: Histogram, second: SparseSecond): void {
  second.indexes.forEach((index, i) => {
    sum.counts[index]! += second.counts[i]!;
  });
  sum.count += second.count;
  sum.sumNs += second.sumNs;
  sum.minNs = Math.min(sum.minNs, second.minNs);
  sum.maxNs = Math.max(sum.maxNs, second.maxNs);
}
