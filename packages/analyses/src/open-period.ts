/** An open period of a run: for each machine, the reducers of all analyses. */
import type { Host, SegmentKind, Thread } from '@sonde/linux-model';
import type { Analysis, AnalysisOptions, Period, Reducer, ReducerContext } from './analysis.ts';
import { arrangeReport, joinHosts } from './arrange.ts';
import { isLossy, LossCounter } from './losses.ts';
import type { PeriodInstance } from './period-engine.ts';
import { Subjects } from './subjects.ts';
import type { Report } from './table.ts';

/** An analysis with its options. */
export interface PlannedAnalysis {
  readonly analysis: Analysis;
  readonly options: AnalysisOptions;
}

type AnyHandler = (segment: { readonly host: Host }) => void;

interface HostReducers {
  readonly host: Host;
  readonly reducers: readonly Reducer[];
  /** By the number of the kind in the run. */
  readonly handlers: readonly (readonly AnyHandler[])[];
}

const itself = (thread: Thread): Thread => thread;

export class OpenPeriod {
  readonly beginNs: number;
  readonly instance: PeriodInstance | undefined;
  readonly losses = new LossCounter();
  readonly #planned: readonly PlannedAnalysis[];
  readonly #kinds: readonly SegmentKind[];
  readonly #toAbsoluteNs: (timeNs: number) => bigint;
  readonly #hosts: HostReducers[] = [];
  #last: HostReducers | undefined;

  constructor(
    planned: readonly PlannedAnalysis[],
    kinds: readonly SegmentKind[],
    beginNs: number,
    instance: PeriodInstance | undefined,
    toAbsoluteNs: (timeNs: number) => bigint,
  ) {
    this.#planned = planned;
    this.#kinds = kinds;
    this.beginNs = beginNs;
    this.instance = instance;
    this.#toAbsoluteNs = toAbsoluteNs;
  }

  /** Hands a segment to the reducers of its machine. */
  take(kindIndex: number, segment: { readonly host: Host }): void {
    const own = this.#last?.host === segment.host ? this.#last : this.#reducersOf(segment.host);
    const handlers = own.handlers[kindIndex]!;
    for (let i = 0; i < handlers.length; i++) handlers[i]!(segment);
  }

  /**
   * One report for each analysis, the machines' joined. Machines without any segment are left out, unless there are no others.
   */
  close(period: Period, hosts: readonly Host[]): [Analysis, Report][] {
    for (const host of hosts) {
      const isNeeded = hosts.length === 1 || host.cpus.some((cpu) => cpu.thread !== undefined);
      if (isNeeded) this.#reducersOf(host);
    }
    if (this.#hosts.length === 0 && hosts[0] !== undefined) this.#reducersOf(hosts[0]);
    const { losses } = this.losses;
    const lossy = isLossy(losses) ? { losses } : {};
    return this.#planned.map(({ analysis, options }, i) => {
      const reports = this.#hosts.map(({ host, reducers }): [string, Report] => [
        host.name,
        reducers[i]!.report(period),
      ]);
      if (reports.length === 0) {
        return [analysis, { timeRange: period.timeRange, tables: [], text: [], ...lossy }];
      }
      return [analysis, { ...arrangeReport(joinHosts(reports), options), ...lossy }];
    });
  }

  #reducersOf(host: Host): HostReducers {
    let own = this.#hosts.find((candidate) => candidate.host === host);
    if (own === undefined) {
      own = this.#start(host);
      this.#hosts.push(own);
    }
    this.#last = own;
    return own;
  }

  #start(host: Host): HostReducers {
    const reducers = this.#planned.map(({ analysis, options }) => {
      const { groupBy } = options;
      const subjects = groupBy === undefined ? undefined : new Subjects(host, groupBy);
      const context: ReducerContext = {
        host,
        // Rows are cut after they were sorted.
        options: options.sortColumn === undefined ? options : { ...options, limit: 0 },
        periodBeginNs: this.beginNs,
        toAbsoluteNs: this.#toAbsoluteNs,
        subjectOf: subjects === undefined ? itself : (thread) => subjects.of(thread),
      };
      return analysis.start(context);
    });
    const handlers = this.#kinds.map((kind) =>
      reducers.flatMap((reducer) => (reducer.handlers[kind] as AnyHandler | undefined) ?? []),
    );
    return { host, reducers, handlers };
  }
}
