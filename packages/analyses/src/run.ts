/**
 * Runs analyses over a stream of messages: feeds the Linux model, opens and closes periods, hands out reports. The order per event is
 * the original's: periods end and begin first, then the state changes.
 */

import type { FilterExpression } from '@sonde/filter';
import { LinuxModel, type SegmentKind } from '@sonde/linux-model';
import type {
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  TimeOrigin,
  Trace,
} from '@sonde/trace-model';
import type { Analysis, Period } from './analysis.ts';
import { LossCounter, type Losses } from './losses.ts';
import { OpenPeriod, type PlannedAnalysis } from './open-period.ts';
import { PeriodEngine, type PeriodInstance } from './period-engine.ts';
import type { PeriodDefinition } from './period-language.ts';
import { readerFor } from './period-source.ts';
import { SegmentFilter } from './segment-filter.ts';
import type { Report } from './table.ts';

/** When the data of an analysis begin and end. */
export interface PeriodPlan {
  /** Absolute (ns): events before it only feed the state. */
  readonly begin?: bigint;
  /** Absolute (ns): reading stops after it. */
  readonly end?: bigint;
  /** A new period every so long (ns). */
  readonly refreshNs?: number;
  readonly definitions: readonly PeriodDefinition[];
}

export interface AnalysisRunOptions {
  readonly analyses: readonly PlannedAnalysis[];
  readonly plan: PeriodPlan;
  /** Only what ends at an event for which it is true. */
  readonly filter?: FilterExpression;
  /** Events are counted, wanted or not. */
  readonly countsEvents?: boolean;
  readonly warn: (message: string) => void;
  /** A period of an analysis has ended. */
  onReport(analysis: Analysis, report: Report, instance: PeriodInstance | undefined): void;
}

/** The consumer at the bottom of a reading: give it to a muxer's iterator as its downstream. */
export class AnalysisRun implements Downstream {
  readonly model: LinuxModel;
  readonly #options: AnalysisRunOptions;
  readonly #open = new Set<OpenPeriod>();
  /** The open period, if there is just one. */
  #only: OpenPeriod | undefined;
  readonly #byInstance = new Map<PeriodInstance, OpenPeriod>();
  readonly #engine: PeriodEngine | undefined;
  readonly #kinds: readonly SegmentKind[];
  readonly #filter: SegmentFilter | undefined;
  #origin: TimeOrigin = { nsFromOrigin: 0n };
  #beginNs = Number.NEGATIVE_INFINITY;
  #endNs = Number.POSITIVE_INFINITY;
  #refreshAtNs = Number.POSITIVE_INFINITY;
  /** The first event is known. */
  #hasStarted = false;
  /** The first event of the requested range has passed. */
  #hasBegun = false;
  #whole: OpenPeriod | undefined;
  #firstEventNs = Number.NaN;
  #lastEventNs = Number.NaN;
  readonly #losses = new LossCounter();
  #eventCount = 0;
  /** An event after the end was seen: stop reading. */
  isDone = false;

