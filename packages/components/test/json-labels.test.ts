import * as b from '@sonde/testkit';
import type { IntegerFieldClass } from '@sonde/trace-model';
import { expect, test } from 'vitest';
import { EnumerationTail } from '../src/sink-json/json-labels.ts';

test('texts of labels are kept for the next time, but not long ones', () => {
  const ranges = [{ lower: 1n, upper: 1n }];
  const many = Array.from({ length: 200 }, (_, i) => ({
    label: `label ${i}`,
    ranges: [{ lower: 2n, upper: 9n }],
  }));
  const fieldClass = { ...b.uint(8), mappings: [{ label: 'one', ranges }, ...many] };
  const tail = new EnumerationTail(fieldClass as IntegerFieldClass);
  expect(tail.of(1)).toBe(tail.of(1));
  expect(tail.of(2)).not.toBe(tail.of(2));
  expect(tail.of(2)).toEqual(tail.of(2));
});
