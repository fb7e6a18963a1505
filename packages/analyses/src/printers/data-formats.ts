/** JSON, CSV and Markdown: every column and every table, ours too. */
import { type Losses, lossNotices } from '../losses.ts';
import type { Cell, Report, ResultTable } from '../table.ts';
import { plainValue } from './cell-text.ts';

/** Big integers as numbers where exact, else as strings: what JSON readers can take. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
    ? Number(value)
    : String(value);
}

function jsonCell(cell: Cell | undefined): unknown {
  if (cell === null || cell === undefined || cell.class === 'unknown') return null;
  if (cell.class === 'process') {
    const { class: _class, ...process } = cell;
    return process;
  }
  if (cell.class === 'time-range') return { begin: cell.begin, end: cell.end };
  if (cell.class === 'irq') return { hard: cell.hard, number: cell.nr, name: cell.name };
  return plainValue(cell);
}

/** A table as an object: rows are objects by column title. */
export function tableDocument({ tableClass, subtitle, rows }: ResultTable): object {
  return {
    name: tableClass.name,
    title: tableClass.title,
    subtitle,
    columns: tableClass.columns.map((column) => ({
      title: column.title,
      class: column.class,
      unit: column.unit,
    })),
    rows: rows.map((row) =>
      Object.fromEntries(tableClass.columns.map((c, i) => [c.title, jsonCell(row[i])])),
    ),
  };
}

export function jsonText(document: object): string {
  return JSON.stringify(document, jsonValue, 2);
}

/** What was discarded, and, apart from it, what switches were not recorded. */
export function lossDocument(losses: Losses | undefined): object {
  const { events, packets, cpuIds, switches, switchCpuIds } = losses ?? noLosses;
  return {
    discarded: { events, packets, cpuIds },
    notRecorded: { switches, cpuIds: switchCpuIds },
  };
}

const noLosses: Losses = { events: 0, packets: 0, cpuIds: [], switches: 0, switchCpuIds: [] };

/** One object per run: analysis, then reports with time range and tables. */
export function formatJson(
  analysis: { readonly name: string },
  reports: readonly Report[],
  facts: Readonly<Record<string, unknown>>,
): string {
  return jsonText({
    analysis: analysis.name,
    ...facts,
    reports: reports.map((report) => ({
      timeRange: report.timeRange,
      ...lossDocument(report.losses),
      other: report.other && {
        timeRange: report.other.timeRange,
        ...lossDocument(report.other.losses),
      },
      tables: report.tables.filter((t) => t.rows.length > 0).map(tableDocument),
    })),
  });
}

function csvField(value: unknown): string {
  const text = value === null ? '' : String(value);
  // A leading formula sign would run in spreadsheets: names in a trace are anybody's text.
  const safe = /^[=+@\t]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180; tables are separated by an empty line and begin with a line that names them. */
export function formatCsv(reports: readonly Report[]): string {
  const blocks = reports.flatMap((report) =>
    report.tables
      .filter((table) => table.rows.length > 0)
      .map(({ tableClass, subtitle, rows }) => {
        const title = subtitle === undefined ? tableClass.name : `${tableClass.name}: ${subtitle}`;
        const header = tableClass.columns.map((column) => csvField(column.title)).join(',');
        const lines = rows.map((row) =>
          tableClass.columns.map((_, i) => csvField(plainValue(row[i]))).join(','),
        );
        const head = lossNotices(report).map(
          (notice) => `# ${notice[0]!.toLowerCase()}${notice.slice(1)}`,
        );
        return [`# ${csvField(title)}`, ...head, header, ...lines].join('\r\n');
      }),
  );
  return `${blocks.join('\r\n\r\n')}\r\n`;
}

const markdownText = (value: unknown): string =>
  (value === null ? '' : String(value)).replace(/[\\|`*_<>[\]]/g, '\\$&').replace(/[\r\n]+/g, ' ');

/** GitHub's tables. */
export function formatMarkdown(reports: readonly Report[]): string {
  const blocks = reports.flatMap((report) =>
    report.tables
      .filter((table) => table.rows.length > 0)
      .map(({ tableClass, subtitle, rows }) => {
        const title = `### ${markdownText(tableClass.title)}${subtitle === undefined ? '' : ` (${markdownText(subtitle)})`}`;
        const row = (cells: string[]): string => `| ${cells.join(' | ')} |`;
        const { columns } = tableClass;
        const unit = (c: (typeof columns)[number]): string =>
          c.unit ?? (c.class === 'duration' ? 'ns' : c.class === 'size' ? 'B' : '');
        const titles = columns.map((c) =>
          markdownText(unit(c) === '' ? c.title : `${c.title} (${unit(c)})`),
        );
        const lines = rows.map((cells) =>
          row(columns.map((_, i) => markdownText(plainValue(cells[i])))),
        );
        const rule = columns.map((c) =>
          c.class === 'string' || c.class === 'process' ? '---' : '---:',
        );
        const notices = lossNotices(report).flatMap((notice) => [`${notice}.`, '']);
        const head = [title, '', ...notices];
        return [...head, row(titles), row(rule), ...lines].join('\n');
      }),
  );
  return `${blocks.join('\n\n')}\n`;
}
