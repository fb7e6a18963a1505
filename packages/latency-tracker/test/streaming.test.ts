import { UsageError } from '@sonde/base';
import {
  findTracker,
  labelledBy,
  parseTracker,
  StreamingSession,
  type Tracker,
} from '@sonde/latency-tracker';
import { describe, expect, test } from 'vitest';
import { everyPair, pairsOf, TextTrace, track } from './text-trace.ts';

const mine = (parts: object = {}): Tracker =>
  everyPair(
    parseTracker({
      name: 'mine',
      begin: [{ event: 'start', key: ['id'] }],
      end: [{ event: 'stop', key: ['id'] }],
      ...parts,
    }),
  );

const countersOf = (session: StreamingSession) => session.snapshot()[0]!.counters;

describe('a key that is pending already', () => {
  const text = `
    10 0 start id=1
    20 0 start id=1
    50 0 stop id=1`;
  test.each([
    ['last', ['1 20+30'], { overwritten: 1 }],
    ['first', ['1 10+40'], { overwritten: 1 }],
    ['all', ['1 20+30', '1 10+40'], { overwritten: 0 }],
  ])('keep %s', (keep, pairs, counters) => {
    const { session, alerts } = track(mine({ keep }), text);
    expect(pairsOf(alerts)).toEqual(pairs);
    expect(countersOf(session)).toMatchObject({ begins: 2, pending: 0, ...counters });
  });
});

test('texts and several parts make keys', () => {
  const tracker = mine({
    begin: [{ event: 'start', key: ['name', 'id + 1'] }],
    end: [{ event: 'stop', key: ['name', 'id'] }],
  });
  const { alerts } = track(
    tracker,
    `
    10 0 start name=a id=1
    20 0 start name=b id=1
    30 0 stop name=a id=2
    40 0 stop name=a id=1
    50 0 stop name=b id=2`,
  );
  expect(pairsOf(alerts)).toEqual(['a:2 10+20', 'b:2 20+30']);
});

test('texts that nobody waits for are forgotten', () => {
  const lines = Array.from(
    { length: 200 },
    (_, i) => `${i * 10} 0 start name=n${i}\n${i * 10 + 5} 0 stop name=n${i}`,
  );
  const tracker = mine({
    begin: [{ event: 'start', key: ['name'] }],
    end: [{ event: 'stop', key: ['name'] }],
    max: 4,
  });
  const text = `1 0 start name=first\n${lines.join('\n')}\n5000 0 stop name=first`;
  const { session, alerts } = track(tracker, text);
  expect(countersOf(session)).toMatchObject({ begins: 201, ends: 201, full: 0 });
  expect(pairsOf(alerts).at(-1)).toBe('first 1+4999');
});

test('no room is counted, and what is pending is kept', () => {
  const { session, alerts } = track(
    mine({ max: 2 }),
    `
    10 0 start id=1
    20 0 start id=2
    30 0 start id=3
    40 0 stop id=3
    50 0 stop id=1
    60 0 start id=4`,
  );
  expect(pairsOf(alerts)).toEqual(['1 10+40']);
  expect(countersOf(session)).toMatchObject({ full: 1, unmatchedEnds: 1, pending: 2 });
});

describe('by control group', () => {
  const text = `
    1 0 lttng_statedump_process_cgroup_ns tid=5 ns_inum=77
    2 0 sched_process_fork parent_tid=5 child_tid=6
    10 0 sched_waking tid=5
    11 0 sched_waking tid=6
    12 0 sched_waking tid=7
    20 0 sched_switch prev_tid=0 next_tid=5
    30 0 syscall_entry_read
    31 0 syscall_exit_read ret=1
    40 0 sched_switch prev_tid=5 next_tid=6
    50 0 sched_switch prev_tid=6 next_tid=7`;

  test.each([
    ['wakeup', { 77: 2, unknown: 1 }],
    ['syscall', { 77: 1 }],
  ])('%s: from the state dump, and from parent to child', (name, counts) => {
    const { session } = track(labelledBy(findTracker(name)!, 'cgroup'), text);
    const { series } = session.snapshot()[0]!;
    expect(
      Object.fromEntries(series.map((one) => [one.labels['cgroup'], one.histogram.count])),
    ).toEqual(counts);
  });

  test('without a state dump it is told', () => {
    const rest = text.split('\n').slice(2).join('\n');
    expect(() => track(labelledBy(findTracker('wakeup')!, 'cgroup'), rest)).toThrow(
      /sched_switch: the trace does not tell the control group of next_pid: it has neither the context cgroup_ns nor a state dump/,
    );
  });
});

