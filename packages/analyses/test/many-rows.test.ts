import { describe, expect, test } from 'vitest';
import { joinBounds } from '../src/frequency.ts';
import { formatTextBlock, linesOf } from '../src/text-block.ts';
import { times } from './times.ts';

/** More than a call takes arguments. */
const count = 200_000;
const every = <T>(make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe('as many rows as a trace has threads', () => {
  test('lines', () => {
    expect(formatTextBlock(linesOf(every(String)), { times })).toHaveLength(count);
  });

  test('bars', () => {
    const rows = every((i) => ({ value: i, valueText: `${i}`, label: 'thread' }));
    const texts = formatTextBlock({ kind: 'bars', title: 'Use', rows }, { times, columns: 100 });
    expect(texts).toHaveLength(count + 3);
    expect(texts.at(-2)).toBe(`${'█'.repeat(80)} ${count - 1} thread`);
  });

  test('a frequency distribution', () => {
    const rows = every((i) => ({ lowerBound: i, count: i, uncertainCount: 0 }));
    const texts = formatTextBlock(
      { kind: 'frequency', title: 'Time', unit: 'µs', rows },
      { times },
    );
    expect(texts).toHaveLength(count + 3);
  });

  test('bounds', () => {
    expect(joinBounds(every((i) => ({ min: i + 1, max: i + 2 })))).toEqual({
      min: 1,
      max: count + 1,
    });
  });
});
