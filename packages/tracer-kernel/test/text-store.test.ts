import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextStore } from '../src/contents/text-store.ts';

const key = { tid: 7, number: 257, argument: 1 };
const second = 1e9;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (found: Uint8Array | undefined): string | undefined =>
  found && new TextDecoder().decode(found);

test.each<[string, number, number, string | undefined]>([
  ['fetched just before', 205, second, 'b'],
  ['at the same time', 200, second, 'b'],
  ['of the call before: later texts are of later calls', 199, second, 'a'],
  ['nothing is as old', 99, second, undefined],
  ['the last, however late', 5000, second, 'c'],
  ['not too late', 5000, 100, undefined],
])('%s', (_title, timeNs, gapNs, expected) => {
  const store = new TextStore();
  // The second is fetched last: at the exit of its call.
  store.add(key, 100, bytes('a'));
  store.add(key, 300, bytes('c'));
  store.add(key, 200, bytes('b'));
  expect(textOf(store.take(key, timeNs, gapNs))).toBe(expected);
});

test('another thread, call or argument is another text', () => {
  const store = new TextStore();
  store.add(key, 100, bytes('a'));
  expect(store.take({ ...key, tid: 8 }, 100, second)).toBeUndefined();
  expect(store.take({ ...key, number: 2 }, 100, second)).toBeUndefined();
  expect(store.take({ ...key, argument: 0 }, 100, second)).toBeUndefined();
  expect(textOf(store.take(key, 100, second))).toBe('a');
});

test('texts that nobody takes are forgotten', () => {
  const store = new TextStore();
  store.add(key, 1, bytes('first'));
  for (let i = 0; i < 200_000; i++) store.add({ ...key, tid: 8 }, i, bytes(''));
  expect(store.take(key, 1, second)).toBeUndefined();
});

test('whatever is lost, and in whatever order CPUs are converted: no event has the text of one that has its own', () => {
  const call = fc.record({ isFetched: fc.boolean(), isRecorded: fc.boolean(), order: fc.nat() });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      const store = new TextStore();
      const timed = calls.map((one, i) => ({ ...one, timeNs: i * 1000 }));
      for (const { isFetched, timeNs } of timed) {
        if (isFetched) store.add(key, timeNs, bytes(String(timeNs)));
      }
      const recorded = timed.filter(({ isRecorded }) => isRecorded);
      for (const { timeNs, isFetched } of recorded.sort((a, b) => a.order - b.order)) {
        const text = textOf(store.take(key, timeNs + 500, 900));
        expect(text).toBe(isFetched ? String(timeNs) : undefined);
      }
    }),
  );
});
