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
    waitsLimited: 0,
    ringLost: 0,
    missed: 0,
    unlabelled: 0,
  };
}

/** In the order in which they are told. */
export const counterNames = Object.keys(zeroCounters()) as readonly (keyof TrackerCounters)[];

/** `one`: the words where it is 1, if they are others. */
type Words = readonly (readonly [name: keyof TrackerCounters, words: string, one?: string])[];

/** What became of begins; their sum, with troubles, is that of the begins, but for chains that went no further. */
const fates: Words = [
  ['ends', 'measured'],
  ['overwritten', 'met one pending with their key'],
  ['aborted', 'aborted'],
  ['pending', 'still pending'],
];

const others: Words = [
  ['unmatchedEnds', 'ends had no begin', 'end had no begin'],
  ['timeouts', 'timed out'],
];

const troublesOfBegins: Words = [
  ['full', 'begins had no room', 'begin had no room'],
  ['collected', 'given up (gc)'],
  ['negative', 'ended before they began'],
  ['uncertain', 'across lost events'],
];

/** Those that say that something is not as it should be, in words for people. */
const troubles: Words = [
  ...troublesOfBegins,
  ['limited', 'alerts over the rate limit', 'alert over the rate limit'],
  ['waitsLimited', 'waits over the rate limit', 'wait over the rate limit'],
  ['ringLost', 'records lost in the ring buffer', 'record lost in the ring buffer'],
  ['missed', 'events missed by the kernel programs', 'event missed by the kernel programs'],
  ['unlabelled', 'in no distribution: the kernel had no room for their label'],
];

const group = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

const inWords = (counters: TrackerCounters, words: Words): string =>
  words
    .filter(([name]) => counters[name] > 0)
    .map(
      ([name, text, one]) =>
        `${group(counters[name])} ${counters[name] === 1 ? (one ?? text) : text}`,
    )
    .join(', ');

/** `12 begins had no room, 3 across lost events`; empty when all is well. */
export function formatTroubles(counters: TrackerCounters): string {
  return inWords(counters, troubles);
}

/** `15 begun: 12 measured, 3 aborted; 4 ends had no begin`; empty where all that began was measured, and nothing else happened. */
export function formatFates(counters: TrackerCounters): string {
  const { begins, ends } = counters;
  const rest = inWords(counters, others);
  if (begins === ends) return rest;
  const known = [...fates, ...troublesOfBegins].reduce((sum, [name]) => sum + counters[name], 0);
  const lost = begins > known ? [`${group(begins - known)} went no further`] : [];
  const begun = `${group(begins)} begun: ${[inWords(counters, fates), ...lost].join(', ')}`;
  return rest === '' ? begun : `${begun}; ${rest}`;
}
