/**
 * Reading traces from a program: open, subscribe, run. For those who write graphs, the components are the way; for those who want events
 * in TypeScript, this is.
 */
import { relative } from 'node:path';
import { compileStarGlob, UsageError } from '@sonde/base';
import {
  compileConsumer,
  DataStreamReader,
  decodeScope,
  type FieldDemand,
  type FieldValue,
  type TimeRangeNs,
} from '@sonde/ctf';
import {
  type DataStream,
  type Discarded,
  type Downstream,
  EventDownstream,
  type EventHandler,
  type EventRecordClass,
  type MessageIterator,
  type RecordCursor,
  type RunStatus,
  type TimeOrigin,
  type Trace,
} from '@sonde/trace-model';
import { findTraces } from './ctf-fs/find-traces.ts';
import {
  closeTraces,
  type LogicalTrace,
  openTraceDirectories,
  type TraceOptions,
} from './ctf-fs/logical-trace.ts';
import {
  coveredRanges,
  intersectionOf,
  type TraceRanges,
  traceInfos,
} from './ctf-fs/stream-intersection.ts';
import { earliestBegin } from './ctf-fs/time-origin.ts';
import { muxIterators } from './flt-muxer.ts';
import { type TrimRange, trimIterator } from './flt-trimmer.ts';
import { type OpenedRecordings, openRawRecordings } from './ftrace-raw/raw-recordings.ts';
import { anyReady } from './ready.ts';

export interface OpenTraceOptions extends TraceOptions {
  readonly followSymlinks?: boolean;
  /** Both bounds included (ns from the clocks' origin). */
  readonly range?: TrimRange;
}

/** Which events, and which of their fields. */
export interface Demand {
  /** A name or a glob with `*`. */
  readonly event: string;
  /** Names of payload fields, else of context fields; or exact demands. */
  readonly fields: readonly (string | FieldDemand)[];
}

/** The fields under their names (`f0`, `f1`, … for names that are no identifiers). Valid until the handler returns. */
export type FieldRecord = Readonly<Record<string, unknown>>;

/** Exact and allocated for the caller. */
export interface PlainEvent {
  readonly name: string;
  /** From the clock's origin, mostly the Unix epoch; undefined: no clock. */
  readonly nsFromOrigin: bigint | undefined;
  readonly stream: DataStream;
  readonly packetContext: FieldValue | undefined;
  readonly commonContext: FieldValue | undefined;
  readonly specificContext: FieldValue | undefined;
  readonly payload: FieldValue | undefined;
}

interface Subscription {
  readonly matches: (name: string) => boolean;
  readonly demand: Demand;
  readonly handle: (record: FieldRecord, cursor: RecordCursor) => void;
}

/** Messages between two turns of the event loop: some 10 ms of work. */
const turnBudget = 100_000;
const batchEvents = 512;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Nothing but the events that somebody subscribed to. */
class Subscriptions extends EventDownstream {
  readonly all: Subscription[] = [];
  /** The streams of a class share its handler. */
  readonly #handlers = new Map<EventRecordClass, EventHandler | null>();
  onDiscardedEvents: ((discarded: Discarded) => void) | undefined;

  add(subscription: Subscription): void {
    this.all.push(subscription);
    this.#handlers.clear();
  }

  override eventHandler({ eventRecordClass }: RecordCursor): EventHandler | null {
    let handler = this.#handlers.get(eventRecordClass);
    if (handler === undefined) {
      handler = this.#compile(eventRecordClass);
      this.#handlers.set(eventRecordClass, handler);
    }
    return handler;
  }

  #compile(eventRecordClass: EventRecordClass): EventHandler | null {
    const name = eventRecordClass.name ?? '';
    const handlers = this.all
      .filter((subscription) => subscription.matches(name))
      .map((subscription) => handlerOf(subscription, eventRecordClass));
    if (handlers.length < 2) return handlers[0] ?? null;
    return (cursor) => {
      let end = -1;
      for (const handler of handlers) end = handler(cursor);
      return end;
    };
  }
  override discardedEvents(discarded: Discarded): void {
    this.onDiscardedEvents?.(discarded);
  }
}

const identifier = /^[A-Za-z_$][\w$]*$/;

function handlerOf(subscription: Subscription, eventRecordClass: EventRecordClass): EventHandler {
  const demands = subscription.demand.fields.map((field): FieldDemand => {
    if (typeof field !== 'string') return field;
    return identifier.test(field) ? { path: [field], as: field } : { path: [field] };
  });
  return compileConsumer(eventRecordClass, demands, subscription.handle);
}

/** Traces that are open for one reading. */
export class OpenedTraces {
  readonly traces: readonly Trace[];
  readonly streams: readonly DataStream[];
  readonly origin: TimeOrigin;
  readonly #logical: readonly LogicalTrace[];
  readonly #options: OpenTraceOptions;
  /** Raw recordings that were converted for this reading. */
  readonly #recordings: OpenedRecordings | undefined;
  readonly #subscriptions = new Subscriptions();

  constructor(
    logical: readonly LogicalTrace[],
    options: OpenTraceOptions,
    recordings?: OpenedRecordings,
  ) {
    this.#logical = logical;
    this.#recordings = recordings;
    this.#options = options;
    this.traces = logical.map(({ trace }) => trace);
    const all = logical.flatMap((trace) => trace.streams);
    this.streams = all.map(({ stream }) => stream);
    this.origin = { nsFromOrigin: earliestBegin(all) ?? 0n };
  }