test('a delay of the threshold is none above it', () => {
  const parsed = parseTracker({
    name: 'mine',
    begin: [{ event: 'start', key: ['id'] }],
    end: [{ event: 'stop', key: ['id'] }],
    alert: { threshold: 100 },
  });
  const { session, alerts } = track(
    parsed,
    `
    0 0 start id=1
    0 0 start id=2
    100 0 stop id=1
    101 0 stop id=2
    102 0 stop id=3`,
  );
  expect(pairsOf(alerts)).toEqual(['2 0+101']);
  expect(countersOf(session)).toMatchObject({ ends: 2, alerts: 1, unmatchedEnds: 1 });
});

test('a thread id that is used again begins anew', () => {
  const { session, alerts } = track(
    everyPair(findTracker('syscall')!),
    `
    10 0 syscall_entry_exit_group tid=5
    20 0 sched_process_exit tid=5 pid=5
    30 1 syscall_exit_clone tid=5 ret=0
    40 1 syscall_entry_read tid=5
    50 1 syscall_exit_read tid=5 ret=1`,
    { contexts: ['tid'] },
  );
  expect(pairsOf(alerts)).toEqual(['5 40+10']);
  expect(countersOf(session)).toMatchObject({ aborted: 1, unmatchedEnds: 1, pending: 0 });
});

test('a key from expressions', () => {
  const key = ['(id & 0xff) + 1', '$cpu'];
  const { alerts } = track(
    mine({ begin: [{ event: 'start', key }], end: [{ event: 'stop', key }] }),
    `
    10 0 start id=257
    11 1 start id=1
    20 0 stop id=513
    30 1 stop id=1`,
  );
  expect(pairsOf(alerts)).toEqual(['2:0 10+10', '2:1 11+19']);
});

describe('timeouts and collection, in event time', () => {
  const text = `
    0 0 start id=1
    40 0 start id=2
    100 0 stop id=2
    150 0 start id=3
    300 0 stop id=1`;

  test('a timeout is told once, at its time; the end still counts', () => {
    const { session, alerts } = track(mine({ timeout: 60 }), text, { endNs: 1000 });
    expect(alerts.map(({ kind, key, endNs, delayNs }) => [kind, key[0], endNs, delayNs])).toEqual([
      ['timeout', 1, 60n, 60],
      // An end at the very time of its timeout is in time.
      ['alert', 2, 100n, 60],
      ['timeout', 3, 210n, 60],
      ['alert', 1, 300n, 300],
    ]);
    expect(countersOf(session)).toMatchObject({ timeouts: 2, ends: 2, pending: 1 });
  });

  test('gc gives up', () => {
    const { session, alerts } = track(mine({ gc: 200 }), text, { endNs: 1000 });
    expect(alerts.map(({ kind, key, endNs }) => [kind, key[0], endNs])).toEqual([
      ['alert', 2, 100n],
      ['gc', 1, 200n],
      ['gc', 3, 350n],
    ]);
    expect(countersOf(session)).toMatchObject({ collected: 2, unmatchedEnds: 1, pending: 0 });
  });
});

