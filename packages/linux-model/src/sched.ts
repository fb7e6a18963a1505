import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';
import { hasComeBack, missSwitch } from './missing-switches.ts';
import { releaseThread } from './release-thread.ts';
import { integer, optionalInteger, optionalText, type Rule, rule } from './rule.ts';
import type { WakerContext } from './segments.ts';
import { emitSlice } from './slices.ts';
import type { Thread } from './threads.ts';

/** `TASK_REPORT_MAX` and above are flags, such as the preemption mark (include/linux/sched.h, v6.12). */
const taskStateMask = 0xff;
/** `EXIT_DEAD` and `EXIT_ZOMBIE`: it will not run again. */
const deadStates = 0x10 | 0x20;
/** `TASK_DEAD` of old kernels (0x40, since then that of parked threads) and new ones: told apart by the exit before. */
const deadStatesOfExiting = deadStates | 0x40 | 0x80;

const offset = (priority: number | undefined, by: number): number | undefined =>
  priority === undefined ? undefined : priority + by;

/** Reports the slice that ends now. What ran in a gap is nobody's. */
function endSlice(host: Host, cpu: Cpu, thread: Thread, timeNs: number, state: number): void {
  let sinceNs = cpu.threadSinceNs;
  let isCertain = cpu.threadSinceIsCertain && sinceNs >= cpu.lastGapEndNs;
  if (cpu.thread === undefined && sinceNs < cpu.lastGapEndNs && timeNs >= cpu.lastGapEndNs) {
    emitSlice(host, cpu, host.threads.unknown, sinceNs, cpu.lastGapEndNs, -1, false);
    sinceNs = cpu.lastGapEndNs;
    isCertain = true;
  }
  emitSlice(host, cpu, thread, sinceNs, timeNs, state, isCertain);
}

/** The thread that runs from now on had waited: for a CPU since its wakeup, for something else before. */
function endWait(host: Host, cpu: Cpu, thread: Thread, timeNs: number): void {
  const wakeups = host.channels['wakeup-latency'];
  if (wakeups.isWanted && !Number.isNaN(thread.wakeupNs)) {
    const { wakeupLatency: latency } = host.buffers;
    latency.cpu = cpu;
    latency.thread = thread;
    latency.beginNs = thread.wakeupNs;
    latency.endNs = timeNs;
    latency.waker = thread.waker;
    latency.wakerContext = thread.wakerContext;
    latency.targetCpuId = thread.wakeupTargetCpuId;
    latency.priority = thread.priority;
    latency.isCertain = thread.wakeupNs >= host.lastUnseenNs;
    wakeups.emit(latency);
  }
  const offCpu = host.channels['off-cpu'];
  if (offCpu.isWanted && !Number.isNaN(thread.switchOutNs) && thread.tid !== 0) {
    const { offCpu: wait } = host.buffers;
    wait.cpu = cpu;
    wait.thread = thread;
    wait.beginNs = thread.switchOutNs;
    wait.endNs = timeNs;
    wait.endState = thread.switchOutState;
    wait.wakeupNs = thread.wakeupNs;
    wait.isCertain = thread.switchOutNs >= host.lastUnseenNs;
    offCpu.emit(wait);
  }
  thread.wakeupNs = Number.NaN;
  thread.waker = undefined;
  thread.switchOutNs = Number.NaN;
}

/** The thread that the event says was running; the model may have known another one, or none. */
function switchedOut(
  host: Host,
  cpu: Cpu,
  tid: number,
  comm: string | undefined,
  timeNs: number,
): Thread {
  const known = cpu.thread;
  if (known !== undefined && known.tid === tid && !hasComeBack(known)) return known;
  const thread = host.threads.ensure(tid, comm);
  if (known !== undefined) {
    missSwitch(host, cpu, known, thread, timeNs);
    return thread;
  }
  if (Number.isNaN(cpu.threadSinceNs)) cpu.threadSinceNs = host.beginNs;
  cpu.threadSinceIsCertain = false;
  if (cpu.lastGapEndNs !== Number.NEGATIVE_INFINITY) host.doubt(thread, timeNs);
  return thread;
}

/** Without `sched_migrate_task`, a thread that comes back on another CPU has migrated. */
function reportMigration(host: Host, cpu: Cpu, thread: Thread, timeNs: number): void {
  const fromCpuId = thread.lastCpuId;
  thread.lastCpuId = cpu.id;
  if (fromCpuId === -1 || fromCpuId === cpu.id || thread.tid === 0) return;
  host.channels.migration.emit({ host, timeNs, thread, cpu, fromCpuId, toCpuId: cpu.id });
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
  (host, { priorityOffset }) => {
    const { switch: switches, migration } = host.channels;
    const { contextSwitch } = host.buffers;
    const derivesMigrations = migration.isWanted && !host.hasMigrationEvents;
    return (event, timeNs, cpu) => {
      const prev = switchedOut(host, cpu, event.prevTid, event.prevComm, timeNs);
      const next = host.threads.ensure(event.nextTid, event.nextComm);
      host.setPriority(prev, offset(event.prevPriority, priorityOffset), timeNs);
      host.setPriority(next, offset(event.nextPriority, priorityOffset), timeNs);
      const state = (event.prevState ?? 0) & taskStateMask;
      if (prev.comm === '' && event.prevComm !== undefined) prev.comm = event.prevComm;
      endSlice(host, cpu, prev, timeNs, state);
      // Where the clocks of CPUs disagree it may have begun to run on another.
      if (prev.runningOn === cpu.id || prev.runningOn === -1) {
        prev.runningOn = -1;
        // Woken while it ran and nobody knew: that only stopped it from going to sleep.
        prev.wakeupNs = Number.NaN;
        prev.waker = undefined;
        prev.switchOutNs = timeNs;
        prev.switchOutState = state;
      }
      cpu.thread = next;
      cpu.threadSinceNs = timeNs;
      cpu.threadSinceIsCertain = true;
      // A handler never lasts so long: its end is missing.
      if (cpu.timerDepth !== 0) cpu.timerDepth = 0;
      if (next.tid !== 0) next.runningOn = cpu.id;
      if (switches.isWanted) {
        contextSwitch.timeNs = timeNs;
        contextSwitch.cpu = cpu;
        contextSwitch.previous = prev;
        contextSwitch.next = next;
        contextSwitch.state = state;
        switches.emit(contextSwitch);
      }
      prev.lastCpuId = cpu.id;
      if (derivesMigrations) reportMigration(host, cpu, next, timeNs);
      endWait(host, cpu, next, timeNs);
      if (state >= 0x10 && isDead(prev, state)) releaseThread(host, prev, timeNs);
    };
  },
);

