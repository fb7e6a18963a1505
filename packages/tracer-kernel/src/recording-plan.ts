/** What is decided before a recording begins, and has to be known again when it goes on after an accident. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { endianness, hostname, release, version } from 'node:os';
import { join } from 'node:path';
import { MetadataError } from '@sonde/base';
import { writeJsonMetadata, writeTsdl } from '@sonde/ctf';
import {
  type ChosenThreads,
  type ContextName,
  EventFormats,
  KernelTraceLayout,
  lttngEnvironment,
  observedEvents,
  type PageFormat,
  parseEventFormat,
  parsePageFormat,
  ThreadSelection,
} from '@sonde/ftrace';
import { ownerOf } from './ownership.ts';
import type { TracefsFolder } from './tracefs.ts';

export type CtfVersion = '1.8' | '2';

export interface RecordedProcesses extends ChosenThreads {
  /** The processes' threads when the recording began, and whose each is: they may have ended when it goes on. */
  readonly present: readonly (readonly [tid: number, pid: number])[];
}

/** Plain data: it is kept as JSON beside the trace. */
export interface RecordingPlan {
  /** Of the tracefs instance. */
  readonly instance: string;
  /** `system/name` of the events in the trace. */
  readonly events: readonly string[];
  readonly contexts: readonly ContextName[];
  /** Of LTTng: the recorder does what the kernel can't. */
  readonly filter?: string;
  /** Whoever converts the events tells their threads from children; undefined: the kernel alone chooses. */
  readonly chosen?: RecordedProcesses;
  readonly hasUserStrings: boolean;
  readonly clock: string;
  /** Nanoseconds from the Unix epoch to the clock's zero. */
  readonly unixOffsetNs: string;
  /** When the events were turned on, in the clock's time; undefined: they were not yet. */
  readonly beginNs?: string;
  readonly bootId: string;
  /** Hexadecimal. */
  readonly uuid: string;
  readonly ctfVersion: CtfVersion;
  readonly environment: Readonly<Record<string, string | number>>;
}

/** Kept in the folder of the session while it is recorded: whoever finds it finds a recorder that runs, or was killed. */
export const planFile = 'recording.json';

/** Whole or not at all: a killed recorder must not leave half a plan. */
export function writePlan(directory: string, plan: RecordingPlan): void {
  const path = join(directory, planFile);
  writeFileSync(`${path}.new`, `${JSON.stringify(plan)}\n`);
  renameSync(`${path}.new`, path);
}

/** @throws MetadataError `bad-plan`: the file was not written by us, or not to its end */
export function parsePlan(text: string): RecordingPlan {
  try {
    const plan = JSON.parse(text) as RecordingPlan;
    const texts = [plan.instance, plan.clock, plan.unixOffsetNs, plan.bootId, plan.uuid];
    const lists = [plan.events, plan.contexts];
    if (
      texts.every((value) => typeof value === 'string') &&
      lists.every((list) => Array.isArray(list)) &&
      (plan.filter === undefined || typeof plan.filter === 'string') &&
      (plan.chosen === undefined || areProcesses(plan.chosen)) &&
      (plan.beginNs === undefined || /^\d{1,20}$/.test(plan.beginNs)) &&
      // It becomes part of a path.
      ownerOf(plan.instance) !== undefined &&
      plan.events.every((event) => /^\w[\w-]*\/\w[\w-]*$/.test(event))
    ) {
      return plan;
    }
  } catch (cause) {
    throw badPlan(cause);
  }
  throw badPlan(undefined);
}

function areProcesses({ pids, tids, present }: RecordedProcesses): boolean {
  return [pids, tids, ...present].every((list) => list.every(Number.isSafeInteger));
}

function badPlan(cause: unknown): MetadataError {
  return new MetadataError('bad-plan', `The file ${planFile} is damaged.`, {}, { cause });
}

/** `20261122T211539+0000` */
export function compactTime(date: Date): string {
  return `${date
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, '')}+0000`;
}

