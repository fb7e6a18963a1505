import { UsageError } from '@sonde/base';
import type { ClockClass, TraceClass } from '@sonde/trace-model';
import { compileEncoder, type Encode, outputBound } from '../convert/compile-encoder.ts';
import type { EventFormat } from '../format/event-format.ts';
import type { EventFormats } from '../format/event-formats.ts';
import { defaultPageFormat, type PageFormat } from '../format/page-format.ts';
import { planEvent } from '../mapping/plan-event.ts';
import { type Observe, observerOf } from '../process/observers.ts';
import { stateDumpPlans } from '../state-dump/state-dump-events.ts';
import { type ContextName, ContextPlan } from './contexts.ts';
import { FieldClassFactory } from './field-classes.ts';
import type { RecordPlan } from './record-plan.ts';
import { buildTraceClass, type HeaderKind, headerKindOf } from './trace-class.ts';

/** What kernel time stamps count. */
export interface TraceClock {
  /** As in `trace_clock`: `mono` becomes LTTng's `monotonic`. */
  readonly name: string;
  /** Nanoseconds from the Unix epoch to the clock's zero; undefined: not known. */
  readonly unixOffsetNs: bigint | undefined;
  /** Default: 1 GHz. */
  readonly frequencyHz?: bigint;
  /** LTTng has the boot's ID here: traces of the same boot can be correlated. */
  readonly uuid?: string;
}

export interface LayoutOptions {
  /** Default: 64-bit little-endian. */
  readonly pageFormat?: PageFormat;
  /** Which events of the formats are recorded. Default: all. Call stacks are no events where they are contexts. */
  readonly isRecorded?: (format: EventFormat) => boolean;
  /** Default: none. */
  readonly contexts?: readonly ContextName[];
  /** Somebody reads the texts that system calls point to; see `CpuStreamConverter`. */
  readonly hasUserStrings?: boolean;
  readonly clock: TraceClock;
  /** 16 bytes. */
  readonly uuid: Uint8Array;
  readonly environment?: ReadonlyMap<string, string | bigint>;
}

/** An event of the trace. */
export interface KernelEvent {
  /** Its class's ID in the stream, and its place in `encoders`. */
  readonly id: number;
  readonly plan: RecordPlan;
}

/** Where the addresses of a call stack are in its record. */
export interface StackPlace {
  readonly kind: 'kernel' | 'user';
  /** Of the number of addresses; undefined: as many as there is room for, the first 0 ends them. */
  readonly countOffsetBytes: number | undefined;
  readonly callersOffsetBytes: number;
  /** 4 or 8. */
  readonly addressBytes: number;
}

/** What the converter does with records of one type. */
export interface RecordAction {
  /** Undefined: only looked at. */
  readonly event: KernelEvent | undefined;
  readonly observe: Observe | undefined;
  /** The record is the call stack of the event before it. */
  readonly stack: StackPlace | undefined;
  /** Shorter payloads are refused. */
  readonly minimumBytes: number;
}

/** IDs of the data stream classes. */
export const kernelStreamId = 0;
export const stateDumpStreamId = 1;

/**
 * The trace that a set of events becomes: its class (metadata) and, for each type of ring-buffer record, what to do with it. One for
 * all CPUs.
 */
export class KernelTraceLayout {
  /** For the metadata: `writeTsdl` or `writeJsonMetadata` of @sonde/ctf. */
  readonly traceClass: TraceClass;
  readonly pageFormat: PageFormat;
  readonly contexts: ContextPlan;
  readonly uuid: Uint8Array;
  readonly headerKind: HeaderKind;
  readonly stateDumpHeaderKind: HeaderKind;
  readonly hasUserStrings: boolean;
  /** By `common_type`. */
  readonly actions: readonly (RecordAction | undefined)[];
  /** No payload is longer than `fixedBytes` + `perRecordByte` × length of its ring-buffer record. */
  readonly bound: { readonly fixedBytes: number; readonly perRecordByte: number };
  /** Those of the data stream class of the kernel, by ID. */
  readonly events: readonly KernelEvent[];
  /**
   * By the event's ID; undefined until its first record. Not a member of the event: the engine takes members that were set once for
   * constants, and would throw away the converter's code at each new encoder.
   */
  readonly encoders: (Encode | undefined)[];

  /** @throws UsageError when there are more events than a stream can have */
  constructor(formats: EventFormats, options: LayoutOptions) {
    const { pageFormat = defaultPageFormat, contexts = [], hasUserStrings = false } = options;
    this.pageFormat = pageFormat;
    this.uuid = options.uuid;
    this.hasUserStrings = hasUserStrings;
    const factory = new FieldClassFactory(pageFormat.byteOrder);
    this.contexts = new ContextPlan(contexts, factory);
    const { events, actions } = planAll(formats, options, this.contexts);
    if (events.length >= maxEvents) {
      throw new UsageError('too-many-events', `A trace can have ${maxEvents - 1} kinds of event.`);
    }
    this.events = events;
    this.encoders = events.map(() => undefined);
    this.actions = actions;
    this.bound = boundOf(events);
    this.headerKind = headerKindOf(events.length);
    this.stateDumpHeaderKind = headerKindOf(stateDumpPlans.length);
    this.traceClass = buildTraceClass(
      {
        clockClass: clockClassOf(options.clock),
        environment: options.environment ?? new Map(),
        uuid: options.uuid,
      },
      [
        {
          id: kernelStreamId,
          name: 'kernel',
          commonContext: this.contexts.members,
          events: events.map(({ plan }) => plan),
        },
        { id: stateDumpStreamId, name: 'state dump', commonContext: [], events: stateDumpPlans },
      ],
      factory,
    );
  }