  /** When data streams have packets: from the index of packets. */
  get ranges(): readonly TraceRanges[] {
    return traceInfos(this.#logical);
  }

  /** For each trace, the time that all its data streams cover. Undefined: there is none. */
  get intersections(): readonly (TimeRangeNs | undefined)[] {
    return coveredRanges(this.#logical).map((ranges) => {
      try {
        return intersectionOf(ranges);
      } catch (error) {
        if (error instanceof UsageError) return undefined;
        throw error;
      }
    });
  }

  /** From the first packet's begin to the last packet's end, as far as packets have times (ns from the clocks' origin). */
  get timeSpan(): { readonly begin: bigint | undefined; readonly end: bigint | undefined } {
    let begin: bigint | undefined;
    let end: bigint | undefined;
    for (const { rangeNs } of this.ranges.flatMap(({ streams }) => streams)) {
      if (rangeNs === undefined) continue;
      if (begin === undefined || rangeNs.begin < begin) begin = rangeNs.begin;
      if (end === undefined || rangeNs.end > end) end = rangeNs.end;
    }
    return { begin, end };
  }

  /** Names events and fields before `run`. Handlers are called in the order of subscription. */
  subscribe(demand: Demand, handle: (record: FieldRecord, cursor: RecordCursor) => void): void {
    const glob = compileStarGlob(demand.event);
    this.#subscriptions.add({ matches: (name) => glob.matches(name), demand, handle });
  }

  onDiscardedEvents(handle: (discarded: Discarded) => void): void {
    this.#subscriptions.onDiscardedEvents = handle;
  }

  /**
   * All messages in the order of time, for any downstream. The caller runs and closes the iterator. `range`: instead of that of
   * the options.
   */
  iterate(
    downstream: Downstream,
    range: TrimRange | undefined = this.#options.range,
  ): MessageIterator {
    const { onFault } = this.#options;
    const open = (target: Downstream): MessageIterator =>
      muxIterators(
        this.#logical
          .flatMap((trace) => trace.streams)
          .map(
            ({ stream, packets, clock }) =>
              new DataStreamReader(
                stream,
                packets,
                clock,
                this.origin,
                target,
                onFault === undefined ? {} : { onFault },
              ),
          ),
      );
    if (range === undefined) return open(downstream);
    return trimIterator(open, range, this.origin, downstream);
  }

  /**
   * Reads everything once, calling the subscribers. Other work of the process goes on in between.
   * @throws DecodeError after everything before the fault has been delivered; the signal's reason when it is aborted.
   */
  async run(signal?: AbortSignal): Promise<void> {
    await runIterator(this.iterate(this.#subscriptions), signal);
  }

  /** All events as plain objects, exact; convenient, not fast. */
  async *events(): AsyncGenerator<PlainEvent> {
    for await (const batch of this.eventBatches()) yield* batch;
  }

  /** The same in batches: one promise for some hundred events. */
  async *eventBatches(): AsyncGenerator<PlainEvent[]> {
    let batch: PlainEvent[] = [];
    const collect = new Subscriptions();
    collect.eventHandler = () => (cursor) => {
      batch.push(plainEvent(cursor));
      return -1;
    };
    const iterator = this.iterate(collect);
    try {
      for (;;) {
        const result = runBatch(iterator);
        if (batch.length > 0) yield batch;
        batch = [];
        if (result.failure !== undefined) throw result.failure.error;
        if (result.status === 'end') return;
        if (result.status === 'again') await anyReady([iterator]);
        else await nextTurn();
      }
    } finally {
      iterator.close();
    }
  }

  close(): void {
    closeTraces(this.#logical);
    this.#recordings?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

interface BatchResult {
  readonly status: RunStatus;
  /** What came before it has been delivered. */
  readonly failure?: { readonly error: unknown };
}

function runBatch(iterator: MessageIterator): BatchResult {
  try {
    return { status: iterator.run(Number.POSITIVE_INFINITY, batchEvents) };
  } catch (error) {
    return { status: 'end', failure: { error } };
  }
}

/** Runs an iterator to its end, a turn of the event loop at a time, and closes it. */
export async function runIterator(
  iterator: MessageIterator,
  signal?: AbortSignal,
  onTurn?: () => boolean,
): Promise<void> {
  try {
    for (;;) {
      signal?.throwIfAborted();
      const status = iterator.run(Number.POSITIVE_INFINITY, turnBudget);
      if (status === 'end' || onTurn?.() === false) return;
      if (status === 'again') await anyReady([iterator]);
      else await nextTurn();
    }
  } finally {
    iterator.close();
  }
}

function plainEvent(cursor: RecordCursor): PlainEvent {
  return {
    name: cursor.eventRecordClass.name ?? '',
    nsFromOrigin: cursor.clockSnapshot()?.nsFromOrigin,
    stream: cursor.stream,
    packetContext: decodeScope(cursor, 'packet-context'),
    commonContext: decodeScope(cursor, 'event-record-common-context'),
    specificContext: decodeScope(cursor, 'event-record-specific-context'),
    payload: decodeScope(cursor, 'event-record-payload'),
  };
}

/**
 * Opens all traces at or below the paths. Only metadata and packet heads are read; raw recordings of ftrace are converted
 * to temporary traces, which `close` removes.
 * @throws UsageError, MetadataError, DecodeError
 */
export function openTrace(
  paths: string | readonly string[],
  options: OpenTraceOptions = {},
): OpenedTraces {
  const recordings = openRawRecordings(typeof paths === 'string' ? [paths] : paths, options);
  try {
    const names = new Map<string, string>();
    for (const root of recordings.paths) {
      for (const path of findTraces(root, options)) names.set(path, relative(root, path));
    }
    const traces = openTraceDirectories([...names.keys()], { names, ...options });
    return new OpenedTraces(traces, options, recordings);
  } catch (error) {
    recordings.close();
    throw error;
  }
}
