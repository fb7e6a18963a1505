/** flt.utils.filter: passes the events that match; what belongs to streams and packets always passes. */
import { compileStarGlob, DecodeError, formatPlace, type StarGlob } from '@sonde/base';
import { compileLength, compileProjection } from '@sonde/ctf';
import {
  type CompiledFilter,
  compileFilter,
  FilterCheck,
  type FilterExpression,
  type FilterRecord,
  parseFilter,
} from '@sonde/filter';
import {
  type ComponentContext,
  type Filter,
  type FilterClass,
  type OpenUpstream,
  ParameterReader,
} from '@sonde/graph';
import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  EventRecordClass,
  MessageIterator,
  Packet,
  RecordCursor,
  RunStatus,
  TimeOrigin,
} from '@sonde/trace-model';
import { anyReady } from './ready.ts';

/** Which events pass. */
export interface EventSelection {
  /** Names, any of which must match; empty: any name. */
  readonly names: readonly StarGlob[];
  /** Undefined: no condition. */
  readonly expression: FilterExpression | undefined;
  /** Number of events after which all is over; Infinity: none. */
  readonly limit: number;
}

export const filterFilter: FilterClass = {
  kind: 'flt',
  plugin: 'utils',
  className: 'filter',
  description: 'Pass only events that match',
  parameterHelp: {
    event: 'Names of events, "*" matches anything; one of them must match.',
    events: 'The same as "event".',
    expression: "Condition in LTTng's filter syntax.",
    limit: 'End after so many events.',
  },
  create: (context) => new EventFilter(selectionOf(context), (message) => context.warn(message)),
};

function selectionOf({ name, parameters }: ComponentContext): EventSelection {
  const reader = new ParameterReader(parameters, `Component ${name} (flt.utils.filter)`);
  const globs = [...(reader.strings('event') ?? []), ...(reader.strings('events') ?? [])];
  const expression = reader.string('expression');
  const limit = reader.integer('limit');
  reader.rejectOthers();
  return {
    names: globs.map(compileStarGlob),
    expression: expression === undefined ? undefined : parseFilter(expression),
    limit: limit === undefined ? Number.POSITIVE_INFINITY : Number(limit),
  };
}

class EventFilter implements Filter {
  readonly inputs = 'one';
  readonly outputPorts = [{ name: 'out' }];
  readonly #selection: EventSelection;
  readonly #warn: (message: string) => void;

  constructor(selection: EventSelection, warn: (message: string) => void) {
    this.#selection = selection;
    this.#warn = warn;
  }

  open(
    _port: string,
    _origin: TimeOrigin,
    upstreams: readonly OpenUpstream[],
    downstream: Downstream,
  ): MessageIterator {
    return filterIterator(upstreams[0]!, this.#selection, downstream, this.#warn);
  }

  close(): void {}
}

/**
 * Passes the selected events of one iterator. Event record classes that can't match are stepped over undecoded, those that always match
 * cost nothing.
 * @throws UsageError (from `run`) when the expression compares what can't be compared in any of the events.
 */
export function filterIterator(
  open: OpenUpstream,
  selection: EventSelection,
  downstream: Downstream,
  warn: (message: string) => void,
): MessageIterator {
  const filtered = new FilteredDownstream(selection, downstream, warn);
  return new FilterIterator(open(filtered), filtered);
}

/** Fewer messages at a stretch would cost more than reading too many of them. */
const leastBudget = 64;

class FilteredDownstream implements Downstream {
  readonly #selection: EventSelection;
  readonly #downstream: Downstream;
  readonly #warn: (message: string) => void;
  #check: SelectionCheck | undefined;
  readonly #openPackets = new Map<DataStream, Packet | undefined>();
  #left: number;
  /** Events that pass, but nobody below wants more of them than their number. */
  #unseen = 0;

  constructor(selection: EventSelection, downstream: Downstream, warn: (message: string) => void) {
    this.#selection = selection;
    this.#downstream = downstream;
    this.#warn = warn;
    this.#check = new SelectionCheck(selection);
    this.#left = selection.limit;
  }