describe('lost events', () => {
  const text = `
    10 0 start id=1
    11 1 start id=2
    20 0 stop id=1
    30 0 start id=3
    90 0 LOST from=40
    100 0 stop id=3
    101 1 stop id=2
    110 0 start id=4
    120 0 stop id=4`;

  test('pairs across them count apart', () => {
    const { session } = track(mine(), text);
    const [snapshot] = session.snapshot();
    expect(snapshot!.counters).toMatchObject({ ends: 4, uncertain: 2 });
    expect(snapshot!.series[0]!.histogram).toMatchObject({ count: 2, sumNs: 20 });
    expect(snapshot!.uncertain).toMatchObject({ count: 2, sumNs: 70 + 90 });
  });

  test('a switch that was not recorded changes no call, only waits', () => {
    // 6 has gone unseen.
    const missed = `
      10 0 sched_switch prev_tid=0 next_tid=5 tid=0
      15 0 syscall_entry_read tid=5
      20 0 sched_switch prev_tid=5 next_tid=6 tid=5
      30 0 sched_switch prev_tid=7 next_tid=5 tid=7
      40 0 syscall_exit_read tid=5 ret=1`;
    const countsOf = (name: string) =>
      countersOf(track(findTracker(name)!, missed, { contexts: ['tid'] }).session);
    expect(countsOf('syscall')).toMatchObject({ ends: 1, uncertain: 0 });
    expect(countsOf('offcpu')).toMatchObject({ ends: 1, uncertain: 1 });
  });

  test('calls of a thread: only where it may have run', () => {
    // 1 runs on CPU 1 all the time; 2 is switched out there in the gap of CPU 0, and 3 runs there since then.
    const { alerts } = track(
      everyPair(findTracker('syscall')!),
      `
      5 1 sched_switch prev_tid=0 next_tid=1 tid=0
      6 2 sched_switch prev_tid=0 next_tid=2 tid=0
      10 1 syscall_entry_read tid=1
      11 2 syscall_entry_read tid=2
      12 3 syscall_entry_read tid=4
      60 2 sched_switch prev_tid=2 next_tid=3 tid=2
      61 2 syscall_entry_read tid=3
      90 0 LOST from=40
      100 1 syscall_exit_read tid=1 ret=1
      110 2 syscall_exit_read tid=3 ret=1
      120 2 sched_switch prev_tid=3 next_tid=2 tid=3
      130 2 syscall_exit_read tid=2 ret=1
      131 3 syscall_exit_read tid=4 ret=1
      140 2 syscall_entry_read tid=2
      150 2 syscall_exit_read tid=2 ret=1`,
      { contexts: ['tid'] },
    );
    expect(alerts.map(({ tid, beginNs, isUncertain }) => [tid, beginNs, isUncertain])).toEqual([
      [1, 10n, undefined],
      [3, 61n, true],
      [2, 11n, true],
      // Its context said where it ran, as no switch had.
      [4, 12n, undefined],
      [2, 140n, undefined],
    ]);
  });

  test('a wakeup that is the first of its events is certain after a gap; one that may be the second is not', () => {
    const { alerts } = track(
      everyPair(findTracker('wakeup')!),
      `
      10 0 sched_waking tid=5
      90 1 LOST from=20
      100 0 sched_wakeup tid=6
      105 0 sched_waking tid=7
      110 0 sched_switch prev_tid=0 next_tid=6
      120 0 sched_switch prev_tid=6 next_tid=7
      130 0 sched_waking tid=5
      140 0 sched_switch prev_tid=7 next_tid=5
      150 0 sched_wakeup tid=6
      160 0 sched_switch prev_tid=5 next_tid=6`,
    );
    expect(alerts.map(({ tid, beginNs, isUncertain }) => [tid, beginNs, isUncertain])).toEqual([
      [6, 100n, true],
      [7, 105n, undefined],
      // Woken again, it has run since 10.
      [5, 130n, undefined],
      [6, 150n, undefined],
    ]);
  });

  test('a switch that nobody counted as lost', () => {
    const { alerts } = track(
      everyPair(findTracker('wakeup')!),
      `
      10 0 sched_switch prev_tid=0 next_tid=5
      20 1 sched_waking tid=6
      30 0 sched_switch prev_tid=7 next_tid=6
      40 1 sched_waking tid=7
      50 0 sched_switch prev_tid=6 next_tid=7`,
    );
    expect(alerts.map(({ tid, isUncertain }) => [tid, isUncertain])).toEqual([
      [6, true],
      [7, undefined],
    ]);
  });

  test('who ran before a gap does not own what comes after it', () => {
    const { alerts } = track(
      everyPair(findTracker('syscall')!),
      `
      10 0 sched_switch prev_tid=0 next_tid=5
      20 0 syscall_entry_read
      90 0 LOST from=40
      100 0 syscall_exit_read ret=1
      110 0 sched_switch prev_tid=6 next_tid=5
      120 0 syscall_exit_read ret=1`,
    );
    expect(alerts.map(({ tid, beginNs, isUncertain }) => [tid, beginNs, isUncertain])).toEqual([
      [5, 20n, true],
    ]);
  });

  test('a timer that may have been started again, in the times that it was seen', () => {
    const { session } = track(
      everyPair(findTracker('hrtimer')!),
      `
      10 0 hrtimer_start hrtimer=1 expires=1000000
      20 0 hrtimer_start hrtimer=2 expires=1000000
      30 0 hrtimer_expire_entry hrtimer=1 now=1000007 function=1
      90 0 LOST from=40
      100 0 hrtimer_expire_entry hrtimer=2 now=1000009 function=1`,
    );
    expect(countersOf(session)).toMatchObject({ ends: 2, uncertain: 1 });
    expect(session.snapshot()[0]!.series[0]!.histogram).toMatchObject({ count: 1, sumNs: 7 });
  });

  test('what is bound to one CPU knows of its own losses only', () => {
    const key = ['$cpu', 'id'];
    const perCpu = mine({ begin: [{ event: 'start', key }], end: [{ event: 'stop', key }] });
    const { session } = track(perCpu, text);
    expect(countersOf(session).uncertain).toBe(1);
  });
});

