import { describe, expect, test } from 'vitest';
import { TopList } from '../src/top-list.ts';

/** The reference: sort all, highest first, earlier first of equal ones. */
function slow(values: readonly number[], limit: number): string[] {
  const items = values.map((value, i) => ({ value, name: `${value}#${i}` }));
  items.sort((a, b) => b.value - a.value);
  return (limit > 0 ? items.slice(0, limit) : items).map(({ name }) => name);
}

const pseudoRandom = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 997);

describe.each([
  ['nothing', []],
  ['equal ones', [5, 5, 5, 5]],
  ['rising', [1, 2, 3, 4, 5]],
  ['falling', [5, 4, 3, 2, 1]],
  ['many', pseudoRandom],
])('%s', (_, values) => {
  test.each([0, 1, 3, 10, 2000])('limit %i', (limit) => {
    const list = new TopList<string>(limit);
    values.forEach((value, i) => {
      if (list.wants(value)) list.add(value, `${value}#${i}`);
    });
    expect(list.items).toEqual(slow(values, limit));
    expect(list.items).toEqual(slow(values, limit));
  });
});
