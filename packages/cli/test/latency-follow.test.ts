/** `sonde latency --follow`: alerts while a trace grows, timeouts in the time of its events. */
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openTrace } from '@sonde/components';
import { findTracker, parseTracker, type Tracker } from '@sonde/latency-tracker';
import { kernelTrace } from '@sonde/testkit';
import { afterAll, expect, test } from 'vitest';
import { latencyOptions } from '../src/latency/latency-options.ts';
import { openFollowing } from '../src/latency/open-following.ts';
import { runLive } from '../src/latency/run-live.ts';
import { type MemoryIo, memoryIo } from './memory-io.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sonde-follow-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const defaults = Object.fromEntries(
  Object.entries(latencyOptions).map(([name, { initial }]) => [name, initial]),
);

const wakeup = (at: number, tid: number): string =>
  `${at} 0 sched_waking comm=t${tid} tid=${tid} prio=20 target_cpu=0`;
const switchIn = (at: number, tid: number, from = 0): string =>
  `${at} 0 sched_switch prev_comm=t${from} prev_tid=${from} prev_prio=20 prev_state=0 next_comm=t${tid} next_tid=${tid} next_prio=20`;

/** The packet without records that ends every data stream of `kernelTrace`. */
const emptyPacketBytes = 4 + 6 * 8 + 4;

/** A trace with some of its events, and what adds the others. */
function growingTrace(early: readonly string[], rest: readonly string[]): [string, () => void] {
  const folder = mkdtempSync(join(scratch, 'trace-'));
  const { metadata, streams } = kernelTrace([...early, ...rest].join('\n'));
  writeFileSync(join(folder, 'metadata'), metadata);
  const sizes = new Map(
    [...kernelTrace(early.join('\n')).streams].map(([name, { length }]) => [
      name,
      length - emptyPacketBytes,
    ]),
  );
  for (const [name, bytes] of streams) {
    writeFileSync(join(folder, name), bytes.subarray(0, sizes.get(name) ?? 0));
  }
  const grow = (): void => {
    for (const [name, bytes] of streams) {
      appendFileSync(join(folder, name), bytes.subarray(sizes.get(name) ?? 0));
    }
  };
  return [folder, grow];
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i++) await pause(10);
  expect(isSo()).toBe(true);
}

function start(
  folder: string,
  stop: AbortController,
  options: object,
  trackers: readonly Tracker[] = [{ ...findTracker('wakeup')!, timeoutNs: 5000 }],
): { io: MemoryIo; run: Promise<number> } {
  const io = {
    ...memoryIo(),
    signal: stop.signal,
    env: { XDG_RUNTIME_DIR: join(scratch, 'run') },
  };
  const all = { ...defaults, ...options } as never;
  return { io, run: runLive(io, all, trackers, openFollowing(io, [folder], all)) };
}

test('a pair over two pieces, and what times out by the time of events', async () => {
  const [folder, grow] = growingTrace(
    [wakeup(1000, 1), wakeup(1500, 2), switchIn(2000, 3), '2100 0 packet'],
    [switchIn(4000, 1, 3), wakeup(9000, 3), '9100 0 packet'],
  );
  const stop = new AbortController();
  const { io, run } = start(folder, stop, { format: 'json' });
  await until(() => io.stderr.text.includes('wakeup: trace. Ctrl-C ends.'));
  expect(io.stdout.text).toBe('');
  grow();
  await until(() => io.stdout.text.includes('timeout'));
  stop.abort();
  expect(await run).toBe(0);
  const [told, summary] = io.stdout.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  // 1500 + 5000: no time of this machine.
  expect(told).toMatchObject({ event: 'timeout', tid: 2, t: '6500', delay: 5000 });
  expect(summary).toMatchObject({ event: 'hist', t: '9100' });
  expect(summary.counters).toMatchObject({ begins: 3, ends: 1, timeouts: 1, pending: 2 });
  expect(summary.series[0]).toMatchObject({ count: 1, max: 3000 });
});

