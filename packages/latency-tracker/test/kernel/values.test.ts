import { closeSync, openSync, writeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bucketBegin, bucketOf, parseTracker, type TrackerDeclaration } from '../../src/index.ts';
import { needs, openSession } from './support.ts';

// Other threads of the test runner write when they like.
const isThisThread = `$tid == ${process.pid}`;

/** Delays that are made: from a constant to what a write returns. So each value is known exactly. */
const written = (
  bits: number,
  changes: { readonly from?: string; readonly when?: string; readonly to?: string } = {},
): TrackerDeclaration => ({
  name: 'written',
  per: 'task',
  histogram: bits === 0 ? { kind: 'log2' } : { kind: 'hdr', bits },
  begin: [
    {
      event: 'syscalls:sys_enter_write',
      key: ['$tid'],
      when: isThisThread,
      time: changes.from ?? '1',
    },
  ],
  end: [
    {
      event: 'syscalls:sys_exit_write',
      key: ['$tid'],
      when: [isThisThread, changes.when ?? 'ret > 0'],
      time: changes.to ?? 'ret + 1',
    },
  ],
});

const sizes = [
  1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 100, 255, 256, 1000, 1023, 1024, 1025, 4095, 65_535, 65_536,
  123_457, 1_048_579,
];

function writeAll(): void {
  const fd = openSync('/dev/null', 'w');
  for (const size of sizes) writeSync(fd, Buffer.alloc(size));
  closeSync(fd);
}

const [isPossible, title] = needs('values that are known exactly');

describe.runIf(isPossible)(title, () => {
  test.each([0, 1, 3, 5])('with %d bits, buckets are those of traces', async (bits) => {
    const { session } = await openSession([parseTracker(written(bits))], { includeSelf: true });
    writeAll();
    const { counters, series } = session.snapshot()[0]!;
    expect(counters).toMatchObject({ ends: sizes.length, negative: 0 });
    const { histogram } = series[0]!;
    const expected = new Map<number, number>();
    for (const size of sizes) {
      const bucket = bucketOf(size, bits);
      expected.set(bucket, (expected.get(bucket) ?? 0) + 1);
    }
    const found = new Map([...histogram.counts.entries()].filter(([, count]) => count > 0));
    expect(found).toEqual(expected);
    expect(histogram.sumNs).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect([histogram.minNs, histogram.maxNs]).toEqual([1, 1_048_579]);
  });

  test('finer distributions than fit into the kernel are made coarser, and that is said', async () => {
    const { session } = await openSession([parseTracker(written(7))], { includeSelf: true });
    writeAll();
    expect(session.notes).toEqual([
      expect.stringContaining('32 buckets in each power of two, not 128'),
    ]);
    expect(session.snapshot()[0]!.series[0]!.histogram).toMatchObject({
      bits: 5,
      count: sizes.length,
    });
  });

  test('beyond 32 bits, too', async () => {
    const far = 5_000_000_000;
    const { session } = await openSession(
      [parseTracker(written(5, { from: '0', to: `ret + ${far}` }))],
      { includeSelf: true },
    );
    writeAll();
    const { counts } = session.snapshot()[0]!.series[0]!.histogram;
    const bucket = bucketOf(far + 1, 5);
    expect(bucketBegin(bucket, 5)).toBeGreaterThan(2 ** 32);
    expect(counts[bucket]).toBe(sizes.length);
  });

  /** `ret` is a size above, `fd` is none of it: how many writes pass. */
  test.each([
    ['ret == 1024', 1],
    ['ret != 1024', sizes.length - 1],
    ['ret >= 1024', 7],
    ['ret < 0 - 1', 0],
    ['0 - ret < 0', sizes.length],
    ['(ret & 1) == 1', sizes.filter((n) => n % 2 === 1).length],
    ['ret >> 10 == 1', 2],
    ['(ret << 40) >> 40 == ret', sizes.length],
    ['ret - (ret - 5) == 5', sizes.length],
    ['ret == 100 | ret == 255', 2],
    ['$tid > 0 & $cpu >= 0', sizes.length],
    ['$comm startsWith ""', sizes.length],
    ['$comm startsWith "no such name"', 0],
    ['$syscall == 1', sizes.length],
  ])('%s: %d writes', async (when, count) => {
    const { session } = await openSession([parseTracker(written(0, { when: String(when) }))], {
      includeSelf: true,
    });
    writeAll();
    expect(session.snapshot()[0]!.counters.ends).toBe(count);
  });
});
