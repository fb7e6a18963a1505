/** Runs the period analyses: no Linux model, any events. */
import type {
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  TimeOrigin,
} from '@sonde/trace-model';
import type { AnalysisOptions } from './analysis.ts';
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
  isDone = false;

  constructor(options: PeriodRunOptions) {
    this.#options = options;
    const { views, limit } = options.options;
    const isTop = views.size === 1 && views.has('top') && limit > 0;
    this.#collector = new PeriodCollector(options.periods, isTop ? limit : undefined);
    this.#engine = new PeriodEngine(options.definitions, this.#collector);
  }

  begin(origin: TimeOrigin): void {
    this.#origin = origin;
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

  packetBeginning(_packet: Packet, cursor: RecordCursor): void {
    if (!this.#hasHandled && !(cursor.timeNs >= this.#firstEventNs)) {
      this.#firstEventNs = cursor.timeNs;
    }
  }
  streamBeginning(): void {}
  streamEnd(): void {}
  packetEnd(): void {}
  discardedEvents(): void {}
  discardedPackets(): void {}
  inactivity(): void {}
}