export function environmentOf(
  traceName: string,
  recorder: string,
): Record<string, string | number> {
  const entries = lttngEnvironment({
    hostname: hostname(),
    kernelRelease: release(),
    kernelVersion: version(),
    traceName,
    creationDatetime: compactTime(new Date()),
    recorder,
  });
  return Object.fromEntries(
    [...entries].map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
  );
}

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** Events that have to be on though they may not be in the trace: the table of threads lives on them. */
export function supportingEvents(
  folder: TracefsFolder,
  contexts: readonly ContextName[],
): readonly string[] {
  const needsNames = contexts.some((name) => ['procname', 'prio', 'nice'].includes(name));
  return [
    ...observedEvents.map(({ system, name }) => `${system}/${name}`),
    ...(needsNames ? ['sched/sched_switch'] : []),
  ].filter((event) => folder.has(`events/${event}/format`));
}

/** The kernel's own events that are no tracepoints. Call stacks follow the event they belong to. */
const stackEvents = ['ftrace/kernel_stack', 'ftrace/user_stack'];

/** The `format` files of the events of a plan, by `system/name`. */
export function formatTexts(
  folder: TracefsFolder,
  { events, contexts }: Pick<RecordingPlan, 'events' | 'contexts'>,
): Map<string, string> {
  const texts = new Map<string, string>();
  for (const event of [...events, ...supportingEvents(folder, contexts), ...stackEvents]) {
    const file = `events/${event}/format`;
    if (!texts.has(event) && folder.has(file)) texts.set(event, folder.read(file));
  }
  return texts;
}

export function pageFormatOf(tracefs: TracefsFolder): PageFormat {
  const byteOrder = endianness() === 'BE' ? 'big-endian' : 'little-endian';
  return parsePageFormat(
    tracefs.read('events/header_page'),
    tracefs.read('events/header_event'),
    byteOrder,
  );
}

export function layoutOf(
  folder: TracefsFolder,
  plan: RecordingPlan,
  formatTextOf: ReadonlyMap<string, string> = formatTexts(folder, plan),
): KernelTraceLayout {
  const pageFormat = pageFormatOf(folder);
  const formats = new EventFormats();
  for (const [event, text] of formatTextOf) {
    formats.add(parseEventFormat(event.slice(0, event.indexOf('/')), text, pageFormat.longBytes));
  }
  const recorded = new Set(plan.events);
  return new KernelTraceLayout(formats, {
    pageFormat,
    isRecorded: ({ system, name }) => recorded.has(`${system}/${name}`),
    contexts: plan.contexts,
    hasUserStrings: plan.hasUserStrings,
    clock: { name: plan.clock, unixOffsetNs: BigInt(plan.unixOffsetNs), uuid: plan.bootId },
    uuid: Buffer.from(plan.uuid, 'hex'),
    environment: new Map(
      Object.entries(plan.environment).map(([key, value]) => [
        key,
        typeof value === 'number' ? BigInt(value) : value,
      ]),
    ),
  });
}

/** Leaves out children of the chosen processes, which the kernel takes for their threads. */
export function threadSelectionOf(
  { pids, tids, present }: RecordedProcesses,
  formatTextOf: ReadonlyMap<string, string>,
  layout: KernelTraceLayout,
): ThreadSelection {
  const formats = [...formatTextOf].map(([path, text]) =>
    parseEventFormat(path.slice(0, path.indexOf('/')), text, layout.pageFormat.longBytes),
  );
  const selection = new ThreadSelection({ pids, tids }, formats, layout);
  for (const [tid, pid] of present) selection.addPresent(tid, pid);
  return selection;
}

export function metadataOf(layout: KernelTraceLayout, ctfVersion: CtfVersion): string | Uint8Array {
  return ctfVersion === '2' ? writeJsonMetadata(layout.traceClass) : writeTsdl(layout.traceClass);
}
