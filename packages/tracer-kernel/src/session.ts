/**
 * A recording from its first event to its last. `KernelSession` owns the instance; `Recorder` moves sub-buffers to the sink; the
 * sink owns the files. Everything is synchronous, so that even `process.exit` finishes a recording: nothing is lost, nothing is left.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SondeError, UsageError } from '@sonde/base';
import type { FilterExpression } from '@sonde/filter';
import type { ContextName, KernelTraceLayout } from '@sonde/ftrace';
import { type RecordingClock, recordingClock } from './clock.ts';
import { CtfSink } from './ctf-sink.ts';
import { type AvailableEvent, EventCatalogue, type EventRequest } from './event-catalogue.ts';
import { eventFilters, neverFilter, writeFilter } from './event-filters.ts';
import { type InstanceOptions, TraceInstance } from './instance.ts';
import { newInstanceName, removeUprobes } from './ownership.ts';
import { applyProcessFilter, type ProcessFilter, recordChildOf } from './process-filter.ts';
import { RawSink } from './raw-sink.ts';
import { Recorder } from './recorder.ts';
import {
  bootId,
  type CtfVersion,
  environmentOf,
  layoutOf,
  type RecordingPlan,
  supportingEvents,
} from './recording-plan.ts';
import { type DumpedEvent, dumpState } from './state-dump.ts';
import type { SubBufferSink } from './sub-buffer-sink.ts';
import type { TracefsFolder } from './tracefs.ts';
import { createUprobes, type UprobeRequest } from './uprobes.ts';

export interface SessionOptions {
  /** Of the session; the trace is below it. Empty, or not there yet. */
  readonly directory: string;
  readonly request: EventRequest;
  readonly probes: readonly UprobeRequest[];
  readonly contexts: readonly ContextName[];
  /** Of LTTng; for all chosen events. */
  readonly filter?: FilterExpression;
  readonly processes?: ProcessFilter;
  /** Only threads with this name, with stars. */
  readonly comm?: string;
  /** Sub-buffers are kept as they are: least work now, conversion later. */
  readonly isRaw?: boolean;
  readonly ctfVersion: CtfVersion;
  readonly instance: InstanceOptions;
  /** Who records: for the trace's environment. */
  readonly recorder: string;
  /** Told about sub-buffers that can't be read. */
  readonly onFault: (error: Error) => void;
}

/** What a recording amounts to, so far or in the end. */
export interface SessionCounts {
  readonly events: number;
  /** Lost: not recorded, or overwritten before they were read. */
  readonly lostEvents: number;
  readonly writtenBytes: number;
}

/** Work on the state dump between two readings (ms). */
const dumpSliceMs = 10;

export class KernelSession {
  readonly directory: string;
  readonly instance: TraceInstance;
  readonly plan: RecordingPlan;
  /** Events that are on. */
  readonly events: readonly AvailableEvent[];
  /** How the filter is divided: for people. */
  readonly filterNotes: readonly string[];
  readonly #tracefs: TracefsFolder;
  readonly #filters: ReadonlyMap<string, string>;
  readonly #clock: RecordingClock;
  readonly #sink: SubBufferSink;
  readonly #recorder: Recorder;
  readonly #options: SessionOptions;
  #dump: Generator<DumpedEvent> | undefined;
  #isFinished = false;

  /**
   * Makes everything ready; `start` turns it on.
   * @throws UsageError about what was asked for; SondeError about the machine. Nothing is left behind then.
   */
  static open(tracefs: TracefsFolder, options: SessionOptions): KernelSession {
    const name = options.instance.name ?? newInstanceName();
    const chosen = EventCatalogue.of(tracefs).select(options.request);
    if (chosen.length === 0 && options.probes.length === 0) {
      throw new UsageError('no-events', 'None of the chosen events is in this kernel.');
    }
    makeEmptyFolder(options.directory);
    const instance = TraceInstance.create(tracefs, { ...options.instance, name });
    try {
      const probes = createUprobes(tracefs, name, options.probes);
      return new KernelSession(tracefs, instance, [...chosen, ...probes], options);
    } catch (error) {
      instance.remove();
      removeUprobes(tracefs, name);
      throw error;
    }
  }

