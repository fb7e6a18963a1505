import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openKernelSession, parseTracker, type TrackerDeclaration } from '@sonde/latency-tracker';
import { describe, expect, test } from 'vitest';
import { runSonde, scratchFolder } from '../integration/built-command.ts';
import { reasonNotToRecord, record, whereRecorded } from './recording.ts';

const comm = 'sondebothdd';
const is = (field: string): string => `${field} startsWith "${comm}"`;

/**
 * Log2 histograms, of two programs that wake each other, so that nothing lies at the edges of the window. They share one CPU, which is not idle
 * between them: some kernels keep from the ring buffer what happens when an idle CPU is woken (a 6.18 in a virtual machine: uncounted,
 * for a reason we don't know), and our eBPF programs count it.
 */
const declarations: readonly TrackerDeclaration[] = [
  {
    name: 'queue',
    per: 'task',
    histogram: { kind: 'log2' },
    begin: [
      { event: 'sched:sched_wakeup', key: ['pid'], when: is('comm') },
      {
        event: 'sched:sched_switch',
        key: ['prev_pid'],
        when: ['(prev_state & 0xff) == 0', is('prev_comm')],
      },
    ],
    end: [{ event: 'sched:sched_switch', key: ['next_pid'], when: is('next_comm') }],
  },
  {
    name: 'off',
    per: 'task',
    histogram: { kind: 'log2' },
    begin: [{ event: 'sched:sched_switch', key: ['prev_pid'], when: is('prev_comm') }],
    end: [{ event: 'sched:sched_switch', key: ['next_pid'], when: is('next_comm') }],
  },
  {
    // A wakeup is two events: one switch ends both.
    name: 'all',
    keep: 'all',
    histogram: { kind: 'log2' },
    begin: ['sched:sched_waking', 'sched:sched_wakeup'].map((event) => ({
      event,
      key: ['pid'],
      when: is('comm'),
    })),
    end: [{ event: 'sched:sched_switch', key: ['next_pid'], when: is('next_comm') }],
    abort: [{ event: 'sched:sched_switch', key: ['prev_pid'], when: is('prev_comm') }],
  },
  {
    name: 'path',
    histogram: { kind: 'log2' },
    steps: [
      { name: 'waking', event: 'sched:sched_waking', when: is('comm'), key: ['pid'] },
      {
        name: 'wakeup',
        event: 'sched:sched_wakeup',
        from: [{ step: 'waking', key: ['pid'] }],
        key: ['pid'],
      },
      {
        name: 'switch_in',
        event: 'sched:sched_switch',
        from: [{ step: 'wakeup', key: ['next_pid'] }],
        key: ['next_pid'],
      },
      {
        name: 'switch_out',
        event: 'sched:sched_switch',
        from: [{ step: 'switch_in', key: ['prev_pid'] }],
      },
    ],
  },
];

interface Counters {
  readonly begins: number;
  readonly ends: number;
  readonly overwritten: number;
  readonly aborted: number;
  readonly pending: number;
}

interface Summary extends Counters {
  /** By power of two. */
  readonly counts: ReadonlyMap<number, number>;
}

interface JsonLine {
  readonly event: string;
  readonly tracker: string;
  readonly counters: Counters;
  readonly series: readonly { readonly buckets: readonly (readonly [number, number, number])[] }[];
}

function overTrace(trace: string, trackers: string): Map<string, Summary> {
  const { stdout, stderr } = runSonde(['latency', '--tracker', trackers, '-f', 'json', trace]);
  expect(stderr).not.toMatch(/error/i);
  const summaries = new Map<string, Summary>();
  for (const line of stdout.trim().split('\n')) {
    const { event, tracker, counters, series } = JSON.parse(line) as JsonLine;
    if (event !== 'hist') continue;
    const buckets = series.flatMap((one) => one.buckets);
    const counts = new Map(buckets.map(([begin, , n]) => [Math.floor(Math.log2(begin || 1)), n]));
    summaries.set(tracker, { ...counters, counts });
  }
  return summaries;
}

interface Switch {
  readonly cpu: number;
  readonly payload: Readonly<Record<'prev_tid' | 'next_tid' | 'prev_comm' | 'next_comm', string>>;
}

/** How many switches of the two programs don't go on from the one before. */
function brokenSwitches(trace: string): number {
  const { stdout } = runSonde(['read', '--json', '--event=sched_switch', trace]);
  const running = new Map<number, { readonly tid: string; readonly comm: string }>();
  let broken = 0;
  for (const line of stdout.trim().split('\n')) {
    const { cpu, payload } = JSON.parse(line) as Switch;
    const known = running.get(cpu);
    const isOurs = [known?.comm, payload.prev_comm].some((name) => name?.startsWith(comm));
    if (known !== undefined && known.tid !== payload.prev_tid && isOurs) broken++;
    running.set(cpu, { tid: payload.next_tid, comm: payload.next_comm });
  }
  return broken;
}

describe.skipIf(reasonNotToRecord !== undefined)(
  `trackers in the kernel and over a recording of the same window agree${whereRecorded}`,
  () => {
    test('begins and ends are the same, and so are long delays', async () => {
      const scratch = scratchFolder();
      const trackers = join(scratch, 'trackers.json');
      writeFileSync(trackers, JSON.stringify(declarations));
      const session = await openKernelSession(declarations.map((one) => parseTracker(one)));
      const trace = join(scratch, 'trace');
      const dd = join(scratch, comm);
      const one = 'taskset -c "$(taskset -cp $$ | sed \'s/.*[ ,-]//\')"';
      const pipe = `${dd} if=/dev/zero bs=8k count=6000 status=none | ${dd} of=/dev/null bs=4k status=none`;
      const work = `ln -s $(which dd) ${dd}; ${one} sh -c "${pipe}"`;
      const { stderr } = record(trace, [
        '-e',
        'sched:sched_switch',
        '-e',
        'sched:sched_wakeup',
        '-e',
        'sched:sched_waking',
        '--',
        'sh',
        '-c',
        work,
      ]);
      const snapshots = session.snapshot();
      session.close();
      expect(stderr).toMatch(/none lost/);
      const traced = overTrace(trace, trackers);
      // Mostly none: the CPU may have been idle when they came.
      const broken = brokenSwitches(trace);
      expect(broken).toBeLessThan(5);
      for (const { tracker, counters, series } of snapshots) {
        const other = traced.get(tracker.name)!;
        expect(counters.ends).toBeGreaterThan(1000);
        // Where a wakeup is lost, so are all its events.
        const slack = (tracker.keep === 'all' ? 2 : 1) * broken;
        const expectSame = (name: string, ofKernel: number, ofTrace: number): void =>
          expect(Math.abs(ofKernel - ofTrace), `${tracker.name}: ${name}`).toBeLessThanOrEqual(
            slack,
          );
        for (const name of ['begins', 'ends', 'overwritten'] as const) {
          expectSame(name, counters[name], other[name]);
        }
        // In the kernel, what a task has pending ends with it.
        const { aborted, pending } = counters;
        expectSame('without an end', aborted + pending, other.aborted + other.pending);
        const tail = (pairs: Iterable<readonly [number, number]>): number =>
          [...pairs].reduce((sum, [exponent, n]) => sum + (exponent >= 17 ? n : 0), 0);
        const own = tail(series[0]!.histogram.counts.entries());
        // The clocks are read some 100 ns apart: a delay may be at the edge.
        expect(Math.abs(own - tail(other.counts))).toBeLessThanOrEqual(2 + broken);
      }
    });
  },
);
