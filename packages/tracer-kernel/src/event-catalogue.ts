import { compileStarGlob, UsageError } from '@sonde/base';
import { lttngNameOf } from '@sonde/ftrace';
import { nearestNames } from './nearest-names.ts';
import { ownerOf } from './ownership.ts';
import { type PresetName, presets, unaskedSystems } from './presets.ts';
import type { TracefsFolder } from './tracefs.ts';

/** An event that this kernel can record. */
export interface AvailableEvent {
  /** ftrace's system and name. */
  readonly system: string;
  readonly name: string;
  /** What it is called in the trace. */
  readonly lttngName: string;
}

/** What to record. All empty: nothing. */
export interface EventRequest {
  readonly presets: readonly PresetName[];
  /** Names of LTTng or ftrace (`sched_switch`, `sched:sched_switch`, `sched/sched_switch`), with stars anywhere. */
  readonly patterns: readonly string[];
  /** System calls, by name, with stars. */
  readonly syscalls: readonly string[];
}

/** The events of the running kernel. */
export class EventCatalogue {
  readonly events: readonly AvailableEvent[];

  constructor(events: readonly AvailableEvent[]) {
    this.events = events;
  }

  static of(folder: TracefsFolder): EventCatalogue {
    const events: AvailableEvent[] = [];
    for (const line of folder.read('available_events').split('\n')) {
      const [system = '', name] = line.split(':');
      // Uprobes of recorders are named by those who made them.
      if (name === undefined || ownerOf(system) !== undefined) continue;
      events.push({ system, name, lttngName: lttngNameOf(system, name) });
    }
    return new EventCatalogue(events);
  }

  /** @throws UsageError `unknown-event`, with the nearest names */
  select({ presets: presetNames, patterns, syscalls }: EventRequest): AvailableEvent[] {
    const selected = new Set<AvailableEvent>();
    for (const preset of presetNames) {
      // What a kernel does not have is no mistake here.
      for (const pattern of presets[preset]) {
        for (const event of this.#matching(pattern)) selected.add(event);
      }
    }
    for (const pattern of patterns) this.#addAll(selected, this.#matching(pattern), pattern);
    for (const call of syscalls) {
      const glob = compileStarGlob(call);
      const matching = this.events.filter(
        ({ system, name }) => system === 'syscalls' && glob.matches(callOf(name)),
      );
      this.#addAll(selected, matching, call, 'system call');
    }
    return this.events.filter((event) => selected.has(event));
  }

  #addAll(
    selected: Set<AvailableEvent>,
    matching: readonly AvailableEvent[],
    asked: string,
    what = 'event',
  ): void {
    if (matching.length === 0) throw this.#unknown(asked, what);
    for (const event of matching) selected.add(event);
  }

  #matching(pattern: string): readonly AvailableEvent[] {
    const [, system, name] = /^([\w*]+)[:/]([\w*]+)$/.exec(pattern) ?? [];
    if (system === undefined || name === undefined) {
      const glob = compileStarGlob(pattern);
      return this.events.filter(
        (event) =>
          (glob.matches(event.lttngName) || glob.matches(event.name)) &&
          (!pattern.startsWith('*') || !unaskedSystems.has(event.system)),
      );
    }
    const systemGlob = compileStarGlob(system);
    const glob = compileStarGlob(name);
    return this.events.filter(
      (event) =>
        systemGlob.matches(event.system) &&
        (glob.matches(event.name) || glob.matches(event.lttngName)) &&
        (system !== '*' || !unaskedSystems.has(event.system)),
    );
  }

  #unknown(asked: string, what: string): UsageError {
    const plain = asked.slice(asked.search(/[^:/]*$/));
    const names =
      what === 'event'
        ? this.events.flatMap(({ name, lttngName }) => [lttngName, name])
        : this.events.filter(({ system }) => system === 'syscalls').map(({ name }) => callOf(name));
    const near = nearestNames(plain, names);
    // As trace-cmd has it.
    const all = asked === 'all' ? ' All events: `--preset all`.' : '';
    const hint = near.length === 0 ? all : ` Near are: ${near.join(', ')}.`;
    return new UsageError('unknown-event', `This kernel has no ${what} \`${asked}\`.${hint}`);
  }
}

/** `sys_enter_openat` → `openat`. */
function callOf(name: string): string {
  return name.replace(/^sys_(enter|exit)_/, '');
}