  private constructor(
    tracefs: TracefsFolder,
    instance: TraceInstance,
    events: readonly AvailableEvent[],
    options: SessionOptions,
  ) {
    this.directory = options.directory;
    this.instance = instance;
    this.events = events;
    this.#tracefs = tracefs;
    this.#clock = recordingClock(instance);
    this.plan = {
      instance: instance.name,
      events: events.map(({ system, name }) => `${system}/${name}`),
      contexts: options.contexts,
      hasUserStrings: false,
      clock: instance.clock,
      unixOffsetNs: this.#clock.unixOffsetNs.toString(),
      bootId: bootId(),
      uuid: randomBytes(16).toString('hex'),
      ctfVersion: options.ctfVersion,
      environment: environmentOf('sonde', options.recorder),
    };
    const layout = layoutOf(instance.folder, this.plan);
    const filters = eventFilters(layout, instance.folder, this.plan, options);
    this.filterNotes = filters.notes;
    this.#filters = filters.texts;
    this.#options = options;
    this.#sink = this.#openSink(layout, options);
    this.#recorder = new Recorder(instance, this.#sink);
  }

  #openSink(layout: KernelTraceLayout, { onFault, isRaw = false }: SessionOptions): SubBufferSink {
    const { cpuIds, subBufferBytes, folder } = this.instance;
    const { plan } = this;
    if (isRaw) {
      const path = this.directory;
      return new RawSink({ folder, tracefs: this.#tracefs, plan, cpuIds, subBufferBytes, path });
    }
    const path = join(this.directory, 'kernel');
    return new CtfSink({ layout, plan, cpuIds, subBufferBytes, path, onFault });
  }

  /** Events are on from here; then comes the state dump, so that no change of state falls between. */
  start(): void {
    const { folder } = this.instance;
    const { contexts, events } = this.plan;
    const { processes } = this.#options;
    if (contexts.includes('callstack-kernel')) folder.write('options/stacktrace', '1');
    if (contexts.includes('callstack-user')) folder.write('options/userstacktrace', '1');
    if (processes !== undefined) applyProcessFilter(folder, processes);
    for (const [event, text] of this.#filters) writeFilter(folder, event, text);
    const wanted = events.filter((event) => this.#filters.get(event) !== neverFilter);
    for (const event of new Set([...wanted, ...supportingEvents(folder, contexts)])) {
      folder.write(`events/${event}/enable`, '1');
    }
    this.instance.isOn = true;
    this.#dump = dumpState();
  }

  get hasStateDump(): boolean {
    return this.#dump === undefined;
  }

  /** A turn of work: reads, converts, writes. @returns when the next one is due (ms) */
  work(): number {
    const dump = this.#dump;
    if (dump !== undefined) this.#continueDump(dump);
    const isDone = this.#recorder.drain();
    return this.#dump !== undefined || !isDone ? 0 : this.#recorder.pauseMs;
  }

  #continueDump(dump: Generator<DumpedEvent>): void {
    const untilMs = performance.now() + dumpSliceMs;
    // No `for … of`: leaving it would end the generator.
    for (let next = dump.next(); next.done !== true; next = dump.next()) {
      this.#sink.writeStateDump(next.value, this.#clock.nowNs());
      if (performance.now() > untilMs) return;
    }
    this.#dump = undefined;
  }

  /** Begins a program; it alone is recorded, with what it begins, where that was asked for. */
  begin<T>(program: () => T): T {
    const followsChild = this.#options.processes?.followsChild === true;
    return followsChild ? recordChildOf(this.instance.folder, program) : program();
  }

  /** Writes what is held back, for live readers and for the case that this process is killed. */
  flush(): void {
    this.#sink.flush();
  }

  get counts(): SessionCounts {
    return {
      events: this.#sink.events,
      lostEvents: this.#recorder.droppedEvents + this.#sink.missedEvents,
      writtenBytes: this.#sink.writtenBytes,
    };
  }

  /**
   * Turns the events off, writes what the kernel still holds, and removes everything from the kernel. Again: does nothing.
   * @throws what writing throws; everything is removed all the same
   */
  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    try {
      this.instance.isOn = false;
      this.#recorder.drain(Number.POSITIVE_INFINITY);
      this.#recorder.countLosses();
    } finally {
      this.#recorder.close();
      this.instance.remove();
      removeUprobes(this.#tracefs, this.instance.name);
      this.#sink.close(this.#clock.nowNs());
    }
  }
}

function makeEmptyFolder(path: string): void {
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new UsageError(
      'folder-not-empty',
      `${path} is not empty. Name another folder with --output, or remove it.`,
    );
  }
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new SondeError('cannot-write', `The folder ${path} can't be made.`, {}, { cause });
  }
}
