import { percentileColumns } from './statistics-columns.ts';
import { type Column, type TableClass, uncertainColumn } from './table.ts';

const duration = (title: string): Column => ({ title, class: 'duration' });
const text = (title: string): Column => ({ title, class: 'string' });
const count = (title: string, unit: string): Column => ({ title, class: 'number', unit });
const range = (what: string): Column[] => [
  duration(`${what} (lower bound)`),
  duration(`${what} (upper bound)`),
];

const events: readonly Column[] = [
  { title: 'Period begin timestamp', class: 'timestamp' },
  { title: 'Period end timestamp', class: 'timestamp' },
  duration('Period duration'),
  text('Period name'),
  text('Begin captures'),
  text('End captures'),
  uncertainColumn,
];
const spread: readonly Column[] = [
  duration('Minimum duration'),
  duration('Average duration'),
  duration('Maximum duration'),
  duration('Period duration standard deviation'),
];
const pair = [text('Period name'), text('Parent')];
const numbers = (unit: string): Column[] => [
  count('Minimum', unit),
  count('Average', unit),
  count('Maximum', unit),
  count('Standard deviation', unit),
];

export const log: TableClass = { name: 'log', title: 'Period log', columns: events };
export const top: TableClass = {
  name: 'top',
  title: 'Period top',
  isLimited: true,
  columns: events,
};
export const perPeriodStats: TableClass = {
  name: 'per_period_stats',
  title: 'Period statistics',
  columns: [
    text('Period name'),
    count('Period count', 'occurences'),
    ...spread,
    duration('Total runtime'),
    ...percentileColumns,
  ],
};
export const perParentStats: TableClass = {
  name: 'per_parent_stats',
  title: 'Per-parent period duration statistics',
  columns: [...pair, ...spread, uncertainColumn],
};
export const perParentCount: TableClass = {
  name: 'per_parent_count',
  title: 'Per-parent period count statistics',
  columns: [...pair, ...numbers('occurences'), uncertainColumn],
};
export const perParentPercentage: TableClass = {
  name: 'per_parent_percentage',
  title: 'Per-parent duration ratio',
  columns: [...pair, ...numbers('%'), uncertainColumn],
};
export const freqDuration: TableClass = {
  name: 'freq_duration',
  title: 'Period duration frequency distribution',
  columns: [...range('Duration'), count('Period duration', 'us'), uncertainColumn],
};
const numberRange = (what: string): Column[] => [
  { title: `${what} (lower bound)`, class: 'number' },
  { title: `${what} (upper bound)`, class: 'number' },
];
export const freqCount: TableClass = {
  name: 'freq_count',
  title: 'Period count frequency distribution',
  columns: [...numberRange('Count'), count('Period count', 'count'), uncertainColumn],
};
export const freqRatio: TableClass = {
  name: 'freq_ratio',
  title: 'Period usage ratio frequency distribution',
  columns: [...numberRange('Ratio'), count('Period usage ratio', '%'), uncertainColumn],
};
export const aggregatedStats: TableClass = {
  name: 'aggregated_stats',
  title: 'Aggregated log',
  columns: [
    text('Parent period name'),
    { title: 'Parent begin timestamp', class: 'timestamp' },
    { title: 'Parent end timestamp', class: 'timestamp' },
    text('Child period name'),
    count('Period count', 'occurences'),
    ...spread,
    duration('Total runtime'),
    text('Parent captures'),
    uncertainColumn,
  ],
};
export const periodTableClasses: readonly TableClass[] = [
  log,
  top,
  perPeriodStats,
  freqDuration,
  freqCount,
  freqRatio,
  aggregatedStats,
  perParentStats,
  perParentCount,
  perParentPercentage,
];
