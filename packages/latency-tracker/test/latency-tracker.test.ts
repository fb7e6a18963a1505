import { UsageError } from '@sonde/base';
import { createLatencyTracker, type LatencyContext } from '@sonde/latency-tracker';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** A clock that the test sets. */
function manual(): { now: () => number; at: number } {
  const clock = { at: 0, now: () => clock.at };
  return clock;
}

describe('one operation', () => {
  test('above the threshold it calls back', () => {
    const clock = manual();
    const seen: LatencyContext<string>[] = [];
    const tracker = createLatencyTracker<string>({
      threshold: '1us',
      now: clock.now,
      onAlert: (context) => seen.push(context),
    });
    clock.at = 100;
    expect(tracker.eventIn('request', { priv: 'GET /' })).toBe('ok');
    expect(tracker.get('request')).toEqual({ beginNs: 100, priv: 'GET /' });
    clock.at = 1101;
    expect(tracker.eventOut('request', { outId: 3 })).toBe(true);
    expect(tracker.get('request')).toBeUndefined();
    expect(seen).toEqual([
      {
        flag: 'alert',
        key: 'request',
        beginNs: 100,
        endNs: 1101,
        delayNs: 1001,
        outId: 3,
        priv: 'GET /',
      },
    ]);
    // At the threshold is not above it.
    tracker.eventIn(1, { ts: 2000 });
    tracker.eventOut(1, { ts: 3000 });
    expect(seen.length).toBe(1);
    expect(tracker.stats).toMatchObject({ count: 2, sumNs: 2001, minNs: 1000, maxNs: 1001 });
    expect(tracker.stats.averageNs).toBe(1000.5);
    expect(tracker.eventOut('request')).toBe(false);
  });

  test.each([
    ['unique', [[30, 'b']], 'ok'],
    ['keepFirst', [[40, 'a']], 'kept'],
    [
      'duplicates',
      [
        [30, 'b'],
        [40, 'a'],
      ],
      'ok',
    ],
  ] as const)('twice: %s', (mode, delays, result) => {
    const seen: unknown[] = [];
    const overwritten: unknown[] = [];
    const tracker = createLatencyTracker<string>({
      threshold: 0,
      mode,
      now: () => 0,
      onAlert: ({ delayNs, priv }) => seen.push([delayNs, priv]),
      onOverwrite: ({ delayNs, priv }) => overwritten.push([delayNs, priv]),
    });
    for (const key of ['text', 7]) {
      seen.length = 0;
      overwritten.length = 0;
      expect(tracker.eventIn(key, { ts: 10, priv: 'a' })).toBe('ok');
      expect(tracker.eventIn(key, { ts: 20, priv: 'b' })).toBe(result);
      expect(tracker.eventOut(key, { ts: 50 })).toBe(true);
      expect(seen).toEqual(delays);
      expect(overwritten).toEqual(mode === 'unique' ? [[10, 'a']] : []);
      expect(tracker.eventOut(key)).toBe(false);
    }
  });

  test('any value may be a key', () => {
    const tracker = createLatencyTracker({ now: () => 0 });
    const keys = [1, '1', 1n, {}, {}, Symbol('s'), null, undefined, true, Number.NaN, 1.5, -1];
    for (const key of keys.filter((key) => !Number.isNaN(key))) tracker.eventIn(key);
    expect(tracker.stats.pending).toBe(keys.length - 1);
    for (const key of keys.filter((key) => !Number.isNaN(key))) {
      expect(tracker.eventOut(key)).toBe(true);
    }
    expect(tracker.stats).toMatchObject({ pending: 0, unmatchedEnds: 0 });
  });
});

