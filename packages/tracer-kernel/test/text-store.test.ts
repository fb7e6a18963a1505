import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextStore } from '../src/contents/text-store.ts';

const key = { tid: 7, number: 257, argument: 1 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (found: Uint8Array | undefined): string | undefined =>
  found && new TextDecoder().decode(found);

test.each<[string, number, string | undefined]>([
  ['fetched just before', 205, 'b'],
  ['at the same time', 200, 'b'],
  ['of the call before: later texts are of later calls', 199, 'a'],
  ['nothing is as old', 99, undefined],
  ['the last, however late', 5000, 'c'],
])('%s', (_title, timeNs, expected) => {
  const store = new TextStore();
  // The second is fetched last: at the exit of its call.
  store.add(key, 100, bytes('a'));
  store.add(key, 300, bytes('c'));
  store.add(key, 200, bytes('b'));
  expect(textOf(store.take(key, timeNs))).toBe(expected);
});

test('another thread, call or argument is another text', () => {
  const store = new TextStore();
  store.add(key, 100, bytes('a'));
  expect(store.take({ ...key, tid: 8 }, 100)).toBeUndefined();
  expect(store.take({ ...key, number: 2 }, 100)).toBeUndefined();
  expect(store.take({ ...key, argument: 0 }, 100)).toBeUndefined();
  expect(textOf(store.take(key, 100))).toBe('a');
});

test('a text is given once', () => {
  const store = new TextStore();
  store.add(key, 100, bytes('a'));
  expect(textOf(store.take(key, 150))).toBe('a');
  expect(store.take(key, 150)).toBeUndefined();
});

test('a call whose text could not be read does not get that of the call before; the text may come later', () => {
  const store = new TextStore();
  store.add(key, 100, bytes('before'));
  store.add(key, 200, undefined);
  expect(store.take(key, 250)).toBeUndefined();
  store.add(key, 300, undefined);
  store.add(key, 200, bytes('late'));
  expect(textOf(store.take(key, 250))).toBe('late');
  expect(textOf(store.take(key, 150))).toBe('before');
});

test('texts that nobody takes are forgotten, which is counted; nobody gets an older one in their place', () => {
  const store = new TextStore(100_000);
  for (let i = 0; i < 2000; i++) store.add({ ...key, tid: i }, i, bytes('text'));
  expect(store.forgotten).toBeGreaterThan(500);
  expect(store.take({ ...key, tid: 0 }, 1)).toBeUndefined();
  // What came late for a call of the forgotten time is not known to be the newest.
  store.add({ ...key, tid: 5000 }, 1, bytes('late'));
  expect(store.take({ ...key, tid: 5000 }, 2)).toBeUndefined();
  expect(textOf(store.take({ ...key, tid: 1999 }, 2000))).toBe('text');
});

test('what was taken before it is thrown away was not forgotten, nor what there was no text of', () => {
  const store = new TextStore(100_000);
  for (let i = 0; i < 2000; i++) {
    store.add({ ...key, tid: i }, i, i % 2 === 0 ? bytes('text') : undefined);
    if (i !== 500) store.take({ ...key, tid: i }, i);
  }
  expect(store.forgotten).toBe(1);
});

test('texts of events that were converted make room: they are not missed', () => {
  const store = new TextStore(100_000);
  for (let i = 0; i < 20_000; i++) {
    store.add(key, i, bytes('text'));
    store.release(i - 100);
  }
  expect(store.forgotten).toBe(0);
  for (let i = 19_900; i < 20_000; i++) expect(textOf(store.take(key, i))).toBe('text');
});

test('behind a lost record, an old text is nobody’s, however long ago the loss was', () => {
  const store = new TextStore();
  store.add(key, 1000, bytes('of a call whose event nobody saw'));
  store.addLoss(2000, 2010);
  for (let ns = 1e9; ns < 60e9; ns += 1e9) store.release(ns);
  expect(store.take(key, 60e9)).toBeUndefined();
});

test('of calls that are often without a text, the first one without it tells so', () => {
  const call = fc.record({
    fate: fc.constantFrom('fetched', 'absent', 'lost'),
    isRecorded: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      const store = new TextStore();
      let isTold = false;
      for (const [i, { fate }] of calls.entries()) {
        // The ring has no room: neither for a text, nor for what tells that there is none.
        if (fate === 'lost' && isTold) store.addLoss(i * 1000, i * 1000 + 10);
        if (fate === 'fetched') store.add(key, i * 1000, bytes(String(i)));
        if (fate === 'absent' && isTold) store.add(key, i * 1000, undefined);
        isTold = fate === 'fetched';
      }
      for (const [i, { fate, isRecorded }] of calls.entries()) {
        if (!isRecorded) continue;
        const text = textOf(store.take(key, i * 1000 + 500));
        expect(text).toBe(fate === 'fetched' ? String(i) : undefined);
      }
    }),
  );
});

test('whatever is lost, in whatever order: an event has its own text, or none', () => {
  const call = fc.record({
    fate: fc.constantFrom('fetched', 'absent', 'lost'),
    isRecorded: fc.boolean(),
    order: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      const store = new TextStore();
      const timed = calls.map((one, i) => ({ ...one, timeNs: i * 1000 }));
      for (const { fate, timeNs } of timed) {
        if (fate === 'lost') store.addLoss(timeNs, timeNs + 10);
        else store.add(key, timeNs, fate === 'absent' ? undefined : bytes(String(timeNs)));
      }
      const recorded = timed.filter(({ isRecorded }) => isRecorded);
      for (const { timeNs, fate } of recorded.sort((a, b) => a.order - b.order)) {
        const text = textOf(store.take(key, timeNs + 500));
        expect(text).toBe(fate === 'fetched' ? String(timeNs) : undefined);
      }
    }),
  );
});

test('a text is awaited of the last call of its kind only, as long as it has none', () => {
  const store = new TextStore();
  expect(store.isAwaited(key, 1000)).toBe(false);
  store.add(key, 1000, undefined);
  expect(store.isAwaited(key, 999)).toBe(false);
  expect(store.isAwaited(key, 1500)).toBe(true);
  store.add(key, 2000, undefined);
  expect(store.isAwaited(key, 1500)).toBe(false);
  expect(store.isAwaited(key, 2500)).toBe(true);
  store.add(key, 2000, bytes('late'));
  expect(store.isAwaited(key, 2500)).toBe(false);
  store.add(key, 3000, undefined);
  store.addLoss(4000, 5000);
  expect(store.isAwaited(key, 3500)).toBe(false);
});