  /** True: nothing more passes. */
  get isFull(): boolean {
    return this.#left <= 0;
  }

  /** How many messages to read at a stretch: hardly more than are wanted. */
  get budget(): number {
    return Math.max(this.#left, leastBudget);
  }

  eventHandler(cursor: RecordCursor): EventHandler | null {
    this.#finishCheck();
    const { eventRecordClass, stream } = cursor;
    const { names, expression, limit } = this.#selection;
    if (!matchesName(names, eventRecordClass.name)) return null;
    const filter = expression && compileFilter(expression, { eventRecordClass, stream });
    if (filter?.outcome === 'never') return null;
    const inner = this.#downstream.eventHandler(cursor);
    const isLimited = limit !== Number.POSITIVE_INFINITY;
    if (inner === null && !isLimited && this.#downstream.skippedEvents === undefined) return null;
    const counted = isLimited || inner === null ? this.#counting(cursor, inner) : inner;
    return filter?.outcome === 'depends' ? testing(cursor, filter, counted) : counted;
  }

  streamBeginning(stream: DataStream, time?: ClockSnapshot): void {
    this.#check?.addStream(stream);
    if (this.isFull) return;
    this.#openPackets.set(stream, undefined);
    this.#downstream.streamBeginning(stream, time);
  }

  streamEnd(stream: DataStream, time?: ClockSnapshot): void {
    if (this.isFull) return;
    this.#openPackets.delete(stream);
    this.#downstream.streamEnd(stream, time);
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    if (this.isFull) return;
    this.#openPackets.set(packet.stream, packet);
    this.#downstream.packetBeginning(packet, cursor);
  }

  packetEnd(packet: Packet): void {
    if (this.isFull) return;
    this.#openPackets.set(packet.stream, undefined);
    this.#downstream.packetEnd(packet);
  }

  discardedEvents(discarded: Discarded): void {
    if (!this.isFull) this.#downstream.discardedEvents(discarded);
  }

  discardedPackets(discarded: Discarded): void {
    if (!this.isFull) this.#downstream.discardedPackets(discarded);
  }

  inactivity(time: ClockSnapshot): void {
    if (!this.isFull) this.#downstream.inactivity(time);
  }

  /** Records that were stepped over above did not match: they are not passed on as skipped. */
  skippedEvents(): void {}

  reportUnseen(): void {
    if (this.#unseen === 0) return;
    this.#downstream.skippedEvents?.(this.#unseen);
    this.#unseen = 0;
  }

  /** Ends what is open below: the limit was reached in the middle. */
  finish(): void {
    this.#finishCheck();
    this.reportUnseen();
    for (const [stream, packet] of this.#openPackets) {
      if (packet !== undefined) this.#downstream.packetEnd(packet);
      this.#downstream.streamEnd(stream);
    }
    this.#openPackets.clear();
  }

  #counting({ eventRecordClass }: RecordCursor, inner: EventHandler | null): EventHandler {
    return (cursor) => {
      if (this.#left <= 0) return -1;
      let endBits = inner === null ? -1 : inner(cursor);
      // Nobody looks for a fault in the last one afterwards.
      if (endBits < 0 && this.#left === 1) endBits = endOf(eventRecordClass, cursor);
      // A record that can't be decoded is not one of those that were asked for.
      if (endBits > cursor.contentEndBits) return endBits;
      if (inner === null) this.#unseen++;
      this.#left--;
      return endBits;
    };
  }

  /** All streams have begun: what the filter asks for can be compared with what there is. */
  #finishCheck(): void {
    const check = this.#check;
    this.#check = undefined;
    check?.finish(this.#warn);
  }
}

/** Where the cursor's record ends (bits). @throws DecodeError */
function endOf(eventRecordClass: EventRecordClass, cursor: RecordCursor): number {
  const length = compileLength(eventRecordClass);
  return typeof length === 'number' ? cursor.bodyOffsetBits + length : length(cursor);
}

function matchesName(globs: readonly StarGlob[], name: string | undefined): boolean {
  return globs.length === 0 || (name !== undefined && globs.some((glob) => glob.matches(name)));
}

/** Reads the fields the filter asks for, and hands on the records that pass. */
function testing(cursor: RecordCursor, filter: CompiledFilter, inner: EventHandler): EventHandler {
  const projection = compileProjection(cursor.eventRecordClass, filter.demands);
  const { read } = projection;
  const record = projection.record as FilterRecord;
  const { test } = filter;
  return (current) => {
    const endBits = read(current);
    if (!test(record)) return endBits;
    const innerEndBits = inner(current);
    return innerEndBits >= 0 ? innerEndBits : endBits;
  };
}

/** Finds what can only be a mistake in a selection, once the streams are known. */
class SelectionCheck {
  readonly #fields: FilterCheck | undefined;
  readonly #unmatched: Set<StarGlob>;
  #hasStreams = false;

  constructor({ names, expression }: EventSelection) {
    this.#fields = expression && new FilterCheck(expression);
    this.#unmatched = new Set(names);
  }

  addStream(stream: DataStream): void {
    this.#hasStreams = true;
    this.#fields?.addStream(stream);
    for (const { name } of stream.dataStreamClass.eventRecordClasses.values()) {
      for (const glob of this.#unmatched) {
        if (name !== undefined && glob.matches(name)) this.#unmatched.delete(glob);
      }
    }
  }

  finish(warn: (message: string) => void): void {
    if (!this.#hasStreams) return;
    for (const { pattern } of this.#unmatched)
      warn(`No event in this trace is named "${pattern}".`);
    if (this.#fields?.typeError !== undefined) throw this.#fields.typeError;
    for (const { name, place, isContext } of this.#fields?.unknownFields ?? []) {
      const hint = isContext ? `; there is a context $ctx.${name}` : '';
      warn(`Filter, ${formatPlace(place)}: no event in this trace has ${name}${hint}.`);
    }
  }
}

class FilterIterator implements MessageIterator {
  readonly #upstream: MessageIterator;
  readonly #filtered: FilteredDownstream;
  #isDone = false;

  constructor(upstream: MessageIterator, filtered: FilteredDownstream) {
    this.#upstream = upstream;
    this.#filtered = filtered;
  }

  get headTimeNs(): number {
    return this.#isDone ? Number.POSITIVE_INFINITY : this.#upstream.headTimeNs;
  }
  get headRank(): number {
    return this.#upstream.headRank;
  }
  get headStream(): DataStream | undefined {
    return this.#isDone ? undefined : this.#upstream.headStream;
  }
  get lastEventNs(): number {
    return this.#upstream.lastEventNs ?? Number.NaN;
  }

  run(limitNs: number, budget: number): RunStatus {
    if (this.#isDone) return 'end';
    if (!this.#filtered.isFull) {
      const status = this.#runUpstream(limitNs, Math.min(budget, this.#filtered.budget));
      if (status !== 'end' && !this.#filtered.isFull) return status;
    }
    this.#filtered.finish();
    this.#isDone = true;
    return 'end';
  }

  /** A fault behind the last event that was asked for concerns nobody. */
  #runUpstream(limitNs: number, budget: number): RunStatus {
    try {
      return this.#upstream.run(limitNs, budget);
    } catch (error) {
      if (error instanceof DecodeError && this.#filtered.isFull) return 'end';
      throw error;
    } finally {
      // Those before a fault, too.
      this.#filtered.reportUnseen();
    }
  }

  async ready(): Promise<void> {
    await anyReady([this.#upstream]);
  }

  seek(timeNs: number): boolean {
    return this.#upstream.seek?.(timeNs) ?? false;
  }

  close(): void {
    this.#upstream.close();
    this.#isDone = true;
  }
}