  constructor(options: AnalysisRunOptions) {
    this.#options = options;
    this.model = new LinuxModel(options.warn);
    this.#filter = options.filter && new SegmentFilter(options.filter);
    this.#kinds = this.#subscribe();
    const { definitions } = options.plan;
    if (definitions.length === 0) return;
    this.#engine = new PeriodEngine(definitions, {
      opened: (instance) => this.#openPeriod(instance.begin.timeNs, instance),
      closed: (instance) => {
        const period = this.#byInstance.get(instance);
        if (period !== undefined) this.#closePeriod(period, instance.endNs);
      },
    });
  }

  /**
   * Before the first message.
   * @param traces - Their metadata is asked for what it lacks, and warnings come now.
   */
  begin(origin: TimeOrigin, traces?: readonly Trace[]): void {
    this.#origin = origin;
    if (traces !== undefined) this.model.missing(traces).forEach(this.#options.warn);
    const { begin, end } = this.#options.plan;
    const relative = (ns: bigint): number => Number(ns - origin.nsFromOrigin);
    if (begin !== undefined) this.#beginNs = relative(begin);
    if (end !== undefined) this.#endNs = relative(end);
    this.model.origin = origin;
  }

  /** After the last message. `lastEventNs`: time of the last event, whoever wanted it. */
  finish(lastEventNs: number): void {
    if (!this.#hasStarted) this.#start();
    if (!this.#hasBegun) return;
    const endNs = this.isDone ? this.#lastEventNs : lastEventNs;
    this.#noteVanished();
    this.#engine?.finish(endNs);
    for (const period of [...this.#open]) this.#closePeriod(period, endNs);
  }

  /** At the end: who runs on a CPU by its last switch, and has run on another since, left it unseen. */
  #noteVanished(): void {
    const counters = [this.#losses, ...[...this.#open].map(({ losses }) => losses)];
    for (const cpu of this.model.hosts.flatMap(({ cpus }) => cpus)) {
      if (cpu.thread === undefined || cpu.presentThread !== undefined) continue;
      for (const counter of counters) counter.add({ what: 'switches', count: 1, cpu });
    }
  }

  /** What the operations on files lack in the whole run, in sentences; empty: nothing, or nobody asked for them. */
  get untoldOperations(): string[] {
    if (!this.#kinds.includes('file-operation')) return [];
    const totals = new Map<string, number>();
    for (const { submissions } of this.model.hosts) {
      for (const [call, count] of submissions) totals.set(call, (totals.get(call) ?? 0) + count);
    }
    return [...totals].map(
      ([call, count]) =>
        `no files and bytes of ${count} request${count === 1 ? '' : 's'} by ${call}: the trace does not tell what asynchronous ones are on`,
    );
  }

  /** What is missing in the whole run, as far as they say. */
  get losses(): Losses {
    return this.#losses.losses;
  }

  /** Whether there was an event in the time asked for. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Events read, of all classes; only with `countsEvents`. */
  get eventCount(): number {
    return this.#eventCount;
  }

  get firstEventNs(): number {
    return this.#firstEventNs;
  }

  eventHandler(cursor: RecordCursor): EventHandler | null {
    const handle = this.#handlerFor(cursor);
    if (handle === null || this.#options.countsEvents !== true) return handle;
    return (current) => {
      this.#eventCount++;
      return handle(current);
    };
  }

  #handlerFor(cursor: RecordCursor): EventHandler | null {
    const unguarded = this.model.eventHandler(cursor);
    const inner = unguarded === null ? null : (this.#filter?.guard(cursor, unguarded) ?? unguarded);
    const { plan } = this.#options;
    const engine = this.#engine;
    if (!this.#hasStarted) this.#start();
    const watchesTime =
      plan.begin !== undefined || plan.end !== undefined || plan.refreshNs !== undefined;
    const read =
      engine === undefined ? undefined : readerFor(plan.definitions, cursor.eventRecordClass);
    if (read === undefined && !watchesTime) return inner;
    return (current) => {
      const { timeNs } = current;
      if (timeNs > this.#endNs) {
        this.isDone = true;
        return -1;
      }
      this.#lastEventNs = timeNs;
      if (!this.#hasBegun && timeNs >= this.#beginNs) this.#beginAt(timeNs);
      if (timeNs >= this.#refreshAtNs) this.#refresh(timeNs);
      if (read !== undefined && this.#hasBegun) engine!.process(read(current));
      return inner === null ? -1 : inner(current);
    };
  }

  streamBeginning(stream: DataStream): void {
    this.model.streamBeginning(stream);
  }
  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    // The cursor stands at the packet's first record already: so the first event is known even if nobody wants it.
    if (!this.#hasStarted && !(cursor.timeNs >= this.#firstEventNs)) {
      this.#firstEventNs = cursor.timeNs;
    }
    this.model.packetBeginning(packet, cursor);
  }
  discardedEvents(discarded: Discarded): void {
    this.model.discardedEvents(discarded);
  }
  discardedPackets(discarded: Discarded): void {
    this.model.discardedPackets(discarded);
  }
  packetEnd(packet: Packet): void {
    this.model.packetEnd(packet);
  }
  skippedEvents(count: number): void {
    this.#eventCount += count;
  }
  streamEnd(stream: DataStream): void {
    this.model.streamEnd(stream);
  }
  inactivity(): void {}

  /** @returns the kinds, whose numbers open periods know them by. */
  #subscribe(): SegmentKind[] {
    const kinds = new Set(
      this.#options.analyses.flatMap(({ analysis, options }) => analysis.kinds(options)),
    );
    // Groups need to know who belongs to whom.
    if (this.#options.analyses.some(({ options }) => options.groupBy !== undefined)) {
      kinds.add('thread-life');
    }
    this.model.on('gap', (gap) => {
      this.#losses.add(gap);
      for (const period of this.#open) period.losses.add(gap);
    });
    const filter = this.#filter;
    [...kinds].forEach((kind, index) => {
      this.model.on(kind, (segment) => {
        if (filter !== undefined && !filter.passes) return;
        // Mostly there is one, and this is what every segment passes.
        if (this.#only !== undefined) this.#only.take(index, segment);
        else for (const period of this.#open) period.take(index, segment);
      });
    });
    return [...kinds];
  }

  #start(): void {
    this.#hasStarted = true;
    if (Number.isNaN(this.#firstEventNs)) return;
    this.model.begin(this.#origin, this.#firstEventNs);
    const isWithin = this.#firstEventNs <= this.#endNs;
    if (this.#options.plan.begin === undefined && isWithin) this.#beginAt(this.#firstEventNs);
  }

  #beginAt(timeNs: number): void {
    this.#hasBegun = true;
    const { plan } = this.#options;
    if (plan.definitions.length > 0) return;
    this.#whole = this.#openPeriod(timeNs, undefined);
    if (plan.refreshNs !== undefined) this.#refreshAtNs = timeNs + plan.refreshNs;
  }

  #refresh(timeNs: number): void {
    if (this.#whole !== undefined) this.#closePeriod(this.#whole, timeNs);
    this.#whole = this.#openPeriod(timeNs, undefined);
    this.#refreshAtNs = timeNs + this.#options.plan.refreshNs!;
  }

  #openPeriod(beginNs: number, instance: PeriodInstance | undefined): OpenPeriod {
    const toAbsoluteNs = (timeNs: number): bigint =>
      this.#origin.nsFromOrigin + BigInt(Math.round(timeNs));
    const { analyses } = this.#options;
    const period = new OpenPeriod(analyses, this.#kinds, beginNs, instance, toAbsoluteNs);
    this.#open.add(period);
    this.#only = this.#open.size === 1 ? period : undefined;
    if (instance !== undefined) this.#byInstance.set(instance, period);
    return period;
  }

  #closePeriod(open: OpenPeriod, endNs: number): void {
    this.#open.delete(open);
    const [first] = this.#open;
    this.#only = this.#open.size === 1 ? first : undefined;
    if (open.instance !== undefined) this.#byInstance.delete(open.instance);
    const { nsFromOrigin } = this.#origin;
    const period: Period = {
      beginNs: open.beginNs,
      endNs,
      timeRange: {
        begin: nsFromOrigin + BigInt(Math.round(open.beginNs)),
        end: nsFromOrigin + BigInt(Math.round(endNs)),
      },
    };
    for (const [analysis, report] of open.close(period, this.model.hosts)) {
      this.#options.onReport(analysis, report, open.instance);
    }
  }
}
