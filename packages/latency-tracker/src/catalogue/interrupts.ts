import type { TrackerDeclaration } from '../declaration.ts';

/** There are ten. A number that is seen to be small makes an array in the kernel, where each has its place from the beginning. */
const vec = 'vec & 15';

export const irq: TrackerDeclaration = {
  name: 'irq',
  summary: 'interrupt handlers, from entry to exit',
  level: 'irq',
  begin: [
    {
      event: 'irq:irq_handler_entry',
      key: ['$cpu', 'irq'],
      info: { name: 'name' },
      labels: { irq: 'irq' },
    },
  ],
  end: [{ event: 'irq:irq_handler_exit', key: ['$cpu', 'irq'], info: { ret: 'ret' } }],
  alert: { threshold: '1ms' },
};

export const softirq: TrackerDeclaration = {
  name: 'softirq',
  summary: 'soft interrupt handlers, from entry to exit',
  level: 'irq',
  begin: [{ event: 'irq:softirq_entry', key: ['$cpu', 'vec'], labels: { vec } }],
  end: [{ event: 'irq:softirq_exit', key: ['$cpu', 'vec'] }],
  alert: { threshold: '5ms' },
};

export const softirqRaise: TrackerDeclaration = {
  name: 'softirq_raise',
  summary: 'from the first raise of a soft interrupt to its handler',
  level: 'irq',
  // A soft interrupt is a bit: raised again before it is handled, it stays raised since the first time.
  keep: 'first',
  begin: [{ event: 'irq:softirq_raise', key: ['$cpu', 'vec'], labels: { vec } }],
  end: [{ event: 'irq:softirq_entry', key: ['$cpu', 'vec'] }],
  alert: { threshold: '5ms' },
};

export const hrtimer: TrackerDeclaration = {
  name: 'hrtimer',
  summary: 'how much later than asked high-resolution timers expire',
  level: 'irq',
  begin: [{ event: 'timer:hrtimer_start', key: ['hrtimer'], time: 'expires' }],
  end: [
    {
      event: 'timer:hrtimer_expire_entry',
      key: ['hrtimer'],
      time: 'now',
      info: { function: 'function' },
    },
  ],
  alert: { threshold: '1ms' },
};
