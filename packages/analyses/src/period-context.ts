import type { AnalysisOptions } from './analysis.ts';
import { formatRow, formatUs } from './number-format.ts';
import type { PeriodCollector, PeriodOptions } from './period-collector.ts';
import type { PeriodInstance } from './period-engine.ts';
import type { PeriodDefinition } from './period-language.ts';
import type { Samples } from './samples.ts';
import { type Cell, durationCell } from './table.ts';

/** What the tables of periods are made from. */
export interface PeriodReportContext {
  readonly collector: PeriodCollector;
  readonly definitions: readonly PeriodDefinition[];
  readonly periods: PeriodOptions;
  readonly options: AnalysisOptions;
  toAbsoluteNs(timeNs: number): bigint;
}

export function timeRangeText(instance: PeriodInstance, context: PeriodReportContext): string {
  const { times } = context.options;
  const begin = times.time(context.toAbsoluteNs(instance.begin.timeNs));
  const end = times.time(context.toAbsoluteNs(instance.endNs));
  return `[${formatRow([begin, end], [18, 18], ', ')}]`;
}

export const spreadTexts = (samples: Samples, minimum: number): string[] => [
  formatUs(samples.min),
  formatUs(samples.mean),
  formatUs(samples.max),
  samples.count >= minimum ? formatUs(samples.standardDeviation ?? 0) : '?',
];

export const spreadCells = (samples: Samples, minimum = 2): Cell[] => [
  durationCell(samples.min),
  durationCell(samples.mean),
  durationCell(samples.max),
  durationCell(samples.count >= minimum ? samples.standardDeviation : undefined),
];
