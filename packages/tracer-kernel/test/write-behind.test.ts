import { expect, test } from 'vitest';
import { WriteBehind } from '../src/write-behind.ts';

const mib = 1 << 20;
const keptBytes = 32 * mib;

/** What was asked for: call, and its range in MiB. */
function recorded(behaves: () => void = () => {}) {
  const calls: [name: string, fromMib: number, toMib: number][] = [];
  const call = (name: string, _what: string, ...args: (number | bigint)[]) => {
    const [, from, length] = args.map(Number);
    calls.push([name, from! / mib, (from! + length!) / mib]);
    behaves();
    return 0;
  };
  return { calls, call };
}

test('the beginning of a file stays in the cache', () => {
  const native = recorded();
  const behind = new WriteBehind(native, 3, { keptBytes });
  for (let i = 1; i < 33; i++) behind.written(i * mib);
  expect(native.calls).toEqual([]);
  behind.written(33 * mib);
  expect(native.calls).toEqual([
    ['sync_file_range', 32, 33],
    ['fadvise64', 0, 17],
  ]);
});

test('each part is given to the disk once, and dropped until some way behind', () => {
  const native = recorded();
  const behind = new WriteBehind(native, 3, { beginBytes: 10 * mib, keptBytes });
  const step = mib / 4;
  for (let end = 10 * mib; end <= 200 * mib; end += step) behind.written(end);
  const given = native.calls.filter(([name]) => name === 'sync_file_range');
  expect(given.map(([, from]) => from)).toEqual(Array.from({ length: 158 }, (_, i) => 42 + i));
  expect(given.map(([, , to]) => to)).toEqual(Array.from({ length: 158 }, (_, i) => 43 + i));
  expect(native.calls.at(-1)).toEqual(['fadvise64', 120, 184]);
});

test('a disk that lets it wait is left alone for a while', () => {
  let nowMs = 0;
  let waitMs = 15;
  const native = recorded(() => {
    nowMs += waitMs;
  });
  const behind = new WriteBehind(native, 3, { keptBytes, nowMs: () => nowMs });
  behind.written(33 * mib);
  expect(native.calls).toHaveLength(2);
  waitMs = 0;
  for (let i = 34; i < 33 + 257; i++) behind.written(i * mib);
  expect(native.calls).toHaveLength(2);
  behind.written((33 + 257) * mib);
  expect(native.calls).toHaveLength(4);
});

test('where the file system refuses, it is not tried again', () => {
  const native = recorded(() => {
    throw new Error('ESPIPE');
  });
  const behind = new WriteBehind(native, 3, { keptBytes });
  for (let i = 1; i < 1000; i++) behind.written(i * mib);
  expect(native.calls).toHaveLength(1);
});
