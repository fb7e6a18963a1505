import type { AnalysisOptions } from './analysis.ts';
import { leastOf, mostOf } from './extremes.ts';
import type { Samples } from './samples.ts';
import { percentileCells, percentileColumns } from './statistics-columns.ts';
import {
  type Cell,
  type Column,
  durationCell,
  lazyTable,
  numberCell,
  type ResultTable,
  stringCell,
  type TableClass,
  uncertainColumn,
} from './table.ts';
import type { FrequencyBlock } from './text-block.ts';

export interface Bucket {
  /** µs. */
  readonly lowerBound: number;
  readonly upperBound: number;
  readonly count: number;
  /** How many of them a gap touches. */
  readonly uncertainCount: number;
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
    min: leastOf(all, ({ min }) => min),
    max: mostOf(all, ({ max }) => max),
  };
}

/**
 * Equal-width buckets; the last one is closed above. All samples equal: one bucket (the original printed nothing, its BUG-28).
 */
export function distribute(samples: Samples, bounds: Bounds, resolution: number): Bucket[] {
  const { min, max } = bounds;
  const step = (max - min) / resolution;
  if (samples.count === 0 || !(step >= 0)) return [];
  if (step === 0) {
    const { count, uncertainCount } = samples;
    return [{ lowerBound: min, upperBound: max, count, uncertainCount }];
  }
  const counts = countIn(samples.values, bounds, resolution);
  const uncertain = countIn(samples.uncertain, bounds, resolution);
  return counts.map((count, i) => ({
    lowerBound: i * step + min,
    upperBound: (i + 1) * step + min,
    count,
    uncertainCount: uncertain[i]!,
  }));
}

function countIn(valuesNs: Iterable<number>, { min, max }: Bounds, resolution: number): number[] {
  const step = (max - min) / resolution;
  const counts = new Array<number>(resolution).fill(0);
  for (const ns of valuesNs) {
    const value = ns / 1000;
    const index = Math.trunc((value - min) / step);
    if (index < resolution && value >= min) counts[index]!++;
    else if (value === max) counts[resolution - 1]!++;
  }
  return counts;
}

/** Lower bound, upper bound (ns), count, how many of it are uncertain. */
export function bucketRows(buckets: readonly Bucket[]): Cell[][] {
  return buckets.map((bucket) => [
    durationCell(bucket.lowerBound * 1000),
    durationCell(bucket.upperBound * 1000),
    numberCell(bucket.count),
    numberCell(bucket.uncertainCount),
  ]);
}

interface Series {
  readonly title: string;
  readonly buckets: readonly Bucket[];
}

/** Distributions of equal bounds side by side: a column each. Undefined: there is none. */
export function seriesTable(
  title: string,
  freq: TableClass,
  series: readonly Series[],
): ResultTable | undefined {
  const kept = series.filter(({ buckets }) => buckets.length > 0);
  const [first] = kept;
  if (first === undefined) return undefined;
  const [lower, upper, count] = freq.columns as readonly [Column, Column, Column];
  const own = kept.map((one) => ({ ...count, title: one.title }));
  const columns = [lower, upper, ...own, uncertainColumn];
  const rows = bucketRows(first.buckets).map((cells, i) => [
    ...cells.slice(0, 2),
    ...kept.map(({ buckets }) => numberCell(buckets[i]?.count ?? 0)),
    numberCell(kept.reduce((sum, { buckets }) => sum + (buckets[i]?.uncertainCount ?? 0), 0)),
  ]);
  return { tableClass: { name: 'freq-series', title, columns, isAnonymous: true }, rows };
}

const percentileTableClass: TableClass = {
  name: 'freq-percentiles',
  title: 'Percentiles',
  isExtra: true,
  columns: [
    { title: 'Distribution', class: 'string' },
    { title: 'Count', class: 'number' },
    ...percentileColumns.map((column) => ({ ...column, isExtra: false })),
    { title: 'Maximum', class: 'duration' },
  ],
};

/** What distributions of durations amount to, a row each. */
export function percentileTable(
  distributions: readonly { readonly title: string; readonly samples: Samples }[],
): ResultTable {
  const makeRows = (): Cell[][] =>
    distributions
      .filter(({ samples }) => samples.count > 0)
      .map(({ title, samples }) => [
        stringCell(title === '' ? 'total' : title),
        numberCell(samples.count),
        ...percentileCells(samples),
        durationCell(samples.max),
      ]);
  return lazyTable(percentileTableClass, undefined, makeRows);
}

/** Buckets that are counted when they are asked for: nothing is kept of them. */
export class Distribution {
  readonly #samples: Samples;
  readonly #bounds: Bounds | undefined;
  readonly #options: AnalysisOptions;

  /** @param bounds - Undefined: its own. */
  constructor(samples: Samples, bounds: Bounds | undefined, options: AnalysisOptions) {
    this.#samples = samples;
    this.#bounds = bounds;
    this.#options = options;
  }

  get buckets(): Bucket[] {
    const bounds = this.#bounds ?? boundsOf(this.#samples, this.#options);
    return distribute(this.#samples, bounds, this.#options.frequencyResolution);
  }
}

/** A distribution among as many as there are threads. */
export class FrequencyTable implements ResultTable {
  readonly tableClass: TableClass;
  declare readonly subtitle?: string;
  readonly #distribution: Distribution;

  /** @param subtitle - Empty: none. */
  constructor(tableClass: TableClass, subtitle: string, distribution: Distribution) {
    this.tableClass = tableClass;
    if (subtitle !== '') this.subtitle = subtitle;
    this.#distribution = distribution;
  }

  get rows(): Cell[][] {
    return bucketRows(this.#distribution.buckets);
  }
}

/** The same as text. */
export class LazyFrequencyBlock implements FrequencyBlock {
  readonly #title: string;
  readonly #subtitle: string;
  readonly #distribution: Distribution;

  constructor(title: string, subtitle: string, distribution: Distribution) {
    this.#title = title;
    this.#subtitle = subtitle;
    this.#distribution = distribution;
  }

  get kind(): 'frequency' {
    return 'frequency';
  }

  get title(): string {
    return this.#subtitle === '' ? this.#title : `${this.#title} - ${this.#subtitle}`;
  }

  get unit(): string {
    return 'µs';
  }

  get rows(): Bucket[] {
    return this.#distribution.buckets;
  }
}

export function frequencyBlock(title: string, buckets: readonly Bucket[]): FrequencyBlock {
  return { kind: 'frequency', title, unit: 'µs', rows: buckets };
}
