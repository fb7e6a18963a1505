/** Text for people, before it is laid out: the printer knows the width and the colours. */
import { mostOf } from './extremes.ts';
import { doubt } from './losses.ts';
import { cellWidth, formatFixed, padEnd, padStart } from './number-format.ts';
import { formatTable, type TableStyle } from './printers/table-text.ts';
import { chartLines } from './report/chart-text.ts';
import type { Chart } from './report/section.ts';
import type { ResultTable } from './table.ts';

/** Horizontal bars with values and labels. Nothing is printed without rows. */
export interface BarsBlock {
  readonly kind: 'bars';
  readonly title: string;
  /** Over the labels. */
  readonly labelHeader?: string;
  /** Perhaps made when they are printed, and more than once. */
  readonly rows: BarRows;
}
export interface BarRows extends Iterable<BarRow> {
  readonly length: number;
}
export interface BarRow {
  readonly value: number;
  /** The value as shown, unit included. */
  readonly valueText: string;
  readonly label: string;
}

/** A frequency distribution. */
export interface FrequencyBlock {
  readonly kind: 'frequency';
  readonly title: string;
  /** `µs`. */
  readonly unit: string;
  readonly rows: readonly FrequencyRow[];
}
export interface FrequencyRow {
  readonly lowerBound: number;
  readonly count: number;
  readonly uncertainCount: number;
}

export interface LinesBlock {
  readonly kind: 'lines';
  /**
   * A string is some lines without the end of the last one. Bytes are whole lines in UTF-8, each ended, and are valid until the next piece.
   */
  readonly lines: Iterable<string | Uint8Array>;
}

/** A result table in a layout made for its cells. */
export interface TableBlock {
  readonly kind: 'table';
  readonly table: ResultTable;
}

export interface ChartBlock {
  readonly kind: 'chart';
  readonly chart: Chart;
}

export type TextBlock = BarsBlock | FrequencyBlock | LinesBlock | TableBlock | ChartBlock;

export interface BlockStyle extends TableStyle {
  /** Cells for a bar; the labels come on top of it. Undefined: what a classic terminal has, or what `columns` leave. */
  readonly graphWidth?: number | undefined;
}

export const lines = (...text: string[]): LinesBlock => linesOf(text);

/** As many as there are threads, which are more than a call takes arguments. */
export const linesOf = (text: Iterable<string>): LinesBlock => ({ kind: 'lines', lines: text });

/** Lines behind a head, each made when it is printed. */
export function rowLines<T>(
  head: readonly string[],
  items: readonly T[],
  format: (item: T) => string,
): LinesBlock {
  return linesOf({
    *[Symbol.iterator]() {
      yield* head;
      for (const item of items) yield format(item);
    },
  });
}

/** Bars of which each is made when it is looked at. */
export function barsOf<T>(items: readonly T[], bar: (item: T) => BarRow): BarRows {
  return {
    length: items.length,
    *[Symbol.iterator]() {
      for (const item of items) yield bar(item);
    },
  };
}

/** Width of the widest graph: what a classic terminal has. */
const defaultGraphWidth = 80;
const frequencyBarLoss = 8;

const bar = (value: number, max: number, width: number): string =>
  max > 0 ? '█'.repeat(Math.trunc((width * value) / max)) : '';

function* formatBars(block: BarsBlock, width: number): Generator<string> {
  if (block.rows.length === 0) return;
  const valueWidth = mostOf(block.rows, (row) => cellWidth(row.valueText));
  const max = mostOf(block.rows, (row) => row.value);
  let header = block.title;
  if (block.labelHeader !== undefined) {
    header += ' '.repeat(Math.max(1, width - cellWidth(block.title) + 1 + valueWidth + 1));
    header += block.labelHeader;
  }
  yield* [header, '#'.repeat(width)];
  for (const row of block.rows) {
    const drawn = padEnd(bar(row.value, max, width), width);
    yield `${drawn} ${padStart(row.valueText, valueWidth)} ${row.label}`;
  }
  yield '';
}

function formatFrequency(block: FrequencyBlock, style: BlockStyle): string[] {
  const { rows: buckets } = block;
  if (buckets.length === 0) return [];
  const width = graphWidthOf(block, buckets.length, style);
  const barWidth = width - frequencyBarLoss;
  const max = mostOf(buckets, (row) => row.count);
  const countWidth = mostOf(buckets, (row) => String(row.count).length);
  const rows = buckets.map((row) => {
    // By way of ns, as the cells of the table: the last digit rounds alike.
    const bound = padStart(formatFixed((row.lowerBound * 1000) / 1000, 3), 7);
    const drawn = padEnd(bar(row.count, max, barWidth), barWidth);
    const mark = doubt(row.uncertainCount > 0);
    return `${bound} ${drawn} ${padStart(String(row.count), countWidth)}${mark}`;
  });
  return [`${block.title} (${block.unit})`, '#'.repeat(width), ...rows, ''];
}

const leastGraphWidth = 10;

/** What the labels of the widest row leave of the terminal, at most the classic width. */
function graphWidthOf(
  block: BarsBlock | FrequencyBlock,
  rowCount: number,
  style: BlockStyle,
): number {
  if (style.graphWidth !== undefined) return style.graphWidth;
  if (style.columns === undefined || rowCount === 0) return defaultGraphWidth;
  if (block.kind === 'frequency') {
    return Math.max(
      leastGraphWidth + frequencyBarLoss,
      Math.min(defaultGraphWidth, style.columns - 16),
    );
  }
  const labelWidth = Math.max(
    cellWidth((block.labelHeader ?? '').trimEnd()),
    mostOf(block.rows, (row) => cellWidth(row.label.trimEnd())),
  );
  const valueWidth = mostOf(block.rows, (row) => cellWidth(row.valueText));
  const left = style.columns - labelWidth - valueWidth - 2;
  return Math.max(leastGraphWidth, Math.min(defaultGraphWidth, left));
}

/** Lines without their ends, some of them together. */
export function formatTextBlock(block: TextBlock, style: BlockStyle): string[] {
  const texts: string[] = [];
  for (const piece of textLines(block, style)) {
    if (typeof piece === 'string') texts.push(piece);
    else if (piece.length > 0) texts.push(decoder.decode(piece).slice(0, -1));
  }
  return texts;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The same, one after the other, as `LinesBlock` has them: long lists are never in memory as a whole. */
export function textLines(block: TextBlock, style: BlockStyle): Iterable<string | Uint8Array> {
  switch (block.kind) {
    case 'bars':
      return formatBars(block, graphWidthOf(block, block.rows.length, style));
    case 'frequency':
      return formatFrequency(block, style);
    case 'lines':
      return block.lines;
    case 'table':
      return formatTable(block.table, style);
    case 'chart':
      return chartLines(block.chart, style.columns ?? defaultGraphWidth);
  }
}
