/** Lines of long lists, built byte by byte: strings of their own for each cell would cost more than all else about them. */
import type { ReducerContext } from './analysis.ts';
import { cellWidth, formatUs } from './number-format.ts';
import type { LinesBlock } from './text-block.ts';

/** Bytes per piece of text, about. */
const pieceBytes = 65_536;
const blank = 0x20;
const zero = 0x30;
const dot = 0x2e;
const secondNs = 1e9;

/** What list lines are written to. Widths are terminal cells. */
export class ListText {
  readonly #context: ReducerContext;
  #bytes = Buffer.allocUnsafe(pieceBytes + 4096);
  #length = 0;
  #isAscii = true;
  /** Where the line began, and by how many bytes it is longer than it is wide. */
  #lineBegin = 0;
  #extraBytes = 0;
  /** Begin of the second that the last time lay in (ns of the run), and what its text begins with. */
  #secondBeginNs = Number.NaN;
  #secondText = '';

  constructor(context: ReducerContext) {
    this.#context = context;
  }

  get isFull(): boolean {
    return this.#length >= pieceBytes;
  }

  /** All lines since the last call; without the end of the last one. */
  take(): string {
    const end = Math.max(this.#length - 1, 0);
    const text = this.#bytes.toString(this.#isAscii ? 'latin1' : 'utf8', 0, end);
    this.#length = 0;
    this.#lineBegin = 0;
    this.#isAscii = true;
    return text;
  }

  endLine(): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = 0x0a;
    this.#lineBegin = this.#length;
    this.#extraBytes = 0;
  }

  /** Cells of the line so far. */
  get column(): number {
    return this.#length - this.#lineBegin - this.#extraBytes;
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.#isAscii = false;
        const written = bytes.write(text, this.#length);
        this.#length += written;
        this.#extraBytes += written - cellWidth(text);
        return;
      }
      bytes[at++] = unit;
    }
    this.#length = at;
  }

  integer(value: number): void {
    if (!(value >= 0 && value < secondNs && Number.isInteger(value))) {
      this.text(String(value));
      return;
    }
    const digits = digitsOf(value);
    this.#reserve(digits);
    this.#digits(value, digits);
  }

  left(text: string, width: number): void {
    const end = this.column + width;
    this.text(text);
    this.fillTo(end);
  }

  right(text: string, width: number): void {
    this.#blanks(width - cellWidth(text));
    this.text(text);
  }

  /** Blanks until the line has `width` cells. */
  fillTo(width: number): void {
    this.#blanks(width - this.column);
  }

  /** Microseconds with three decimals, as `formatUs`, and something behind them. */
  us(durationNs: number, width: number, suffix = ''): void {
    if (!(durationNs >= 0 && durationNs < secondNs && Number.isInteger(durationNs))) {
      this.right(`${formatUs(durationNs)}${suffix}`, width);
      return;
    }
    const us = Math.floor(durationNs / 1000);
    const digits = digitsOf(us);
    this.#blanks(width - digits - 4 - suffix.length);
    this.#reserve(digits + 4);
    this.#digits(us, digits);
    this.#bytes[this.#length++] = dot;
    this.#digits(durationNs - us * 1000, 3);
    this.text(suffix);
  }

  /** A moment of the run (ns). */
  time(timeNs: number): void {
    let rest = timeNs - this.#secondBeginNs;
    if (!(rest >= 0 && rest < secondNs && Number.isInteger(rest))) {
      const { options, toAbsoluteNs } = this.#context;
      const text = options.times.time(toAbsoluteNs(timeNs));
      rest = this.#beginSecond(timeNs, text);
      if (Number.isNaN(rest)) {
        this.text(text);
        return;
      }
    }
    this.text(this.#secondText);
    this.#reserve(9);
    this.#digits(rest, 9);
  }

  /** @returns ns since the begin of the second; NaN: that is not to be had. */
  #beginSecond(timeNs: number, text: string): number {
    this.#secondBeginNs = Number.NaN;
    if (!Number.isSafeInteger(timeNs) || !/\d{9}$/.test(text)) return Number.NaN;
    const rest = Number(text.slice(-9));
    this.#secondBeginNs = timeNs - rest;
    this.#secondText = text.slice(0, -9);
    return rest;
  }

  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    let left = value | 0;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const tenth = (left / 10) | 0;
      bytes[at] = zero + left - tenth * 10;
      left = tenth;
    }
    this.#length += count;
  }

  #blanks(count: number): void {
    if (count <= 0) return;
    this.#reserve(count);
    const end = this.#length + count;
    for (let at = this.#length; at < end; at++) this.#bytes[at] = blank;
    this.#length = end;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe((this.#length + count) * 2);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function digitsOf(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}

/** Items by their place in a list. */
export interface ItemList<T> {
  readonly count: number;
  /** Valid until the next call. */
  at(index: number): T;
}

export const listOf = <T>(items: readonly T[]): ItemList<T> => ({
  count: items.length,
  at: (index) => items[index]!,
});

/** A long list: its lines are made when they are printed, many at once. */
export function listBlock<T>(
  context: ReducerContext,
  head: readonly string[],
  items: ItemList<T>,
  write: (item: T, text: ListText) => void,
  foot: readonly string[] = [],
): LinesBlock {
  return {
    kind: 'lines',
    lines: {
      *[Symbol.iterator]() {
        yield* head;
        const text = new ListText(context);
        for (let i = 0; i < items.count; i++) {
          write(items.at(i), text);
          text.endLine();
          if (text.isFull) yield text.take();
        }
        const rest = text.take();
        if (rest !== '') yield rest;
        yield* foot;
      },
    },
  };
}
