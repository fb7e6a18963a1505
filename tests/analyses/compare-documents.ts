/** Compares two documents of the machine interface, rows by what they are about (../shared/traces/analyses/README.md, "How to compare"). */

export interface Table {
  readonly class: string | { readonly inherit?: string; readonly title?: string };
  readonly 'time-range': unknown;
  readonly data: readonly (readonly unknown[])[];
}
interface Document {
  readonly results?: readonly Table[];
  readonly 'error-message'?: string;
}

/** A cell, a row or a table that differs; undefined: one side has no such thing. */
export interface DifferingItem {
  readonly expected?: unknown;
  readonly actual?: unknown;
  /** The whole row of a cell, as the original has it. */
  readonly row?: readonly unknown[];
}

export interface Difference {
  /** Class of the table, with its subtitle if it has one. */
  readonly table: string;
  /** `missing`, `extra`, `time range`, `row missing`, `row extra`, `column N`. */
  readonly what: string;
  readonly items: readonly DifferingItem[];
  /** Both tables, where both are there. */
  readonly expected?: Table;
  readonly actual?: Table;
}

/** Integers beyond 2^53 become strings, so that they compare exactly. */
export function parseDocument(text: string): Document {
  return JSON.parse(text.replace(/([:[ ])(-?\d{16,})(?=[,}\]])/g, '$1"$2"'));
}

const closeTo = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

/** Threads are told by tid: the original shows the name that a thread had first, we the last (BUG-34). */
function cellsAgree(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return closeTo(a, b);
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  if (x['class'] === 'process' && y['class'] === 'process' && x['tid'] !== undefined) {
    return x['tid'] === y['tid'];
  }
  const keys = new Set([...Object.keys(x), ...Object.keys(y)]);
  return [...keys].every((key) => cellsAgree(x[key], y[key]));
}

/** Columns that say what a row is about; the others are compared. Tables that are not here are compared line by line. */
const keyColumns: Readonly<Record<string, readonly number[]>> = {
  'per-process': [0],
  'per-cpu': [0],
  allocd: [0],
  freed: [0],
  'per-process-top': [0],
  'per-file-top': [0],
  'per-process-top-block': [0],
  'per-disk-top-sector': [0],
  'per-disk-top-request': [0],
  'per-disk-top-rps': [0],
  'per-netif-top': [0],
  'disk-latency-stats': [0],
  'hard-stats': [0],
  'soft-stats': [0],
  per_tid_stats: [0],
  per_prio_stats: [0],
  'per-tid': [0],
  'io log': [0, 3, 5],
  'top-syscall': [0, 3, 5],
  'irq log': [0, 2, 3],
  'sched log': [1, 4, 5],
  'cputop summary': [0],
  'memtop summary': [0],
  'irq summary': [0],
  'sched top': [1, 4, 5],
  'period log': [0, 1, 3],
  'syscallstats total': [0],
  'syscallstats summary': [0, 1],
};
/** The column by which top lists are sorted: rows of equal value may be cut anywhere. */
const sortColumns: Readonly<Record<string, number>> = {
  'per-process': 3,
  allocd: 1,
  freed: 1,
  'per-process-top': 1,
  'per-file-top': 1,
  'per-process-top-block': 1,
  'top-syscall': 2,
  'sched top': 2,
};

const classOf = ({ class: c }: Table): string => (typeof c === 'string' ? c : (c.inherit ?? ''));

/** Titles of threads without their names. */
function nameOf(table: Table): string {
  const { class: c } = table;
  if (typeof c === 'string') return c;
  const title = /\[(.*)\]$/s.exec(c.title ?? '')?.[1] ?? c.title ?? '';
  return `${c.inherit ?? 'series'} [${title.replace(/^.* \(\S+, (TID: \d+)\)$/, '$1')}]`;
}

function cellKey(cell: unknown): string {
  const { class: c, tid, ...rest } = (cell ?? {}) as Record<string, unknown>;
  return JSON.stringify(c === 'process' && tid !== undefined ? { tid } : { c, ...rest });
}

