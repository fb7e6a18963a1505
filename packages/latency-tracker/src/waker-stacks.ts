import type { Tracker } from './declaration.ts';

const wakeups = /^sched:sched_(waking|wakeup|wakeup_new)$/;

/**
 * A tracker of wakeups that keeps the stack of each waker, in case the wakeup turns out to be slow. Others, and those that peek at the
 * waker when they know, stay as they are.
 */
export function withWakerStacks(tracker: Tracker): Tracker {
  const begins = tracker.anyOf.flatMap(({ begin }) => begin);
  const isOfWakeups =
    tracker.chain === undefined && begins.some(({ event }) => wakeups.test(event));
  if (!isOfWakeups || tracker.per !== 'task') return tracker;
  return { ...tracker, alert: { ...tracker.alert, stack: 'waker' } };
}
