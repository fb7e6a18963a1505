import { describe, expect, test } from 'vitest';
import { EventCatalogue, type EventRequest } from '../src/index.ts';

const catalogue = new EventCatalogue(
  [
    ['sched', 'sched_switch', 'sched_switch'],
    ['sched', 'sched_wakeup', 'sched_wakeup'],
    ['irq', 'softirq_entry', 'irq_softirq_entry'],
    ['block', 'block_rq_issue', 'block_rq_issue'],
    ['syscalls', 'sys_enter_openat', 'syscall_entry_openat'],
    ['syscalls', 'sys_exit_openat', 'syscall_exit_openat'],
    ['syscalls', 'sys_enter_read', 'syscall_entry_read'],
    ['raw_syscalls', 'sys_enter', 'sys_enter'],
    ['rcu', 'rcu_utilization', 'rcu_utilization'],
  ].map(([system = '', name = '', lttngName = '']) => ({ system, name, lttngName })),
);

const nothing: EventRequest = { presets: [], patterns: [], syscalls: [] };
const names = (request: Partial<EventRequest>): string[] =>
  catalogue.select({ ...nothing, ...request }).map(({ name }) => name);

describe('choosing events', () => {
  test.each<[string, Partial<EventRequest>, string[]]>([
    ["LTTng's name", { patterns: ['irq_softirq_entry'] }, ['softirq_entry']],
    ["ftrace's name", { patterns: ['softirq_entry'] }, ['softirq_entry']],
    ['system:event', { patterns: ['sched:sched_switch'] }, ['sched_switch']],
    ['system/event', { patterns: ['sched/*'] }, ['sched_switch', 'sched_wakeup']],
    ['a star anywhere', { patterns: ['*_wake*'] }, ['sched_wakeup']],
    [
      "LTTng's name of a call",
      { patterns: ['syscall_entry_*'] },
      ['sys_enter_openat', 'sys_enter_read'],
    ],
    ['a system call', { syscalls: ['openat'] }, ['sys_enter_openat', 'sys_exit_openat']],
    ['each once', { patterns: ['sched_switch', 'sched_*'] }, ['sched_switch', 'sched_wakeup']],
    ['a preset: what there is of it', { presets: ['irq'] }, ['softirq_entry']],
    ['a system left out by *, named', { patterns: ['rcu:*'] }, ['rcu_utilization']],
  ])('%s', (_title, request, expected) => {
    expect(names(request)).toEqual(expected);
  });

  test('everything is not what would be most of the trace and tell nothing', () => {
    const all = names({ presets: ['all'] });
    expect(all).toContain('sys_enter_openat');
    expect(all).not.toContain('sys_enter');
    expect(all).not.toContain('rcu_utilization');
  });

  test.each<[Partial<EventRequest>, string]>([
    [
      { patterns: ['sched_swich'] },
      'This kernel has no event `sched_swich`. Near are: sched_switch.',
    ],
    [
      { patterns: ['sched:sched_wakup'] },
      'This kernel has no event `sched:sched_wakup`. Near are: sched_wakeup.',
    ],
    [{ syscalls: ['opnat'] }, 'This kernel has no system call `opnat`. Near are: openat.'],
    [{ patterns: ['zzz'] }, 'This kernel has no event `zzz`.'],
  ])('%j is refused', (request, message) => {
    expect(() => names(request)).toThrow(
      expect.objectContaining({ code: 'unknown-event', message }),
    );
  });
});
