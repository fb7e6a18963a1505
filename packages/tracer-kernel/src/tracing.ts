import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SondeError, UsageError } from '@sonde/base';
import { makeFolders } from '@sonde/components';
import type { FilterExpression } from '@sonde/filter';
import type { ContextName, KernelTraceLayout, ThreadSelection } from '@sonde/ftrace';
import { type RecordingClock, recordingClock } from './clock.ts';
import {
  type ContentsAccess,
  fetchedArgumentsOf,
  SystemCallContents,
} from './contents/system-call-contents.ts';
import { type AvailableEvent, EventCatalogue, type EventRequest } from './event-catalogue.ts';
import { type EventFilters, eventFilters, neverFilter, writeFilter } from './event-filters.ts';
import { type InstanceOptions, TraceInstance } from './instance.ts';
import { noteOutput } from './output-notes.ts';
import { newInstanceName, removeUprobes } from './ownership.ts';
import {
  applyProcessFilter,
  checkProcesses,
  followsThreadsOnly,
  type ProcessFilter,
  recordChildOf,
  threadsOf,
} from './process-filter.ts';
import { RecorderFilter } from './recorder-filter.ts';
import {
  bootId,
  type CtfVersion,
  environmentOf,
  formatTexts,
  layoutOf,
  metadataOf,
  planFile,
  type RecordingPlan,
  supportingEvents,
  threadSelectionOf,
  writePlan,
} from './recording-plan.ts';
import type { TracefsFolder } from './tracefs.ts';
import { createUprobes, type UprobeRequest } from './uprobes.ts';

export interface TracingOptions {
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
  /** What the files may take: not less than what describes the events. Default: there is no limit. */
  readonly roomBytes?: number | undefined;
  /** For texts that system calls point to; undefined: they are not wanted. */
  readonly contents?: ContentsAccess | undefined;
  readonly instance: InstanceOptions;
  /** Who records: for the trace's environment. */
  readonly recorder: string;
  /** Told about sub-buffers that can't be read. */
  readonly onFault: (error: Error) => void;
}

/** What happens in the kernel for one recording: instance, uprobes, events, filters. Whoever opens it removes it. */
export class Tracing {
  readonly tracefs: TracefsFolder;
  readonly instance: TraceInstance;
  readonly options: TracingOptions;
  plan: RecordingPlan;
  /** Undefined: texts are not fetched, their addresses are recorded. */
  readonly contents: SystemCallContents | undefined;
  /** Why they are not, though they are wanted; else empty. */
  readonly contentsNote: string;
  /** `format` files of the events, by `system/name`. */
  readonly formats: ReadonlyMap<string, string>;
  readonly clock: RecordingClock;
  /** Events of the trace. */
  readonly events: readonly AvailableEvent[];
  readonly filters: EventFilters;
  /** Undefined: the kernel alone chooses threads. */
  readonly processThreads: ThreadSelection | undefined;
  #layout: KernelTraceLayout | undefined;

  /**
   * Makes everything ready; `start` turns it on.
   * @throws UsageError about what was asked for; SondeError about the machine. Nothing is left behind then.
   */
  static open(tracefs: TracefsFolder, options: TracingOptions): Tracing {
    const name = options.instance.name ?? newInstanceName();
    const chosen = EventCatalogue.of(tracefs).select(options.request);
    if (chosen.length === 0 && options.probes.length === 0) {
      throw new UsageError('no-events', 'None of the chosen events is in this kernel.');
    }
    if (options.processes !== undefined) checkProcesses(options.processes);
    const instance = TraceInstance.create(tracefs, { ...options.instance, name });
    try {
      const probes = createUprobes(tracefs, name, options.probes);
      return new Tracing(tracefs, instance, [...chosen, ...probes], options);
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
    options: TracingOptions,
  ) {
    this.tracefs = tracefs;
    this.instance = instance;
    this.events = events;
    this.options = options;
    this.clock = recordingClock(instance);
    const contentsFault = reasonAgainstContents(options, instance);
    const plan: RecordingPlan = {
      instance: instance.name,
      events: events.map(({ system, name }) => `${system}/${name}`),
      contexts: options.contexts,
      hasUserStrings: options.contents !== undefined && contentsFault === '',
      clock: instance.clock,
      unixOffsetNs: this.clock.unixOffsetNs.toString(),
      bootId: bootId(),
      uuid: randomBytes(16).toString('hex'),
      ...(options.filter !== undefined && { filter: options.filter.text }),
      ctfVersion: options.ctfVersion,
      environment: environmentOf('sonde', options.recorder),
    };
    this.formats = formatTexts(instance.folder, plan);
    const opened = openContents(plan, options.contents, () =>
      layoutOf(instance.folder, plan, this.formats),
    );
    this.contents = opened.contents;
    this.contentsNote = contentsFault || opened.fault;
    this.#layout = opened.layout;
    this.plan = { ...plan, hasUserStrings: plan.hasUserStrings && opened.fault === '' };
    try {
      this.filters = this.#filters();
      this.processThreads = this.#processThreads();
      if (options.roomBytes !== undefined) this.#checkRoom(options.roomBytes);
      // Last: what can't be done leaves no folder.
      makeEmptyFolder(options.directory);
      this.#writePlan();
      noteOutput(instance.name, options.directory);
    } catch (error) {
      this.contents?.close();
      throw error;
    }
  }

  /** Made when it is wanted: raw recordings want none. */
  get layout(): KernelTraceLayout {
    this.#layout ??= layoutOf(this.instance.folder, this.plan, this.formats);
    return this.#layout;
  }

  #checkRoom(roomBytes: number): void {
    const { isRaw, ctfVersion } = this.options;
    const texts =
      isRaw === true ? [...this.formats.values()] : [metadataOf(this.layout, ctfVersion)];
    const neededBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (neededBytes < roomBytes) return;
    throw new UsageError(
      'no-room',
      `What describes the chosen events takes ${Math.ceil(neededBytes / 1024)} KiB alone: --size and --rotate must leave room for more. Choose fewer events, or a larger size.`,
    );
  }