test('conditions, labels, and quantiles that are exact', () => {
  const tracker = mine({
    begin: [{ event: 'start', key: ['id'], when: ['id != 9', 'size & 1'], labels: { op: 'op' } }],
    end: [{ event: 'stop', key: ['id'], labels: { name: 'name' } }],
  });
  const { session } = track(
    tracker,
    `
    10 0 start id=1 size=3 op=0
    10 0 start id=2 size=1 op=1
    10 0 start id=3 size=1 op=0
    10 0 start id=4 size=2 op=0
    10 0 start id=9 size=1 op=0
    17 0 stop id=1 name=a
    20 0 stop id=2 name=a
    1010 0 stop id=3 name=a
    1010 0 stop id=4 name=a
    1010 0 stop id=9 name=a`,
  );
  const series = session
    .snapshot()[0]!
    .series.map(({ labels, histogram, quantileNs, isExact }) => [
      labels,
      histogram.count,
      quantileNs(0.5),
      quantileNs(1),
      isExact,
    ]);
  expect(series).toEqual([
    [{ op: 0, name: 'a' }, 2, 7, 1000, true],
    [{ op: 1, name: 'a' }, 1, 10, 10, true],
  ]);
});

test('alerts tell what points know, and who', () => {
  const text = `
    100 0 sched_waking tid=5 comm=a procname=waker
    150 1 sched_switch prev_tid=0 prev_state=0 next_tid=5 next_comm=a next_prio=20`;
  const { alerts } = track(everyPair(findTracker('wakeup')!), text, { contexts: ['procname'] });
  expect(alerts).toEqual([
    {
      tracker: 'wakeup',
      kind: 'alert',
      beginNs: 100n,
      endNs: 150n,
      delayNs: 50,
      outId: 0,
      key: [5],
      cpuId: 1,
      tid: 5,
      comm: 'a',
      info: { waker: 'waker', prio: 20 },
      kernelStack: undefined,
      userStack: undefined,
    },
  ]);
});

