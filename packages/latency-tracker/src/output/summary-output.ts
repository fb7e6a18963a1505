import { formatFates, formatTroubles } from '../counters.ts';
import type { SeriesData, TrackerSnapshot } from '../declaration.ts';
import { formatDuration } from '../duration.ts';
import { bucketBegin, Histogram } from '../histogram.ts';
import { valueText } from './value-text.ts';

export interface SummaryOptions {
  /** Rows of tables by label; 0: all. */
  readonly top: number;
}

const barCells = 40;
const shownQuantiles = [0.5, 0.9, 0.99, 0.999] as const;
const quantileNames = ['p50', 'p90', 'p99', 'p99.9'] as const;

const group = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** All series of a snapshot in one histogram with a bucket per power of two. */
export function totalHistogram(snapshot: TrackerSnapshot): Histogram {
  const total = new Histogram(0);
  for (const { histogram } of snapshot.series) total.merge(histogram);
  return total;
}

/** For people: what was measured, its distribution, its rows by label, and what is not as it should be. */
export function summaryText(snapshot: TrackerSnapshot, options: SummaryOptions): string {
  const { tracker, counters, series } = snapshot;
  const total = totalHistogram(snapshot);
  const title = tracker.summary === '' ? tracker.name : `${tracker.name}: ${tracker.summary}`;
  const lines = [title];
  if (total.count === 0) lines.push('  nothing was measured');
  const [only] = series;
  if (total.count > 0) {
    const mean = formatDuration(total.sumNs / total.count);
    const range = `${formatDuration(total.minNs)} to ${formatDuration(total.maxNs)}`;
    lines.push(`  ${group(total.count)} measured, ${range}, mean ${mean}`);
    if (only !== undefined && series.length === 1) lines.push(`  ${quantilesText(only)}`);
    lines.push(...histogramLines(total));
    if (Object.keys(only?.labels ?? {}).length > 0) lines.push('', ...labelLines(series, options));
  }
  const above = counters.alerts + counters.limited;
  if (above > 0) {
    const told = counters.limited === 0 ? '' : `; ${group(counters.alerts)} of them told`;
    lines.push(`  ${group(above)} above ${thresholdsText(snapshot.thresholdsNs)}${told}`);
  }
  const fates = formatFates(counters);
  if (fates !== '') lines.push(`  ${fates}`);
  const troubles = formatTroubles(counters);
  if (troubles !== '') lines.push(`  NOT all is well: ${troubles}`);
  return `${lines.join('\n')}\n`;
}

function thresholdsText(thresholdsNs: readonly number[]): string {
  const texts = thresholdsNs.map((ns) => (Number.isFinite(ns) ? formatDuration(ns) : 'none'));
  return texts.length === 1 ? texts[0]! : `the threshold, which was ${texts.join(', then ')}`;
}

function quantilesText(series: SeriesData): string {
  const parts = shownQuantiles.map(
    (q, i) => `${quantileNames[i]} ${formatDuration(series.quantileNs(q))}`,
  );
  return `${parts.join('   ')}${series.isExact ? '' : '   (to the next bucket)'}`;
}

function histogramLines(histogram: Histogram): string[] {
  const { counts } = histogram;
  let first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const most = Math.max(...counts);
  const lines: string[] = [];
  for (; first <= last; first++) {
    const count = counts[first]!;
    const cells = Math.ceil((barCells * count) / most);
    const begin = formatDuration(bucketBegin(first, 0)).padStart(8);
    const end = formatDuration(bucketBegin(first + 1, 0)).padStart(8);
    lines.push(`  ${begin} to ${end} ${group(count).padStart(11)} ${'#'.repeat(cells)}`.trimEnd());
  }
  return lines;
}

/** A row per combination of labels, the greatest sum first. */
function labelLines(series: readonly SeriesData[], { top }: SummaryOptions): string[] {
  const names = Object.keys(series[0]!.labels);
  const sorted = [...series].sort((a, b) => b.histogram.sumNs - a.histogram.sumNs);
  const shown = top === 0 ? sorted : sorted.slice(0, top);
  const rows = shown.map(({ labels, histogram, quantileNs }) => [
    ...names.map((name) => valueText(name, labels[name] ?? '')),
    group(histogram.count),
    ...[0.5, 0.99].map((q) => formatDuration(quantileNs(q))),
    formatDuration(histogram.maxNs),
    formatDuration(histogram.sumNs),
  ]);
  const lines = table([...names, 'count', 'p50', 'p99', 'max', 'sum'], rows, names.length);
  const left = sorted.length - shown.length;
  if (left > 0) lines.push(`  … and ${left} more (--top)`);
  return lines;
}

/** Columns as wide as their cells; the first `leftCount` are aligned left. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  leftCount: number,
): string[] {
  const widths = titles.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  return [titles, ...rows].map((row) =>
    `  ${row.map((cell, i) => (i < leftCount ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd(),
  );
}

/** Sparse buckets `[first, end, count]` in ns, half-open, as the declaration has them. */
function sparseBuckets({ histogram }: SeriesData): [number, number, number][] {
  const { counts, bits } = histogram;
  const buckets: [number, number, number][] = [];
  counts.forEach((count, i) => {
    if (count > 0) buckets.push([bucketBegin(i, bits), bucketBegin(i + 1, bits), count]);
  });
  return buckets;
}

/** For `JSON.stringify`: one object for each tracker, all counters in it. */
export function snapshotJson(
  snapshot: TrackerSnapshot,
  t: string,
): Readonly<Record<string, unknown>> {
  const { tracker, counters, series, uncertain } = snapshot;
  return {
    t,
    tracker: tracker.name,
    event: 'hist',
    unit: 'ns',
    counters,
    series: series.map((each) => ({
      labels: each.labels,
      count: each.histogram.count,
      sum: each.histogram.sumNs,
      ...(each.histogram.count === 0
        ? {}
        : { min: each.histogram.minNs, max: each.histogram.maxNs }),
      exact: each.isExact,
      quantiles: Object.fromEntries(
        shownQuantiles.map((q, i) => [
          quantileNames[i],
          each.histogram.count === 0 ? null : each.quantileNs(q),
        ]),
      ),
      buckets: sparseBuckets(each),
    })),
    uncertain: uncertain === undefined ? 0 : uncertain.count,
  };
}
