/** The report for terminals: findings first, then each section. `--brief` leaves the tables out. */
import type { TimeFormat } from '../analysis.ts';
import { describeLosses } from '../losses.ts';
import { cellWidth, padEnd, padStart } from '../number-format.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  safeText,
} from '../printers/human-text.ts';
import { formatTableRows } from '../printers/table-text.ts';
import type { Chart, Finding, HistogramChart, SectionReport, SeriesChart } from './section.ts';
import type { HostReport, SystemReport } from './system-report.ts';

export interface ReportTextStyle {
  readonly times: TimeFormat;
  /** Width to fit. */
  readonly columns: number;
  readonly hasColors: boolean;
  /** The trace as it stands in commands. */
  readonly trace: string;
  /** Findings and headlines only. */
  readonly isBrief: boolean;
}

const briefFindings = 8;
const blocks = '▁▂▃▄▅▆▇█';

type Paint = (text: string) => string;

interface Pen {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly severity: Readonly<Record<Finding['severity'], Paint>>;
}

function penOf(hasColors: boolean): Pen {
  const paint =
    (code: string): Paint =>
    (text) =>
      hasColors ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    bold: paint('1'),
    dim: paint('2'),
    severity: { high: paint('1;31'), medium: paint('33'), info: paint('36') },
  };
}

export function formatReportText(report: SystemReport, style: ReportTextStyle): string {
  const pen = penOf(style.hasColors);
  const lines = report.hosts.flatMap((host) => hostLines(report, host, style, pen));
  if (report.hosts.length === 0) lines.push('There is no event to report on.');
  return `${lines.join('\n')}\n`;
}

/** `1,234 events, none lost` */
export function eventsText({ eventCount, losses }: SystemReport): string {
  const lost = describeLosses(losses);
  const loss = lost === undefined ? 'none lost' : `${lost} LOST: figures are too low`;
  return `${formatCount(eventCount)} events, ${loss}`;
}

/** Kernel, tracer, length, CPUs, events. */
export function hostFacts(report: SystemReport, host: HostReport): string[] {
  return [
    host.kernel,
    host.tracer,
    formatDuration(host.durationNs),
    `${host.cpuCount} CPU${host.cpuCount === 1 ? '' : 's'}`,
    eventsText(report),
  ].filter((fact) => fact !== '');
}

function hostLines(
  report: SystemReport,
  host: HostReport,
  style: ReportTextStyle,
  pen: Pen,
): string[] {
  const { times, columns, isBrief } = style;
  const { begin, end } = host.timeRange;
  const shown = host.sections.filter(({ headline }) => headline !== '');
  const absent = host.sections.filter(({ headline }) => headline === '');
  const findings = isBrief ? host.findings.slice(0, briefFindings) : host.findings;
  const lines = [
    pen.bold(safeText(`Report on ${host.name}`)),
    ...wrap(safeText(hostFacts(report, host).join(', ')), columns, ''),
    `${times.dateTime(begin)} to ${times.time(end)}`,
    '',
    pen.bold('What stands out'),
    ...findings.flatMap((finding) => findingLines(finding, style, pen)),
  ];
  if (findings.length === 0) lines.push('  Nothing.');
  if (isBrief) lines.push('', pen.bold('In short'));
  for (const section of shown) lines.push(...sectionLines(section, style, pen));
  if (absent.length > 0) lines.push('', ...absent.flatMap((s) => absentLines(s, style)));
  return lines;
}

function findingLines({ severity, text, command }: Finding, style: ReportTextStyle, pen: Pen) {
  const marks = { high: '!!', medium: ' !', info: ' -' };
  const [first = '', ...rest] = wrap(safeText(text), style.columns - 5, '     ');
  const mark = pen.severity[severity](marks[severity]);
  const more = pen.dim(`     ${commandText(command, style.trace)}`);
  return [`  ${mark} ${first.trimStart()}`, ...rest, ...(style.isBrief ? [] : [more])];
}

export function commandText(command: string, trace: string): string {
  return `sonde ${command} ${trace}`;
}

