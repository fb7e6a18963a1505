/** A map that forgets the entry that is in it for the longest time when it is full: what never ends must not pile up. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #maxSize: number;
  /**
   * Stands before the oldest entry. A new iterator would pass all that was deleted before it, each time. A kept one holds on to what the
   * map was when it was made: it is let go when it is not needed for a while.
   */
  #oldest: MapIterator<K> | undefined;
  #addedSince = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** An entry that is replaced keeps its age. */
  set(key: K, value: V): void {
    const entries = this.#entries;
    if (entries.size >= this.#maxSize && !entries.has(key)) this.#forgetOldest();
    else if (++this.#addedSince > this.#maxSize) this.#oldest = undefined;
    entries.set(key, value);
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#entries[Symbol.iterator]();
  }

  #forgetOldest(): void {
    this.#addedSince = 0;
    const entries = this.#entries;
    this.#oldest ??= entries.keys();
    const { done, value } = this.#oldest.next();
    if (!done) entries.delete(value);
  }
}