type Rows = Map<string, readonly unknown[]>;

function rowsOf(table: Table, columns: readonly number[] | undefined): Rows {
  const rows: Rows = new Map();
  for (const [i, row] of table.data.entries()) {
    const own = columns?.map((column) => cellKey(row[column])).join() ?? String(i);
    let key = own;
    for (let n = 2; rows.has(key); n++) key = `${own}#${n}`;
    rows.set(key, row);
  }
  return rows;
}

/** For people. */
export const brief = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 300);

function lookUp<T>(from: Readonly<Record<string, T>>, family: string, name: string): T | undefined {
  return from[`${family} ${name}`] ?? from[name];
}

class TableComparison {
  readonly #differences: Difference[];
  readonly #name: string;
  #tables: { expected?: Table; actual?: Table } = {};

  constructor(name: string, differences: Difference[]) {
    this.#name = name;
    this.#differences = differences;
  }

  add(what: string, items: readonly DifferingItem[]): void {
    if (items.length > 0) {
      this.#differences.push({ table: this.#name, what, items, ...this.#tables });
    }
  }

  run(family: string, expected: Table, actual: Table): void {
    this.#tables = { expected, actual };
    const [expectedRange, actualRange] = [expected['time-range'], actual['time-range']];
    if (!cellsAgree(expectedRange, actualRange)) {
      this.add('time range', [{ expected: expectedRange, actual: actualRange }]);
    }
    const columns = lookUp(keyColumns, family, classOf(expected));
    const [left, right] = [rowsOf(expected, columns), rowsOf(actual, columns)];
    const isCut = this.#cutTest(family, expected, actual);
    const missing = [...left].filter(([key, row]) => !right.has(key) && !isCut(row));
    const extra = [...right].filter(([key, row]) => !left.has(key) && !isCut(row));
    this.add(
      'row missing',
      missing.map(([, row]) => ({ expected: row })),
    );
    this.add(
      'row extra',
      extra.map(([, row]) => ({ actual: row })),
    );
    const width = expected.data[0]?.length ?? 0;
    for (let column = 0; column < width; column++) {
      const items = [...left].flatMap(([key, row]) => {
        const other = right.get(key);
        if (other === undefined || cellsAgree(row[column], other[column])) return [];
        return [{ expected: row[column], actual: other[column], row }];
      });
      this.add(`column ${column}`, items);
    }
  }

  /** Rows of the last value of a full top list are as good as those that were left out. */
  #cutTest(family: string, expected: Table, actual: Table): (row: readonly unknown[]) => boolean {
    const column = lookUp(sortColumns, family, classOf(expected));
    const last = expected.data.at(-1);
    if (column === undefined || last === undefined) return () => false;
    if (expected.data.length !== actual.data.length) return () => false;
    return (row) => cellsAgree(row[column], last[column]);
  }
}

/** What differs; empty: all that the original prints is in ours with the same values. */
export function compareDocuments(
  family: string,
  expected: Document,
  actual: Document,
): Difference[] {
  const errors = [expected['error-message'], actual['error-message']];
  if (errors.some((error) => error !== undefined)) {
    if (errors.every((error) => error !== undefined)) return [];
    return [{ table: '', what: 'error', items: [{ expected: errors[0], actual: errors[1] }] }];
  }
  const differences: Difference[] = [];
  const rest = [...(actual.results ?? [])];
  const wanted = expected.results ?? [];
  for (const table of wanted) {
    const name = nameOf(table);
    const comparison = new TableComparison(name, differences);
    const at = rest.findIndex((candidate) => nameOf(candidate) === name);
    if (at < 0) comparison.add('missing', [{ expected: table }]);
    else comparison.run(family, table, rest.splice(at, 1)[0]!);
  }
  for (const table of rest) {
    new TableComparison(nameOf(table), differences).add('extra', [{ actual: table }]);
  }
  return differences;
}
