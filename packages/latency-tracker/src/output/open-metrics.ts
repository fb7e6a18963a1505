/** https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md */
import { counterNames } from '../counters.ts';
import type {
  HistogramData,
  SeriesData,
  TrackerCounters,
  TrackerSnapshot,
} from '../declaration.ts';
import { bucketBegin, Histogram } from '../histogram.ts';
import { valueText } from './value-text.ts';

const prefix = 'sonde_latency';
/** More buckets than this cost scrapers more than they tell. */
const maxBuckets = 20;

/** Gauges among the counters; the others only grow. */
const gauges: ReadonlySet<keyof TrackerCounters> = new Set(['pending']);

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return `{${parts.join(',')}}`;
}

/** Seconds as an exact decimal: `2^n - 1` ns have at most 16 figures here. */
function seconds(ns: number): string {
  const digits = String(Math.round(ns)).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Cumulative buckets from the first that is not empty; `le` is inclusive, the buckets half-open: hence 2^(i+1) - 1. */
function bucketLines(
  name: string,
  labels: Record<string, string>,
  histogram: HistogramData,
): string[] {
  const { counts } = histogram;
  const last = counts.findLastIndex((count) => count > 0);
  const first = Math.max(
    counts.findIndex((count) => count > 0),
    last - maxBuckets + 1,
  );
  const lines: string[] = [];
  let sum = 0;
  for (let i = 0; i <= last; i++) {
    sum += counts[i]!;
    if (i < first) continue;
    const le = seconds(bucketBegin(i + 1, 0) - 1);
    lines.push(`${name}_bucket${labelsText({ ...labels, le })} ${sum}`);
  }
  lines.push(`${name}_bucket${labelsText({ ...labels, le: '+Inf' })} ${histogram.count}`);
  return lines;
}

/** Names that are taken: a tracker of somebody's own may have labels called so. */
const ownLabels: ReadonlySet<string> = new Set(['tracker', 'le']);

function textsOf(tracker: string, labels: SeriesData['labels']): Record<string, string> {
  const texts: Record<string, string> = { tracker };
  // Sets of labels that differ in their order only are one series.
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [label, value] of sorted) {
    texts[ownLabels.has(label) ? `label_${label}` : label] = valueText(label, value);
  }
  return texts;
}

function seriesLines(tracker: string, all: readonly SeriesData[]): string[] {
  const name = `${prefix}_seconds`;
  // The number 3 and the text "3" are one here.
  const merged = new Map<string, { texts: Record<string, string>; histogram: Histogram }>();
  for (const { labels, histogram } of all) {
    const texts = textsOf(tracker, labels);
    const key = labelsText(texts);
    const known = merged.get(key) ?? { texts, histogram: new Histogram(0) };
    known.histogram.merge(histogram);
    merged.set(key, known);
  }
  return [...merged].flatMap(([key, { texts, histogram }]) => [
    ...bucketLines(name, texts, histogram),
    `${name}_count${key} ${histogram.count}`,
    `${name}_sum${key} ${seconds(histogram.sumNs)}`,
  ]);
}

/** All trackers for Prometheus: distributions in seconds, and every counter. */
export function openMetrics(snapshots: readonly TrackerSnapshot[]): string {
  const lines = [`# TYPE ${prefix}_seconds histogram`, `# UNIT ${prefix}_seconds seconds`];
  for (const { tracker, series } of snapshots) {
    lines.push(...seriesLines(tracker.name, series));
  }
  for (const counter of counterNames) {
    const isGauge = gauges.has(counter);
    const name = `${prefix}_${snake(counter)}`;
    lines.push(`# TYPE ${name} ${isGauge ? 'gauge' : 'counter'}`);
    for (const { tracker, counters } of snapshots) {
      const labels = labelsText({ tracker: tracker.name });
      lines.push(`${name}${isGauge ? '' : '_total'}${labels} ${counters[counter]}`);
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}
