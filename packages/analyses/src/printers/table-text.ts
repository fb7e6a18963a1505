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
const gap = '  ';

/** The end of paths and the begin of names tell most. */
function cut(text: string, width: number, column: Column): string {
  const points = [...text];
  if (points.length <= width) return text;
  if (column.class === 'path') return `…${points.slice(points.length - width + 1).join('')}`;
  return `${points.slice(0, width - 1).join('')}…`;
}

/** Takes what is too much from the widest columns of text. */
function fit(widths: number[], columns: readonly Column[], limit: number): void {
  const isText = columns.map((column) => leftAligned.has(column.class));
  let excess = widths.reduce((sum, width) => sum + width + gap.length, -gap.length) - limit;
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
): void {
  let room = Number.POSITIVE_INFINITY;
  if (limit !== undefined) {
    room = limit - widths.reduce((sum, width) => sum + width + gap.length, -gap.length);
  }
  columns.forEach(({ title }, i) => {
    let width = widths[i]!;
    while (titleLines(title, width).length > maxTitleLines) width++;
    if (width - widths[i]! > room) return;
    room -= width - widths[i]!;
    widths[i] = width;
  });
}

/** Header and rows; a column that is empty in all rows is left out. No rows: nothing. */
export function formatTableRows(table: ResultTable, style: TableStyle): string[] {
  const all = table.tableClass.columns;
  const texts = table.rows.map((row) => all.map((_, i) => humanText(row[i], style.times)));
  const shown = all.flatMap((_, i) => (texts.some((row) => row[i] !== '') ? [i] : []));
  if (shown.length === 0) return [];
  const columns = shown.map((i) => all[i]!);
  const rows = texts.map((row) => shown.map((i) => row[i]!));
  const widths = columns.map((column, i) =>
    Math.max(longestWord(column.title), ...rows.map((row) => cellWidth(row[i]!))),
  );
  const indent = style.indent ?? '';
  const limit = style.columns === undefined ? undefined : style.columns - indent.length;
  if (limit !== undefined) fit(widths, columns, limit);
  makeRoomForTitles(widths, columns, limit);
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, i) => {
      const text = cut(cell, widths[i]!, columns[i]!);
      return leftAligned.has(columns[i]!.class)
        ? padEnd(text, widths[i]!)
        : padStart(text, widths[i]!);
    });
    return `${indent}${padded.join(gap)}`.trimEnd();
  };
  const titles = columns.map((column, i) => titleLines(column.title, widths[i]!));
  const height = Math.max(...titles.map((parts) => parts.length));
  const header = Array.from({ length: height }, (_, at) =>
    line(titles.map((parts) => parts[at - height + parts.length] ?? '')),
  );
  const emphasise = style.emphasise ?? ((text: string): string => text);
  return [...header.map(emphasise), ...rows.map(line)];
}

/** With its title and a blank line before. */
export function formatTable(table: ResultTable, style: TableStyle): string[] {
  const rows = formatTableRows(table, style);
  if (rows.length === 0) return [];
  const { title } = table.tableClass;
  return ['', table.subtitle === undefined ? title : `${title} [${table.subtitle}]`, ...rows];
}
