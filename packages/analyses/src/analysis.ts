/**
 * An analysis is a declaration: what it needs from the Linux model, its options, and a reducer that turns segments into tables. It
 * neither reads traces, nor parses arguments, nor prints.
 */
import type { Host, SegmentKind, SegmentKinds, Thread } from '@sonde/linux-model';
import type { GroupBy } from './subjects.ts';
import type { Report, TableClass, TimeRange } from './table.ts';

/** Options that several analyses share; what an analysis does not understand it does not declare. */
export interface AnalysisOptions {
  /** Rows of top lists; 0: all. */
  readonly limit: number;
  readonly cpuIds?: ReadonlySet<number>;
  readonly tids?: ReadonlySet<number>;
  /** Exact names (comm, 15 characters). */
  readonly processNames?: ReadonlySet<string>;
  /** Kept durations (ns), inclusive. */
  readonly minDurationNs?: number;
  readonly maxDurationNs?: number;
  readonly minSizeBytes?: number;
  readonly maxSizeBytes?: number;
  /** Buckets of frequency distributions. */
  readonly frequencyResolution: number;
  /** The same bounds for all distributions. */
  readonly frequencyIsUniform: boolean;
  /** All distributions in one table, where the format has tables. */
  readonly frequencyIsSeries?: boolean;
  readonly irqs?: ReadonlySet<number>;
  readonly softIrqs?: ReadonlySet<number>;
  /** What of the analysis is printed: `--stats --freq --log --top --usage`, … */
  readonly views: ReadonlySet<string>;
  /** Column title to sort by instead of the default. */
  readonly sortColumn?: string;
  /** What rows stand for instead of threads. */
  readonly groupBy?: GroupBy;
  /** Text is made of the result tables, with all their columns: `--percentiles`. */
  readonly showsTables?: boolean;
  /** The times asked for, if any: what lies partly outside is marked. */
  readonly requestedRange?: Partial<TimeRange>;
  /** For times in text. */
  readonly times: TimeFormat;
}

/** How text shows moments. */
export interface TimeFormat {
  /** `HH:MM:SS.nnnnnnnnn`, with the date before it where the events span several days. */
  time(ns: bigint): string;
  /** Always with the date. */
  dateTime(ns: bigint): string;
}

/** A stretch of time that is analysed: mostly the whole trace. */
export interface Period {
  /** Since the run's TimeOrigin (ns). */
  readonly beginNs: number;
  readonly endNs: number;
  readonly timeRange: TimeRange;
}

export type SegmentHandlers = {
  readonly [K in SegmentKind]?: (segment: SegmentKinds[K]) => void;
};

/** The data of one open period. */
export interface Reducer {
  readonly handlers: SegmentHandlers;
  /** The tables of the period, which ends now: what still runs is in the model. Called once. */
  report(period: Period): Report;
}

/** What a reducer may look at. */
export interface ReducerContext {
  /** The machine whose segments it gets: each machine has reducers of its own. */
  readonly host: Host;
  readonly options: AnalysisOptions;
  /** Since the run's TimeOrigin (ns). */
  readonly periodBeginNs: number;
  /** Exact time of a number of the run. */
  toAbsoluteNs(timeNs: number): bigint;
  /** Whom a thread's doings are booked on: the thread itself, or what `groupBy` puts it with. */
  subjectOf(thread: Thread): Thread;
}

export interface Analysis {
  /** `cputop`: also the name of the command. */
  readonly name: string;
  /** Analyses that share code and options: `io` for iolog, iousagetop, … */
  readonly family: string;
  readonly summary: string;
  /** LAMI metadata. */
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly tableClasses: readonly TableClass[];
  /** Views shown when no view option is given. */
  readonly defaultViews: readonly string[];
  /** Options beyond the common ones, by the name of `AnalysisOptions`. */
  readonly options: readonly (keyof AnalysisOptions)[];
  /** Kinds of segments for these views. */
  kinds(options: AnalysisOptions): readonly SegmentKind[];
  start(context: ReducerContext): Reducer;
}

/** Whether process filters let a thread pass. */
export function passesProcess(
  options: AnalysisOptions,
  thread: { readonly tid: number; readonly comm: string },
): boolean {
  if (options.tids !== undefined && !options.tids.has(thread.tid)) return false;
  return options.processNames === undefined || options.processNames.has(thread.comm);
}

export function passesCpu(options: AnalysisOptions, cpuId: number): boolean {
  return options.cpuIds === undefined || options.cpuIds.has(cpuId);
}

export function passesDuration(options: AnalysisOptions, durationNs: number): boolean {
  return (
    durationNs >= (options.minDurationNs ?? Number.NEGATIVE_INFINITY) &&
    durationNs <= (options.maxDurationNs ?? Number.POSITIVE_INFINITY)
  );
}

/** The first `limit` rows; 0 or less: all. */
export function limited<T>(rows: readonly T[], limit: number): readonly T[] {
  return limit > 0 ? rows.slice(0, limit) : rows;
}
