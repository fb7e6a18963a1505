/** Two runs side by side: `--compare`. */
import { tableBlocks } from '../arrange.ts';
import { makeRows, rowsOf } from '../rows.ts';
import type { Cell, Column, Report, ResultTable } from '../table.ts';
import { plainValue } from './cell-text.ts';

const isNumeric = (column: Column): boolean =>
  ['number', 'ratio', 'duration', 'size'].includes(column.class);

/** What identifies a row: its first columns that are no numbers. Thread ids differ between runs, names don't. */
function keyOf(columns: readonly Column[], row: readonly Cell[]): string {
  const parts: string[] = [];
  for (const [i, column] of columns.entries()) {
    if (isNumeric(column)) break;
    const cell = row[i];
    parts.push(
      cell !== null && cell !== undefined && cell.class === 'process'
        ? (cell.name ?? String(cell.tid))
        : String(plainValue(cell ?? null)),
    );
  }
  return parts.join(' ');
}

function numberOf(cell: Cell | undefined): number | undefined {
  const value = plainValue(cell ?? null);
  return typeof value === 'number' ? value : undefined;
}

function difference(
  { class: cellClass }: Column,
  a: number | undefined,
  b: number | undefined,
): [Cell, Cell] {
  if (a === undefined || b === undefined) return [{ class: 'unknown' }, { class: 'unknown' }];
  const change: Cell = a === 0 ? { class: 'unknown' } : { class: 'ratio', value: (b - a) / a };
  return [numericCell(cellClass, b - a), change];
}

/** Of a column that `isNumeric`. */
function numericCell(cellClass: Column['class'], value: number): Cell {
  return { class: cellClass, value } as Extract<Cell, { class: 'number' }>;
}

/** One table with A, B, difference and relative change for each numeric column; rows of equal name are added up. */
function compareTables(a: ResultTable, b: ResultTable | undefined, limit: number): ResultTable {
  const { columns, title } = a.tableClass;
  const numeric = columns.flatMap((column, i) => (isNumeric(column) ? [i] : []));
  const sums = (table: ResultTable | undefined): Map<string, (number | undefined)[]> => {
    const rows = new Map<string, (number | undefined)[]>();
    for (const row of table?.rows ?? []) {
      const key = keyOf(columns, row);
      const values = numeric.map((i) => numberOf(row[i]));
      const known = rows.get(key);
      if (known === undefined) rows.set(key, values);
      else
        values.forEach(
          (value, i) => void (known[i] = joined(columns[numeric[i]!]!, known[i], value)),
        );
    }
    return rows;
  };
  const [left, right] = [sums(a), sums(b)];
  const all = [...new Set([...left.keys(), ...right.keys()])];
  // What is high on either list is shown.
  const isCut = a.tableClass.isLimited === true && limit > 0;
  const keys = isCut ? highest(all, [left, right]).slice(0, limit) : all;
  const rows = rowsOf(keys, (key): Cell[] => [
    { class: 'string', value: key },
    ...numeric.flatMap((column, i): Cell[] => {
      const [x, y] = [left.get(key)?.[i], right.get(key)?.[i]];
      const { class: cellClass } = columns[column]!;
      const cell = (value: number | undefined): Cell =>
        value === undefined ? null : numericCell(cellClass, value);
      return [cell(x), cell(y), ...difference(columns[column]!, x, y)];
    }),
  ]);
  const compared = numeric.flatMap((i): Column[] => {
    const column = columns[i]!;
    return [
      { ...column, title: `${column.title} A` },
      { ...column, title: `${column.title} B` },
      { ...column, title: `${column.title} B-A` },
      { title: `${column.title} change`, class: 'ratio' },
    ];
  });
  return {
    ...a,
    tableClass: {
      name: a.tableClass.name,
      title: `${title} (compared)`,
      columns: [{ title: 'Row', class: 'string' }, ...compared],
    },
    rows,
  };
}

/** `keys` by the better of their places on the lists. */
function highest(
  keys: readonly string[],
  lists: readonly ReadonlyMap<string, unknown>[],
): string[] {
  const places = new Map<string, number>();
  for (const list of lists) {
    let place = 0;
    for (const key of list.keys()) {
      places.set(key, Math.min(place, places.get(key) ?? Number.POSITIVE_INFINITY));
      place++;
    }
  }
  return keys.toSorted((a, b) => places.get(a)! - places.get(b)!);
}

/** For people: a line per row and statistic instead of four columns per statistic. Cells keep their classes, and so their units. */
function upright(table: ResultTable): ResultTable {
  const { tableClass, rows } = table;
  const titles = tableClass.columns.slice(1).filter((_, i) => i % 4 === 0);
  const lines = makeRows(rows.length * titles.length, (at): Cell[] => {
    const i = at % titles.length;
    const row = rows.at(Math.trunc(at / titles.length))!;
    return [
      i === 0 ? row[0]! : null,
      { class: 'string', value: titles[i]!.title.replace(/ A$/, '') },
      ...row.slice(1 + i * 4, 5 + i * 4),
    ];
  });
  const numeric = ['A', 'B', 'B-A', 'change'].map((title): Column => ({ title, class: 'number' }));
  const columns: Column[] = [
    { title: 'Row', class: 'string' },
    { title: 'Statistic', class: 'string' },
    ...numeric,
  ];
  return { ...table, tableClass: { ...tableClass, columns }, rows: lines };
}

/** Rows of one name (there are some only where threads are not grouped) become one: counts and sums add, the rest keeps its extreme. */
function joined(column: Column, a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (/minimum/i.test(column.title)) return Math.min(a, b);
  if (/maximum|average|deviation|^p\d/i.test(column.title)) return Math.max(a, b);
  return a + b;
}

/** Statistics of `a` and `b` in one: logs and lists of extremes have no rows that belong together, they are left out. `limit`: rows of top lists, which both sides must have whole. */
export function compareReports(a: Report, b: Report, limit: number): Report {
  const partner = (table: ResultTable): ResultTable | undefined =>
    b.tables.find(
      (t) => t.tableClass.name === table.tableClass.name && t.subtitle === table.subtitle,
    );
  const isComparable = ({ tableClass: { columns } }: ResultTable): boolean =>
    !columns.some(({ class: c }) => c === 'timestamp' || c === 'time-range');
  const own = a.tables
    .filter(isComparable)
    .map((table) => compareTables(table, partner(table), limit));
  const onlyB = b.tables
    .filter((table) => isComparable(table) && !a.tables.some((t) => partner(t) === table))
    .map((table) => compareTables({ ...table, rows: [] }, table, limit));
  const tables = [...own, ...onlyB].filter(({ rows }) => rows.length > 0);
  const { timeRange, losses } = b;
  return {
    ...a,
    tables,
    text: tableBlocks(tables.map(upright)),
    other: { timeRange, ...(losses === undefined ? {} : { losses }) },
  };
}
