import type { HistogramData, SeriesData } from '../declaration.ts';
import { Histogram, quantileOf } from '../histogram.ts';

/** Buckets while counting: at most 3 % wide, whatever the declaration shows. */
const fineBits = 5;
/** Delays of one tracker that are kept one by one (8 bytes each). */
const maxSamples = 2 ** 21;
/** Series of one tracker; what comes later counts under `other`. */
const maxSeries = 4096;
const otherLabel = 'other';

class Samples {
  values: Float64Array = new Float64Array(64);
  count = 0;
  isSorted = true;

  add(value: number): void {
    if (this.count === this.values.length) {
      const values = new Float64Array(this.count * 2);
      values.set(this.values);
      this.values = values;
    }
    this.values[this.count++] = value;
    this.isSorted = false;
  }

  /** Nearest rank. */
  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    if (!this.isSorted) this.values.subarray(0, this.count).sort();
    this.isSorted = true;
    const rank = Math.max(1, Math.ceil(q * this.count));
    return this.values[Math.min(rank, this.count) - 1]!;
  }
}

interface Series {
  readonly histogram: Histogram;
  samples: Samples | undefined;
}

type LabelValues = readonly (number | string)[];

/** A number from 0 for each combination of label values, in order of appearance; at most 4096, then they share one. */
export class LabelTable {
  readonly #all: LabelValues[] = [];
  /** A level of maps per label; ids in the last one. */
  readonly #root = new Map<number | string, unknown>();
  #otherId = -1;

  idOf(values: LabelValues): number {
    let level = this.#root;
    for (let i = 0; i < values.length - 1; i++) {
      let next = level.get(values[i]!) as Map<number | string, unknown> | undefined;
      if (next === undefined) {
        if (this.#all.length >= maxSeries) return this.#other(values);
        next = new Map();
        level.set(values[i]!, next);
      }
      level = next;
    }
    // No labels: one combination, of nothing.
    const last = values.at(-1) ?? '';
    const known = level.get(last) as number | undefined;
    if (known !== undefined) return known;
    if (this.#all.length >= maxSeries) return this.#other(values);
    const id = this.#all.push([...values]) - 1;
    level.set(last, id);
    return id;
  }

  valuesOf(id: number): LabelValues {
    return this.#all[id] ?? [];
  }

  #other(values: LabelValues): number {
    if (this.#otherId === -1) this.#otherId = this.#all.push(values.map(() => otherLabel)) - 1;
    return this.#otherId;
  }
}

/** The distributions of one tracker, by the ids of a label table. */
export class SeriesTable {
  readonly #names: readonly string[];
  readonly #labels: LabelTable;
  readonly #shape: { readonly kind: 'log2' | 'hdr'; readonly bits: number };
  readonly #all: Series[] = [];
  #sampleCount = 0;

  /** @param names - Of labels. */
  constructor(
    names: readonly string[],
    labels: LabelTable,
    shape: { readonly kind: 'log2' | 'hdr'; readonly bits: number },
  ) {
    this.#names = names;
    this.#labels = labels;
    this.#shape = shape;
  }

  add(id: number, delayNs: number): void {
    while (this.#all.length <= id) this.#create();
    const series = this.#all[id]!;
    series.histogram.add(delayNs);
    if (series.samples === undefined) return;
    series.samples.add(delayNs);
    if (++this.#sampleCount > maxSamples) {
      for (const each of this.#all) each.samples = undefined;
    }
  }

  snapshot(): SeriesData[] {
    if (this.#all.length === 0 && this.#names.length === 0) this.#create();
    return this.#all.flatMap((series, id) =>
      series.histogram.count > 0 || this.#names.length === 0 ? [this.#dataOf(series, id)] : [],
    );
  }

  reset(): void {
    this.#sampleCount = 0;
    for (const series of this.#all) {
      series.histogram.reset();
      series.samples = new Samples();
    }
  }

  #dataOf({ histogram, samples }: Series, id: number): SeriesData {
    const values = this.#labels.valuesOf(id);
    const { kind, bits } = this.#shape;
    const shown = new Histogram(Math.min(bits, fineBits), kind);
    shown.merge(histogram);
    const fine = copyOf(histogram);
    const ownSamples = samples === undefined ? undefined : samplesOf(samples);
    return {
      labels: Object.fromEntries(this.#names.map((name, i) => [name, values[i] ?? otherLabel])),
      histogram: shown,
      isExact: ownSamples !== undefined,
      quantileNs: (q) => ownSamples?.quantile(q) ?? quantileOf(fine, q),
    };
  }

  #create(): void {
    const samples = this.#sampleCount <= maxSamples ? new Samples() : undefined;
    this.#all.push({ histogram: new Histogram(fineBits), samples });
  }
}

function copyOf(histogram: Histogram): HistogramData {
  const copy = new Histogram(histogram.bits);
  copy.merge(histogram);
  return copy;
}

function samplesOf(samples: Samples): Samples {
  const copy = new Samples();
  copy.values = samples.values.slice(0, Math.max(1, samples.count));
  copy.count = samples.count;
  copy.isSorted = samples.isSorted;
  return copy;
}
