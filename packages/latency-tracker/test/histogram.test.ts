import { bucketBegin, bucketCount, bucketOf, Histogram } from '@sonde/latency-tracker';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const delay = fc.oneof(
  fc.nat({ max: 300 }),
  fc.nat({ max: 2 ** 31 - 1 }),
  fc.maxSafeNat(),
  fc.integer({ min: 0, max: 52 }).map((e) => 2 ** e),
  fc.integer({ min: 1, max: 53 }).map((e) => 2 ** e - 1),
);
const bits = fc.integer({ min: 0, max: 7 });

test.each([
  [0, 3, 0],
  [1, 3, 0],
  [2, 3, 8],
  [3, 3, 12],
  [8, 3, 24],
  [9, 3, 25],
  [15, 3, 31],
  [16, 3, 32],
  [22, 3, (4 << 3) | 3],
  [1023, 0, 9],
  [1024, 0, 10],
  [2 ** 32 - 1, 0, 31],
  [2 ** 32, 0, 32],
  [2 ** 40 + 2 ** 39, 1, 81],
  [Number.MAX_SAFE_INTEGER, 7, (52 << 7) | 127],
])('%d ns with %d bits is in bucket %d', (ns, bitCount, index) => {
  expect(bucketOf(ns, bitCount)).toBe(index);
});

test('a bucket holds what lies between its begin and the next one', () => {
  fc.assert(
    fc.property(delay, bits, (ns, bitCount) => {
      const index = bucketOf(ns, bitCount);
      expect(index).toBeLessThan(bucketCount(bitCount));
      expect(bucketBegin(index, bitCount)).toBeLessThanOrEqual(ns);
      expect(bucketBegin(index + 1, bitCount)).toBeGreaterThan(ns);
    }),
  );
});

test('folding gives the histogram with fewer bits', () => {
  fc.assert(
    fc.property(fc.array(delay), bits, (delays, fewer) => {
      const [fine, coarse, folded] = [new Histogram(7), new Histogram(fewer), new Histogram(fewer)];
      for (const ns of delays) {
        fine.add(ns);
        coarse.add(ns);
      }
      folded.merge(fine);
      expect(folded).toEqual(coarse);
    }),
  );
});

test('quantiles are at most a bucket too great', () => {
  fc.assert(
    fc.property(
      fc.array(delay, { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (delays, q) => {
        const histogram = new Histogram(5);
        for (const ns of delays) histogram.add(ns);
        const sorted = [...delays].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
        const found = histogram.quantile(q);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(Math.max(1, exact * (1 + 1 / 32)));
      },
    ),
  );
  expect(new Histogram(3).quantile(0.5)).toBeNaN();
});