test.each<[object, RegExp]>([
  [{ treshold: 5 }, /There is no option treshold; there are threshold, timeout, gc, /],
  [{ mode: 'first' }, /mode is "first"; it takes unique, keepFirst, duplicates/],
  [{ max: 0 }, /max is 0; it takes a whole number from 1 to 16777216/],
  [{ max: Number.POSITIVE_INFINITY }, /max is Infinity; it takes a whole number/],
  [{ bits: 1.5 }, /bits is 1.5; it takes a whole number from 0 to 7/],
  [{ rate: 0 }, /rate is 0; it takes a number above 0/],
  [{ threshold: null }, /threshold is null; it takes ns as a number, or a text such as 2ms/],
  [{ threshold: Number.NaN }, /"NaN" is no duration/],
  [{ timeout: -5 }, /"-5" is no duration/],
  [{ gc: '5 weeks' }, /"5 weeks" is no duration/],
  [{ now: 5 }, /now is 5; it takes a function/],
  [{ onAlert: 'log' }, /onAlert is "log"; it takes a function/],
  [{ worst: 1 }, /worst is 1; it takes true or false/],
])('refused: %o', (options, message) => {
  expect(() => createLatencyTracker(options)).toThrow(UsageError);
  expect(() => createLatencyTracker(options)).toThrow(message);
});

test.each([{}, { timeout: '1s' }, { mode: 'duplicates' as const }])(
  'a callback that throws leaves nothing behind: %o',
  (options) => {
    const onAlert = (): void => {
      throw new Error('mine');
    };
    const tracker = createLatencyTracker({ threshold: 0, onAlert, ...options });
    tracker.eventIn('a', { ts: 1 });
    expect(() => tracker.eventOut('a', { ts: 9 })).toThrow('mine');
    expect(tracker.stats).toMatchObject({ ends: 1, pending: 0, alerts: 1 });
    expect(tracker.eventOut('a')).toBe(false);
    tracker.close();
  },
);

describe('what does not end', () => {
  test('timeout, then its end; gc gives up', () => {
    const flags: unknown[] = [];
    const note = ({ flag, key, endNs }: LatencyContext<unknown>) => flags.push([flag, key, endNs]);
    const clock = manual();
    const tracker = createLatencyTracker({
      threshold: 5,
      timeout: 100,
      gc: 1000,
      now: clock.now,
      onAlert: note,
      onTimeout: note,
      onGc: note,
    });
    tracker.eventIn('a');
    clock.at = 50;
    tracker.eventIn('b');
    tracker.advance(130);
    expect(flags).toEqual([['timeout', 'a', 100]]);
    clock.at = 200;
    tracker.eventOut('a');
    clock.at = 2000;
    tracker.advance();
    expect(flags).toEqual([
      ['timeout', 'a', 100],
      ['timeout', 'b', 150],
      ['alert', 'a', 200],
      ['gc', 'b', 1050],
    ]);
    expect(tracker.get('b')).toBeUndefined();
    expect(tracker.eventOut('b')).toBe(false);
    expect(tracker.stats).toMatchObject({ timeouts: 2, collected: 1, pending: 0 });
  });

  test('a timer looks for it too, and keeps no process alive', async () => {
    const timedOut = new Promise((resolve) => {
      const tracker = createLatencyTracker({
        timeout: '1ms',
        onTimeout: (context) => {
          tracker.close();
          resolve(context.key);
        },
      });
      tracker.eventIn(5);
    });
    // The tracker's timer alone would let the process end.
    const alive = setInterval(() => {}, 5);
    expect(await timedOut).toBe(5);
    clearInterval(alive);
  });

  test('abort', () => {
    const tracker = createLatencyTracker({ now: () => 0 });
    tracker.eventIn('a');
    tracker.eventIn(1);
    tracker.abort('a');
    tracker.abort(1);
    tracker.abort('never');
    expect(tracker.stats).toMatchObject({ aborted: 2, pending: 0 });
  });
});

