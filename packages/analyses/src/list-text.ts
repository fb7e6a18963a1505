/**
 * Lines of long lists, built in memory as the bytes that are written: strings of their own for each cell would cost more than all else
 * about them.
 */
import type { ReducerContext } from './analysis.ts';
import { cellWidth, formatUs } from './number-format.ts';
import type { LinesBlock } from './text-block.ts';

/** Bytes per piece of text, about. */
const pieceBytes = 65_536;
/** What is written in words may touch so many bytes behind its end. */
const wordBytes = 4;
const blank = 0x20;
const blanks = 0x20202020;
const dot = 0x2e;
const secondNs = 1e9;
/** Most texts that `TextCells` keep. */
const maxCells = 10_000;

/** `000` to `999`, one word each (little-endian, the last byte means nothing). */
const threeDigits = Int32Array.from({ length: 1000 }, (_, value) => {
  const tens = Math.trunc(value / 10);
  const hundreds = Math.trunc(value / 100);
  const digits = ((value % 10) << 16) | ((tens % 10) << 8) | hundreds;
  return digits + 0x303030;
});

interface KnownCell {
  readonly bytes: Uint8Array;
  /** How many bytes more than cells it has. */
  readonly extraBytes: number;
}

/** Cells that lists show again and again: each is written once, and then copied. The first 10,000 are kept. */
export class TextCells<K> {
  readonly write: (key: K, text: ListText) => void;
  readonly #known = new Map<K, KnownCell>();

  /** @param write - Writes the cell, at whatever column; always the same for one key. */
  constructor(write: (key: K, text: ListText) => void) {
    this.write = write;
  }

  get(key: K): KnownCell | undefined {
    return this.#known.get(key);
  }

  add(key: K, cell: KnownCell): void {
    if (this.#known.size < maxCells) this.#known.set(key, cell);
  }
}

/** What list lines are written to. Widths are terminal cells. */
export class ListText {
  readonly #context: ReducerContext;
  #bytes = new Uint8Array(pieceBytes + 4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** Where the line began, and by how many bytes it is longer than it is wide. */
  #lineBegin = 0;
  #extraBytes = 0;
  /** Begin of the second that the last time lay in (ns of the run), and what its text begins with. */
  #secondBeginNs = Number.NaN;
  #secondText: Uint8Array = new Uint8Array(0);

  constructor(context: ReducerContext) {
    this.#context = context;
  }

  get isFull(): boolean {
    return this.#length >= pieceBytes;
  }

  /** All lines since the last call, in UTF-8; valid until more is written. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    this.#lineBegin = 0;
    return taken;
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
        const { written } = encoder.encodeInto(text, bytes.subarray(this.#length));
        this.#length += written;
        this.#extraBytes += written - cellWidth(text);
        return;
      }
      bytes[at++] = unit;
    }
    this.#length = at;
  }

  /** What `cells` write for `key`. */
  cell<K>(cells: TextCells<K>, key: K): void {
    const known = cells.get(key);
    if (known !== undefined) {
      this.#append(known.bytes);
      this.#extraBytes += known.extraBytes;
      return;
    }
    const begin = this.#length;
    const extraBefore = this.#extraBytes;
    cells.write(key, this);
    const bytes = this.#bytes.slice(begin, this.#length);
    cells.add(key, { bytes, extraBytes: this.#extraBytes - extraBefore });
  }

  /** A number, to the right of `width` cells. */
  integer(value: number, width = 0): void {
    if (!(value >= 0 && value < secondNs && Number.isInteger(value))) {
      this.right(String(value), width);
      return;
    }
    if (width > 1) this.#blanks(width - digitsOf(value));
    this.#reserve(9);
    this.#integer(value);
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
    this.#blanks(width - digitsOf(us) - 4 - suffix.length);
    this.#reserve(13);
    this.#integer(us);
    this.#bytes[this.#length++] = dot;
    this.#threeDigits(durationNs - us * 1000);
    this.text(suffix);
  }

  /** `[BEGIN, END]`, moments of the run (ns), each as wide as `width` at least. */
  timeRange(beginNs: number, endNs: number, width = 0): void {
    this.#reserve(3);
    this.#bytes[this.#length++] = 0x5b;
    const begin = this.column;
    this.time(beginNs);
    this.fillTo(begin + width);
    this.#reserve(2);
    this.#bytes[this.#length++] = 0x2c;
    this.#bytes[this.#length++] = blank;
    const end = this.column;
    this.time(endNs);
    this.fillTo(end + width);
    this.#reserve(1);
    this.#bytes[this.#length++] = 0x5d;
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
    this.#append(this.#secondText);
    this.#reserve(9);
    const high = Math.floor(rest / 1e6);
    const low = rest - high * 1e6;
    const middle = Math.floor(low / 1000);
    this.#threeDigits(high);
    this.#threeDigits(middle);
    this.#threeDigits(low - middle * 1000);
  }

  /** @returns ns since the begin of the second; NaN: that is not to be had. */
  #beginSecond(timeNs: number, text: string): number {
    this.#secondBeginNs = Number.NaN;
    if (!Number.isSafeInteger(timeNs) || !/^[\0-\x7f]*\d{9}$/.test(text)) return Number.NaN;
    const rest = Number(text.slice(-9));
    this.#secondBeginNs = timeNs - rest;
    this.#secondText = encoder.encode(text.slice(0, -9));
    return rest;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Of a whole number below 10^9; there is room for it. */
  #integer(value: number): void {
    const thousands = Math.floor(value / 1000);
    if (thousands === 0) {
      this.#firstDigits(value);
      return;
    }
    const millions = Math.floor(value / 1e6);
    if (millions === 0) {
      this.#firstDigits(thousands);
    } else {
      this.#firstDigits(millions);
      this.#threeDigits(thousands - millions * 1000);
    }
    this.#threeDigits(value - thousands * 1000);
  }

  /** Of a whole number below 1000. */
  #firstDigits(value: number): void {
    const skipped = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    this.#view.setInt32(this.#length, threeDigits[value]! >> (skipped * 8), true);
    this.#length += 3 - skipped;
  }

  #threeDigits(value: number): void {
    this.#view.setInt32(this.#length, threeDigits[value]!, true);
    this.#length += 3;
  }

  #blanks(count: number): void {
    if (count <= 0) return;
    this.#reserve(count);
    const view = this.#view;
    const end = this.#length + count;
    for (let at = this.#length; at < end; at += wordBytes) view.setInt32(at, blanks, true);
    this.#length = end;
  }

  #reserve(count: number): void {
    if (this.#length + count + wordBytes <= this.#bytes.length) return;
    const grown = new Uint8Array((this.#length + count + wordBytes) * 2);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

const encoder = new TextEncoder();

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
        yield text.take();
        yield* foot;
      },
    },
  };
}
