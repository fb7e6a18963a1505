/** Charts as inline SVG: no script, no library; values under the pointer come from `<title>`. */
import { leastOf, mostOf } from '../extremes.ts';
import { formatCount, formatDuration } from '../printers/human-text.ts';
import { chartValue } from './chart-text.ts';
import { escapeHtml } from './escape-html.ts';
import type { Chart, HistogramChart, SeriesChart } from './section.ts';

const width = 860;
const height = 200;
/** Room for the axes. */
const margin = { left: 78, right: 34, top: 12, bottom: 26 } as const;
const plotWidth = width - margin.left - margin.right;
const plotHeight = height - margin.top - margin.bottom;
/** About as many, so that they have room. */
const xLabels = 6;

/** Two decimals are finer than any screen. */
const at = (value: number): string => String(Number(value.toFixed(2)));

export function chartSvg(chart: Chart): string {
  const isEmpty = chart.series.length === 0;
  if (isEmpty) return '';
  const body = chart.kind === 'series' ? seriesBody(chart) : histogramBody(chart);
  return [
    '<figure>',
    `<figcaption>${escapeHtml(chart.title)}${noteOn(chart)}${legend(chart)}</figcaption>`,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(chart.title)}">`,
    ...body,
    '</svg>',
    '</figure>',
  ].join('\n');
}

/** What axes alone would not tell. */
const noteOn = (chart: Chart): string =>
  chart.kind === 'series'
    ? ''
    : ' <span class="note">(how often; columns double, heights are square roots)</span>';

function legend(chart: Chart): string {
  if (chart.series.length < 2) return '';
  return chart.series
    .map(({ name }, i) => ` <span class="key s${i % 6}">${escapeHtml(name)}</span>`)
    .join('');
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

/** `1.5 s` for `1.50 s` */
const shortDuration = (ns: number): string =>
  formatDuration(ns).replace(/\.(\d*?)0+ /, (_, digits: string) =>
    digits === '' ? ' ' : `.${digits} `,
  );

function axisY(label: string, ratio: number): string {
  const y = at(margin.top + plotHeight * (1 - ratio));
  return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}"/><text class="y" x="${margin.left - 6}" y="${y}">${escapeHtml(label)}</text>`;
}

function axisX(label: string, x: number): string {
  return `<text class="x" x="${at(x)}" y="${height - 8}">${escapeHtml(label)}</text>`;
}

function seriesBody(chart: SeriesChart): string[] {
  const count = mostOf(chart.series, ({ values }) => values.length);
  const greatest = mostOf(chart.series, ({ values }) => mostOf(values));
  const most = chart.unit === 'ratio' ? 1 : greatest > 0 ? greatest : 1;
  const x = (i: number): number => margin.left + (i / count) * plotWidth;
  const y = (value: number): number =>
    margin.top + plotHeight * (1 - Math.min(1, Math.max(0, value / most)));
  const axes = [0, 0.5, 1].map((ratio) => axisY(chartValue(chart, most * ratio), ratio));
  const stepNs = roundStep((count * chart.bucketNs) / xLabels);
  const steps = Math.floor((count * chart.bucketNs) / stepNs);
  const times = Array.from({ length: steps + 1 }, (_, i) =>
    axisX(i === 0 ? '0' : `+${shortDuration(i * stepNs)}`, x((i * stepNs) / chart.bucketNs)),
  );
  const shapes = chart.series.flatMap(({ name, values }, s) => {
    const steps = values.map(
      (value, i) => `${at(x(i))},${at(y(value))} ${at(x(i + 1))},${at(y(value))}`,
    );
    const line = steps.join(' ');
    const area = `${at(x(0))},${at(y(0))} ${line} ${at(x(values.length))},${at(y(0))}`;
    const peak = chartValue(chart, mostOf(values));
    return [
      `<polygon class="area s${s % 6}" points="${area}"/>`,
      `<polyline class="line s${s % 6}" points="${line}"><title>${escapeHtml(`${name}: at most ${peak}`)}</title></polyline>`,
    ];
  });
  return [...axes, ...times, ...shapes];
}

function histogramBody(chart: HistogramChart): string[] {
  const exponents = chart.series.flatMap(({ buckets }) =>
    buckets.map(({ lowerNs }) => Math.log2(lowerNs)),
  );
  const first = leastOf(exponents);
  const count = mostOf(exponents) - first + 1;
  const most = Math.max(1, ...chart.series.flatMap(({ buckets }) => buckets.map((b) => b.count)));
  const slot = plotWidth / count;
  const bar = (slot * 0.9) / chart.series.length;
  // Square roots: a tail of few is what one looks for.
  const share = (value: number): number => Math.sqrt(value / most);
  const axes = [0, 0.25, 1].map((part) =>
    axisY(formatCount(Math.round(most * part)), Math.sqrt(part)),
  );
  const every = Math.max(1, Math.ceil(count / 12));
  const labels = Array.from({ length: count + 1 }, (_, i) =>
    i % every === 0 ? axisX(formatDuration(2 ** (first + i)), margin.left + i * slot) : '',
  );
  const bars = chart.series.flatMap(({ name, buckets }, s) =>
    buckets
      .filter((bucket) => bucket.count > 0)
      .map(({ lowerNs, count: occurrences }) => {
        const x = margin.left + (Math.log2(lowerNs) - first) * slot + s * bar;
        const size = plotHeight * share(occurrences);
        const text = `${name}: ${formatCount(occurrences)} from ${formatDuration(lowerNs)} to ${formatDuration(2 * lowerNs)}`;
        return `<rect class="bar s${s % 6}" x="${at(x)}" y="${at(margin.top + plotHeight - size)}" width="${at(bar)}" height="${at(size)}"><title>${escapeHtml(text)}</title></rect>`;
      }),
  );
  return [...axes, ...labels, ...bars];
}
