import type { EventFormat } from './event-format.ts';

/** The events of one kernel, by ID and by name. */
export class EventFormats implements Iterable<EventFormat> {
  readonly #byId = new Map<number, EventFormat>();
  readonly #byName = new Map<string, EventFormat>();

  constructor(formats: Iterable<EventFormat> = []) {
    for (const format of formats) this.add(format);
  }

  /** A second format with the same ID takes the place of the first. */
  add(format: EventFormat): void {
    this.#byId.set(format.id, format);
    this.#byName.set(`${format.system}/${format.name}`, format);
  }

  get size(): number {
    return this.#byId.size;
  }

  byId(id: number): EventFormat | undefined {
    return this.#byId.get(id);
  }

  byName(system: string, name: string): EventFormat | undefined {
    return this.#byName.get(`${system}/${name}`);
  }

  [Symbol.iterator](): Iterator<EventFormat> {
    return this.#byId.values();
  }
}
