/**
 * Distributions of delays in whole nanoseconds. Buckets are half-open, the same for all back ends, and add up: CPUs, minutes, machines.
 *
 *     index = exponent << bits | next `bits` bits below the leading one        e.g. bits = 3, 22 = 0b10110: 4 << 3 | 0b011
 *
 * Every power of two has 2^bits equal buckets (those below 2^bits leave some unused); `index >> bits` gives the log2 histogram. 0 counts
 * with 1.
 */
import type { HistogramData } from './declaration.ts';

const exponents = 64;
const twoTo32 = 4_294_967_296;

const one = new Float64Array(1);

/** 2^0 … 2^63. */
const powers = Float64Array.from({ length: exponents }, (_, i) => 2 ** i);

export const bucketCount = (bits: number): number => exponents << bits;

/** The bucket of a delay (ns, whole, 0 to 2^53). */
export function bucketOf(ns: number, bits: number): number {
  return ns < twoTo32 ? bucketOf32(ns >>> 0, bits) : bucketOfLong(ns, bits);
}

function bucketOf32(ns: number, bits: number): number {
  if (ns < 2) return 0;
  const e = 31 - Math.clz32(ns);
  const below = e >= bits ? ns >>> (e - bits) : ns << (bits - e);
  return (e << bits) | (below & ((1 << bits) - 1));
}

function bucketOfLong(ns: number, bits: number): number {
  const e = 63 - Math.clz32(ns / twoTo32);
  const below = Math.floor(ns / powers[e - bits]!);
  return (e << bits) | (below % powers[bits]!);
}

/** First value of a bucket (ns). Buckets that hold no whole number begin with the next one that does. */
export function bucketBegin(index: number, bits: number): number {
  if (index === 0) return 0;
  const e = index >> bits;
  const sub = index & ((1 << bits) - 1);
  return Math.ceil(2 ** e + sub * 2 ** (e - bits));
}

export class Histogram implements HistogramData {
  readonly kind: 'log2' | 'hdr';
  readonly bits: number;
  readonly counts: Float64Array;
  count = 0;
  sumNs = 0;
  minNs = Number.POSITIVE_INFINITY;
  maxNs = Number.NEGATIVE_INFINITY;

  /** @param bits - 0: one bucket per power of two */
  constructor(bits: number, kind: 'log2' | 'hdr' = bits === 0 ? 'log2' : 'hdr') {
    this.kind = kind;
    this.bits = bits;
    this.counts = new Float64Array(bucketCount(bits));
  }

  add(ns: number): void {
    one[0] = ns;
    this.addFrom(one);
  }

  /** Adds the first of the values. A fraction that is given as an argument may become an object; here nothing is allocated. */
  addFrom(values: Float64Array): void {
    const ns = values[0]!;
    const { counts, bits } = this;
    const bucket = ns < twoTo32 ? bucketOf32(ns >>> 0, bits) : bucketOfLong(ns, bits);
    counts[bucket]! += 1;
    this.count += 1;
    this.sumNs += ns;
    if (ns < this.minNs) this.minNs = ns;
    if (ns > this.maxNs) this.maxNs = ns;
  }

  /** Adds another one of the same or more bits. */
  merge(other: HistogramData): void {
    const shift = other.bits - this.bits;
    for (let i = 0; i < other.counts.length; i++) {
      const count = other.counts[i]!;
      if (count !== 0) this.counts[i >> shift]! += count;
    }
    this.count += other.count;
    this.sumNs += other.sumNs;
    this.minNs = Math.min(this.minNs, other.minNs);
    this.maxNs = Math.max(this.maxNs, other.maxNs);
  }

  reset(): void {
    this.counts.fill(0);
    this.count = 0;
    this.sumNs = 0;
    this.minNs = Number.POSITIVE_INFINITY;
    this.maxNs = Number.NEGATIVE_INFINITY;
  }

  quantile(q: number): number {
    return quantileOf(this, q);
  }
}

/**
 * The delay that the share `q` (0 to 1) of all is not above: the last value of its bucket, and never more than the greatest delay; NaN:
 * there is none.
 */
export function quantileOf(histogram: HistogramData, q: number): number {
  const { counts, count, bits, maxNs } = histogram;
  if (count === 0) return Number.NaN;
  const rank = Math.max(1, Math.ceil(q * count));
  let seen = 0;
  for (let i = 0; i < counts.length; i++) {
    seen += counts[i]!;
    if (seen >= rank) return Math.min(bucketBegin(i + 1, bits) - 1, maxNs);
  }
  return maxNs;
}
