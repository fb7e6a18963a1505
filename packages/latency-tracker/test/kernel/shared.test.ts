import { describe, expect, test } from 'vitest';
import {
  labelledBy,
  parseTracker,
  type Tracker,
  type TrackerDeclaration,
} from '../../src/index.ts';
import { needs, openSession, programNamed, run, symbolsOf, trackerNamed } from './support.ts';

const comm = 'sondeshared';
const is = (field: string): string => `${field} startsWith "${comm}"`;

/** Of one program only, so that windows need not be the same to the last event. */
const declarations: readonly TrackerDeclaration[] = [
  {
    name: 'queue',
    per: 'task',
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
    begin: [{ event: 'sched:sched_switch', key: ['prev_pid'], when: is('prev_comm') }],
    end: [{ event: 'sched:sched_switch', key: ['next_pid'], when: is('next_comm') }],
  },
  {
    name: 'on',
    begin: [{ event: 'sched:sched_switch', key: ['next_pid'], when: is('next_comm') }],
    end: [{ event: 'sched:sched_switch', key: ['prev_pid'], when: is('prev_comm') }],
  },
  {
    name: 'path',
    steps: [
      { name: 'wakeup', event: 'sched:sched_wakeup', when: is('comm'), key: ['pid'] },
      {
        name: 'switch_in',
        event: 'sched:sched_switch',
        from: [{ step: 'wakeup', key: ['next_pid'] }],
        info: { tid: 'next_pid' },
      },
    ],
  },
];

const [isPossible, title] = needs('programs that trackers share', 'dd', 'sleep');

describe.runIf(isPossible)(title, () => {
  test('the same counts as each on its own, with fewer programs', async () => {
    const dd = programNamed(comm, 'dd');
    const trackers = declarations.map((declaration) => parseTracker(declaration));
    const { session } = await openSession(trackers);
    const single = await Promise.all(trackers.map((tracker: Tracker) => openSession([tracker])));
    const copy = `${dd} if=/dev/zero bs=8k count=2000 status=none | ${dd} of=/dev/null bs=4k status=none`;
    await run('sh', '-c', copy);
    const shared = session.costs().filter(({ tracker }) => tracker === 'queue+off+on+path');
    expect(shared.map(({ program }) => program)).toEqual(['shared_switch']);
    const names = session.costs().map(({ program }) => program);
    expect(new Set(names).size).toBe(names.length);
    for (const [i, { tracker, counters, series }] of session.snapshot().entries()) {
      const [own] = single[i]!.session.snapshot();
      const { begins, ends, overwritten, unmatchedEnds, full } = own!.counters;
      const expected = { begins, ends, overwritten, unmatchedEnds, full };
      expect(counters, tracker.name).toMatchObject(expected);
      expect(ends, tracker.name).toBeGreaterThan(50);
      expect(series[0]!.histogram.count).toBe(ends);
      // Both read the clock at the same event, a little apart.
      const [a, b] = [series[0]!.histogram.sumNs, own!.series[0]!.histogram.sumNs];
      expect(Math.abs(a - b) / ends, tracker.name).toBeLessThan(20_000);
    }
  });

  test('distributions too fine for one value of a map: the same counts', async () => {
    const dd = programNamed(comm, 'dd');
    const [queue, off] = [declarations[0]!, declarations[1]!];
    const fine = ['a', 'b', 'c'].map((name): TrackerDeclaration => {
      return { ...off, name, histogram: { kind: 'hdr', bits: 5 } };
    });
    const { session } = await openSession([queue, ...fine, off].map((one) => parseTracker(one)));
    const copy = `${dd} if=/dev/zero bs=8k count=500 status=none | ${dd} of=/dev/null bs=4k status=none`;
    await run('sh', '-c', copy);
    session.stop();
    const [, first, ...others] = session.snapshot();
    const { begins, ends, overwritten, aborted } = first!.counters;
    expect(ends).toBeGreaterThan(10);
    for (const { tracker, counters, series } of others) {
      expect(counters, tracker.name).toMatchObject({ begins, ends, overwritten, aborted });
      expect(series[0]!.histogram.sumNs).toBe(first!.series[0]!.histogram.sumNs);
      expect(series[0]!.histogram.count).toBe(ends);
    }
  });

  test('what comes between two snapshots is in one of them, with labels and without', async () => {
    const dd = programNamed(comm, 'dd');
    const labelled = labelledBy(trackerNamed('syscall'), 'tid');
    const trackers = [
      trackerNamed('syscall'),
      { ...labelled, name: 'by_tid' },
      trackerNamed('runq'),
    ];
    const { session } = await openSession(trackers);
    const sums = trackers.map(() => ({ ends: 0, count: 0 }));
    const take = (): void => {
      for (const [i, { counters, series }] of session.snapshotAndReset().entries()) {
        sums[i]!.ends += counters.ends;
        for (const { histogram } of series) sums[i]!.count += histogram.count;
        // Threads of others, many of them new at once.
        sums[i]!.count += counters.unlabelled;
      }
    };
    const ended = run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=100000', 'status=none');
    const timer = setInterval(take, 5);
    await ended;
    clearInterval(timer);
    session.stop();
    take();
    expect(sums[0]!.ends).toBeGreaterThan(200_000);
    for (const { ends, count } of sums) expect(count).toBe(ends);
  });

  test('each has its own switch, threshold, alerts and stacks', async () => {
    const sleep = programNamed('sondesharedsl', 'sleep');
    const { session, alerts } = await openSession([
      trackerNamed('wakeup', { alert: { threshold: 0, stack: 'pending' } }),
      trackerNamed('runq'),
      trackerNamed('offcpu', { alert: { threshold: '40ms', stack: 'pending' } }),
      trackerNamed('syscall', { alert: { threshold: '40ms', halfStack: true, stack: 'pending' } }),
    ]);
    session.set('runq', { on: false });
    const { begins } = session.snapshot()[1]!.counters;
    await run(sleep, '0.05');
    session.poll();
    const own = alerts.filter((alert) => alert.comm === 'sondesharedsl');
    const of = (name: string) =>
      own.filter(({ tracker, kind }) => tracker === name && kind === 'alert');
    expect(of('wakeup').length).toBeGreaterThan(0);
    expect(of('runq')).toEqual([]);
    expect(symbolsOf(of('offcpu')[0]!.kernelStack)).toContain('nanosleep');
    expect(symbolsOf(of('offcpu')[0]!.wakerStack)).toContain('hrtimer_wakeup');
    expect(of('offcpu')[0]!.userStack?.length).toBeGreaterThan(0);
    expect(of('syscall')[0]!.info['call']).toBe('clock_nanosleep');
    expect(session.snapshot()[1]!.counters.begins).toBe(begins);
  });
});
