import { expect, test } from 'vitest';
import type { ReducerContext } from '../src/analysis.ts';
import { ListText, listBlock, listOf } from '../src/list-text.ts';
import { formatUs, padEnd, padStart } from '../src/number-format.ts';
import { times } from './times.ts';

const originNs = 1_700_000_000_999_999_000n;
const toAbsoluteNs = (timeNs: number): bigint => originNs + BigInt(Math.round(timeNs));
const context = { options: { times }, toAbsoluteNs } as ReducerContext;

function written(write: (text: ListText) => void): string {
  const text = new ListText(context);
  write(text);
  text.endLine();
  return text.take();
}

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
  expect(text.take().split('\n')).toEqual(moments.map((ns) => times.time(toAbsoluteNs(ns))));
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
  const lines = names.map((name) => `${padEnd(name, 8)}|${padStart(name, 8)}|`);
  const block = listBlock(context, ['head'], listOf(names), (name, text) => {
    text.left(name, 8);
    text.text('|');
    text.right(name, 8);
    text.text('|');
  });
  const pieces = [...block.lines];
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.join('\n')).toBe(['head', ...lines].join('\n').replaceAll('\ud800', '\ufffd'));
  expect([...block.lines]).toEqual(pieces);
});
