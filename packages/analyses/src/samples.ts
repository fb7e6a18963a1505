const none: readonly number[] = [];
/** V8 keeps so many numbers within the array object. */
const leastLength = 8;

/** Durations (ns) of one population: what statistics, percentiles and distributions are made from. */
export class Samples {
  /** Of a single sample, which is the sum, there is no array: threads are many, and some wait but once. */
  #values: Float64Array | undefined;
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

  #uncertain: number[] | undefined;

  /** Those that were added as uncertain: mostly few. */
  get uncertain(): readonly number[] {
    return this.#uncertain ?? none;
  }

  get uncertainCount(): number {
    return this.#uncertain === undefined ? 0 : this.#uncertain.length;
  }

  /** A sample that was or will be added is uncertain. */
  doubt(value: number): void {
    this.#uncertain ??= [];
    this.#uncertain.push(value);
  }

  /** @param isCertain - False: events were discarded within it. */
  add(value: number, isCertain = true): void {
    if (!isCertain) this.doubt(value);
    if (this.#count > 0) this.#keep(value);
    this.#count++;
    this.#sorted = undefined;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const sum = this.#sum + value;
    // Knuth's two-sum: exact for integers whatever the order.
    const part = sum - this.#sum;
    this.#sumRest += this.#sum - (sum - part) + (value - part);
    this.#sum = sum;
  }

  #keep(value: number): void {
    let values = this.#values;
    if (values === undefined) {
      values = new Float64Array(leastLength);
      values[0] = this.#sum;
      this.#values = values;
    } else if (this.#count === values.length) {
      values = new Float64Array(this.#count * 2);
      values.set(this.#values!);
      this.#values = values;
    }
    values[this.#count] = value;
  }

  /** In the order of arrival; valid until the next `add`. */
  get values(): Float64Array {
    if (this.#values === undefined) return Float64Array.of(this.#sum).subarray(0, this.#count);
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
