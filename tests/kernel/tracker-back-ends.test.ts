import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openKernelSession, parseTracker, type TrackerDeclaration } from '@sonde/latency-tracker';
import { describe, expect, test } from 'vitest';
import { runSonde, scratchFolder } from '../integration/built-command.ts';
import { reasonNotToRecord, record, whereRecorded } from './recording.ts';

const comm = 'sondebothdd';
const is = (field: string): string => `${field} startsWith "${comm}"`;

/** Log2 histograms, of two programs that wake each other, so that nothing lies at the edges of the window. */
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
];

interface Summary {
  readonly begins: number;
  readonly ends: number;
  /** By power of two. */
  readonly counts: ReadonlyMap<number, number>;
}

interface JsonLine {
  readonly event: string;
  readonly tracker: string;
  readonly counters: { readonly begins: number; readonly ends: number };
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
      const work = `ln -s $(which dd) ${dd}; ${dd} if=/dev/zero bs=8k count=600 status=none | ${dd} of=/dev/null bs=4k status=none`;
      // On an idle machine the two disagree by some ends (known, open): both are held against each other while all CPUs are busy.
      const spinners = [0, 1, 2, 3].map(() =>
        spawn('timeout', ['30', 'sh', '-c', 'while :; do :; done']),
      );
      const { stderr } = record(trace, [
        '-e',
        'sched:sched_switch',
        '-e',
        'sched:sched_wakeup',
        '--',
        'sh',
        '-c',
        work,
      ]);
      const snapshots = session.snapshot();
      for (const spinner of spinners) spinner.kill();
      session.close();
      expect(stderr).toMatch(/none lost/);
      const traced = overTrace(trace, trackers);
      for (const { tracker, counters, series } of snapshots) {
        const other = traced.get(tracker.name)!;
        expect(counters.ends).toBeGreaterThan(50);
        expect([counters.begins, counters.ends]).toEqual([other.begins, other.ends]);
        const tail = (pairs: Iterable<readonly [number, number]>): number =>
          [...pairs].reduce((sum, [exponent, n]) => sum + (exponent >= 20 ? n : 0), 0);
        const own = tail(
          [...series[0]!.histogram.counts].map((n, exponent) => [exponent, n] as const),
        );
        // The clocks are read some 100 ns apart: one delay may be at the edge.
        expect(Math.abs(own - tail(other.counts))).toBeLessThanOrEqual(1);
      }
    });
  },
);
