/** What Prometheus gets is OpenMetrics 1.0, read by a parser that takes nothing else. */
import {
  findTracker,
  Histogram,
  openMetrics,
  type SeriesData,
  type TrackerCounters,
  type TrackerSnapshot,
} from '@sonde/latency-tracker';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { zeroCounters } from '../src/counters.ts';

interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

interface Family {
  readonly type: string;
  readonly samples: Sample[];
}

const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum'],
};

/** The text format's grammar, as far as we use it: anything else is an error. */
function parse(text: string): Map<string, Family> {
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.slice(0, -'# EOF\n'.length).trimEnd().split('\n')) {
    const meta = /^# (TYPE|UNIT) ([a-z_]+) ([a-z]+)$/.exec(line);
    if (meta !== null) {
      const [, kind, name = '', value = ''] = meta;
      if (kind === 'UNIT') {
        expect([name, name.endsWith(`_${value}`)]).toEqual([current, true]);
        expect(families.get(name)!.samples).toEqual([]);
        continue;
      }
      // Each family once, in one piece.
      expect(families.has(name)).toBe(false);
      expect(Object.keys(suffixes)).toContain(value);
      families.set(name, { type: value, samples: [] });
      current = name;
      continue;
    }
    const sample = parseSample(line);
    const { type, samples } = families.get(current)!;
    expect(suffixes[type]!.map((suffix) => current + suffix)).toContain(sample.name);
    const id = `${sample.name} ${JSON.stringify([...sample.labels].sort())}`;
    expect(seen.has(id), id).toBe(false);
    seen.add(id);
    samples.push(sample);
  }
  return families;
}

function parseSample(line: string): Sample {
  const match = /^([a-z_]+)\{(.*)\} (\d+(?:\.\d+)?)$/.exec(line);
  expect(match, line).not.toBeNull();
  const [, name = '', inner = '', value] = match!;
  const labels = new Map<string, string>();
  let rest = inner;
  while (rest !== '') {
    const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/.exec(rest);
    expect(label, rest).not.toBeNull();
    const [whole, key = '', escaped = ''] = label!;
    expect(labels.has(key), key).toBe(false);
    labels.set(
      key,
      escaped.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c)),
    );
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: Number(value) };
}

/** Buckets of one series are told together, ascend, add up, and end with +Inf, which is the count. */
function checkHistogram({ samples }: Family): void {
  let le = 0;
  let count = 0;
  for (const [i, { name, labels, value }] of samples.entries()) {
    if (name.endsWith('_sum')) continue;
    if (name.endsWith('_count')) {
      expect(samples[i - 1]!.labels.get('le')).toBe('+Inf');
      expect(value).toBe(count);
      [le, count] = [0, 0];
      continue;
    }
    const text = labels.get('le')!;
    const bound = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
    expect(bound).toBeGreaterThan(le);
    expect(value).toBeGreaterThanOrEqual(count);
    [le, count] = [bound, value];
  }
}

const seriesOf = (labels: SeriesData['labels'], delaysNs: readonly number[]): SeriesData => {
  const histogram = new Histogram(3);
  for (const ns of delaysNs) histogram.add(ns);
  return { labels, histogram, isExact: false, quantileNs: () => 0 };
};

const snapshotOf = (name: string, series: readonly SeriesData[]): TrackerSnapshot => ({
  tracker: { ...findTracker('syscall')!, name },
  counters: zeroCounters(),
  series,
  uncertain: undefined,
  thresholdsNs: [1e9],
});

test('whatever labels say', () => {
  const label = fc.constantFrom('comm', 'call', 'le', 'tracker', 'op');
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a"b', 'c\\', 'd\ne', '"} 1\n# EOF', '3', ''),
    fc.integer({ min: 0, max: 5 }),
  );
  const series = fc
    .tuple(fc.dictionary(label, value), fc.array(fc.nat({ max: 2 ** 45 }), { maxLength: 5 }))
    .map(([labels, delays]) => seriesOf(labels, delays));
  fc.assert(
    fc.property(fc.array(series, { maxLength: 4 }), fc.array(series, { maxLength: 4 }), (a, b) => {
      const families = parse(openMetrics([snapshotOf('one', a), snapshotOf('two', b)]));
      const histogram = families.get('sonde_latency_seconds')!;
      checkHistogram(histogram);
      const counts = histogram.samples.filter(({ name }) => name.endsWith('_count'));
      const all = [...a, ...b].reduce((sum, each) => sum + each.histogram.count, 0);
      expect(counts.reduce((sum, each) => sum + each.value, 0)).toBe(all);
      // Each counter of each tracker.
      const names = Object.keys(zeroCounters()) as (keyof TrackerCounters)[];
      expect(families.size).toBe(1 + names.length);
      expect(families.get('sonde_latency_pending')!.type).toBe('gauge');
      expect(families.get('sonde_latency_ring_lost')!.samples.length).toBe(2);
    }),
    { numRuns: 200 },
  );
});

test('labels in another order are the same series', () => {
  const series = [seriesOf({ comm: 'a', op: 'b' }, [1]), seriesOf({ op: 'b', comm: 'a' }, [1, 1])];
  const families = parse(openMetrics([snapshotOf('one', series)]));
  const { samples } = families.get('sonde_latency_seconds')!;
  expect(samples.filter(({ name }) => name.endsWith('_count')).map(({ value }) => value)).toEqual([
    3,
  ]);
});

test('a label is read back, buckets are seconds', () => {
  const families = parse(
    openMetrics([snapshotOf('syscall', [seriesOf({ comm: 'a"\\' }, [1500])])]),
  );
  const { samples } = families.get('sonde_latency_seconds')!;
  expect(samples.map(({ name, labels, value }) => [name, ...labels.values(), value])).toEqual([
    ['sonde_latency_seconds_bucket', 'syscall', 'a"\\', '0.000002047', 1],
    ['sonde_latency_seconds_bucket', 'syscall', 'a"\\', '+Inf', 1],
    ['sonde_latency_seconds_count', 'syscall', 'a"\\', 1],
    ['sonde_latency_seconds_sum', 'syscall', 'a"\\', 0.0000015],
  ]);
});
