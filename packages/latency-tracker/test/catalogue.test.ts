/** Each tracker of the catalogue over a tiny trace whose delays anyone can compute by hand. */
import { catalogue, findTracker } from '@sonde/latency-tracker';
import { expect, test } from 'vitest';
import { everyPair, pairsOf, track } from './text-trace.ts';

const contexts = ['tid', 'pid', 'procname'];

interface Case {
  readonly tracker: string;
  readonly why: string;
  readonly text: string;
  readonly pairs: readonly string[];
  readonly counters?: Readonly<Record<string, number>>;
  readonly contexts?: readonly string[];
}

const cases: readonly Case[] = [
  {
    tracker: 'wakeup',
    why: 'the first wakeup counts; one of a running thread does not',
    text: `
      100 0 sched_waking tid=5 comm=a
      110 0 sched_wakeup tid=5 comm=a
      150 1 sched_switch prev_tid=0 prev_state=0 next_tid=5 next_comm=a
      200 0 sched_waking tid=5 comm=a
      250 1 sched_switch prev_tid=5 prev_state=1 next_tid=0 next_comm=idle
      300 1 sched_wakeup_new tid=6 comm=b
      340 1 sched_switch prev_tid=0 prev_state=0 next_tid=6 next_comm=b
      400 1 sched_switch prev_tid=6 prev_state=0 next_tid=5 next_comm=a`,
    pairs: ['5 100+50', '6 300+40'],
    counters: { begins: 4, ends: 2, overwritten: 1, aborted: 1, unmatchedEnds: 1, pending: 0 },
  },
  {
    tracker: 'runq',
    why: 'preemption counts from the switch-out, whatever marks the state has',
    text: `
      100 0 sched_wakeup tid=5
      130 0 sched_switch prev_tid=0 prev_state=0 next_tid=5
      200 0 sched_switch prev_tid=5 prev_state=256 next_tid=6
      260 0 sched_switch prev_tid=6 prev_state=1 next_tid=5
      300 0 sched_switch prev_tid=5 prev_state=2 next_tid=6`,
    pairs: ['5 100+30', '5 200+60'],
    counters: { begins: 2, ends: 2, unmatchedEnds: 2 },
  },
  {
    tracker: 'offcpu',
    why: 'from switch-out to switch-in, idle left out',
    text: `
      100 0 sched_switch prev_tid=5 prev_state=1 next_tid=0
      140 0 sched_waking tid=5
      150 0 sched_switch prev_tid=0 prev_state=0 next_tid=5
      170 1 sched_switch prev_tid=7 prev_state=2 next_tid=8`,
    pairs: ['5 100+50'],
    counters: { begins: 2, ends: 1, pending: 1, unmatchedEnds: 1 },
  },
  {
    tracker: 'oncpu',
    why: 'one switch ends one run and begins the next',
    text: `
      100 0 sched_switch prev_tid=0 prev_state=0 next_tid=5
      150 0 sched_switch prev_tid=5 prev_state=0 next_tid=6
      230 0 sched_switch prev_tid=6 prev_state=1 next_tid=0`,
    pairs: ['5 100+50', '6 150+80'],
  },
  {
    tracker: 'syscall',
    why: 'by thread; exit never returns',
    contexts: ['tid'],
    text: `
      100 0 syscall_entry_read tid=5 fd=3
      110 1 syscall_entry_futex tid=6
      130 0 syscall_exit_read tid=5 ret=8
      150 1 syscall_exit_futex tid=6 ret=0
      160 0 syscall_exit_close tid=5 ret=0
      200 0 syscall_entry_exit_group tid=5
      210 0 sched_process_exit tid=5 pid=5
      220 0 syscall_entry_read tid=5 fd=3
      230 0 syscall_exit_read tid=5 ret=1`,
    pairs: ['5 100+30', '6 110+40', '5 220+10'],
    counters: { begins: 4, ends: 3, aborted: 1, unmatchedEnds: 1 },
  },
  {
    tracker: 'syscall',
    why: 'without contexts, by who runs on the CPU',
    text: `
      90 0 syscall_entry_read fd=1
      95 0 sched_switch prev_tid=4 prev_state=1 next_tid=5 next_comm=five
      100 0 syscall_entry_read fd=3
      110 0 sched_switch prev_tid=5 prev_state=1 next_tid=6 next_comm=six
      120 0 syscall_entry_read fd=4
      130 0 sched_switch prev_tid=6 prev_state=0 next_tid=5 next_comm=five
      140 0 syscall_exit_read ret=8
      150 0 sched_switch prev_tid=5 prev_state=0 next_tid=6 next_comm=six
      180 0 syscall_exit_read ret=8`,
    pairs: ['5 100+40', '6 120+60'],
    counters: { begins: 2, ends: 2 },
  },
  {
    tracker: 'irq',
    why: 'by CPU and line; another CPU is another run',
    text: `
      100 0 irq_handler_entry irq=9 name=disk
      105 1 irq_handler_entry irq=9 name=disk
      120 0 irq_handler_entry irq=4 name=tty
      130 0 irq_handler_exit irq=4 ret=1
      150 0 irq_handler_exit irq=9 ret=1
      165 1 irq_handler_exit irq=9 ret=1`,
    pairs: ['0:4 120+10', '0:9 100+50', '1:9 105+60'],
  },
  {
    tracker: 'softirq',
    why: 'by CPU and vector',
    text: `
      100 0 irq_softirq_entry vec=1
      104 1 irq_softirq_entry vec=1
      110 0 irq_softirq_exit vec=1
      134 1 irq_softirq_exit vec=1
      140 1 irq_softirq_exit vec=3`,
    pairs: ['0:1 100+10', '1:1 104+30'],
    counters: { unmatchedEnds: 1 },
  },
  {
    tracker: 'softirq_raise',
    why: 'raised again, it stays raised since the first time',
    text: `
      100 0 irq_softirq_raise vec=1
      150 0 irq_softirq_raise vec=1
      160 0 irq_softirq_entry vec=1
      170 0 irq_softirq_raise vec=1
      175 0 irq_softirq_entry vec=1`,
    pairs: ['0:1 100+60', '0:1 170+5'],
    counters: { overwritten: 1 },
  },
  {
    tracker: 'hrtimer',
    why: 'late by its own clock; within its slack it is not late',
    text: `
      100 0 timer_hrtimer_start hrtimer=18446744071562067968 expires=5000 mode=0
      110 0 timer_hrtimer_start hrtimer=18446744071562069000 expires=6000 mode=0
      200 0 timer_hrtimer_expire_entry hrtimer=18446744071562067968 now=5070
      300 1 timer_hrtimer_expire_entry hrtimer=18446744071562069000 now=5990`,
    pairs: ['-2147483648 130+70', '-2147482616 300+0'],
    counters: { negative: 1, ends: 2 },
  },
  {
    tracker: 'block',
    why: 'by device and sector; flushes without sectors left out',
    text: `
      100 0 block_rq_issue dev=8 sector=64 nr_sector=8 rwbs=1
      110 0 block_rq_issue dev=9 sector=64 nr_sector=8 rwbs=0
      120 0 block_rq_issue dev=8 sector=0 nr_sector=0 rwbs=1
      160 1 block_rq_complete dev=8 sector=64 nr_sector=8 rwbs=1
      180 1 block_rq_complete dev=9 sector=64 nr_sector=8 rwbs=0`,
    pairs: ['8:64 100+60', '9:64 110+70'],
    counters: { begins: 2 },
  },
  {
    tracker: 'iosched',
    why: 'merged requests are not issued',
    text: `
      100 0 block_rq_insert dev=8 sector=64 nr_sector=8 rwbs=1
      105 0 block_rq_insert dev=8 sector=72 nr_sector=8 rwbs=1
      107 0 block_rq_merge dev=8 sector=72 nr_sector=8 rwbs=1
      130 0 block_rq_issue dev=8 sector=64 nr_sector=16 rwbs=1`,
    pairs: ['8:64 100+30'],
    counters: { aborted: 1, pending: 0 },
  },
  {
    tracker: 'block_total',
    why: 'from the insertion, or the issue where there was none',
    text: `
      100 0 block_rq_insert dev=8 sector=64 nr_sector=8 rwbs=1
      130 0 block_rq_issue dev=8 sector=64 nr_sector=8 rwbs=1
      135 0 block_rq_issue dev=8 sector=80 nr_sector=8 rwbs=1
      150 0 block_rq_complete dev=8 sector=64 nr_sector=8 rwbs=1
      155 0 block_rq_complete dev=8 sector=80 nr_sector=8 rwbs=1`,
    pairs: ['8:64 100+50', '8:80 135+20'],
  },
  {
    tracker: 'fs_read',
    why: 'in a trace, the system calls that read',
    contexts,
    text: `
      100 0 syscall_entry_read tid=5
      110 0 syscall_exit_read tid=5 ret=1
      120 0 syscall_entry_write tid=5
      150 0 syscall_exit_write tid=5 ret=1
      160 0 syscall_entry_pread64 tid=5
      190 0 syscall_exit_pread64 tid=5 ret=1`,
    pairs: ['5 100+10', '5 160+30'],
  },
  {
    tracker: 'fs_write',
    why: 'in a trace, the system calls that write',
    contexts,
    text: `
      120 0 syscall_entry_write tid=5
      150 0 syscall_exit_write tid=5 ret=1`,
    pairs: ['5 120+30'],
  },
  {
    tracker: 'fs_sync',
    why: 'ext4 says it better than the system calls',
    contexts,
    text: `
      100 0 syscall_entry_fsync tid=5
      110 0 ext4_sync_file_enter tid=5
      150 0 ext4_sync_file_exit tid=5
      160 0 syscall_exit_fsync tid=5 ret=0`,
    pairs: ['5 110+40'],
  },
  {
    tracker: 'net_rx',
    why: 'the end tells what became of the packet',
    contexts,
    text: `
      100 0 net_if_receive_skb skbaddr=18446612682702848000 len=60 name=lo
      101 0 net_if_receive_skb skbaddr=18446612682702848256 len=60 name=lo
      140 0 skb_consume skbaddr=18446612682702848000 tid=5
      161 0 skb_kfree skbaddr=18446612682702848256 tid=5`,
    pairs: ['5 100+40', '5 101+60'],
  },
  {
    tracker: 'net_rx',
    why: 'an address that is received again, or sent, is another packet: the one before has no end',
    contexts,
    text: `
      100 0 net_if_receive_skb skbaddr=18446612682702848000 len=52 name=lo
      101 0 net_if_receive_skb skbaddr=18446612682702848256 len=52 name=lo
      900 0 net_dev_queue skbaddr=18446612682702848000 len=60 name=lo
      910 0 skb_consume skbaddr=18446612682702848000 tid=5
      920 0 net_if_receive_skb skbaddr=18446612682702848256 len=60 name=lo
      950 0 skb_consume skbaddr=18446612682702848256 tid=5`,
    pairs: ['5 920+30'],
    counters: { begins: 3, aborted: 1, overwritten: 1, unmatchedEnds: 1, pending: 0 },
  },
  {
    tracker: 'ttfb',
    why: 'the first write on the accepted descriptor; close forgets',
    contexts,
    text: `
      100 0 syscall_exit_accept4 ret=7 tid=5 pid=5
      110 0 syscall_exit_accept4 ret=-11 tid=5 pid=5
      120 0 syscall_exit_accept ret=8 tid=6 pid=5
      130 1 syscall_entry_write fd=7 tid=6 pid=9
      150 1 syscall_entry_write fd=7 tid=6 pid=5
      160 1 syscall_entry_write fd=7 tid=6 pid=5
      170 1 syscall_entry_close fd=8 tid=6 pid=5
      180 1 syscall_entry_write fd=8 tid=6 pid=5`,
    pairs: ['6 100+50'],
    counters: { aborted: 1, pending: 0 },
  },
  {
    tracker: 'lock',
    why: 'by the waiting thread',
    contexts,
    text: `
      100 0 lock_contention_begin lock_addr=1234 flags=2 tid=5
      120 1 lock_contention_begin lock_addr=1234 flags=2 tid=6
      150 0 lock_contention_end lock_addr=1234 ret=0 tid=5
      190 1 lock_contention_end lock_addr=1234 ret=0 tid=6`,
    pairs: ['5 100+50', '6 120+70'],
  },
];

test.each(cases)('$tracker: $why', ({ tracker, text, pairs, counters, contexts: names }) => {
  const { session, alerts } = track(everyPair(findTracker(tracker)!), text, {
    contexts: names ?? [],
  });
  expect(pairsOf(alerts)).toEqual(pairs);
  const [snapshot] = session.snapshot();
  expect(snapshot!.counters).toMatchObject({ ends: pairs.length, ...counters });
  const { begins, overwritten, full, ends, aborted, collected, pending } = snapshot!.counters;
  // Each begin is somewhere.
  expect(begins).toBe(overwritten + full + ends + aborted + collected + pending);
  expect(snapshot!.series.reduce((sum, { histogram }) => sum + histogram.count, 0)).toBe(ends);
});

test('there is one for each tracker', () => {
  const tried = new Set(cases.map(({ tracker }) => tracker));
  // Chains are tried in streaming.test.ts.
  expect(catalogue.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual(['chain']);
});
