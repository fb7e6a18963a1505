import type { Analysis } from './analysis.ts';
import { periodTableClasses } from './period-tables.ts';

/** What the period commands say about themselves; they run in `PeriodRun`, not over the model. */
export interface PeriodAnalysis
  extends Pick<
    Analysis,
    | 'name'
    | 'family'
    | 'summary'
    | 'title'
    | 'description'
    | 'tags'
    | 'tableClasses'
    | 'defaultViews'
  > {}

function declare(name: string, view: string, summary: string): PeriodAnalysis {
  return {
    name,
    family: 'periods',
    summary,
    title: 'Periods analysis',
    description: 'Periods frequency distribution, statistics, top, and log',
    tags: ['linux-kernel', 'lttng-analyses', 'period', 'stats', 'freq', 'top', 'log'],
    tableClasses: periodTableClasses,
    defaultViews: [view],
  };
}

export const periodAnalyses: readonly PeriodAnalysis[] = [
  declare('periodlog', 'log', 'Every completed period, with its captures.'),
  declare('periodtop', 'top', 'The longest periods.'),
  declare('periodstats', 'stats', 'Durations, counts and ratios of periods and their children.'),
  declare('periodfreq', 'freq', 'Frequency distributions of periods.'),
];

export function findPeriodAnalysis(name: string): PeriodAnalysis | undefined {
  return periodAnalyses.find((analysis) => analysis.name === name);
}
