import type { TrackerCounters } from './declaration.ts';

/** The counters of a tracker at work. */
export type MutableCounters = { -readonly [K in keyof TrackerCounters]: number };

export function zeroCounters(): MutableCounters {
  return {
    begins: 0,
    ends: 0,
    unmatchedEnds: 0,
    overwritten: 0,
    full: 0,
    aborted: 0,
    collected: 0,
    timeouts: 0,
    pending: 0,
    negative: 0,
    uncertain: 0,
    alerts: 0,
    limited: 0,
    ringLost: 0,
    missed: 0,
  };
}

/** Those that say that something is not as it should be, in words for people. */
const troubles: readonly (readonly [keyof TrackerCounters, string])[] = [
  ['full', 'begins had no room'],
  ['collected', 'given up (gc)'],
  ['negative', 'ended before they began'],
  ['uncertain', 'across lost events'],
  ['limited', 'alerts over the rate limit'],
  ['ringLost', 'alerts lost in the ring buffer'],
  ['missed', 'events missed by the kernel programs'],
];

/** `12 begins had no room, 3 across lost events`; empty when all is well. */
export function formatTroubles(counters: TrackerCounters): string {
  return troubles
    .filter(([name]) => counters[name] > 0)
    .map(([name, words]) => `${counters[name]} ${words}`)
    .join(', ');
}
