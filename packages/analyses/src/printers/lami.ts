/** The machine interface of LTTng analyses, LAMI 1.0: what Trace Compass calls as an external analysis. */
import { addLosses } from '../losses.ts';
import type { PeriodAnalysis } from '../periods.ts';
import { joinRows } from '../rows.ts';
import type { Cell, Column, Report, ResultTable, TableClass, TimeRange } from '../table.ts';
import { joinPieces, separate } from './pieces.ts';

export const lamiVersion = '1.0';

/** JSON with exact big integers, in the layout of Python's `json.dumps`. */
function dump(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  if (typeof value === 'string') return dumpString(value);
  if (Array.isArray(value)) return `[${value.map(dump).join(', ')}]`;
  const members = Object.entries(value as object).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${dumpString(key)}: ${dump(member)}`).join(', ')}}`;
}

/** ASCII only, so that it passes whatever the reader's locale is. */
function dumpString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const ownColumns = (columns: readonly Column[]): Column[] => columns.filter((c) => !c.isExtra);

function columnDescription({ title, class: cellClass, unit }: Column): object {
  return { title, class: cellClass, unit };
}

function describeClass({ title, columns }: TableClass): object {
  return { title, 'column-descriptions': ownColumns(columns).map(columnDescription) };
}

/** What `--metadata` prints. */
export function lamiMetadata(analysis: PeriodAnalysis, version: string): string {
  const [major, minor, patch] = version.split('.').map(Number);
  const classes = analysis.tableClasses.filter(
    ({ isExtra, lamiView }) =>
      !isExtra && (lamiView === undefined || analysis.defaultViews.includes(lamiView)),
  );
  return dump({
    'mi-version': { major: 1, minor: 0 },
    version: { major, minor, patch, extra: '' },
    title: analysis.title,
    description: analysis.description,
    authors: ['The Sonde authors'],
    url: 'https://www.npmjs.com/package/sonde',
    tags: analysis.tags,
    'table-classes': Object.fromEntries(classes.map((c) => [c.name, describeClass(c)])),
  });
}

function timestamp(value: bigint): object {
  return { class: 'timestamp', value };
}

function timeRange({ begin, end }: TimeRange): object {
  return { class: 'time-range', begin: timestamp(begin), end: timestamp(end) };
}

function cellValue(cell: Cell): unknown {
  if (cell === null) return null;
  if (cell.class === 'time-range') return timeRange(cell);
  if (cell.class === 'process') {
    const { host: _host, ...process } = cell;
    return process;
  }
  return cell;
}

/**
 * The run's document: tables by class in the order of their first appearance, each with its period. Tables without rows are left out,
 * and summaries unless there are several periods.
 */
export function lamiPieces(reports: readonly Report[]): Generator<string> {
  return joinPieces(resultTexts(reports));
}

function* resultTexts(reports: readonly Report[]): Generator<string> {
  const byClass = new Map<string, Generator<string>[]>();
  for (const { timeRange: range, tables } of joinSummaries(reports)) {
    for (const table of tables) {
      if (table.tableClass.isExtra || table.rows.length === 0) continue;
      const { name } = table.tableClass;
      const known = byClass.get(name);
      if (known === undefined) byClass.set(name, [tableTexts(table, range)]);
      else known.push(tableTexts(table, range));
    }
  }
  yield '{"results": [';
  yield* separate([...byClass.values()].flat(), ', ');
  yield ']';
  for (const [name, value] of Object.entries(lossesIn(reports)))
    yield `, "${name}": ${dump(value)}`;
  yield '}\n';
}

function* tableTexts(
  { tableClass, subtitle, rows }: ResultTable,
  range: TimeRange,
): Generator<string> {
  const kept = tableClass.columns.map((column) => !column.isExtra);
  yield `{"class": ${dump(classValue(tableClass, subtitle))}, `;
  yield `"time-range": ${dump(timeRange(range))}, "data": [`;
  yield* separate(rowTexts(rows, kept), ', ');
  yield ']}';
}

function* rowTexts(rows: ResultTable['rows'], kept: readonly boolean[]): Generator<string> {
  for (const row of rows) yield dump(row.filter((_, i) => kept[i]).map(cellValue));
}

/** Not LAMI's: readers that don't know the members pass over them. Absent where nothing is missing. */
function lossesIn(reports: readonly Report[]): object {
  const all = addLosses(reports.map(({ losses }) => losses));
  if (all === undefined) return {};
  const { events, packets, cpuIds, switches, switchCpuIds } = all;
  return {
    ...(cpuIds.length === 0 ? {} : { discarded: { events, packets, cpus: cpuIds } }),
    ...(switches === 0 ? {} : { 'not-recorded': { switches, cpus: switchCpuIds } }),
  };
}

/** A table's class: a name, a name with another title, or, for columns known only now, all of it. */
function classValue(tableClass: TableClass, subtitle: string | undefined): unknown {
  if (tableClass.isAnonymous) return describeClass(tableClass);
  const { name, title } = tableClass;
  return subtitle === undefined ? name : { inherit: name, title: `${title} [${subtitle}]` };
}

/** One summary with a row (or some) per period, if there are several periods; else none. */
function joinSummaries(reports: readonly Report[]): Report[] {
  const isSummary = ({ tableClass }: ResultTable): boolean => tableClass.name === 'summary';
  const rest = reports.map((report) => ({
    ...report,
    tables: report.tables.filter((table) => !isSummary(table)),
  }));
  const summaries = reports.flatMap(({ tables }) => tables.filter(isSummary));
  const [first] = summaries;
  if (reports.length < 2 || first === undefined) return rest;
  const joined = { ...first, rows: joinRows(summaries.map(({ rows }) => rows)) };
  const all = { begin: reports[0]!.timeRange.begin, end: reports.at(-1)!.timeRange.end };
  return [{ timeRange: all, tables: [joined], text: [] }, ...rest];
}

export function lamiError(message: string): string {
  return dump({ 'error-message': message });
}
