/** Columns, cells and charts of durations, the same in all sections. */
import { leastOf, mostOf } from '../extremes.ts';
import { formatCount, formatDuration } from '../printers/human-text.ts';
import type { Samples } from '../samples.ts';
import { type Cell, type Column, durationCell, numberCell } from '../table.ts';
import type { HistogramChart } from './section.ts';

const ratios = [0.5, 0.9, 0.99, 0.999];

export const distributionColumns: readonly Column[] = [
  { title: 'Count', class: 'number' },
  { title: 'p50', class: 'duration' },
  { title: 'p90', class: 'duration' },
  { title: 'p99', class: 'duration' },
  { title: 'p99.9', class: 'duration' },
  { title: 'Max', class: 'duration' },
];

export function distributionCells(samples: Samples): Cell[] {
  return [
    numberCell(samples.count),
    ...ratios.map((ratio) => durationCell(samples.percentile(ratio))),
    durationCell(samples.count === 0 ? undefined : samples.max),
  ];
}

/** `p50 101 µs, p99 2.79 ms, p99.9 6.55 ms, max 9.29 ms` */
export function distributionText(samples: Samples): string {
  if (samples.count === 0) return 'none';
  const at = (ratio: number): string => formatDuration(samples.percentile(ratio)!);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${formatDuration(samples.max)}`;
}

/** Durations that a gap touches are in no distribution or list of a report: some would be the greatest, and wrong. Empty: there are none. */
export const leftOutText = (uncertain: number): string =>
  uncertain > 0 ? `; ${formatCount(uncertain)} uncertain left out` : '';

/** Too few samples make no tail. */
const leastForTail = 100;

/** How many times the median the 99th percentile is; undefined: too few samples. */
export function tailFactor(samples: Samples): number | undefined {
  if (samples.count < leastForTail) return undefined;
  const median = samples.percentile(0.5)!;
  return median > 0 ? samples.percentile(0.99)! / median : undefined;
}

/** Buckets that double in width, from the one of the least sample to that of the greatest. */
export function histogram(
  title: string,
  all: readonly { readonly name: string; readonly samples: Samples }[],
): HistogramChart {
  const series = all
    .filter(({ samples }) => samples.count > 0)
    .map(({ name, samples }) => {
      const counts = new Map<number, number>();
      for (const ns of samples.values) {
        const exponent = ns < 1 ? 0 : Math.floor(Math.log2(ns));
        counts.set(exponent, (counts.get(exponent) ?? 0) + 1);
      }
      const exponents = [...counts.keys()];
      const first = leastOf(exponents);
      const length = mostOf(exponents) - first + 1;
      const buckets = Array.from({ length }, (_, i) => ({
        lowerNs: 2 ** (first + i),
        count: counts.get(first + i) ?? 0,
      }));
      return { name, buckets };
    });
  return { kind: 'histogram', title, series };
}