  /** For converters: compiles at the first record of an event. */
  compileEncoder(event: KernelEvent): Encode {
    const encode = compileEncoder(event.plan, this.pageFormat.byteOrder === 'little-endian');
    this.encoders[event.id] = encode;
    return encode;
  }
}

const maxEvents = 65_535;

function planAll(
  formats: EventFormats,
  { isRecorded = () => true, hasUserStrings = false }: LayoutOptions,
  contexts: ContextPlan,
): { events: KernelEvent[]; actions: (RecordAction | undefined)[] } {
  const events: KernelEvent[] = [];
  const lastId = Math.max(-1, ...Array.from(formats, ({ id }) => id));
  // No holes: it is looked up for every record.
  const actions = new Array<RecordAction | undefined>(lastId + 1).fill(undefined);
  const names = new Set<string>();
  for (const format of formats) {
    const stack = stackOf(format, contexts);
    const observe = observerOf(format, contexts.needsNames);
    let event: KernelEvent | undefined;
    const plan = planEvent(format, { hasUserStrings });
    if (stack === undefined && isRecorded(format)) {
      const name = names.has(plan.name) ? `${format.system}_${plan.name}` : plan.name;
      names.add(name);
      event = { id: events.length, plan: { ...plan, name } };
      events.push(event);
    }
    if (event === undefined && observe === undefined && stack === undefined) continue;
    actions[format.id] = { event, observe, stack, minimumBytes: plan.minimumBytes };
  }
  return { events, actions };
}

function stackOf(
  { system, name, fields }: EventFormat,
  { hasKernelStack, hasUserStack }: ContextPlan,
): StackPlace | undefined {
  const isKernel = name === 'kernel_stack' && hasKernelStack;
  const isUser = name === 'user_stack' && hasUserStack;
  const callers = fields.find((field) => field.name === 'caller');
  if (system !== 'ftrace' || !(isKernel || isUser) || callers === undefined) return undefined;
  if (callers.elementBytes !== 4 && callers.elementBytes !== 8) return undefined;
  const count = fields.find((field) => field.name === 'size' && field.lengthBytes === 4);
  return {
    kind: isKernel ? 'kernel' : 'user',
    countOffsetBytes: count?.offsetBytes,
    callersOffsetBytes: callers.offsetBytes,
    addressBytes: callers.elementBytes,
  };
}

function boundOf(events: readonly KernelEvent[]) {
  const bound = { fixedBytes: 0, perRecordByte: 0 };
  for (const { plan } of events) {
    const { fixedBytes, perRecordByte } = outputBound(plan);
    bound.fixedBytes = Math.max(bound.fixedBytes, fixedBytes);
    bound.perRecordByte = Math.max(bound.perRecordByte, perRecordByte);
  }
  return bound;
}

const nsPerSecond = 1_000_000_000n;

function clockClassOf({
  name,
  unixOffsetNs,
  frequencyHz = nsPerSecond,
  uuid,
}: TraceClock): ClockClass {
  const offset = unixOffsetNs ?? 0n;
  const offsetSeconds = offset / nsPerSecond - (offset % nsPerSecond < 0n ? 1n : 0n);
  const restNs = offset - offsetSeconds * nsPerSecond;
  const isMonotonic = name === 'mono' || name === 'monotonic';
  const id = isMonotonic ? 'monotonic' : name.replace(/\W/g, '_');
  return {
    id,
    name: id,
    ...(uuid !== undefined && { uid: uuid }),
    description: isMonotonic ? 'Monotonic Clock' : `ftrace clock ${id}`,
    frequencyHz,
    offsetSeconds,
    offsetCycles: (restNs * frequencyHz) / nsPerSecond,
    ...(unixOffsetNs !== undefined && { origin: 'unix-epoch' as const }),
  };
}

/** What LTTng's readers want to find in the environment, and who really wrote the trace. */
export function lttngEnvironment(facts: {
  readonly hostname: string;
  readonly kernelRelease: string;
  readonly kernelVersion: string;
  readonly traceName: string;
  /** `20261122T211539+0000` */
  readonly creationDatetime: string;
  readonly recorder: string;
}): Map<string, string | bigint> {
  return new Map<string, string | bigint>([
    ['hostname', facts.hostname],
    ['domain', 'kernel'],
    ['sysname', 'Linux'],
    ['kernel_release', facts.kernelRelease],
    ['kernel_version', facts.kernelVersion],
    // Readers choose names and numbers of events by this: ours are LTTng 2.13's.
    ['tracer_name', 'lttng-modules'],
    ['tracer_major', 2n],
    ['tracer_minor', 13n],
    ['tracer_patchlevel', 9n],
    ['trace_buffering_scheme', 'global'],
    ['trace_name', facts.traceName],
    ['trace_creation_datetime', facts.creationDatetime],
    ['recorder', facts.recorder],
  ]);
}
