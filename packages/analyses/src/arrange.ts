/** What happens to a report between reducer and printer, for all analyses alike: machines are joined, groups named, rows sorted. */
import type { AnalysisOptions } from './analysis.ts';
import { compareCells } from './printers/cell-text.ts';
import { firstRows, joinRows, mapRows, type Rows, sortRows } from './rows.ts';
import type { Cell, Column, Report, ResultTable, TableClass } from './table.ts';
import { lines, type TextBlock } from './text-block.ts';

const hostColumn: Column = { title: 'Host', class: 'string', isExtra: true };

/** One report of several machines': their rows carry the host, their texts follow one another. */
export function joinHosts(reports: readonly (readonly [host: string, report: Report])[]): Report {
  const [first] = reports;
  if (first === undefined) throw new Error('There is no report to join.');
  if (reports.length === 1) return first[1];
  const tables = new Map<string, { table: ResultTable; parts: Rows<Cell>[] }>();
  const text: TextBlock[] = [];
  for (const [host, report] of reports) {
    text.push(lines('', `Host: ${host}`), ...report.text);
    for (const table of report.tables) {
      const key = `${table.tableClass.name}\n${table.subtitle ?? ''}`;
      let joined = tables.get(key);
      if (joined === undefined) {
        const { columns } = table.tableClass;
        const tableClass: TableClass = { ...table.tableClass, columns: [hostColumn, ...columns] };
        joined = { table: { ...table, tableClass }, parts: [] };
        tables.set(key, joined);
      }
      joined.parts.push(mapRows(table.rows, (row) => [{ class: 'string', value: host }, ...row]));
    }
  }
  return {
    timeRange: first[1].timeRange,
    tables: [...tables.values()].map(({ table, parts }) => ({ ...table, rows: joinRows(parts) })),
    text,
  };
}

const isNumeric = (column: Column): boolean =>
  !['string', 'path', 'process'].includes(column.class);

/** The column that a word of the user means: its whole title, or its only title with that part. Undefined: none, or several. */
export function findColumn(columns: readonly Column[], word: string): number | undefined {
  const wanted = word.toLowerCase();
  const exact = columns.findIndex(({ title }) => title.toLowerCase() === wanted);
  if (exact >= 0) return exact;
  const parts = columns.flatMap(({ title }, i) =>
    title.toLowerCase().includes(wanted) ? [i] : [],
  );
  return parts.length === 1 ? parts[0] : undefined;
}

function sortTable(table: ResultTable, word: string, limit: number): ResultTable {
  const { tableClass } = table;
  const at = findColumn(tableClass.columns, word);
  const sign = at !== undefined && isNumeric(tableClass.columns[at]!) ? -1 : 1;
  const rows =
    at === undefined
      ? table.rows
      : sortRows(table.rows, at, (a, b) => {
          const [x, y] = [a ?? null, b ?? null];
          const isKnown = (cell: Cell): boolean => cell !== null && cell.class !== 'unknown';
          // What is not known comes last, whatever the direction.
          if (!isKnown(x) || !isKnown(y)) return Number(isKnown(y)) - Number(isKnown(x));
          return sign * compareCells(x, y);
        });
  const isCut = tableClass.isLimited === true && limit > 0;
  return { ...table, rows: isCut ? firstRows(rows, limit) : rows };
}

/** Groups have no thread id: their stand-ins' ids are taken away. */
function nameGroups(table: ResultTable, groupBy: AnalysisOptions['groupBy']): ResultTable {
  const clean = (cell: Cell): Cell => {
    if (cell === null || cell.class !== 'process' || cell.tid === undefined) return cell;
    const { tid, pid: _pid, ...rest } = cell;
    if (tid < 0) return rest;
    return groupBy === 'process' ? { ...rest, pid: tid } : cell;
  };
  return { ...table, rows: mapRows(table.rows, (row) => row.map(clean)) };
}

/** Applies `--sort` and `--group-by`. The original's text has no place for these: the tables are printed instead. */
export function arrangeReport(report: Report, options: AnalysisOptions): Report {
  const { sortColumn, groupBy, limit } = options;
  const isGrouped = groupBy !== undefined && groupBy !== 'thread';
  let { tables } = report;
  if (isGrouped) tables = tables.map((table) => nameGroups(table, groupBy));
  if (sortColumn !== undefined) tables = tables.map((table) => sortTable(table, sortColumn, limit));
  if (tables === report.tables && options.showsTables !== true) return report;
  return { ...report, tables, text: tableBlocks(tables) };
}

/** Tables as text; summaries say nothing that the others don't. */
export function tableBlocks(tables: readonly ResultTable[]): TextBlock[] {
  return tables
    .filter(({ tableClass }) => tableClass.name !== 'summary')
    .map((table) => ({ kind: 'table', table }));
}
