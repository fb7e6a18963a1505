/** A result table as text: aligned columns, cut to a width. For all that the original has no layout for. */
import type { TimeFormat } from '../analysis.ts';
import { cellWidth, padEnd, padStart } from '../number-format.ts';
import type { CellClass, Column, ResultTable } from '../table.ts';
import { humanText } from './human-text.ts';

export interface TableStyle {
  readonly times: TimeFormat;
  /** Columns of the terminal; undefined: as wide as it gets. */
  readonly columns?: number | undefined;
  readonly indent?: string;
  /** Marks the header, with escape sequences or not. */
  readonly emphasise?: (text: string) => string;
}

const leftAligned: ReadonlySet<CellClass> = new Set([
  'string',
  'path',
  'process',
  'syscall',
  'disk',
  'netif',
  'irq',
  'timestamp',
  'time-range',
]);
/** Text, and what is read from its begin. */
export const isLeftAligned = (column: Column): boolean => leftAligned.has(column.class);

/** Columns narrower than this are not cut any further. */
const leastWidth = 8;
/** Fewer characters of a name than these say less than the id behind them. */
const leastName = 2;
const gaps = ['  ', ' '] as const;

/** The end of paths and the begin of names tell most. */
function cut(text: string, width: number, column: Column): string {
  const points = [...text];
  if (points.length <= width) return text;
  // Of several threads of one name the id tells which.
  const id = column.class === 'process' ? (/ \(-?\d+\)$/.exec(text)?.[0] ?? '') : '';
  const head = width - 1 - id.length;
  if (id !== '' && head >= leastName) return `${points.slice(0, head).join('')}…${id}`;
  if (column.class === 'path') return `…${points.slice(points.length - width + 1).join('')}`;
  return `${points.slice(0, width - 1).join('')}…`;
}

const widthOf = (widths: readonly number[], gap: string): number =>
  widths.reduce((sum, width) => sum + width + gap.length, -gap.length);

/** Takes what is too much from the widest columns of text. */
function fit(widths: number[], columns: readonly Column[], limit: number, gap: string): void {
  const isText = columns.map((column) => leftAligned.has(column.class));
  let excess = widthOf(widths, gap) - limit;
  while (excess > 0) {
    let widest = -1;
    for (let i = 0; i < widths.length; i++) {
      if (isText[i] && (widest < 0 || widths[i]! > widths[widest]!)) widest = i;
    }
    if (widest < 0 || widths[widest]! <= leastWidth) return;
    widths[widest]!--;
    excess--;
  }
}

/** Long titles are broken into lines no wider than their column needs to be. */
function titleLines(title: string, width: number): string[] {
  const result: string[] = [];
  let line = '';
  for (const word of title.split(' ')) {
    if (line !== '' && cellWidth(line) + 1 + cellWidth(word) > width) {
      result.push(line);
      line = word;
    } else line += line === '' ? word : ` ${word}`;
  }
  return [...result, line];
}

const longestWord = (title: string): number =>
  Math.max(...title.split(' ').map((word) => cellWidth(word)));

const maxTitleLines = 2;

/** Makes columns wider whose titles would take more lines than two, as long as all fits. */
function makeRoomForTitles(
  widths: number[],
  columns: readonly Column[],
  limit: number | undefined,
  gap: string,
): void {
  let room = limit === undefined ? Number.POSITIVE_INFINITY : limit - widthOf(widths, gap);
  columns.forEach(({ title }, i) => {
    let width = widths[i]!;
    while (titleLines(title, width).length > maxTitleLines) width++;
    if (width - widths[i]! > room) return;
    room -= width - widths[i]!;
    widths[i] = width;
  });
}

