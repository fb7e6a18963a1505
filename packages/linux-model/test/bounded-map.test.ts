import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap } from '../src/bounded-map.ts';

/** The same, as slow as it may be. */
class SlowMap {
  entries: [number, number][] = [];

  set(key: number, value: number, maxSize: number): void {
    const known = this.entries.find(([own]) => own === key);
    if (known !== undefined) {
      known[1] = value;
      return;
    }
    if (this.entries.length >= maxSize) this.entries.shift();
    this.entries.push([key, value]);
  }
}

test('The oldest entries are forgotten, whatever was deleted in between', () => {
  const step = fc.record({ deletes: fc.boolean(), key: fc.nat(20), value: fc.nat(9) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(step, { maxLength: 200 }),
      (max, steps) => {
        const map = new BoundedMap<number, number>(max);
        const slow = new SlowMap();
        for (const { deletes, key, value } of steps) {
          if (deletes) {
            map.delete(key);
            slow.entries = slow.entries.filter(([own]) => own !== key);
          } else {
            map.set(key, value);
            slow.set(key, value, max);
          }
          expect([...map]).toEqual(slow.entries);
          expect(map.get(key)).toBe(slow.entries.find(([own]) => own === key)?.[1]);
        }
      },
    ),
  );
});

test('A full map that churns keeps its last entries', () => {
  const map = new BoundedMap<number, number>(100);
  for (let i = 0; i < 50_000; i++) {
    map.set(i, i);
    if (i % 3 === 0) map.delete(i - 50);
  }
  expect(map.size).toBeLessThanOrEqual(100);
  expect(Math.min(...[...map].map(([key]) => key))).toBeGreaterThan(49_700);
});