function isDead(thread: Thread, state: number): boolean {
  return (state & (thread.isExiting ? deadStatesOfExiting : deadStates)) !== 0;
}

function contextOf(host: Host, cpu: Cpu): WakerContext {
  if (!host.followsInterrupts) return 'unknown';
  // Before the interrupts that it is in.
  if (cpu.timerDepth > 0) return 'timer';
  if (cpu.hardIrqs.length > 0) return 'hard-irq';
  return cpu.softIrqDepth > 0 ? 'soft-irq' : 'thread';
}

export const schedWakeup: Rule = rule(
  ['sched_waking', 'sched_wakeup', 'sched_wakeup_new'],
  {
    tid: integer('tid', 'pid'),
    comm: optionalText('comm'),
    priority: optionalInteger('prio'),
    targetCpuId: optionalInteger('target_cpu'),
  },
  (host, { priorityOffset, eventName }) => {
    /** One wakeup has several events; this one tells of the next. */
    const isFirst = eventName !== 'sched_wakeup';
    const byDialect = host.dialect.wakeupPriorityOffset + priorityOffset;
    return (event, timeNs, cpu) => {
      const { tid } = event;
      if (tid === 0) return;
      let thread = host.threads.get(tid);
      // A wakeup of a running thread changes nothing: it only stops it from going to sleep.
      if (thread !== undefined && thread.runningOn !== -1) return;
      thread ??= host.threads.ensure(tid);
      if (thread.comm === '' && event.comm !== undefined) thread.comm = event.comm;
      host.setPriority(thread, offset(event.priority, byDialect), timeNs);
      // The last of the events of one wakeup has chosen the CPU.
      thread.wakeupTargetCpuId = event.targetCpuId ?? -1;
      const isWaiting = !Number.isNaN(thread.wakeupNs);
      // Where events are missing, it may have run since the wakeup that is known; when it is woken again it has.
      if (isWaiting && !(isFirst && thread.wakeupNs < host.lastUnseenNs)) return;
      thread.wakeupNs = timeNs;
      thread.waker = cpu.busyThread;
      thread.wakerContext = contextOf(host, cpu);
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
  (host, { priorityOffset }) => {
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
  (host, { priorityOffset }) =>
    (event, timeNs) => {
      const thread = host.threads.ensure(event.tid, event.comm);
      host.setPriority(thread, event.newPriority + priorityOffset, timeNs);
    },
);

/** The thread that runs goes on under another id. */
export function handOver(host: Host, cpu: Cpu, thread: Thread, timeNs: number): void {
  const old = cpu.thread!;
  endSlice(host, cpu, old, timeNs, 0);
  old.runningOn = -1;
  cpu.thread = thread;
  cpu.threadSinceNs = timeNs;
  thread.runningOn = cpu.id;
}

/** Events of a CPU are missing from `beginNs` to `endNs`: who ran until then is known, who runs then is not. */
export function forgetRunning(host: Host, cpu: Cpu, beginNs: number, endNs: number): void {
  if (Number.isNaN(cpu.threadSinceNs)) cpu.threadSinceNs = host.beginNs;
  const fromNs = Math.max(beginNs, cpu.threadSinceNs);
  if (cpu.thread !== undefined) {
    endSlice(host, cpu, cpu.thread, fromNs, -1);
    cpu.thread.runningOn = -1;
    host.doubt(cpu.thread, endNs);
    cpu.thread = undefined;
    cpu.threadSinceNs = fromNs;
  }
  cpu.threadSinceIsCertain = false;
  cpu.lastGapEndNs = endNs;
}

/** Reports what still runs when the events end. */
export function finishScheduling(host: Host, timeNs: number): void {
  for (const cpu of host.cpus) {
    // Nothing but a gap: who has run since is unknown. Nothing at all: so is everything.
    const thread =
      cpu.presentThread ?? (Number.isNaN(cpu.threadSinceNs) ? undefined : host.threads.unknown);
    if (thread !== undefined) emitFinal(host, cpu, thread, timeNs);
  }
}

function emitFinal(host: Host, cpu: Cpu, thread: Thread, timeNs: number): void {
  if (thread !== host.threads.unknown) endSlice(host, cpu, thread, timeNs, -1);
  else emitSlice(host, cpu, thread, cpu.threadSinceNs, timeNs, -1, false);
}
