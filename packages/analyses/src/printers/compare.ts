/** Two runs side by side: `--compare`. */
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

function difference(a: number | undefined, b: number | undefined): [Cell, Cell] {
  if (a === undefined || b === undefined) return [{ class: 'unknown' }, { class: 'unknown' }];
  const change: Cell = a === 0 ? { class: 'unknown' } : { class: 'ratio', value: (b - a) / a };
  return [{ class: 'number', value: b - a }, change];
}

/** One table with A, B, difference and relative change for each numeric column; rows of equal name are added up. */
function compareTables(a: ResultTable, b: ResultTable | undefined): ResultTable {
  const { columns, title } = a.tableClass;
  const numeric = columns.flatMap((column, i) => (isNumeric(column) && !column.isExtra ? [i] : []));
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
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  const rows = keys.map((key): Cell[] => [
    { class: 'string', value: key },
    ...numeric.flatMap((column, i): Cell[] => {
      const [x, y] = [left.get(key)?.[i], right.get(key)?.[i]];
      const cell = (value: number | undefined): Cell =>
        value === undefined
          ? null
          : ({ class: columns[column]!.class, value } as Extract<Cell, { class: 'number' }>);
      return [cell(x), cell(y), ...difference(x, y)];
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

/** Rows of one name become one: counts and sums add, the rest keeps its extreme. */
function joined(column: Column, a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (/minimum/i.test(column.title)) return Math.min(a, b);
  if (/maximum|average|deviation/i.test(column.title)) return Math.max(a, b);
  return a + b;
}

export function compareReports(a: Report, b: Report): Report {
  const partner = (table: ResultTable): ResultTable | undefined =>
    b.tables.find(
      (t) => t.tableClass.name === table.tableClass.name && t.subtitle === table.subtitle,
    );
  const own = a.tables.map((table) => compareTables(table, partner(table)));
  const onlyB = b.tables
    .filter((table) => !a.tables.some((t) => partner(t) === table))
    .map((table) => compareTables({ ...table, rows: [] }, table));
  return { timeRange: a.timeRange, tables: [...own, ...onlyB], text: [] };
}
