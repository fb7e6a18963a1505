import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';
import { integer, optionalInteger, optionalText, type Rule, rule } from './rule.ts';
import type { Thread } from './threads.ts';

/** `TASK_REPORT_MAX` and above are flags, such as the preemption mark (include/linux/sched.h, v6.12). */
const taskStateMask = 0xff;

const offset = (priority: number | undefined, by: number): number | undefined =>
  priority === undefined ? undefined : priority + by;

/** Reports the slice that ends now. */
function endSlice(host: Host, cpu: Cpu, thread: Thread, timeNs: number, state: number): void {
  const channel = host.channels['scheduling-slice'];
  if (!channel.isWanted) return;
  channel.emit({
    host,
    cpu,
    thread,
    beginNs: cpu.threadSinceNs,
    endNs: timeNs,
    isCertain: cpu.threadSinceIsCertain && cpu.threadSinceNs >= host.lastGapEndNs,
    endState: state,
    priority: thread.priority,
  });
}

/** The thread that runs from now on had waited: for a CPU since its wakeup, for something else before. */
function endWait(host: Host, cpu: Cpu, thread: Thread, timeNs: number): void {
  const wakeups = host.channels['wakeup-latency'];
  if (wakeups.isWanted && !Number.isNaN(thread.wakeupNs)) {
    wakeups.emit({
      host,
      cpu,
      thread,
      beginNs: thread.wakeupNs,
      endNs: timeNs,
      waker: thread.waker,
      priority: thread.priority,
      isCertain: thread.wakeupNs >= host.lastGapEndNs,
    });
  }
  const offCpu = host.channels['off-cpu'];
  if (offCpu.isWanted && !Number.isNaN(thread.switchOutNs) && thread.tid !== 0) {
    offCpu.emit({
      host,
      cpu,
      thread,
      beginNs: thread.switchOutNs,
      endNs: timeNs,
      endState: thread.switchOutState,
      wakeupNs: thread.wakeupNs,
      isCertain: thread.switchOutNs >= host.lastGapEndNs,
    });
  }
  thread.wakeupNs = Number.NaN;
  thread.waker = undefined;
}

/** The thread that the event says was running; the model may have known another one, or none. */
function switchedOut(host: Host, cpu: Cpu, tid: number, comm: string | undefined): Thread {
  const known = cpu.thread;
  if (known !== undefined && known.tid === tid) return known;
  if (known === undefined) {
    if (Number.isNaN(cpu.threadSinceNs)) cpu.threadSinceNs = host.beginNs;
  } else {
    known.runningOn = -1;
  }
  cpu.threadSinceIsCertain = false;
  return host.threads.ensure(tid, comm);
}

export const schedSwitch: Rule = rule(
  ['sched_switch'],
  {
    prevTid: integer('prev_tid', 'prev_pid'),
    prevComm: optionalText('prev_comm'),
    prevPriority: optionalInteger('prev_prio'),
    prevState: optionalInteger('prev_state'),
    nextTid: integer('next_tid', 'next_pid'),
    nextComm: optionalText('next_comm'),
    nextPriority: optionalInteger('next_prio'),
  },
  (host) => {
    const { priorityOffset } = host.dialect;
    const switches = host.channels.switch;
    return (event, timeNs, cpu) => {
      const prev = switchedOut(host, cpu, event.prevTid, event.prevComm);
      const next = host.threads.ensure(event.nextTid, event.nextComm);
      host.setPriority(prev, offset(event.prevPriority, priorityOffset), timeNs);
      host.setPriority(next, offset(event.nextPriority, priorityOffset), timeNs);
      const state = (event.prevState ?? 0) & taskStateMask;
      if (prev.comm === '' && event.prevComm !== undefined) prev.comm = event.prevComm;
      endSlice(host, cpu, prev, timeNs, state);
      prev.runningOn = -1;
      prev.switchOutNs = timeNs;
      prev.switchOutState = state;
      cpu.thread = next;
      cpu.threadSinceNs = timeNs;
      cpu.threadSinceIsCertain = true;
      if (next.tid !== 0) next.runningOn = cpu.id;
      if (switches.isWanted) switches.emit({ host, cpu, timeNs, previous: prev, next, state });
      endWait(host, cpu, next, timeNs);
    };
  },
);

export const schedWakeup: Rule = rule(
  ['sched_waking', 'sched_wakeup', 'sched_wakeup_new'],
  {
    tid: integer('tid', 'pid'),
    comm: optionalText('comm'),
    priority: optionalInteger('prio'),
  },
  (host) => {
    const { wakeupPriorityOffset } = host.dialect;
    return (event, timeNs, cpu) => {
      const { tid } = event;
      if (tid === 0) return;
      let thread = host.threads.get(tid);
      // A wakeup of a running thread changes nothing: it only stops it from going to sleep.
      if (thread !== undefined && thread.runningOn !== -1) return;
      thread ??= host.threads.ensure(tid);
      if (thread.comm === '' && event.comm !== undefined) thread.comm = event.comm;
      host.setPriority(thread, offset(event.priority, wakeupPriorityOffset), timeNs);
      if (!Number.isNaN(thread.wakeupNs)) return;
      thread.wakeupNs = timeNs;
      thread.waker = cpu.busyThread;
    };
  },
);

export const schedMigrate: Rule = rule(
  ['sched_migrate_task'],
  {
    tid: integer('tid', 'pid'),
    comm: optionalText('comm'),
    priority: optionalInteger('prio'),
    fromCpuId: optionalInteger('orig_cpu'),
    toCpuId: optionalInteger('dest_cpu'),
  },
  (host) => {
    const { priorityOffset } = host.dialect;
    const migrations = host.channels.migration;
    return (event, timeNs, cpu) => {
      const thread = host.threads.ensure(event.tid, event.comm);
      if (migrations.isWanted) {
        migrations.emit({
          host,
          timeNs,
          thread,
          cpu,
          fromCpuId: event.fromCpuId ?? -1,
          toCpuId: event.toCpuId ?? -1,
        });
      }
      host.setPriority(thread, offset(event.priority, priorityOffset), timeNs);
    };
  },
);

export const schedPiSetprio: Rule = rule(
  ['sched_pi_setprio'],
  { tid: integer('tid', 'pid'), comm: optionalText('comm'), newPriority: integer('newprio') },
  (host) => {
    const { priorityOffset } = host.dialect;
    return (event, timeNs) => {
      const thread = host.threads.ensure(event.tid, event.comm);
      host.setPriority(thread, event.newPriority + priorityOffset, timeNs);
    };
  },
);

/** Reports what still runs when the events end. */
export function finishScheduling(host: Host, timeNs: number): void {
  for (const cpu of host.cpus) {
    if (cpu.thread !== undefined) endSlice(host, cpu, cpu.thread, timeNs, -1);
  }
}
