/** Durations (ns) of one population: what statistics, percentiles and distributions are made from. */
export class Samples {
  #values = new Float64Array(16);
  #count = 0;
  #sorted: Float64Array | undefined;
  #sum = 0;
  /** Carries what `#sum` lost to rounding beyond 2^53. */
  #sumRest = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  /** Those that were added as uncertain: mostly few. */
  readonly uncertain: number[] = [];

  get uncertainCount(): number {
    return this.uncertain.length;
  }

  /** @param isCertain - False: events were discarded within it. */
  add(value: number, isCertain = true): void {
    if (!isCertain) this.uncertain.push(value);
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = value;
    this.#sorted = undefined;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const sum = this.#sum + value;
    // Knuth's two-sum: exact for integers whatever the order.
    const part = sum - this.#sum;
    this.#sumRest += this.#sum - (sum - part) + (value - part);
    this.#sum = sum;
  }

  /** In the order of arrival; valid until the next `add`. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#count);
  }

  /** Exact below 2^53, rounded once above. */
  get sum(): number {
    return this.#sum + this.#sumRest;
  }

  get mean(): number {
    return this.sum / this.#count;
  }

  /** Sample standard deviation (n - 1); undefined with fewer than two samples. */
  get standardDeviation(): number | undefined {
    if (this.#count < 2) return undefined;
    const { mean } = this;
    let squares = 0;
    let rest = 0;
    for (const value of this.values) {
      squares += (value - mean) ** 2;
      rest += value - mean;
    }
    return Math.sqrt((squares - rest ** 2 / this.#count) / (this.#count - 1));
  }

  /** The smallest sample that at least `ratio` of all are not above (nearest rank). */
  percentile(ratio: number): number | undefined {
    if (this.#count === 0) return undefined;
    this.#sorted ??= this.values.slice().sort();
    return this.#sorted[Math.max(0, Math.ceil(ratio * this.#count) - 1)];
  }
}