test('a call that waits is told of when half the threshold is over', () => {
  const tracker = findTracker('syscall')!;
  const quick = { ...tracker, alert: { ...tracker.alert, thresholdNs: 100 } };
  const { alerts } = track(
    quick,
    `
    100 0 syscall_entry_read tid=5
    120 0 sched_switch prev_pid=0 next_pid=5 tid=0
    160 0 sched_switch prev_pid=0 next_pid=5 tid=0
    190 0 sched_switch prev_pid=0 next_pid=5 tid=0
    230 0 syscall_exit_read tid=5 ret=1`,
    { contexts: ['tid'] },
  );
  expect(alerts.map(({ kind, delayNs, info }) => [kind, delayNs, info['call']])).toEqual([
    ['waiting', 60, 'read'],
    ['alert', 130, 'read'],
  ]);
});

test('of those that wait, so many a second are told as of alerts', () => {
  const tracker = findTracker('syscall')!;
  const rare = { ...tracker, alert: { ...tracker.alert, thresholdNs: 100, ratePerS: 1 } };
  const { alerts, session } = track(
    rare,
    `
    100 0 syscall_entry_read tid=5
    100 1 syscall_entry_read tid=6
    160 0 sched_switch prev_pid=0 next_pid=5 tid=0
    160 1 sched_switch prev_pid=0 next_pid=6 tid=0
    230 0 syscall_exit_read tid=5 ret=1
    240 1 syscall_exit_read tid=6 ret=1`,
    { contexts: ['tid'] },
  );
  expect(alerts.map(({ kind, tid }) => [kind, tid])).toEqual([
    ['waiting', 5],
    ['alert', 5],
  ]);
  expect(countersOf(session)).toMatchObject({ waitsLimited: 1, alerts: 1, limited: 1 });
});

test('a sched_switch without what others have is no mistake', () => {
  const keyed = mine({
    begin: [{ event: 'start', key: ['$tid'] }],
    end: [{ event: 'stop', key: ['$tid'] }],
  });
  const { alerts } = track(
    keyed,
    `
    5 0 sched_switch next_tid=7
    10 0 start id=1
    12 1 sched_switch
    15 1 start id=1
    20 0 stop id=1`,
  );
  expect(pairsOf(alerts)).toEqual(['7 10+10']);
  const whoever = '10 0 sched_switch x=1\n20 0 start id=1\n30 0 stop id=1';
  expect(countersOf(track(keyed, whoever).session)).toMatchObject({ begins: 0, ends: 0 });
});

test('two machines have nothing in common', () => {
  const a = new TextTrace('10 0 start id=1\n50 0 stop id=1', { hostname: 'a' });
  const b = new TextTrace('20 0 start id=1\n25 0 stop id=2', { hostname: 'b' });
  const session = new StreamingSession([mine()], {
    origin: { nsFromOrigin: 0n },
    traces: [a.trace, b.trace],
  });
  b.run(session);
  a.run(session);
  expect(countersOf(session)).toMatchObject({ begins: 2, ends: 1, unmatchedEnds: 1, pending: 1 });
});

test('settings change at work; a reset keeps what is pending', () => {
  const trace = new TextTrace('10 0 start id=1\n20 0 stop id=1\n30 0 start id=2');
  const session = new StreamingSession([mine()], {
    origin: { nsFromOrigin: 0n },
    traces: [trace.trace],
  });
  trace.run(session);
  expect(session.snapshotAndReset()[0]!.counters).toMatchObject({ begins: 2, ends: 1, pending: 1 });
  expect(countersOf(session)).toMatchObject({ begins: 0, ends: 0, pending: 1 });
  expect(session.snapshot()[0]!.series[0]!.histogram.count).toBe(0);
  session.set('mine', { on: false });
  expect(countersOf(session).pending).toBe(0);
  expect(() => session.set('yours', {})).toThrow(/No tracker yours runs here; there are mine\./);
});

