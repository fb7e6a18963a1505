import { formatUs } from './number-format.ts';
import type { Samples } from './samples.ts';
import { type Cell, type Column, durationCell, numberCell, uncertainColumn } from './table.ts';

const percentiles = [0.5, 0.9, 0.99, 0.999];

/** p50, p90, p99, p99.9, and how many samples are uncertain: ours, not LAMI's. */
export const percentileColumns: readonly Column[] = [
  ...percentiles.map(
    (ratio): Column => ({
      title: `p${Number((ratio * 100).toFixed(1))}`,
      class: 'duration',
      isExtra: true,
    }),
  ),
  uncertainColumn,
];

/** Count, minimum, average, maximum, deviation; zeros when there are no samples. */
export function statisticsCells(samples: Samples, minimumForDeviation = 2): Cell[] {
  const isEmpty = samples.count === 0;
  const isKnown = samples.count >= minimumForDeviation;
  return [
    numberCell(samples.count),
    durationCell(isEmpty ? 0 : samples.min),
    durationCell(isEmpty ? 0 : samples.mean),
    durationCell(isEmpty ? 0 : samples.max),
    durationCell(isKnown ? samples.standardDeviation : undefined),
  ];
}

export function percentileCells(samples: Samples): Cell[] {
  return [
    ...percentiles.map((ratio) => durationCell(samples.percentile(ratio))),
    numberCell(samples.uncertainCount),
  ];
}

/** Count, min, avg, max, stdev as text, µs; `?` for an unknown deviation. */
export function statisticsTexts(samples: Samples): string[] {
  const isEmpty = samples.count === 0;
  const { standardDeviation } = samples;
  return [
    String(samples.count),
    formatUs(isEmpty ? 0 : samples.min),
    formatUs(isEmpty ? 0 : samples.mean),
    formatUs(isEmpty ? 0 : samples.max),
    standardDeviation === undefined ? '?' : formatUs(standardDeviation),
  ];
}
