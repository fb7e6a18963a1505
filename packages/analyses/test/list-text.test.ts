import { expect, test } from 'vitest';
import type { ReducerContext } from '../src/analysis.ts';
import { ListText, listBlock, listOf, TextCells } from '../src/list-text.ts';
import { formatUs, padEnd, padStart } from '../src/number-format.ts';
import { formatText, textPieces } from '../src/printers/text.ts';
import { formatTextBlock, lines, type TextBlock } from '../src/text-block.ts';
import { times } from './times.ts';

const originNs = 1_700_000_000_999_999_000n;
const toAbsoluteNs = (timeNs: number): bigint => originNs + BigInt(Math.round(timeNs));
const context = { options: { times }, toAbsoluteNs } as ReducerContext;

function written(write: (text: ListText) => void): string {
  const text = new ListText(context);
  write(text);
  text.endLine();
  return textOf(text.take()).slice(0, -1);
}

const decoder = new TextDecoder();
const textOf = (piece: string | Uint8Array): string =>
  typeof piece === 'string' ? `${piece}\n` : decoder.decode(piece);

test('Durations are what formatUs makes of them', () => {
  const durations = [0, 1, 999, 1000, 1001, 123_456_789, 999_999_999, 1e9, 2 ** 40, 1.5, -3];
  for (const ns of durations) {
    expect(written((text) => text.us(ns, 16, '*'))).toBe(padStart(`${formatUs(ns)}*`, 16));
  }
});

test('Times are those of the time format, in any order', () => {
  const moments = [0, 999, 1000, 1001, 5e9, 4.2e9, -7, 1e9 + 0.25, 2 ** 53, 12];
  const text = new ListText(context);
  for (const ns of moments) {
    text.time(ns);
    text.endLine();
  }
  const expected = moments.map((ns) => `${times.time(toAbsoluteNs(ns))}\n`);
  expect(textOf(text.take())).toBe(expected.join(''));
});

test('Whole numbers have all their digits, and no others', () => {
  const values = [
    0, 7, 10, 99, 100, 999, 1000, 1001, 65_535, 999_999, 1e6, 123_456_789, 999_999_999,
  ];
  for (const value of [...values, 1e9, 2 ** 53, -1, -1000, 1.5]) {
    expect(written((text) => text.integer(value))).toBe(String(value));
    expect(written((text) => text.integer(value, 7))).toBe(String(value).padStart(7));
  }
});

test('Both ends of a time range are as wide as asked for', () => {
  const [begin, end] = [5, 2e9].map((ns) => times.time(toAbsoluteNs(ns)));
  expect(written((text) => text.timeRange(5, 2e9))).toBe(`[${begin}, ${end}]`);
  const wide = `[${begin!.padEnd(30)}, ${end!.padEnd(30)}]`;
  expect(written((text) => text.timeRange(5, 2e9, 30))).toBe(wide);
});

test('A cell is written once and is the same wherever it stands', () => {
  const names = ['cat', 'naïve', '😀 x', 'x'.repeat(20)];
  const asked: string[] = [];
  const cells = new TextCells<string>((name, text) => {
    asked.push(name);
    text.left(name, 8);
    text.text('|');
  });
  const row = written((text) => {
    for (const name of [...names, ...names]) text.cell(cells, name);
    text.fillTo(100);
  });
  expect(asked).toEqual(names);
  const expected = names.map((name) => `${padEnd(name, 8)}|`).join('');
  expect(row).toBe(padEnd(expected + expected, 100));
});

test('More different cells than are kept are written all the same', () => {
  const cells = new TextCells<number>((key, text) => text.integer(key));
  const text = new ListText(context);
  for (const round of [1, 2]) {
    for (let key = 0; key < 10_100; key++) text.cell(cells, key);
    const expected = Array.from({ length: 10_100 }, (_, key) => key).join('');
    expect([round, textOf(text.take())]).toEqual([round, expected]);
  }
});

test('Printed reports have lists as they have other lines', () => {
  const list = listBlock(context, ['head'], listOf([1, 2]), (n, text) => text.integer(n), ['foot']);
  const none = listBlock(context, [], listOf<number>([]), () => {});
  const blocks: TextBlock[] = [lines('before'), list, none, lines('after')];
  const report = { timeRange: { begin: 0n, end: 1n }, tables: [], text: blocks };
  const text = formatText(report, context.options);
  expect(text.split('\n').slice(1)).toEqual(['before', 'head', '1', '2', 'foot', 'after', '']);
  let pieces = '';
  for (const piece of textPieces(report, context.options)) {
    pieces += typeof piece === 'string' ? piece : decoder.decode(piece);
  }
  expect(pieces).toBe(text);
  expect(blocks.flatMap((block) => formatTextBlock(block, { times }))).toEqual([
    'before',
    'head',
    '1\n2',
    'foot',
    'after',
  ]);
});

test('Cells are padded by code points, and no text breaks the next', () => {
  const names = [
    '',
    'cat',
    'naïve',
    '日本語',
    '😀 x',
    '\ud800',
    'x'.repeat(70_000),
    'é'.repeat(5000),
  ];
  const rows = names.map((name) => `${padEnd(name, 8)}|${padStart(name, 8)}|`);
  const block = listBlock(context, ['head'], listOf(names), (name, text) => {
    text.left(name, 8);
    text.text('|');
    text.right(name, 8);
    text.text('|');
  });
  // Bytes are valid until the next piece.
  const pieces = Array.from(block.lines, textOf);
  expect(pieces.length).toBeGreaterThan(2);
  const expected = ['head', ...rows, ''].join('\n').replaceAll('\ud800', '\ufffd');
  expect(pieces.join('')).toBe(expected);
  expect(Array.from(block.lines, textOf)).toEqual(pieces);
});
