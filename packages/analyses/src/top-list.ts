const maxInserted = 1000;

/** The items with the highest values, highest first, of equal ones the earlier first: what `--limit` lets through, and no more is kept. */
export class TopList<T> {
  readonly #limit: number;
  readonly #keepsAll: boolean;
  #values: number[] = [];
  #items: T[] = [];
  #isSorted = true;

  /** @param limit - 0 or less: everything is kept. */
  constructor(limit: number) {
    this.#limit = Math.max(limit, 0);
    // Inserting into a long list would cost more than sorting it once.
    this.#keepsAll = limit <= 0 || limit > maxInserted;
  }

  /** Whether an item with that value would be kept now. */
  wants(value: number): boolean {
    const { length } = this.#values;
    return this.#keepsAll || length < this.#limit || value > this.#values[length - 1]!;
  }

  /** Adds an item that the list wants. */
  add(value: number, item: T): void {
    if (this.#keepsAll) {
      this.#values.push(value);
      this.#items.push(item);
      this.#isSorted = false;
      return;
    }
    let at = this.#values.length;
    while (at > 0 && this.#values[at - 1]! < value) at--;
    this.#values.splice(at, 0, value);
    this.#items.splice(at, 0, item);
    if (this.#values.length > this.#limit) {
      this.#values.pop();
      this.#items.pop();
    }
  }

  get items(): readonly T[] {
    if (this.#isSorted) return this.#items;
    const values = this.#values;
    const sorted = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
    const order = this.#limit > 0 ? sorted.slice(0, this.#limit) : sorted;
    this.#items = order.map((i) => this.#items[i]!);
    this.#values = order.map((i) => values[i]!);
    this.#isSorted = true;
    return this.#items;
  }
}
