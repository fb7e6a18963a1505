/**
 * Result tables: typed cells in typed columns. The classes are those of the LAMI 1.0 machine interface, which every output format is
 * made from.
 */
import type { Losses } from './losses.ts';
import type { Rows } from './rows.ts';
import type { TextBlock } from './text-block.ts';

export type CellClass =
  | 'bool'
  | 'cpu'
  | 'disk'
  | 'duration'
  | 'fd'
  | 'irq'
  | 'netif'
  | 'number'
  | 'path'
  | 'process'
  | 'ratio'
  | 'size'
  | 'string'
  | 'syscall'
  | 'time-range'
  | 'timestamp';

/** `null`: nothing to show here. Durations are ns, sizes bytes, ratios 0 to 1, timestamps exact ns since the Unix epoch. */
export type Cell =
  | null
  | { readonly class: 'unknown' }
  | { readonly class: 'bool'; readonly value: boolean | null }
  | { readonly class: 'number' | 'ratio' | 'duration' | 'size'; readonly value: number }
  | { readonly class: 'string'; readonly value: string }
  | { readonly class: 'timestamp'; readonly value: bigint }
  | { readonly class: 'time-range'; readonly begin: bigint; readonly end: bigint }
  | { readonly class: 'syscall' | 'disk' | 'netif'; readonly name: string }
  | {
      readonly class: 'process';
      readonly name?: string;
      readonly pid?: number;
      readonly tid?: number;
      /** Only with traces of several machines. */
      readonly host?: string;
    }
  | { readonly class: 'path'; readonly path: string }
  | { readonly class: 'fd'; readonly fd: number }
  | { readonly class: 'irq'; readonly hard: boolean; readonly nr: number; readonly name?: string }
  | { readonly class: 'cpu'; readonly id: number };

export interface Column {
  readonly title: string;
  readonly class: CellClass;
  /** Only for numbers: `pages`, `requests`, … */
  readonly unit?: string;
  /** Ours, not LAMI's: left out of the machine interface, present in JSON, CSV and Markdown. */
  readonly isExtra?: boolean;
}

export interface TableClass {
  /** Unique in its analysis: `per-process`. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly Column[];
  /** Ours, not LAMI's. */
  readonly isExtra?: boolean;
  /** LAMI's only with analyses of ours that show this by default: the machine interface of the others is the original's. */
  readonly lamiView?: string;
  /** Its columns depend on the trace: the machine interface describes it where it is used. */
  readonly isAnonymous?: boolean;
  /** Only its first rows are shown: `--limit`. */
  readonly isLimited?: boolean;
}

export interface TimeRange {
  /** Exact, ns since the Unix epoch (or the clock's origin). */
  readonly begin: bigint;
  readonly end: bigint;
}

export interface ResultTable {
  readonly tableClass: TableClass;
  /** Appended to the title: `open`, `TID: 42`. */
  readonly subtitle?: string;
  /** Perhaps made when they are looked at: until the analysis reads on they may be looked at more than once. */
  readonly rows: Rows<Cell>;
}

/** A table whose rows are made once, when they are asked for: text has no use for them. */
export function lazyTable(
  tableClass: TableClass,
  subtitle: string | undefined,
  makeRows: () => readonly (readonly Cell[])[],
): ResultTable {
  let made: readonly (readonly Cell[])[] | undefined;
  return {
    tableClass,
    ...(subtitle === undefined ? {} : { subtitle }),
    get rows() {
      made ??= makeRows();
      return made;
    },
  };
}

/** What one analysis says about one period. */
export interface Report {
  readonly timeRange: TimeRange;
  readonly tables: readonly ResultTable[];
  /** The same for people, in reading order. */
  readonly text: readonly TextBlock[];
  /** Undefined: nothing is missing. */
  readonly losses?: Losses;
  /** The other side of a comparison. */
  readonly other?: Pick<Report, 'timeRange' | 'losses'>;
}

/** Where a report grows. */
export interface ReportParts {
  readonly tables: ResultTable[];
  readonly text: TextBlock[];
}

/** How many of the values in a row a gap touches: they may be wrong. Counts and sums are lower bounds in any row. */
export const uncertainColumn: Column = { title: 'Uncertain', class: 'number', isExtra: true };

export const unknownCell: Cell = { class: 'unknown' };
export const numberCell = (value: number): Cell => ({ class: 'number', value });
export const ratioCell = (value: number): Cell => ({ class: 'ratio', value });
export const durationCell = (value: number | undefined): Cell =>
  value === undefined ? unknownCell : { class: 'duration', value };
export const sizeCell = (value: number): Cell => ({ class: 'size', value });
export const stringCell = (value: string): Cell => ({ class: 'string', value });
