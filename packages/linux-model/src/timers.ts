import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';
import { address, integer, optionalInteger, type Rule, rule } from './rule.ts';
import type { TimerKind } from './segments.ts';

export interface PendingTimer {
  /** When it was asked to expire, on the timer's clock (ns); NaN: not seen, or in another unit. */
  expiresNs: number;
  /** Begin of the running handler (trace time); NaN: not running. */
  beginNs: number;
  latenessNs: number;
  /** Where the handler runs; -1: it doesn't. */
  cpuId: number;
}

function ensure(host: Host, timer: number): PendingTimer {
  let pending = host.timers.get(timer);
  if (pending !== undefined) return pending;
  const { NaN: no } = Number;
  pending = { expiresNs: no, beginNs: no, latenessNs: no, cpuId: -1 };
  host.timers.set(timer, pending);
  return pending;
}

export const hrtimerStart: Rule = rule(
  ['timer_hrtimer_start', 'hrtimer_start'],
  { timer: address('hrtimer'), expires: integer('expires') },
  (host) =>
    ({ timer, expires }) => {
      // Its handler may start it again.
      ensure(host, timer).expiresNs = expires;
    },
);

export const hrtimerCancel: Rule = rule(
  ['timer_hrtimer_cancel', 'hrtimer_cancel'],
  { timer: address('hrtimer') },
  (host) => (event) => {
    // Expiry, too, cancels the timer just before the handler runs, so only forget it if none follows.
    const pending = host.timers.get(event.timer);
    if (pending !== undefined && !Number.isNaN(pending.beginNs)) host.timers.delete(event.timer);
  },
);

function beginExpiry(
  host: Host,
  timer: number,
  nowNs: number | undefined,
  timeNs: number,
  cpu: Cpu,
): void {
  const pending = ensure(host, timer);
  if (Number.isNaN(pending.beginNs)) cpu.timerDepth++;
  const latenessNs = nowNs === undefined ? Number.NaN : nowNs - pending.expiresNs;
  pending.expiresNs = Number.NaN;
  pending.beginNs = timeNs;
  // Before the time asked for: within its slack, as the kernel may. NaN stays.
  pending.latenessNs = Math.max(0, latenessNs);
  pending.cpuId = cpu.id;
}

function endExpiry(host: Host, kind: TimerKind, timer: number, timeNs: number, cpu: Cpu): void {
  const pending = host.timers.get(timer);
  if (pending === undefined || Number.isNaN(pending.beginNs)) return;
  const { beginNs, latenessNs } = pending;
  if (cpu.timerDepth > 0) cpu.timerDepth--;
  if (Number.isNaN(pending.expiresNs)) host.timers.delete(timer);
  else pending.beginNs = Number.NaN;
  const channel = host.channels['timer-expiry'];
  if (!channel.isWanted) return;
  const isCertain = beginNs >= cpu.lastGapEndNs;
  channel.emit({ host, cpu, kind, timer, latenessNs, beginNs, endNs: timeNs, isCertain });
}

export const hrtimerEntry: Rule = rule(
  ['timer_hrtimer_expire_entry', 'hrtimer_expire_entry'],
  { timer: address('hrtimer'), now: optionalInteger('now') },
  (host) =>
    ({ timer, now }, timeNs, cpu) =>
      beginExpiry(host, timer, now, timeNs, cpu),
);

export const hrtimerExit: Rule = rule(
  ['timer_hrtimer_expire_exit', 'hrtimer_expire_exit'],
  { timer: address('hrtimer') },
  (host) =>
    ({ timer }, timeNs, cpu) =>
      endExpiry(host, 'hrtimer', timer, timeNs, cpu),
);

/** Of the timer wheel: its times are jiffies, so that nothing is said about lateness. */
export const timerEntry: Rule = rule(
  ['timer_expire_entry'],
  { timer: address('timer') },
  (host) => (event, timeNs, cpu) => beginExpiry(host, event.timer, undefined, timeNs, cpu),
);

export const timerExit: Rule = rule(
  ['timer_expire_exit'],
  { timer: address('timer') },
  (host) => (event, timeNs, cpu) => endExpiry(host, 'timer', event.timer, timeNs, cpu),
);

export const itimerExpire: Rule = rule(
  ['timer_itimer_expire', 'itimer_expire'],
  { pid: integer('pid') },
  (host) => {
    const channel = host.channels['timer-expiry'];
    return (event, timeNs, cpu) => {
      if (!channel.isWanted) return;
      channel.emit({
        host,
        cpu,
        kind: 'itimer',
        timer: event.pid,
        latenessNs: Number.NaN,
        beginNs: timeNs,
        endNs: timeNs,
        isCertain: true,
      });
    };
  },
);

/** Handlers that ran on the CPU of a gap have ended somewhen. */
export function forgetTimers(host: Host, cpu: Cpu): void {
  cpu.timerDepth = 0;
  for (const [timer, pending] of host.timers) {
    if (pending.cpuId === cpu.id && !Number.isNaN(pending.beginNs)) host.timers.delete(timer);
  }
}
