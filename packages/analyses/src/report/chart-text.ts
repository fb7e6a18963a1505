/** Charts as lines of text: a mark of eight heights per point. */
import { leastOf, mostOf } from '../extremes.ts';
import { cellWidth, padEnd } from '../number-format.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  safeText,
} from '../printers/human-text.ts';
import type { Chart, HistogramChart, SeriesChart } from './section.ts';

const blocks = '▁▂▃▄▅▆▇█';

/** A value of a chart in its unit; sums of a bucket as a rate. */
export function chartValue(chart: SeriesChart, value: number): string {
  if (chart.unit === 'ratio') return formatPercent(value);
  if (chart.unit === 'bytes') return formatBytes(value);
  if (chart.unit === 'size') return `${formatBytes(value / (chart.bucketNs / 1e9))}/s`;
  return formatCount(Number(value.toFixed(2)));
}

/** A mark per value, between the two bounds; blank at the lower one. */
function sparkline(values: readonly number[], least: number, most: number): string {
  return values
    .map((value) => {
      if (!(value > least) || most <= least) return ' ';
      const level = Math.ceil(((value - least) / (most - least)) * blocks.length) - 1;
      return blocks[Math.max(0, Math.min(blocks.length - 1, level))]!;
    })
    .join('');
}

/** Neighbours become one, by their average, so that no more than `width` are left. */
export function resample(values: readonly number[], width: number): number[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: width }, (_, i) => {
    const from = Math.floor((i * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / width));
    const part = values.slice(from, to);
    return part.reduce((all, value) => all + value, 0) / part.length;
  });
}

/** A line per series, as wide as `columns` allow. */
export function chartLines(chart: Chart, columns: number): string[] {
  if (chart.series.length === 0) return [];
  return chart.kind === 'series' ? seriesLines(chart, columns) : histogramLines(chart, columns);
}

function seriesLines(chart: SeriesChart, columns: number): string[] {
  const most = chart.unit === 'ratio' ? 1 : mostOf(chart.series, ({ values }) => mostOf(values));
  const least = Math.min(
    0,
    leastOf(chart.series, ({ values }) => leastOf(values)),
  );
  const bottom = least < 0 ? `bottom: ${chartValue(chart, least)}, ` : '';
  const legend = chart.unit === 'ratio' ? '' : ` (${bottom}top: ${chartValue(chart, most)})`;
  const names = chart.series.map(({ name }) => safeText(name));
  const nameWidth = mostOf(names, cellWidth);
  const width = Math.max(10, columns - nameWidth - 5);
  return [
    '',
    `  ${chart.title}${legend}`,
    ...chart.series.map(({ values }, i) => {
      const line = sparkline(resample(values, width), least, most);
      return `  ${padEnd(names[i]!, nameWidth)} │${line}│`;
    }),
  ];
}

function histogramLines(chart: HistogramChart, columns: number): string[] {
  const names = chart.series.map(({ name }) => safeText(name));
  const nameWidth = Math.min(mostOf(names, cellWidth), Math.trunc(columns / 3));
  return [
    '',
    `  ${chart.title} (columns double)`,
    ...chart.series.map(({ buckets }, i) => {
      const most = mostOf(buckets, ({ count }) => count);
      const line = sparkline(
        buckets.map(({ count }) => count),
        0,
        most,
      );
      const last = buckets.at(-1)!.lowerNs * 2;
      const range = `${formatDuration(buckets[0]!.lowerNs)} │${line}│ ${formatDuration(last)}`;
      return `  ${padEnd(names[i]!.slice(0, nameWidth), nameWidth)}  ${range}`;
    }),
  ];
}
