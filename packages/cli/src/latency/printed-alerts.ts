/** Of the alerts of what goes on, so many as can be read while they come. */

const windowMs = 1000;

/** Lets so many alerts a second through, and counts the others. */
export class PrintedAlerts {
  readonly #mostPerS: number;
  #windowBeginMs = Number.NEGATIVE_INFINITY;
  #printed = 0;
  /** Left out in this second. */
  #leftOut = 0;
  /** Of all alerts. */
  totalLeftOut = 0;

  constructor(mostPerS: number) {
    this.#mostPerS = mostPerS;
  }

  /** @returns whether this one is printed; call `endSecond` first */
  takes(): boolean {
    if (this.#printed >= this.#mostPerS) {
      this.#leftOut++;
      this.totalLeftOut++;
      return false;
    }
    this.#printed++;
    return true;
  }

  /** Begins the next second where this one is over. @returns how many were left out in the one that has ended */
  endSecond(nowMs: number): number {
    if (nowMs - this.#windowBeginMs < windowMs) return 0;
    const leftOut = this.#leftOut;
    this.#windowBeginMs = nowMs;
    this.#printed = 0;
    this.#leftOut = 0;
    // Who wants none is not told of it every second.
    return this.#mostPerS === 0 ? 0 : leftOut;
  }
}
