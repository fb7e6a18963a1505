/** What of the alerts is printed while they come, and what at the end. */
import { type Alert, findTracker } from '@sonde/latency-tracker';
import { expect, test } from 'vitest';
import type { CommandIo } from '../src/command-io.ts';
import { AlertReporter } from '../src/latency/alert-reporter.ts';
import { latencyOptions, parseAlertCount } from '../src/latency/latency-options.ts';
import { memoryIo } from './memory-io.ts';

const defaults = Object.fromEntries(
  Object.entries(latencyOptions).map(([name, { initial }]) => [name, initial]),
);

const alertOf = (tid: number): Alert => ({
  tracker: 'wakeup',
  kind: 'alert',
  beginNs: 0n,
  endNs: 10_000n,
  delayNs: tid * 1000,
  outId: 0,
  key: [tid],
  cpuId: 0,
  tid,
  comm: 'thread',
  info: {},
  kernelStack: undefined,
  userStack: undefined,
});

const reporterFor = (io: CommandIo, options: object, nowMs?: () => number): AlertReporter =>
  new AlertReporter(
    io,
    { ...defaults, ...options } as never,
    [findTracker('wakeup')!],
    true,
    nowMs,
  );

/** Reports alerts of threads 1 to `counts[i]` in second `i`, live. @returns what was printed, without times */
function linesOf(options: object, counts: readonly number[]): string[] {
  const io = memoryIo();
  let nowMs = 0;
  const reporter = reporterFor(io, options, () => nowMs);
  counts.forEach((count, second) => {
    nowMs = second * 1000;
    for (let tid = 1; tid <= count; tid++) reporter.alert(alertOf(tid));
    reporter.flush();
  });
  reporter.finish([], 20_000n);
  return io.stdout.text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d+:[\d:.]+ /, ''));
}

const line = (tid: number): string => `wakeup ${`${tid} us`.padStart(8)}  cpu 0  thread (${tid})`;

test('so many alerts a second are printed, the others are counted, and the longest told at the end', () => {
  expect(linesOf({ alerts: 2, top: 3 }, [1002, 1, 3])).toEqual([
    line(1),
    line(2),
    '… 1,000 more in this second',
    line(1),
    line(1),
    line(2),
    '… 1 more in this second',
    '',
    '1,001 alerts were not printed (--alerts=all prints them). The longest of them:',
    ...[1002, 1001, 1000].map((tid) => `wakeup     1 ms  cpu 0  thread (${tid})`),
  ]);
});

test('by default ten a second', () => {
  expect(linesOf({}, [10])).toEqual(Array.from({ length: 10 }, (_, i) => line(i + 1)));
  expect(linesOf({}, [11]).at(10)).toBe('… 1 more in this second');
  expect(linesOf({}, [11]).at(-2)).toMatch(/^1 alert was not printed/);
});

test('all, or none until the end', () => {
  expect(linesOf({ alerts: 'all' }, [500]).length).toBe(500);
  expect(linesOf({ alerts: 0, top: 1 }, [500, 0, 500])).toEqual([
    '',
    '1,000 alerts were not printed (--alerts=all prints them). The longest of them:',
    line(500),
  ]);
});

test.each(['all', 0])('text tells of what waited when it has ended (--alerts=%s)', (alerts) => {
  const io = memoryIo();
  const reporter = reporterFor(io, { alerts });
  const kernelStack = [{ address: 1n, symbol: 'do_wait+0x1' }];
  // The first may have ended below the threshold since.
  for (const tid of [1, 2]) reporter.alert({ ...alertOf(tid), kind: 'waiting', kernelStack });
  expect(io.stdout.text).toBe('');
  reporter.alert({ ...alertOf(2), kernelStack });
  reporter.finish([], 20_000n);
  expect(io.stdout.text.match(/thread .*/g)).toEqual(['thread (2)']);
});

test('names for stacks are looked for where they are shown', () => {
  const io = memoryIo();
  const reporter = reporterFor(io, { alerts: 1, top: 3 });
  let count = 0;
  const named = (alert: Alert): Alert => {
    count++;
    return { ...alert, kernelStack: [{ address: 1n, symbol: `name${count}` }] };
  };
  for (let tid = 500; tid > 0; tid--) reporter.alert(alertOf(tid), named);
  reporter.finish([], 20_000n);
  expect(count).toBe(1 + 3);
  expect(io.stdout.text.match(/name\d+/g)).toEqual(['name1', 'name2', 'name3', 'name4']);
});

test.each(['json', 'lt', 'text'])('as %s stacks have names', (format) => {
  const io = memoryIo();
  const reporter = reporterFor(io, { format });
  reporter.alert({ ...alertOf(1), tracker: 'offcpu' }, (alert) => ({
    ...alert,
    kernelStack: [{ address: 1n, symbol: 'do_wait+0x1' }],
  }));
  expect(io.stdout.text).toContain('do_wait+0x1');
});

test.each(['json', 'lt'])('as %s all are written', (format) => {
  expect(linesOf({ format, alerts: 1 }, [500]).length).toBe(500);
});

test('a run with --top=0 keeps no more than ten', () => {
  expect(linesOf({ alerts: 0, top: 0 }, [500]).length).toBe(2 + 10);
});

test('--alerts', () => {
  expect(['all', '0', '25'].map(parseAlertCount)).toEqual(['all', 0, 25]);
  expect(() => parseAlertCount('few')).toThrow(/"few" is neither a count nor all/);
});
