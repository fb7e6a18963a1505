interface Interval {
  begin: number;
  readonly end: number;
}

/** Gaps kept open: requests that overlap no further back are the rule. */
const maxIntervals = 1024;

/** The time covered by intervals that come ordered by their end: how long something was busy at all. */
export class BusyTime {
  /** Disjoint, ascending. */
  readonly #intervals: Interval[] = [];
  #settledNs = 0;

  add(beginNs: number, endNs: number): void {
    let begin = beginNs;
    let last = this.#intervals.at(-1);
    while (last !== undefined && last.end >= begin) {
      if (last.begin < begin) begin = last.begin;
      this.#intervals.pop();
      last = this.#intervals.at(-1);
    }
    this.#intervals.push({ begin, end: endNs });
    if (this.#intervals.length <= maxIntervals) return;
    const oldest = this.#intervals.shift()!;
    this.#settledNs += oldest.end - oldest.begin;
  }

  get totalNs(): number {
    let total = this.#settledNs;
    for (const { begin, end } of this.#intervals) total += end - begin;
    return total;
  }
}