function absentLines(section: SectionReport, style: ReportTextStyle): string[] {
  const why = section.missing ?? 'None of it was seen.';
  return wrap(`${section.title}: not reported. ${why}`, style.columns, '');
}

function sectionLines(section: SectionReport, style: ReportTextStyle, pen: Pen): string[] {
  const { columns, times, isBrief, trace } = style;
  const title = pen.bold(section.title);
  const headline = wrap(safeText(section.headline), columns - 2, '  ');
  if (isBrief) {
    const [first = '', ...rest] = wrap(
      `${section.title}: ${safeText(section.headline)}`,
      columns - 2,
      '    ',
    );
    return [`  ${first.trimStart()}`, ...rest];
  }
  const lines = ['', title, ...headline];
  if (section.missing !== undefined) lines.push(...wrap(section.missing, columns - 2, '  '));
  for (const chart of section.charts) lines.push(...chartLines(chart, columns));
  for (const { table, command } of section.tables) {
    const rows = formatTableRows(table, { times, columns, indent: '  ', emphasise: pen.dim });
    if (rows.length === 0) continue;
    const heading = `  ${table.tableClass.title}`;
    const more = command === undefined ? '' : commandText(command, trace);
    const room = columns - cellWidth(heading) - 2;
    const right = more === '' || cellWidth(more) > room ? '' : pen.dim(padStart(more, room));
    lines.push('', `${pen.bold(heading)}  ${right}`.trimEnd(), ...rows);
  }
  return lines;
}

/** Words in lines no wider than `columns`, each behind `indent`. */
function wrap(text: string, columns: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && cellWidth(line) + 1 + cellWidth(word) > columns - indent.length) {
      lines.push(`${indent}${line}`);
      line = word;
    } else line += line === '' ? word : ` ${word}`;
  }
  return [...lines, `${indent}${line}`];
}

/** A value of a chart in its unit; sums of a bucket as a rate. */
export function chartValue(chart: SeriesChart, value: number): string {
  if (chart.unit === 'ratio') return formatPercent(value);
  if (chart.unit === 'size') return `${formatBytes(value / (chart.bucketNs / 1e9))}/s`;
  return formatCount(Number(value.toFixed(2)));
}

function sparkline(values: readonly number[], greatest: number): string {
  return values
    .map((value) => {
      if (!(value > 0) || greatest <= 0) return ' ';
      const level = Math.ceil((value / greatest) * blocks.length) - 1;
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

function chartLines(chart: Chart, columns: number): string[] {
  if (chart.series.length === 0) return [];
  return chart.kind === 'series' ? seriesLines(chart, columns) : histogramLines(chart, columns);
}

function seriesLines(chart: SeriesChart, columns: number): string[] {
  const most = Math.max(...chart.series.flatMap(({ values }) => values));
  const scale = chart.unit === 'ratio' ? 1 : most;
  const legend = chart.unit === 'ratio' ? '' : ` (top: ${chartValue(chart, most)})`;
  const names = chart.series.map(({ name }) => safeText(name));
  const nameWidth = Math.max(...names.map(cellWidth));
  const width = Math.max(10, columns - nameWidth - 5);
  return [
    '',
    `  ${chart.title}${legend}`,
    ...chart.series.map(({ values }, i) => {
      const line = sparkline(resample(values, width), scale);
      return `  ${padEnd(names[i]!, nameWidth)} │${line}│`;
    }),
  ];
}

function histogramLines(chart: HistogramChart, columns: number): string[] {
  const names = chart.series.map(({ name }) => safeText(name));
  const nameWidth = Math.min(Math.max(...names.map(cellWidth)), Math.trunc(columns / 3));
  return [
    '',
    `  ${chart.title} (columns double)`,
    ...chart.series.map(({ buckets }, i) => {
      const most = Math.max(...buckets.map(({ count }) => count));
      const line = sparkline(
        buckets.map(({ count }) => count),
        most,
      );
      const last = buckets.at(-1)!.lowerNs * 2;
      const range = `${formatDuration(buckets[0]!.lowerNs)} │${line}│ ${formatDuration(last)}`;
      return `  ${padEnd(names[i]!.slice(0, nameWidth), nameWidth)}  ${range}`;
    }),
  ];
}
