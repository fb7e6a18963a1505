import { jsonString } from '../sink-json/json-text.ts';
import type { TraceEventWriter, Track } from './trace-event-writer.ts';

interface RunningThread {
  readonly beginNs: number;
  readonly name: string;
  readonly tid: number;
}

/** What is going on: which thread runs on each CPU, which slices are open on each track. Closes everything at the end. */
export class Slices {
  readonly #writer: TraceEventWriter;
  readonly #running = new Map<Track, RunningThread | undefined>();
  readonly #open = new Map<Track, string[]>();

  constructor(writer: TraceEventWriter) {
    this.#writer = writer;
  }

  /** `tid` 0 is the idle thread: no slice. */
  switchTo(cpu: Track, timeNs: number, tid: number, name: string): void {
    this.#finishRunning(cpu, timeNs);
    this.#running.set(cpu, tid === 0 ? undefined : { beginNs: timeNs, name, tid });
  }

  /** The thread on a CPU; 0: idle, undefined: no switch was seen yet. */
  runningOn(cpu: Track): number | undefined {
    return this.#running.has(cpu) ? (this.#running.get(cpu)?.tid ?? 0) : undefined;
  }

  /** To be called when the beginning is written. */
  begin(track: Track, name: string): void {
    const names = this.#open.get(track);
    if (names === undefined) this.#open.set(track, [name]);
    else names.push(name);
  }

  /** Whether a slice that `name` ends is open (an empty name: any). Those inside of it lost their ends: closes them. */
  prepareEnd(track: Track, timeNs: number, name: string): boolean {
    const names = this.#open.get(track) ?? [];
    const index = name === '' ? names.length - 1 : names.lastIndexOf(name);
    if (index < 0) return false;
    while (names.length > index + 1) this.#endInnermost(track, names, timeNs);
    return true;
  }

  /** To be called when the end is written. */
  end(track: Track): void {
    this.#open.get(track)?.pop();
  }

  closeAll(track: Track, timeNs: number): void {
    const names = this.#open.get(track) ?? [];
    while (names.length > 0) this.#endInnermost(track, names, timeNs);
    this.#open.delete(track);
  }

  finish(timeNs: number): void {
    for (const cpu of this.#running.keys()) this.#finishRunning(cpu, timeNs);
    for (const track of this.#open.keys()) this.closeAll(track, timeNs);
  }

  #endInnermost(track: Track, names: string[], timeNs: number): void {
    names.pop();
    this.#writer.event('E', track, timeNs, '');
  }

  #finishRunning(cpu: Track, timeNs: number): void {
    const running = this.#running.get(cpu);
    if (running === undefined) return;
    const { beginNs, name, tid } = running;
    const durationUs = Math.max(0, timeNs - beginNs) / 1000;
    const label = jsonString(name === '' ? `thread ${tid}` : name);
    this.#writer.event(
      'X',
      cpu,
      beginNs,
      `,"dur":${durationUs.toFixed(3)},"name":${label},"cat":"sched","args":{"tid":${tid}}`,
    );
  }
}