/** How wide columns are, and how far apart: closer where they would not fit otherwise. */
function layOut(
  needed: readonly number[],
  columns: readonly Column[],
  limit: number | undefined,
): { readonly widths: readonly number[]; readonly gap: string } {
  let widths: number[] = [];
  let gap: string = gaps[0];
  for (gap of gaps) {
    widths = [...needed];
    if (limit !== undefined) fit(widths, columns, limit, gap);
    if (limit === undefined || widthOf(widths, gap) <= limit) break;
  }
  makeRoomForTitles(widths, columns, limit, gap);
  return { widths, gap };
}

/** Rows of longer tables are made twice, to measure and to print them, rather than kept. */
const mostKept = 10_000;

/** What of a table is shown, and how wide. */
class Layout {
  readonly columns: readonly Column[];
  readonly widths: readonly number[];
  readonly #gap: string;
  readonly #shown: readonly number[];
  readonly #style: TableStyle;
  readonly #rows: ResultTable['rows'];
  readonly #kept: (readonly string[])[] | undefined;

  constructor({ tableClass: { columns }, rows }: ResultTable, style: TableStyle) {
    this.#style = style;
    this.#rows = rows;
    this.#kept = rows.length <= mostKept ? [] : undefined;
    const widths = columns.map(() => 0);
    const isEmpty = columns.map(() => true);
    for (const row of rows) {
      const texts = columns.map((_, i) => humanText(row[i], style.times));
      this.#kept?.push(texts);
      for (const [i, text] of texts.entries()) {
        if (text === '') continue;
        isEmpty[i] = false;
        widths[i] = Math.max(widths[i]!, cellWidth(text));
      }
    }
    this.#shown = columns.flatMap((_, i) => (isEmpty[i] ? [] : [i]));
    this.columns = this.#shown.map((i) => columns[i]!);
    const needed = this.#shown.map((i) => Math.max(longestWord(columns[i]!.title), widths[i]!));
    const { indent = '' } = style;
    const limit = style.columns === undefined ? undefined : style.columns - indent.length;
    const laidOut = layOut(needed, this.columns, limit);
    this.widths = laidOut.widths;
    this.#gap = laidOut.gap;
  }

  *lines(): Generator<string> {
    for (const texts of this.#kept ?? this.#texts()) {
      yield this.line(this.#shown.map((i) => texts[i]!));
    }
  }

  *#texts(): Generator<readonly string[]> {
    const { times } = this.#style;
    const last = this.#shown.at(-1)!;
    for (const row of this.#rows) {
      yield Array.from({ length: last + 1 }, (_, i) => humanText(row[i], times));
    }
  }

  line(cells: readonly string[]): string {
    const { columns, widths } = this;
    const padded = cells.map((cell, i) => {
      const text = cut(cell, widths[i]!, columns[i]!);
      return leftAligned.has(columns[i]!.class)
        ? padEnd(text, widths[i]!)
        : padStart(text, widths[i]!);
    });
    return `${this.#style.indent ?? ''}${padded.join(this.#gap)}`.trimEnd();
  }
}

/** Header and rows; a column that is empty in all rows is left out. No rows: nothing. */
export function* formatTableRows(table: ResultTable, style: TableStyle): Generator<string> {
  const layout = new Layout(table, style);
  const { columns, widths } = layout;
  if (columns.length === 0) return;
  const titles = columns.map((column, i) => titleLines(column.title, widths[i]!));
  const height = Math.max(...titles.map((parts) => parts.length));
  const emphasise = style.emphasise ?? ((text: string): string => text);
  for (let at = 0; at < height; at++) {
    yield emphasise(layout.line(titles.map((parts) => parts[at - height + parts.length] ?? '')));
  }
  yield* layout.lines();
}

/** With its title and a blank line before. */
export function* formatTable(table: ResultTable, style: TableStyle): Generator<string> {
  let isFirst = true;
  for (const line of formatTableRows(table, style)) {
    if (isFirst) {
      const { title } = table.tableClass;
      yield '';
      yield table.subtitle === undefined ? title : `${title} [${table.subtitle}]`;
    }
    isFirst = false;
    yield line;
  }
}
