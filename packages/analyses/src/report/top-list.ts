/** The greatest few of many: nothing is allocated for those that are not among them. */
export class TopList<T> {
  readonly #limit: number;
  readonly #items: { readonly value: number; readonly item: T }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether `value` would get in: ask before making the item. */
  accepts(value: number): boolean {
    return this.#items.length < this.#limit || value > this.#items.at(-1)!.value;
  }

  add(value: number, item: T): void {
    if (!this.accepts(value)) return;
    let at = this.#items.length;
    while (at > 0 && this.#items[at - 1]!.value < value) at--;
    this.#items.splice(at, 0, { value, item });
    if (this.#items.length > this.#limit) this.#items.pop();
  }

  /** Greatest first. */
  get all(): readonly { readonly value: number; readonly item: T }[] {
    return this.#items;
  }
}

/** Names with the greatest values of a list, at most `limit`. */
export function greatest<T>(
  rows: Iterable<T>,
  limit: number,
  value: (row: T) => number,
): readonly T[] {
  const list = new TopList<T>(limit);
  for (const row of rows) {
    const own = value(row);
    if (own > 0) list.add(own, row);
  }
  return list.all.map(({ item }) => item);
}