test('no room, off, worst, rate', () => {
  const delays: number[] = [];
  const tracker = createLatencyTracker({
    threshold: 10,
    max: 2,
    rate: 2,
    now: () => 0,
    onAlert: ({ delayNs }) => delays.push(delayNs),
  });
  expect([tracker.eventIn('a'), tracker.eventIn('b'), tracker.eventIn('c')]).toEqual([
    'ok',
    'ok',
    'full',
  ]);
  tracker.set({ on: false });
  expect(tracker.eventIn('a')).toBe('off');
  expect(tracker.stats.pending).toBe(0);
  tracker.set({ on: true, worst: true });
  for (const delay of [5, 20, 15, 30]) {
    tracker.eventIn(1, { ts: 0 });
    tracker.eventOut(1, { ts: delay });
  }
  expect(delays).toEqual([20, 30]);
  tracker.set({ threshold: 0, worst: false });
  tracker.eventIn(1, { ts: 100 });
  tracker.eventOut(1, { ts: 101 });
  expect(tracker.stats).toMatchObject({ alerts: 2, limited: 1 });
});

test.each([
  ['quick', {}],
  ['with a timeout', { timeout: '3600s' }],
  ['duplicates', { mode: 'duplicates' }],
] as const)('a callback may use the tracker: %s', (_, options) => {
  for (const key of [7, 'text']) {
    const tracker = createLatencyTracker({
      ...options,
      threshold: 0,
      now: () => 5,
      onAlert: () => tracker.eventIn(key, { ts: 2 }),
    });
    tracker.eventIn(key, { ts: 1 });
    expect(tracker.eventOut(key)).toBe(true);
    expect(tracker.get(key)?.beginNs).toBe(2);
    expect(tracker.stats).toMatchObject({ begins: 2, ends: 1, pending: 1 });
    tracker.close();
  }
});

test('a timeout that is set later holds for what is pending', () => {
  const told: unknown[] = [];
  const tracker = createLatencyTracker<string>({
    now: () => 0,
    onTimeout: ({ key, endNs, priv }) => told.push([key, endNs, priv]),
  });
  tracker.eventIn('later', { ts: 50, priv: 'p' });
  tracker.eventIn(3, { ts: 20 });
  tracker.eventIn(4, { ts: 60, priv: 'q' });
  tracker.set({ timeout: 100 });
  tracker.advance(155);
  expect(told).toEqual([
    [3, 120, undefined],
    ['later', 150, 'p'],
  ]);
  expect(tracker.eventOut('later', { ts: 200 })).toBe(true);
  expect(tracker.get(4)).toEqual({ beginNs: 60, priv: 'q' });
  expect(tracker.stats).toMatchObject({ begins: 3, ends: 1, pending: 2, timeouts: 3 });
});

test('thousands pending, each with what was given with it', () => {
  const seen = new Map<unknown, unknown>();
  const tracker = createLatencyTracker<number>({
    threshold: 0,
    onAlert: ({ key, delayNs, priv }) => seen.set(key, [delayNs, priv]),
  });
  // Addresses have equal lower bits, ids equal upper ones.
  const keys = Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? i : 2 ** 45 + i * 4096));
  for (const [i, key] of keys.entries()) tracker.eventIn(key, { ts: i, priv: i });
  for (const [i, key] of keys.entries()) tracker.eventOut(key, { ts: 2 * i + 1 });
  expect(tracker.stats).toMatchObject({ ends: 4000, pending: 0, unmatchedEnds: 0 });
  for (const [i, key] of keys.entries()) expect(seen.get(key)).toEqual([i + 1, i]);
});

test('every begin is accounted for', () => {
  for (const options of [{}, { timeout: '3600s' }]) {
    const tracker = createLatencyTracker({ ...options, max: 2, now: () => 5 });
    for (const key of [1, 'a', 2, 1]) tracker.eventIn(key);
    tracker.eventOut(1, { ts: 4 });
    tracker.set({ on: false });
    const { begins, ends, overwritten, full, aborted, collected, negative, pending } =
      tracker.stats;
    expect(begins).toBe(4);
    expect(ends + overwritten + full + aborted + collected + negative + pending).toBe(4);
    tracker.close();
  }
});

