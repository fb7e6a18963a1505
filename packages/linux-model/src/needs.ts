/** What each kind of segment is made from: rules, and what to say when a trace lacks the events. */
import * as block from './block.ts';
import * as ioUring from './io-uring.ts';
import * as irq from './irq.ts';
import * as processes from './processes.ts';
import * as resources from './resources.ts';
import type { Rule } from './rule.ts';
import * as sched from './sched.ts';
import type { SegmentKind } from './segments.ts';
import * as statedump from './statedump.ts';
import * as timers from './timers.ts';

const running = [sched.schedSwitch];
const wakeups = [sched.schedWakeup, sched.schedMigrate, sched.schedPiSetprio];
const lives = [
  processes.newTask,
  processes.processFork,
  processes.kernelFork,
  processes.processExec,
  processes.processExit,
  processes.processFree,
  processes.processRename,
  statedump.statedumpProcess,
  statedump.statedumpPidNamespace,
  statedump.statedumpCgroupNamespace,
  statedump.statedumpEnd,
];
const files = [...running, ...lives, statedump.statedumpFile, resources.packetSent];
const rings = [ioUring.ringSubmit, ioUring.ringFile, ioUring.ringComplete];
const hardIrqs = [irq.irqEntry, irq.irqExit];
const softIrqs = [irq.softIrqRaise, irq.softIrqEntry, irq.softIrqExit];

/** Something that segments of a kind tell. */
export interface Fact {
  /** As in "no … in this trace". */
  readonly what: string;
  /**
   * All of these, each by one of its events. Behind a `/`: what other tracers call an event. `syscall_entry_*` and `syscall_exit_*` stand
   * for all of them.
   */
  readonly events: readonly (readonly string[])[];
}

export interface Need {
  readonly rules: readonly Rule[];
  readonly systemCalls?: 'all' | 'files';
  readonly facts: readonly Fact[];
}

const switches = ['sched_switch'];
const wakings = ['sched_waking', 'sched_wakeup'];
const calls = [['syscall_entry_*'], ['syscall_exit_*']];
const operations: Fact = { what: 'operations on files', events: calls };

/**
 * Rules of one name: the first whose fields an event has is taken. So kinds whose rules do more than others' come before them.
 */
export const needs: Readonly<Record<SegmentKind, Need>> = {
  'network-transmission': {
    rules: [...running, resources.packetTransmitted, resources.packetQueued],
    facts: [{ what: 'times of transmission', events: [['net_dev_queue'], ['net_dev_xmit']] }],
  },
  switch: {
    rules: [...running, ...lives],
    facts: [{ what: 'context switches', events: [switches] }],
  },
  'scheduling-slice': {
    rules: [...running, ...lives],
    facts: [{ what: 'CPU times', events: [switches] }],
  },
  'wakeup-latency': {
    rules: [...running, ...wakeups, ...lives],
    facts: [{ what: 'wakeup latencies', events: [switches, wakings] }],
  },
  'off-cpu': {
    rules: [...running, ...wakeups, ...lives],
    facts: [{ what: 'times off CPU', events: [switches] }],
  },
  'system-call': {
    rules: [...running, ...lives],
    systemCalls: 'all',
    facts: [{ what: 'system calls', events: calls }],
  },
  'file-operation': { rules: [...files, ...rings], systemCalls: 'files', facts: [operations] },
  'file-life': { rules: files, systemCalls: 'files', facts: [operations] },
  'block-request': {
    rules: [
      ...running,
      ...lives,
      block.blockInsert,
      block.blockIssue,
      block.blockRequeue,
      block.blockComplete,
      block.blockRemap,
      block.blockMerge,
      block.blockRequestMerge,
      statedump.statedumpEnd,
      block.statedumpDisk,
    ],
    facts: [{ what: 'requests of disks', events: [['block_rq_issue'], ['block_rq_complete']] }],
  },
  'hard-irq': {
    rules: hardIrqs,
    facts: [{ what: 'hard interrupts', events: [['irq_handler_entry'], ['irq_handler_exit']] }],
  },
  'soft-irq': {
    rules: softIrqs,
    facts: [
      {
        what: 'soft interrupts',
        events: [['irq_softirq_entry/softirq_entry'], ['irq_softirq_exit/softirq_exit']],
      },
      { what: 'raise latencies', events: [['irq_softirq_raise/softirq_raise']] },
    ],
  },
  'timer-expiry': {
    rules: [
      timers.hrtimerStart,
      timers.hrtimerCancel,
      timers.hrtimerEntry,
      timers.hrtimerExit,
      timers.timerEntry,
      timers.timerExit,
      timers.itimerExpire,
    ],
    facts: [
      {
        what: 'timers',
        events: [['timer_hrtimer_expire_entry/hrtimer_expire_entry', 'timer_expire_entry']],
      },
    ],
  },
  'network-packet': {
    rules: [resources.packetSent, resources.packetReceived],
    facts: [
      { what: 'sent packets', events: [['net_dev_xmit']] },
      { what: 'received packets', events: [['net_if_receive_skb/netif_receive_skb']] },
    ],
  },
  'page-operation': {
    rules: [...running, ...lives, resources.pageAllocate, resources.pageFree],
    facts: [
      { what: 'page allocations', events: [['kmem_mm_page_alloc/mm_page_alloc']] },
      { what: 'page frees', events: [['kmem_mm_page_free/mm_page_free']] },
      { what: 'owners of pages', events: [switches] },
    ],
  },
  migration: {
    rules: [...running, sched.schedMigrate, ...lives],
    facts: [{ what: 'migrations', events: [['sched_migrate_task', 'sched_switch']] }],
  },
  'priority-change': { rules: [...running, ...wakeups, ...lives], facts: [] },
  'thread-life': { rules: lives, facts: [] },
  'cpu-power': {
    rules: [resources.cpuIdle, resources.cpuFrequency],
    facts: [
      {
        what: 'idle states and frequencies',
        events: [['power_cpu_idle/cpu_idle', 'power_cpu_frequency/cpu_frequency']],
      },
    ],
  },
  gap: { rules: [], facts: [] },
  doubt: { rules: [], facts: [] },
};
