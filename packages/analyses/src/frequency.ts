import type { AnalysisOptions } from './analysis.ts';
import type { Samples } from './samples.ts';
import { type Cell, durationCell, numberCell } from './table.ts';
import type { FrequencyBlock } from './text-block.ts';

export interface Bucket {
  /** µs. */
  readonly lowerBound: number;
  readonly upperBound: number;
  readonly count: number;
}

export interface Bounds {
  /** µs. */
  readonly min: number;
  readonly max: number;
}

/** The range that a distribution covers: as asked for, else that of the samples (µs). */
export function boundsOf(samples: Samples, options: AnalysisOptions): Bounds {
  return {
    min: (options.minDurationNs ?? samples.min) / 1000,
    max: (options.maxDurationNs ?? samples.max) / 1000,
  };
}

/** The widest of several ranges: `--freq-uniform`. */
export function joinBounds(all: readonly Bounds[]): Bounds {
  return {
    min: Math.min(...all.map((bounds) => bounds.min)),
    max: Math.max(...all.map((bounds) => bounds.max)),
  };
}

/**
 * Equal-width buckets; the last one is closed above. All samples equal: one bucket (the original printed nothing, its BUG-28).
 */
export function distribute(samples: Samples, bounds: Bounds, resolution: number): Bucket[] {
  const { min, max } = bounds;
  const step = (max - min) / resolution;
  if (samples.count === 0 || !(step >= 0)) return [];
  if (step === 0) return [{ lowerBound: min, upperBound: max, count: samples.count }];
  const counts = new Array<number>(resolution).fill(0);
  for (const ns of samples.values) {
    const value = ns / 1000;
    const index = Math.trunc((value - min) / step);
    if (index < resolution && value >= min) counts[index]!++;
    else if (value === max) counts[resolution - 1]!++;
  }
  return counts.map((count, i) => ({
    lowerBound: i * step + min,
    upperBound: (i + 1) * step + min,
    count,
  }));
}

/** Lower bound, upper bound (ns), count. */
export function bucketRows(buckets: readonly Bucket[]): Cell[][] {
  return buckets.map((bucket) => [
    durationCell(bucket.lowerBound * 1000),
    durationCell(bucket.upperBound * 1000),
    numberCell(bucket.count),
  ]);
}

export function frequencyBlock(title: string, buckets: readonly Bucket[]): FrequencyBlock {
  return { kind: 'frequency', title, unit: 'µs', rows: buckets };
}
