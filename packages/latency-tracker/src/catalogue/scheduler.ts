import type { TrackerDeclaration } from '../declaration.ts';

const nextTask = { tid: 'next_pid', comm: 'next_comm', prio: 'next_prio' };

/** From the first wakeup of a thread that does not run to its switch-in. */
export const wakeup: TrackerDeclaration = {
  name: 'wakeup',
  summary: 'from the first wakeup of a thread to its switch-in',
  level: 'sched',
  per: 'task',
  keep: 'first',
  begin: ['sched:sched_waking', 'sched:sched_wakeup', 'sched:sched_wakeup_new'].map((event) => ({
    event,
    key: ['pid'],
    when: 'pid != 0',
    isFirst: event !== 'sched:sched_wakeup',
    info: { waker: '$comm', waker_tid: '$tid' },
  })),
  end: [{ event: 'sched:sched_switch', key: ['next_pid'], when: 'next_pid != 0', info: nextTask }],
  // A wakeup of a thread that still runs only stops it from going to sleep.
  abort: [{ event: 'sched:sched_switch', key: ['prev_pid'], when: 'prev_pid != 0' }],
  alert: { threshold: '5ms', stack: 'pending' },
};

/** Time on the run queue: what bcc's and bpftrace's runqlat measure. */
export const runq: TrackerDeclaration = {
  name: 'runq',
  summary: 'time on the run queue: from wakeup or preemption to switch-in',
  level: 'sched',
  per: 'task',
  keep: 'last',
  begin: [
    { event: 'sched:sched_wakeup', key: ['pid'], when: 'pid != 0' },
    { event: 'sched:sched_wakeup_new', key: ['pid'], when: 'pid != 0' },
    {
      event: 'sched:sched_switch',
      key: ['prev_pid'],
      // The bits above are marks, such as ftrace's for "preempted".
      when: ['prev_pid != 0', '(prev_state & 0xff) == 0'],
    },
  ],
  end: [{ event: 'sched:sched_switch', key: ['next_pid'], when: 'next_pid != 0', info: nextTask }],
  alert: { threshold: '5ms' },
};

export const offcpu: TrackerDeclaration = {
  name: 'offcpu',
  summary: 'from switch-out to switch-in: blocked, or waiting for a CPU',
  level: 'sched',
  per: 'task',
  begin: [
    {
      event: 'sched:sched_switch',
      key: ['prev_pid'],
      when: 'prev_pid != 0',
      info: { state: 'prev_state & 0xff' },
    },
  ],
  end: [{ event: 'sched:sched_switch', key: ['next_pid'], when: 'next_pid != 0', info: nextTask }],
  peek: [
    { event: 'sched:sched_waking', key: ['pid'], info: { waker: '$comm', waker_tid: '$tid' } },
  ],
  alert: { threshold: '5s', stack: 'pending' },
};

export const oncpu: TrackerDeclaration = {
  name: 'oncpu',
  summary: 'from switch-in to switch-out: running without a break',
  level: 'sched',
  per: 'task',
  begin: [{ event: 'sched:sched_switch', key: ['next_pid'], when: 'next_pid != 0' }],
  end: [
    {
      event: 'sched:sched_switch',
      key: ['prev_pid'],
      when: 'prev_pid != 0',
      info: { tid: 'prev_pid', comm: 'prev_comm', state: 'prev_state & 0xff' },
    },
  ],
  alert: { threshold: '100ms' },
};

export const lock: TrackerDeclaration = {
  name: 'lock',
  summary: 'waiting for a kernel lock that another task holds',
  level: 'lock',
  per: 'task',
  begin: [
    { event: 'lock:contention_begin', key: ['$tid'], info: { lock: 'lock_addr', flags: 'flags' } },
  ],
  end: [
    {
      event: 'lock:contention_end',
      key: ['$tid'],
      info: { tid: '$tid', comm: '$comm', ret: 'ret' },
    },
  ],
  alert: { threshold: '1ms', stack: 'end' },
};
