import { type DumpedEvent, dumpState } from './state-dump.ts';

interface TimedEvent {
  readonly event: DumpedEvent;
  readonly timeNs: bigint;
}

/** A state dump while events are recorded: read in slices, and handed on in the order of time with the events, which come later. */
export class TimedStateDump {
  readonly #nowNs: () => bigint;
  readonly #waiting: TimedEvent[] = [];
  #events: Generator<DumpedEvent> | undefined;

  /** @param nowNs - The recording's clock. */
  constructor(nowNs: () => bigint) {
    this.#nowNs = nowNs;
  }

  /** Unless one is being read. */
  begin(): void {
    this.#events ??= dumpState();
  }

  /** All was read that is to be read. */
  get isRead(): boolean {
    return this.#events === undefined;
  }

  /** All of it was handed on, too. */
  get isDone(): boolean {
    return this.isRead && this.#waiting.length === 0;
  }

  /** Reads on, for so long. */
  read(limitMs: number): void {
    const events = this.#events;
    if (events === undefined) return;
    const untilMs = performance.now() + limitMs;
    // No `for … of`: leaving it would end the generator.
    for (let next = events.next(); next.done !== true; next = events.next()) {
      this.#waiting.push({ event: next.value, timeNs: this.#nowNs() });
      if (performance.now() > untilMs) return;
    }
    this.#events = undefined;
  }

  /** Hands on what was read until a time. */
  handOn(untilNs: number, write: (event: DumpedEvent, timeNs: bigint) => void): void {
    const later = this.#waiting.findIndex(({ timeNs }) => Number(timeNs) > untilNs);
    const due = this.#waiting.splice(0, later < 0 ? this.#waiting.length : later);
    for (const { event, timeNs } of due) write(event, timeNs);
  }
}
