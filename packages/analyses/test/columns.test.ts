import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IntegerColumn, NumberColumn, ObjectColumn, sortedRows } from '../src/columns.ts';

function columnOf(values: readonly number[]): NumberColumn {
  const column = new NumberColumn();
  for (const value of values) column.push(value);
  return column;
}

/** What the language's own sort says, which keeps the order of equal ones. */
const expectedRows = (values: readonly number[]): number[] =>
  values.map((_, row) => row).sort((a, b) => values[a]! - values[b]!);

test('Columns keep what was pushed, however much it is', () => {
  const numbers = new NumberColumn();
  const integers = new IntegerColumn();
  const objects = new ObjectColumn<string | undefined>();
  const count = 20_000;
  for (let i = 0; i < count; i++) {
    numbers.push(i / 2);
    integers.push(i - 10_000);
    objects.push(i % 3 === 0 ? undefined : `${i}`);
  }
  expect([numbers.count, objects.count]).toEqual([count, count]);
  for (let i = 0; i < count; i++) {
    if (numbers.at(i) !== i / 2) expect([i, numbers.at(i)]).toEqual([i, i / 2]);
    if (integers.at(i) !== i - 10_000) expect([i, integers.at(i)]).toEqual([i, i - 10_000]);
    const object = i % 3 === 0 ? undefined : `${i}`;
    if (objects.at(i) !== object) expect([i, objects.at(i)]).toEqual([i, object]);
  }
});

test('Rows are sorted by value, equal ones in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 300 }), (values) => {
      expect([...sortedRows(columnOf(values))]).toEqual(expectedRows(values));
    }),
  );
});

test('Times are sorted exactly, in many rows too', () => {
  let seed = 0x5eed;
  const values = Array.from({ length: 30_001 }, (_, i) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return 2 ** 52 + i * 10 - (seed % 1000 === 0 ? i * 10 : seed % 64);
  });
  expect([...sortedRows(columnOf(values))]).toEqual(expectedRows(values));
});
