import type { MutableCounters } from './counters.ts';

const second = 1e9;

/** Decides which delays are alerts: above the threshold, and not too many a second. */
export class AlertGate {
  readonly #counters: MutableCounters;
  readonly #ratePerS: number;
  #windowNs = Number.NEGATIVE_INFINITY;
  #windowCount = 0;
  thresholdNs: number;
  /** After each alert the threshold becomes its delay. */
  worst = false;

  /** @param counters - Gets `alerts` and `limited`. */
  constructor(thresholdNs: number, ratePerS: number, counters: MutableCounters) {
    this.thresholdNs = thresholdNs;
    this.#ratePerS = ratePerS;
    this.#counters = counters;
  }

  /** @returns whether this one, which ended at `timeNs`, is an alert */
  passes(delayNs: number, timeNs: number): boolean {
    return delayNs > this.thresholdNs && this.#isWithinRate(delayNs, timeNs);
  }

  #isWithinRate(delayNs: number, timeNs: number): boolean {
    if (timeNs - this.#windowNs >= second || timeNs < this.#windowNs) {
      this.#windowNs = timeNs;
      this.#windowCount = 0;
    }
    if (this.#windowCount >= this.#ratePerS) {
      this.#counters.limited++;
      return false;
    }
    this.#windowCount++;
    this.#counters.alerts++;
    if (this.worst) this.thresholdNs = delayNs;
    return true;
  }
}
