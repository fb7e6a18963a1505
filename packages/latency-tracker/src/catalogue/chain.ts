import type { TrackerDeclaration } from '../declaration.ts';

const wakers = [
  { step: 'softirq', key: ['$cpu'], stays: true },
  { step: 'hrtimer', key: ['$cpu'], stays: true },
  { step: 'irq', key: ['$cpu'], stays: true },
] as const;

/** From a hardware event to the thread that it woke: what latency-tracker's `rt` follows. */
export const chain: TrackerDeclaration = {
  name: 'chain',
  summary: 'from an interrupt or timer over soft interrupt and wakeup to the woken thread',
  level: 'sched',
  steps: [
    { name: 'irq', event: 'irq:irq_handler_entry', key: ['$cpu'] },
    { name: 'hrtimer', event: 'timer:hrtimer_expire_entry', key: ['$cpu'] },
    {
      name: 'softirq_raise',
      event: 'irq:softirq_raise',
      from: [
        { step: 'hrtimer', key: ['$cpu'], stays: true },
        { step: 'irq', key: ['$cpu'], stays: true },
      ],
      key: ['$cpu', 'vec'],
    },
    {
      name: 'softirq',
      event: 'irq:softirq_entry',
      from: [{ step: 'softirq_raise', key: ['$cpu', 'vec'] }],
      key: ['$cpu'],
    },
    { name: 'waking', event: 'sched:sched_waking', from: wakers, key: ['pid'] },
    {
      name: 'switch_in',
      event: 'sched:sched_switch',
      from: [{ step: 'waking', key: ['next_pid'] }],
      info: { tid: 'next_pid', comm: 'next_comm', prio: 'next_prio' },
    },
  ],
  drop: [
    { event: 'irq:irq_handler_exit', step: 'irq', key: ['$cpu'] },
    { event: 'timer:hrtimer_expire_exit', step: 'hrtimer', key: ['$cpu'] },
    { event: 'irq:softirq_exit', step: 'softirq', key: ['$cpu'] },
    // A wakeup of a thread that still runs only stops it from going to sleep.
    { event: 'sched:sched_switch', step: 'waking', key: ['prev_pid'] },
  ],
  max: 8192,
  alert: { threshold: '5ms' },
};
