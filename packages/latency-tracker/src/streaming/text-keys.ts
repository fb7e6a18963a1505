/** Numbers for the texts in keys. Forgets texts that no pending operation has when they become many. */
export class TextKeys {
  readonly #ids = new Map<string, number>();
  readonly #texts = new Map<number, string>();
  readonly #max: number;
  readonly #liveIds: () => ReadonlySet<number>;
  #lastId = 0;

  /** @param liveIds - Tells which ids pending operations have; may have others too. */
  constructor(max: number, liveIds: () => ReadonlySet<number>) {
    this.#max = max;
    this.#liveIds = liveIds;
  }

  idOf(text: string): number {
    let id = this.#ids.get(text);
    if (id !== undefined) return id;
    if (this.#ids.size >= this.#max) this.#forget();
    id = ++this.#lastId;
    this.#ids.set(text, id);
    this.#texts.set(id, text);
    return id;
  }

  textOf(id: number): string | undefined {
    return this.#texts.get(id);
  }

  #forget(): void {
    const live = this.#liveIds();
    for (const [text, id] of this.#ids) {
      if (live.has(id)) continue;
      this.#ids.delete(text);
      this.#texts.delete(id);
    }
  }
}
