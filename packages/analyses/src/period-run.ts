/** Runs the period analyses: any events; of the Linux model only what was discarded. */
import { LinuxModel } from '@sonde/linux-model';
import type {
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  TimeOrigin,
} from '@sonde/trace-model';
import type { AnalysisOptions } from './analysis.ts';
import { isLossy, LossCounter, type Losses } from './losses.ts';
import { PeriodCollector, type PeriodOptions } from './period-collector.ts';
import { PeriodEngine } from './period-engine.ts';
import type { PeriodDefinition } from './period-language.ts';
import { addPeriodReport } from './period-report.ts';
import { readerFor } from './period-source.ts';
import type { Report, ReportParts } from './table.ts';

export interface PeriodRunOptions {
  readonly definitions: readonly PeriodDefinition[];
  readonly periods: PeriodOptions;
  readonly options: AnalysisOptions;
  /** Absolute (ns), inclusive. */
  readonly begin?: bigint;
  readonly end?: bigint;
}

export class PeriodRun implements Downstream {
  readonly #options: PeriodRunOptions;
  readonly #collector: PeriodCollector;
  readonly #engine: PeriodEngine;
  #origin: TimeOrigin = { nsFromOrigin: 0n };
  #beginNs = Number.NEGATIVE_INFINITY;
  #endNs = Number.POSITIVE_INFINITY;
  #firstEventNs = Number.NaN;
  #hasHandled = false;
  /** Gets no events: it knows of which CPU the gaps of a stream are. */
  readonly #gaps = new LinuxModel();
  readonly #losses = new LossCounter();
  isDone = false;

  constructor(options: PeriodRunOptions) {
    this.#options = options;
    const { views, limit } = options.options;
    const isTop = views.size === 1 && views.has('top') && limit > 0;
    this.#collector = new PeriodCollector(options.periods, isTop ? limit : undefined);
    this.#engine = new PeriodEngine(options.definitions, this.#collector);
    this.#gaps.on('gap', (gap) => {
      const isInRange = gap.endNs >= this.#beginNs && gap.beginNs <= this.#endNs;
      if (!isInRange || this.isDone) return;
      this.#losses.add(gap);
      this.#collector.lastGapEndNs = Math.max(this.#collector.lastGapEndNs, gap.endNs);
    });
  }

  /** What was discarded, as far as tracers say. */
  get losses(): Losses {
    return this.#losses.losses;
  }

  begin(origin: TimeOrigin): void {
    this.#origin = origin;
    this.#gaps.origin = origin;
    const { begin, end } = this.#options;
    if (begin !== undefined) this.#beginNs = Number(begin - origin.nsFromOrigin);
    if (end !== undefined) this.#endNs = Number(end - origin.nsFromOrigin);
  }

  /** @param lastEventNs - Time of the last event, whoever wanted it (ns since the origin). */
  finish(lastEventNs: number): Report {
    const endNs = Math.min(this.#endNs, lastEventNs);
    this.#engine.finish(endNs);
    const toAbsoluteNs = (timeNs: number): bigint =>
      this.#origin.nsFromOrigin + BigInt(Number.isFinite(timeNs) ? Math.round(timeNs) : 0);
    const parts: ReportParts = { tables: [], text: [] };
    const { definitions, periods, options } = this.#options;
    addPeriodReport(parts, {
      collector: this.#collector,
      definitions,
      periods,
      options,
      toAbsoluteNs,
    });
    const beginNs = Math.max(this.#firstEventNs, this.#beginNs);
    return {
      timeRange: { begin: toAbsoluteNs(beginNs), end: toAbsoluteNs(endNs) },
      ...parts,
      ...(isLossy(this.losses) ? { losses: this.losses } : {}),
    };
  }

  eventHandler(cursor: RecordCursor): EventHandler | null {
    const engine = this.#engine;
    this.#hasHandled = true;
    const read = readerFor(this.#options.definitions, cursor.eventRecordClass);
    if (read === undefined) return null;
    return (current) => {
      const { timeNs } = current;
      if (timeNs > this.#endNs) this.isDone = true;
      else if (timeNs >= this.#beginNs) engine.process(read(current));
      return -1;
    };
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    this.#gaps.packetBeginning(packet, cursor);
    if (!this.#hasHandled && !(cursor.timeNs >= this.#firstEventNs)) {
      this.#firstEventNs = cursor.timeNs;
    }
  }
  streamBeginning(stream: DataStream): void {
    this.#gaps.streamBeginning(stream);
  }
  packetEnd(packet: Packet): void {
    this.#gaps.packetEnd(packet);
  }
  discardedEvents(discarded: Discarded): void {
    this.#gaps.discardedEvents(discarded);
  }
  discardedPackets(discarded: Discarded): void {
    this.#gaps.discardedPackets(discarded);
  }
  streamEnd(stream: DataStream): void {
    this.#gaps.streamEnd(stream);
  }
  inactivity(): void {}
}