test.each(['wakeup', 'chain'])('%s: thresholds that were set are told', (name) => {
  const trace = new TextTrace(`
    5 0 irq_handler_entry irq=1
    6 0 sched_waking tid=2
    10 0 sched_switch prev_tid=1 prev_state=1 next_tid=2`);
  const tracker = findTracker(name)!;
  const session = new StreamingSession([tracker], {
    origin: { nsFromOrigin: 0n },
    traces: [trace.trace],
  });
  const thresholds = (): readonly number[] => session.snapshot()[0]!.thresholdsNs;
  expect(thresholds()).toEqual([5e6]);
  session.set(name, { thresholdNs: 2e6 });
  session.set(name, { thresholdNs: 2e6 });
  session.set(name, { timeoutNs: 1e9 });
  expect(thresholds()).toEqual([5e6, 2e6]);
  for (let i = 1; i <= 20; i++) session.set(name, { thresholdNs: i });
  expect(thresholds()).toEqual([5e6, 14, 15, 16, 17, 18, 19, 20]);
  session.snapshotAndReset();
  expect(thresholds()).toEqual([20]);
});

describe('a chain keeps the time of its first event', () => {
  const chain = {
    ...findTracker('chain')!,
    alert: { ...findTracker('chain')!.alert, thresholdNs: -1 },
  };

  test('interrupt, soft interrupt, wakeup, switch-in; what is between is told', () => {
    const { session, alerts } = track(
      chain,
      `
      100 0 irq_handler_entry irq=9
      110 0 irq_softirq_raise vec=3
      120 0 irq_handler_exit irq=9
      130 0 irq_softirq_entry vec=3
      140 0 sched_waking tid=5
      145 0 sched_waking tid=6
      146 0 sched_waking tid=5
      150 0 irq_softirq_exit vec=3
      160 0 sched_switch prev_tid=0 next_tid=5 next_comm=five next_prio=20
      170 1 sched_switch prev_tid=0 next_tid=6 next_comm=six next_prio=20`,
    );
    expect(pairsOf(alerts)).toEqual(['5 100+60', '6 100+70']);
    expect(alerts[0]!.info['breakdown']).toBe(
      'irq = 0, to softirq_raise = 10, to softirq = 30, to waking = 40, to switch_in = 60',
    );
    expect(alerts[0]).toMatchObject({ comm: 'five', kind: 'alert' });
    expect(countersOf(session)).toMatchObject({ begins: 1, ends: 2, overwritten: 1, pending: 0 });
  });

  test('outside of interrupts a wakeup is no chain, and one of a running thread goes nowhere', () => {
    const { session, alerts } = track(
      chain,
      `
      90 0 irq_handler_entry irq=9
      91 1 sched_waking tid=5
      92 0 sched_waking tid=6
      95 0 irq_handler_exit irq=9
      100 0 sched_waking tid=7
      110 1 sched_switch prev_tid=6 next_tid=5 next_comm=five next_prio=20
      120 1 sched_switch prev_tid=5 next_tid=6 next_comm=six next_prio=20
      130 1 sched_switch prev_tid=6 next_tid=7 next_comm=seven next_prio=20`,
    );
    expect(alerts).toEqual([]);
    expect(countersOf(session)).toMatchObject({ begins: 1, ends: 0, pending: 0 });
  });

  test('one across lost events is uncertain', () => {
    const { session } = track(
      chain,
      `
      100 0 irq_handler_entry irq=9
      110 0 sched_waking tid=5
      120 0 irq_handler_exit irq=9
      150 1 LOST from=130
      160 0 sched_switch prev_tid=0 next_tid=5 next_comm=five next_prio=20
      200 0 irq_handler_entry irq=9
      210 0 sched_waking tid=6
      220 0 irq_handler_exit irq=9
      250 0 sched_switch prev_tid=5 next_tid=6 next_comm=six next_prio=20`,
    );
    const [snapshot] = session.snapshot();
    expect(snapshot!.counters).toMatchObject({ begins: 2, ends: 2, uncertain: 1, pending: 0 });
    expect(snapshot!.series[0]!.histogram).toMatchObject({ count: 1, sumNs: 50 });
    expect(snapshot!.uncertain).toMatchObject({ count: 1, sumNs: 60 });
  });

  test('after lost events, one that may go on from what was lost is uncertain', () => {
    const { alerts } = track(
      chain,
      `
      5 0 irq_softirq_exit vec=1
      6 0 irq_softirq_raise vec=1
      7 0 irq_softirq_entry vec=1
      8 0 irq_softirq_exit vec=1
      90 0 LOST from=20
      100 0 irq_handler_entry irq=9
      110 0 sched_waking tid=5
      120 0 irq_handler_exit irq=9
      150 0 irq_softirq_exit vec=3
      160 1 sched_switch prev_tid=0 next_tid=5 next_comm=five next_prio=20
      200 0 irq_handler_entry irq=9
      210 0 sched_waking tid=6
      220 0 irq_handler_exit irq=9
      250 1 sched_switch prev_tid=5 next_tid=6 next_comm=six next_prio=20`,
    );
    expect(alerts.map(({ tid, beginNs, isUncertain }) => [tid, beginNs, isUncertain])).toEqual([
      // Woken in the soft interrupt that was being handled, and that something in the gap had raised.
      [5, 100n, true],
      [6, 200n, undefined],
    ]);
  });

  const step = { name: 'a', event: 'start', key: ['id'] };
  const last = { name: 'z', event: 'stop', from: [{ step: 'a', key: ['id'] }] };
  test.each([
    [[step, step], /steps has two named a/],
    [[last], /"a" is no earlier step/],
    [[{ ...last, from: [{ step: 'z', key: ['id'] }] }], /"z" is no earlier step/],
    [[step], /has none that ends a chain/],
    [[{ ...step, key: ['id', 'x'] }, last], /a waits under a key of 2, not 1 parts/],
    [[{ name: 'a', event: 'start' }, last], /nothing goes on from a, for it ends/],
  ])('refused: %#', (steps, message) => {
    expect(() => parseTracker({ name: 'mine', steps })).toThrow(message);
  });

  test('unknown fields are told of before the first event', () => {
    const mine = parseTracker({ name: 'mine', steps: [{ ...step, key: ['idd'] }, last] });
    expect(() => track(mine, '1 0 start id=1\n2 0 stop id=1')).toThrow(
      /no field idd; there are id/,
    );
  });
});

describe('refused before the first event', () => {
  const text = '10 0 start id=1 name=x\n20 0 stop id=1 name=x';
  test.each([
    [
      mine({ end: [{ event: 'halt', key: ['id'] }] }),
      /mine can't use this trace: there is no start and halt/,
    ],
    [
      mine({ begin: [{ event: 'start', key: ['idd'] }] }),
      /mine: start: there is no field idd; there are id, name\./,
    ],
    [
      mine({ end: [{ event: 'stop', key: ['name'] }] }),
      /the key at stop \(name\) is a text; that at start \(id\) is a number/,
    ],
    [
      mine({ begin: [{ event: 'start', key: ['id'], when: 'name == 1' }] }),
      /name is a text, where a number is needed/,
    ],
    [
      mine({ begin: [{ event: 'start', key: ['id'], when: 'id startsWith "x"' }] }),
      /id is a number, where a text is needed/,
    ],
    [
      mine({ begin: [{ event: 'start', key: ['id'], labels: { c: '$cgroup' } }] }),
      /neither the context cgroup_ns/,
    ],
  ])('%#', (tracker, message) => {
    expect(() => track(tracker, text)).toThrow(UsageError);
    expect(() => track(tracker, text)).toThrow(message);
  });
});