test('a snapshot takes the sums with it', () => {
  const tracker = createLatencyTracker({ now: () => 0 });
  tracker.eventIn(1, { ts: 0 });
  tracker.eventOut(1, { ts: 1000 });
  tracker.eventIn(2);
  const { stats, histogram } = tracker.snapshotAndReset();
  expect([stats.ends, histogram.count, histogram.maxNs]).toEqual([1, 1, 1000]);
  expect(tracker.stats).toMatchObject({ ends: 0, count: 0, pending: 1, minNs: Number.NaN });
});

const operation = fc.record({
  kind: fc.constantFrom('in', 'out', 'abort', 'get'),
  key: fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom('a', 'b', -1, 2 ** 40, 0.5, 4_294_967_296, Number.NaN, undefined),
  ),
  step: fc.integer({ min: 0, max: 50 }),
});

/** What the tracker is, written as simply as can be. */
class NaiveTracker {
  readonly pending: { key: unknown; beginNs: number }[] = [];
  readonly log: unknown[] = [];
  readonly #mode: string;
  readonly #gcNs: number;

  constructor(mode: string, gcNs: number) {
    this.#mode = mode;
    this.#gcNs = gcNs;
  }

  collect(nowNs: number): void {
    for (const operation of [...this.pending]) {
      if (!(nowNs > operation.beginNs + this.#gcNs)) continue;
      this.log.push(['gc', operation.key]);
      this.pending.splice(this.pending.indexOf(operation), 1);
    }
  }

  in(key: unknown, nowNs: number): void {
    const known = this.pending.findIndex((operation) => Object.is(operation.key, key));
    if (known >= 0 && this.#mode === 'keepFirst') return;
    if (known >= 0 && this.#mode === 'unique') this.pending.splice(known, 1);
    this.pending.push({ key, beginNs: nowNs });
  }

  out(key: unknown, nowNs: number): boolean {
    const ended = this.pending.filter((operation) => Object.is(operation.key, key)).reverse();
    for (const operation of ended) {
      this.log.push(['alert', key, nowNs - operation.beginNs]);
      this.pending.splice(this.pending.indexOf(operation), 1);
    }
    return ended.length > 0;
  }
}

test('as a naive tracker does it, whatever happens', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('unique', 'keepFirst', 'duplicates'),
      // Without it, there is nothing to be given up, and pairs are kept in another way.
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(Number.POSITIVE_INFINITY)),
      fc.array(operation, { maxLength: 300 }),
      (mode, gcNs, operations) => {
        const naive = new NaiveTracker(mode, gcNs);
        const log: unknown[] = [];
        const clock = manual();
        const tracker = createLatencyTracker({
          mode: mode as 'unique',
          threshold: 0,
          gc: gcNs,
          now: clock.now,
          onAlert: ({ key, delayNs }) => log.push(['alert', key, delayNs]),
          onGc: ({ key }) => log.push(['gc', key]),
        });
        for (const { kind, key, step } of operations) {
          clock.at += step;
          if (kind !== 'get' && kind !== 'abort') naive.collect(clock.at);
          if (kind === 'in') {
            naive.in(key, clock.at);
            tracker.eventIn(key);
          } else if (kind === 'out') {
            expect(tracker.eventOut(key)).toBe(naive.out(key, clock.at));
          } else if (kind === 'abort') {
            const rest = naive.pending.filter((operation) => !Object.is(operation.key, key));
            naive.pending.splice(0, naive.pending.length, ...rest);
            tracker.abort(key);
          } else {
            const newest = naive.pending.findLast((operation) => Object.is(operation.key, key));
            expect(tracker.get(key)?.beginNs).toBe(newest?.beginNs);
          }
          expect(tracker.stats.pending).toBe(naive.pending.length);
        }
        // Alerts at delay 0 are not above the threshold 0.
        expect(log).toEqual(naive.log.filter((entry) => (entry as unknown[])[2] !== 0));
      },
    ),
    { numRuns: 300 },
  );
});
