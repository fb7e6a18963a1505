/** More would fill the line that tells them. */
const maxThresholds = 8;

/** Thresholds (ns) that were set, since the beginning or the last reset. What `worst` makes of them is not in it. */
export class ThresholdHistory {
  readonly #thresholdsNs: number[];

  constructor(thresholdNs: number) {
    this.#thresholdsNs = [thresholdNs];
  }

  /** The present one is last; of very many, some from between are left out. */
  get all(): readonly number[] {
    return [...this.#thresholdsNs];
  }

  set(thresholdNs: number): void {
    const all = this.#thresholdsNs;
    if (thresholdNs === all.at(-1)) return;
    all.push(thresholdNs);
    if (all.length > maxThresholds) all.splice(1, 1);
  }

  reset(): void {
    this.#thresholdsNs.splice(0, this.#thresholdsNs.length - 1);
  }
}
