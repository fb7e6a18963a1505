/** JSON, CSV and Markdown: every column and every table, ours too. */
import { type Losses, lossNotices } from '../losses.ts';
import type { Cell, Column, Report, ResultTable, TableClass } from '../table.ts';
import { plainValue } from './cell-text.ts';
import { JsonList, jsonPieces } from './json-pieces.ts';
import { joinPieces, separate } from './pieces.ts';

/** Prints one report after the other. What it yields is a piece of text, and must be taken before the next call. */
export interface ReportPrinter {
  report(report: Report): Iterable<string>;
  /** After the last report, or without any. */
  end(): Iterable<string>;
}

function* filledTables({ tables }: Report): Generator<ResultTable> {
  for (const table of tables) if (table.rows.length > 0) yield table;
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

/** A table for `jsonPieces`: rows are objects by column title. */
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
    rows: new JsonList(rowObjects(tableClass, rows)),
  };
}

function* rowObjects({ columns }: TableClass, rows: ResultTable['rows']): Generator<object> {
  for (const row of rows) {
    yield Object.fromEntries(columns.map((c, i) => [c.title, jsonCell(row[i])]));
  }
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
export function jsonPrinter(
  analysis: { readonly name: string },
  facts: Readonly<Record<string, unknown>>,
): ReportPrinter {
  let isFirst = true;
  function* head(): Generator<string> {
    const members = { analysis: analysis.name, ...facts };
    yield '{\n';
    for (const [key, value] of Object.entries(members)) {
      yield `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`;
    }
    yield '  "reports": [';
  }
  function* document(report: Report): Generator<string> {
    if (isFirst) yield* head();
    yield isFirst ? '\n    ' : ',\n    ';
    isFirst = false;
    yield* jsonPieces(reportDocument(report), '    ');
  }
  function* end(): Generator<string> {
    if (isFirst) yield* head();
    yield isFirst ? ']\n}\n' : '\n  ]\n}\n';
  }
  return { report: (report) => joinPieces(document(report)), end: () => joinPieces(end()) };
}

function reportDocument(report: Report): object {
  const { other } = report;
  return {
    timeRange: report.timeRange,
    ...lossDocument(report.losses),
    other: other && { timeRange: other.timeRange, ...lossDocument(other.losses) },
    tables: new JsonList(tableDocuments(report), { areDeep: true }),
  };
}

/** As many as threads, perhaps. */
function* tableDocuments(report: Report): Generator<object> {
  for (const table of filledTables(report)) yield tableDocument(table);
}

function csvField(value: unknown): string {
  const text = value === null ? '' : String(value);
  // A leading formula sign would run in spreadsheets: names in a trace are anybody's text.
  const safe = /^[=+@\t]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Blocks of lines, a table each, with an empty line between them. */
function blockPrinter(
  block: (table: ResultTable, report: Report) => Iterable<string>,
  lineEnd: string,
): ReportPrinter {
  let isFirst = true;
  function* blocks(report: Report): Generator<string> {
    for (const table of filledTables(report)) {
      if (!isFirst) yield lineEnd + lineEnd;
      isFirst = false;
      yield* separate(block(table, report), lineEnd);
    }
  }
  return { report: (report) => joinPieces(blocks(report)), end: () => [lineEnd] };
}

/** RFC 4180; tables are separated by an empty line and begin with a line that names them. */
export const csvPrinter = (): ReportPrinter => blockPrinter(csvLines, '\r\n');

function* csvLines({ tableClass, subtitle, rows }: ResultTable, report: Report): Generator<string> {
  const { name, columns } = tableClass;
  yield `# ${csvField(subtitle === undefined ? name : `${name}: ${subtitle}`)}`;
  for (const notice of lossNotices(report)) {
    yield `# ${notice[0]!.toLowerCase()}${notice.slice(1)}`;
  }
  yield columns.map((column) => csvField(column.title)).join(',');
  for (const row of rows) yield columns.map((_, i) => csvField(plainValue(row[i]))).join(',');
}

const markdownText = (value: unknown): string =>
  (value === null ? '' : String(value)).replace(/[\\|`*_<>[\]]/g, '\\$&').replace(/[\r\n]+/g, ' ');

/** GitHub's tables. */
export const markdownPrinter = (): ReportPrinter => blockPrinter(markdownLines, '\n');

const markdownRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function* markdownLines(
  { tableClass, subtitle, rows }: ResultTable,
  report: Report,
): Generator<string> {
  const { title, columns } = tableClass;
  yield `### ${markdownText(title)}${subtitle === undefined ? '' : ` (${markdownText(subtitle)})`}`;
  yield '';
  for (const notice of lossNotices(report)) yield* [`${notice}.`, ''];
  yield markdownRow(columns.map((column) => markdownText(titleWithUnit(column))));
  yield markdownRow(columns.map((c) => (isText(c) ? '---' : '---:')));
  for (const row of rows) {
    yield markdownRow(columns.map((_, i) => markdownText(plainValue(row[i]))));
  }
}

const isText = (column: Column): boolean => column.class === 'string' || column.class === 'process';

function titleWithUnit({ title, class: cellClass, unit }: Column): string {
  const shown = unit ?? (cellClass === 'duration' ? 'ns' : cellClass === 'size' ? 'B' : '');
  return shown === '' ? title : `${title} (${shown})`;
}
