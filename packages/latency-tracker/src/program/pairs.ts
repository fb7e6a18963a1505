import type { AlertGate } from '../alert-gate.ts';
import type { MutableCounters } from '../counters.ts';
import type { Histogram } from '../histogram.ts';
import type { EventInResult, LatencyFlag, PendingOperation, TrackerKey } from './options.ts';

/** What both ways of keeping pairs have in common: where their results go. */
export interface PairsResults<P> {
  /** The time (ns). */
  readonly clock: () => number;
  /** One number, for the histogram. */
  readonly delayNs: Float64Array;
  readonly counters: MutableCounters;
  readonly histogram: Histogram;
  readonly gate: AlertGate;
  tell(
    flag: LatencyFlag,
    key: TrackerKey,
    beginNs: number,
    endNs: number,
    outId: number,
    priv: P | undefined,
  ): void;
}

/** Keeps what is pending. */
export interface Pairs<P> {
  eventIn(key: TrackerKey, nowNs: number, priv: P | undefined): EventInResult;
  eventOut(key: TrackerKey, nowNs: number, outId: number): boolean;
  get(key: TrackerKey): PendingOperation<P> | undefined;
  abort(key: TrackerKey): void;
  /** Forgets everything. */
  clear(): void;
}

/** NaN is not equal to itself: a `Map` knows it nevertheless. */
export const isNumberKey = (key: TrackerKey): key is number =>
  typeof key === 'number' && !Number.isNaN(key);
