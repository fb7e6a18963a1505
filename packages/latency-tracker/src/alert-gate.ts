import type { MutableCounters } from './counters.ts';

const second = 1e9;

/** So many a second, by windows of a second. */
export class RateLimit {
  readonly #ratePerS: number;
  #windowNs = Number.NEGATIVE_INFINITY;
  #windowCount = 0;

  constructor(ratePerS: number) {
    this.#ratePerS = ratePerS;
  }

  passes(timeNs: number): boolean {
    if (timeNs - this.#windowNs >= second || timeNs < this.#windowNs) {
      this.#windowNs = timeNs;
      this.#windowCount = 0;
    }
    if (this.#windowCount >= this.#ratePerS) return false;
    this.#windowCount++;
    return true;
  }
}

/** Decides which delays are alerts: above the threshold, and not too many a second. */
export class AlertGate {
  readonly #counters: MutableCounters;
  readonly #rate: RateLimit;
  thresholdNs: number;
  /** After each alert the threshold becomes its delay. */
  worst = false;

  /** @param counters - Gets `alerts` and `limited`. */
  constructor(thresholdNs: number, ratePerS: number, counters: MutableCounters) {
    this.thresholdNs = thresholdNs;
    this.#rate = new RateLimit(ratePerS);
    this.#counters = counters;
  }

  /** @returns whether this one, which ended at `timeNs`, is an alert */
  passes(delayNs: number, timeNs: number): boolean {
    if (!(delayNs > this.thresholdNs)) return false;
    if (!this.#rate.passes(timeNs)) {
      this.#counters.limited++;
      return false;
    }
    this.#counters.alerts++;
    if (this.worst) this.thresholdNs = delayNs;
    return true;
  }
}
