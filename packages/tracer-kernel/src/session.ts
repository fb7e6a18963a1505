/**
 * A recording from its first event to its last. `KernelSession` owns the instance; `Recorder` moves sub-buffers to the sink; the
 * sink owns the files. Everything is synchronous, so that even `process.exit` finishes a recording: nothing is lost, nothing is left.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SondeError, UsageError } from '@sonde/base';
import type { ContextName } from '@sonde/ftrace';
import { type RecordingClock, recordingClock } from './clock.ts';
import { CtfSink } from './ctf-sink.ts';
import { type AvailableEvent, EventCatalogue, type EventRequest } from './event-catalogue.ts';
import { type InstanceOptions, TraceInstance } from './instance.ts';
import { newInstanceName, removeUprobes } from './ownership.ts';
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
  readonly #tracefs: TracefsFolder;
  readonly #clock: RecordingClock;
  readonly #sink: SubBufferSink;
  readonly #recorder: Recorder;
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
    this.#sink = this.#openSink(options);
    this.#recorder = new Recorder(instance, this.#sink);
  }

  #openSink({ onFault }: SessionOptions): SubBufferSink {
    const { cpuIds, subBufferBytes, folder } = this.instance;
    return new CtfSink({
      layout: layoutOf(folder, this.plan),
      plan: this.plan,
      cpuIds,
      subBufferBytes,
      path: join(this.directory, 'kernel'),
      onFault,
    });
  }

  /** Events are on from here; then comes the state dump, so that no change of state falls between. */
  start(): void {
    const { folder } = this.instance;
    const support = supportingEvents(folder, this.plan.contexts);
    for (const event of new Set([...this.plan.events, ...support])) {
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
