/** No counter is left out of any format. */
import {
  findTracker,
  formatTroubles,
  Histogram,
  openMetrics,
  snapshotJson,
  summaryText,
  type TrackerCounters,
  type TrackerSnapshot,
} from '@sonde/latency-tracker';
import { expect, test } from 'vitest';

const tracker = findTracker('net_rx')!;

/** Each a number of its own. The type says that none is missing. */
const counters: TrackerCounters = {
  begins: 1001,
  ends: 1002,
  unmatchedEnds: 1003,
  overwritten: 1004,
  full: 1005,
  aborted: 1006,
  collected: 1007,
  timeouts: 1008,
  pending: 1009,
  negative: 1010,
  uncertain: 1011,
  alerts: 1012,
  limited: 1013,
  ringLost: 1014,
  missed: 1015,
  unlabelled: 1016,
  waitsLimited: 1017,
};

const quiet = Object.fromEntries(
  Object.keys(counters).map((name) => [name, 0]),
) as unknown as TrackerCounters;

function snapshotWith(some: Partial<TrackerCounters>, count: number): TrackerSnapshot {
  const histogram = new Histogram(3);
  for (let i = 0; i < count; i++) histogram.add(1000);
  const series = [{ labels: {}, histogram, isExact: false, quantileNs: () => 1000 }];
  return {
    tracker,
    thresholdsNs: [5e6],
    counters: { ...quiet, ...some },
    series,
    uncertain: undefined,
  };
}

test.each([0, 3])('text shows all that are not 0, %d measured', (count) => {
  const text = summaryText(snapshotWith(counters, count), { top: 10 });
  for (const value of Object.values(counters)) {
    expect(text).toContain(` ${String(value).replace('1', '1,')} `);
  }
  expect(text).toContain(
    '  1,001 begun: 1,002 measured, 1,004 met one pending with their key, 1,006 aborted, 1,009 still pending; 1,003 ends had no begin, 1,008 timed out\n',
  );
  expect(text).toMatch(/^ {2}NOT all is well: 1,005 begins had no room, .* room for their label$/m);
});

test('text shows none where all that began was measured', () => {
  expect(summaryText(snapshotWith({ begins: 3, ends: 3 }, 3), { top: 10 })).not.toMatch(
    /begun|NOT all/,
  );
  expect(formatTroubles(quiet)).toBe('');
});

test('one is one', () => {
  const text = summaryText(
    snapshotWith({ begins: 1, pending: 1, unmatchedEnds: 1, ringLost: 1 }, 0),
    {
      top: 10,
    },
  );
  expect(text).toContain('  1 begun: 1 still pending; 1 end had no begin\n');
  expect(text).toContain('NOT all is well: 1 record lost in the ring buffer\n');
});

test('of chains, those that came to no end are told', () => {
  const text = summaryText(snapshotWith({ begins: 1767, ends: 608, pending: 3 }, 608), { top: 10 });
  expect(text).toContain('  1,767 begun: 608 measured, 3 still pending, 1,156 went no further\n');
});

test('text names every threshold that was in force', () => {
  const snapshot = snapshotWith({ begins: 3, ends: 3, alerts: 2 }, 3);
  expect(summaryText(snapshot, { top: 10 })).toContain('\n  2 above 5 ms\n');
  const limited = snapshotWith({ begins: 9, ends: 9, alerts: 2, limited: 5 }, 9);
  expect(summaryText(limited, { top: 10 })).toContain('\n  7 above 5 ms; 2 of them told\n');
  const changed = { ...snapshot, thresholdsNs: [20e6, 2e6, 500e3] };
  expect(summaryText(changed, { top: 10 })).toContain(
    '\n  2 above the threshold, which was 20 ms, then 2 ms, then 500 us\n',
  );
});

test('JSON and OpenMetrics have all, 0 or not', () => {
  for (const some of [counters, quiet]) {
    const snapshot = snapshotWith(some, 3);
    expect(JSON.parse(JSON.stringify(snapshotJson(snapshot, '0'))).counters).toEqual(some);
    const metrics = openMetrics([snapshot]);
    for (const [name, value] of Object.entries(some)) {
      const snake = name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
      const suffix = name === 'pending' ? '' : '_total';
      expect(metrics).toContain(`\nsonde_latency_${snake}${suffix}{tracker="net_rx"} ${value}\n`);
    }
  }
});