  #filters(): EventFilters {
    const { plan, formats, options, instance } = this;
    const supporting = supportingEvents(instance.folder, plan.contexts);
    return eventFilters(() => this.layout, formats, plan, options, supporting);
  }

  #processThreads(): ThreadSelection | undefined {
    if (this.chosen === undefined || this.options.isRaw === true) return undefined;
    return threadSelectionOf({ ...this.chosen, present: [] }, this.formats, this.layout);
  }

  /** Threads that have to be told from children when events are converted; undefined: the kernel alone chooses. */
  get chosen(): ProcessFilter | undefined {
    const { processes } = this.options;
    return processes !== undefined && followsThreadsOnly(processes) ? processes : undefined;
  }

  /** Their threads may have ended when their events are converted. */
  refreshThreads(): void {
    for (const [tid, pid] of this.#presentThreads()) this.processThreads?.addPresent(tid, pid);
  }

  #presentThreads(): [tid: number, pid: number][] {
    return (this.chosen?.pids ?? []).flatMap((pid) => {
      try {
        return threadsOf(pid).map((tid): [number, number] => [tid, pid]);
      } catch {
        // It has ended.
        return [];
      }
    });
  }

  /** What of the filter is the recorder's; undefined: nothing. */
  get recorderFilter(): RecorderFilter | undefined {
    const { rests } = this.filters;
    return rests.size === 0 ? undefined : new RecorderFilter(this.layout, rests);
  }

  #writePlan(): void {
    writePlan(this.options.directory, this.plan);
  }

  /** Events are on from here. @returns since when, in the clock's time */
  start(): bigint {
    const { folder } = this.instance;
    const { contexts, events } = this.plan;
    const { processes } = this.options;
    const { texts } = this.filters;
    if (contexts.includes('callstack-kernel')) folder.write('options/stacktrace', '1');
    if (contexts.includes('callstack-user')) folder.write('options/userstacktrace', '1');
    if (processes !== undefined) {
      applyProcessFilter(folder, processes, this.chosen !== undefined);
    }
    for (const [event, text] of texts) writeFilter(folder, event, text);
    const wanted = events.filter((event) => texts.get(event) !== neverFilter);
    for (const event of new Set([...wanted, ...supportingEvents(folder, contexts)])) {
      folder.write(`events/${event}/enable`, '1');
    }
    const beginNs = this.clock.nowNs();
    const { chosen } = this;
    this.plan = {
      ...this.plan,
      beginNs: beginNs.toString(),
      ...(chosen !== undefined && {
        chosen: { pids: chosen.pids, tids: chosen.tids, present: this.#presentThreads() },
      }),
    };
    this.#writePlan();
    this.instance.isOn = true;
    this.refreshThreads();
    return beginNs;
  }

  /** Begins a program; it alone is recorded, with what it begins, where that was asked for. */
  begin<T>(program: () => T): T {
    const followsChild = this.options.processes?.followsChild === true;
    return followsChild ? recordChildOf(this.instance.folder, program) : program();
  }

  /** Removes everything from the kernel. What is still in the buffers is gone. */
  remove(): void {
    this.contents?.close();
    this.instance.remove();
    removeUprobes(this.tracefs, this.instance.name);
    // Only a recorder that was killed leaves it.
    rmSync(join(this.options.directory, planFile), { force: true });
  }
}

/** Empty: nothing is against it. */
function reasonAgainstContents(
  { contents, isRaw, instance: { isOverwriting } }: TracingOptions,
  { clock }: TraceInstance,
): string {
  if (contents === undefined) return '';
  if (contents instanceof SondeError) return contents.message;
  if (isRaw === true) return 'Raw recordings keep what tracefs gives.';
  if (isOverwriting === true) return 'What snapshots keep in the kernel has no room for them.';
  return clock === 'mono' ? '' : `eBPF programs don't know the clock ${clock}.`;
}

interface OpenedContents {
  readonly contents: SystemCallContents | undefined;
  readonly fault: string;
  /** The plan's, where it was made. */
  readonly layout: KernelTraceLayout | undefined;
}

/** Programs are attached before the events are on: they run first then. */
function openContents(
  { hasUserStrings, events }: RecordingPlan,
  access: ContentsAccess | undefined,
  makeLayout: () => KernelTraceLayout,
): OpenedContents {
  const hasCalls = events.some((event) => event.startsWith('syscalls/sys_'));
  if (!hasUserStrings || !hasCalls || access === undefined || access instanceof SondeError) {
    return { contents: undefined, fault: '', layout: undefined };
  }
  const layout = makeLayout();
  const texts = fetchedArgumentsOf(layout);
  if (texts.length === 0) return { contents: undefined, fault: '', layout };
  try {
    return { contents: new SystemCallContents(access, texts), fault: '', layout };
  } catch (error) {
    if (!(error instanceof SondeError)) throw error;
    return { contents: undefined, fault: error.message, layout: undefined };
  }
}

function makeEmptyFolder(path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) {
      throw new UsageError('no-folder', `${path} is no folder. Name another one with --output.`);
    }
    if (readdirSync(path).length === 0) return;
    throw new UsageError(
      'folder-not-empty',
      `${path} is not empty. Name another folder with --output, or remove it.`,
    );
  }
  makeFolders(path);
}
