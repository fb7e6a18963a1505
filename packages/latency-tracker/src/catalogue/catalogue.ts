import type { Tracker, TrackerDeclaration } from '../declaration.ts';
import { parseTracker } from '../parse-tracker.ts';
import { netRx, syscall, ttfb } from './calls.ts';
import { chain } from './chain.ts';
import { hrtimer, irq, softirq, softirqRaise } from './interrupts.ts';
import { lock, offcpu, oncpu, runq, wakeup } from './scheduler.ts';
import { block, blockTotal, fsRead, fsSync, fsWrite, iosched } from './storage.ts';

/** The trackers that have a name of their own, in the order of `--list`. */
export const catalogue: readonly TrackerDeclaration[] = [
  wakeup,
  runq,
  offcpu,
  oncpu,
  syscall,
  irq,
  softirq,
  softirqRaise,
  hrtimer,
  iosched,
  block,
  blockTotal,
  fsRead,
  fsWrite,
  fsSync,
  netRx,
  ttfb,
  lock,
  chain,
];

/** Undefined: there is no such tracker. */
export function findTracker(name: string): Tracker | undefined {
  const declaration = catalogue.find((candidate) => candidate.name === name);
  return declaration === undefined ? undefined : parseTracker(declaration);
}