test('the clocks are moved as asked', async () => {
  const [folder, grow] = growingTrace(
    [wakeup(1000, 1), '1100 0 packet'],
    [switchIn(4000, 1), '9100 0 packet'],
  );
  const stop = new AbortController();
  const offset = { clockOffset: 10n, clockOffsetNs: 5n };
  const { io, run } = start(folder, stop, { ...offset, format: 'json', threshold: 0 }, [
    { ...findTracker('wakeup')!, alert: { ...findTracker('wakeup')!.alert, thresholdNs: 0 } },
  ]);
  await until(() => io.stderr.text.includes('wakeup: trace. Ctrl-C ends.'));
  grow();
  await until(() => io.stdout.text.includes('alert'));
  stop.abort();
  expect(await run).toBe(0);
  expect(JSON.parse(io.stdout.text.split('\n')[0]!)).toMatchObject({
    event: 'alert',
    begin: '10000001005',
    t: '10000004005',
  });
});

test('recorded alerts are of the machine that the trace is of', async () => {
  const [folder, grow] = growingTrace(
    [wakeup(1000, 1), '1100 0 packet'],
    [switchIn(4000, 1), '9100 0 packet'],
  );
  const recordAlerts = join(scratch, 'alerts');
  const stop = new AbortController();
  const tracker = findTracker('wakeup')!;
  const { io, run } = start(folder, stop, { recordAlerts }, [
    { ...tracker, alert: { ...tracker.alert, thresholdNs: 0 } },
  ]);
  // That it can't be written is told before there is anything to write.
  expect(existsSync(recordAlerts)).toBe(true);
  await until(() => io.stderr.text.includes('wakeup: trace. Ctrl-C ends.'));
  grow();
  await until(() => io.stdout.text.includes('wakeup'));
  stop.abort();
  expect(await run).toBe(0);
  using alerts = openTrace([recordAlerts], {});
  expect(alerts.traces[0]!.environment.get('hostname')).toBe('host');
  expect(alerts.traces[0]!.traceClass.environment.get('hostname')).toBe('host');
  expect(statSync(join(recordAlerts, 'alerts')).size).toBeGreaterThan(0);
});

test('what is wrong is told, and nothing goes on', async () => {
  const [folder] = growingTrace([wakeup(1000, 1)], [wakeup(2000, 1)]);
  const stop = new AbortController();
  const point = { event: 'no:such_event', key: ['$tid'] };
  const own = parseTracker({ name: 'own', begin: [point], end: [point] });
  const { run } = start(folder, stop, {}, [own]);
  await expect(run).rejects.toThrow(/can't use this trace: there is no no:such_event/);
});

test('one that the trace has no events for is left out, and the status says so', async () => {
  const [folder] = growingTrace([wakeup(1000, 1), switchIn(4000, 1), '9100 0 packet'], []);
  const stop = new AbortController();
  const trackers = [findTracker('lock')!, findTracker('wakeup')!];
  const { io, run } = start(folder, stop, { worst: true }, trackers);
  await until(() => io.stderr.text.includes('wakeup: trace. Ctrl-C ends.'));
  stop.abort();
  expect(await run).toBe(1);
  expect(io.stderr.text).toMatch(
    /^Warning: The tracker lock can't use this trace: .* It is left out\.\nwakeup: trace/,
  );
  expect(io.stdout.text).toMatch(/^wakeup: /);
});

test('ended before it began', async () => {
  const [folder] = growingTrace([], [wakeup(1000, 1), switchIn(4000, 1)]);
  const stop = new AbortController();
  const recordAlerts = join(scratch, 'no-alerts');
  const { io, run } = start(folder, stop, { recordAlerts });
  await pause(20);
  stop.abort();
  expect(await run).toBe(0);
  expect(io.stderr.text).toBe('Warning: nothing came.\n');
  using alerts = openTrace([recordAlerts], {});
  expect(alerts.traces.length).toBe(1);
});
