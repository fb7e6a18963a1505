import { integer, optionalInteger, type Rule, rule } from './rule.ts';

export interface PendingTimer {
  /** When it was asked to expire, on the timer's clock (ns); NaN: not seen. */
  expiresNs: number;
  /** Begin of the running handler (trace time); NaN: not running. */
  beginNs: number;
  latenessNs: number;
}

/** Timers that are started and never expire would pile up. */
const maxTimers = 16_384;

export const hrtimerStart: Rule = rule(
  ['timer_hrtimer_start', 'hrtimer_start'],
  { timer: integer('hrtimer'), expires: integer('expires') },
  () => (event, _timeNs, cpu) => {
    if (cpu.timers.size >= maxTimers) cpu.timers.clear();
    const { timer, expires } = event;
    cpu.timers.set(timer, { expiresNs: expires, beginNs: Number.NaN, latenessNs: Number.NaN });
  },
);

export const hrtimerCancel: Rule = rule(
  ['timer_hrtimer_cancel', 'hrtimer_cancel'],
  { timer: integer('hrtimer') },
  () => (event, _timeNs, cpu) => {
    // Expiry, too, cancels the timer just before the handler runs, so only forget it if none follows.
    const pending = cpu.timers.get(event.timer);
    if (pending !== undefined && !Number.isNaN(pending.beginNs)) {
      cpu.timers.delete(event.timer);
    }
  },
);

export const hrtimerEntry: Rule = rule(
  ['timer_hrtimer_expire_entry', 'hrtimer_expire_entry'],
  { timer: integer('hrtimer'), now: optionalInteger('now') },
  () => (event, timeNs, cpu) => {
    const pending = cpu.timers.get(event.timer);
    const latenessNs =
      pending === undefined || event.now === undefined ? Number.NaN : event.now - pending.expiresNs;
    cpu.timers.set(event.timer, {
      expiresNs: Number.NaN,
      beginNs: timeNs,
      latenessNs: latenessNs >= 0 ? latenessNs : Number.NaN,
    });
  },
);

export const hrtimerExit: Rule = rule(
  ['timer_hrtimer_expire_exit', 'hrtimer_expire_exit'],
  { timer: integer('hrtimer') },
  (host) => {
    const channel = host.channels['timer-expiry'];
    return (event, timeNs, cpu) => {
      const pending = cpu.timers.get(event.timer);
      if (pending === undefined || Number.isNaN(pending.beginNs)) return;
      const { beginNs, latenessNs } = pending;
      // The handler may have started the timer again.
      if (!Number.isNaN(pending.expiresNs)) pending.beginNs = Number.NaN;
      else cpu.timers.delete(event.timer);
      if (!channel.isWanted) return;
      channel.emit({
        host,
        cpu,
        timer: event.timer,
        latenessNs,
        beginNs,
        endNs: timeNs,
        isCertain: true,
      });
    };
  },
);
