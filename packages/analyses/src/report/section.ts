/**
 * The parts of `sonde report`. Each section is a reducer over segments, as an analysis is, and ends in tables, charts and findings: what a
 * performance engineer would point at, in words, with the command that shows more.
 */
import type { SegmentKind } from '@sonde/linux-model';
import type { Period, ReducerContext, SegmentHandlers } from '../analysis.ts';
import type { Rows } from '../rows.ts';
import type { Cell, Column, ResultTable } from '../table.ts';

/** `high`: look here first; `medium`: worth knowing; `info`: a fact. */
export type Severity = 'high' | 'medium' | 'info';

export interface Finding {
  readonly severity: Severity;
  /** A sentence. Names in it come from the trace: escape it. */
  readonly text: string;
  /** Arguments of `sonde` that show more, without the trace: `schedtop --tid 42`. Our words and numbers only. */
  readonly command: string;
}

/** Values over time, a point per bucket of equal width. */
export interface SeriesChart {
  readonly kind: 'series';
  readonly title: string;
  /** `size`: bytes per bucket; `bytes`: a level. */
  readonly unit: 'ratio' | 'size' | 'bytes' | 'number';
  /** Since the begin of the period (ns). */
  readonly bucketNs: number;
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** How often durations occurred, in buckets that double. */
export interface HistogramChart {
  readonly kind: 'histogram';
  readonly title: string;
  readonly series: readonly {
    readonly name: string;
    /** Ascending; `lowerNs` included, twice of it not. */
    readonly buckets: readonly { readonly lowerNs: number; readonly count: number }[];
  }[];
}

export type Chart = SeriesChart | HistogramChart;

export interface SectionTable {
  readonly table: ResultTable;
  /** Arguments of `sonde` that show more of it. */
  readonly command?: string;
}

export interface SectionReport {
  readonly id: string;
  readonly title: string;
  /** The section in one line; empty: nothing happened. */
  readonly headline: string;
  /** What can't be said, and why; undefined: all can. */
  readonly missing: string | undefined;
  readonly tables: readonly SectionTable[];
  readonly charts: readonly Chart[];
  readonly findings: readonly Finding[];
}

/** What a section makes of a period. */
export type SectionResult = Omit<SectionReport, 'id' | 'title' | 'missing'>;

export interface SectionReducer {
  readonly handlers: SegmentHandlers;
  report(period: Period): SectionResult;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly kinds: readonly SegmentKind[];
  start(context: ReducerContext): SectionReducer;
}

/** A table of the report: its columns are declared where its rows are made. */
export function sectionTable(
  name: string,
  title: string,
  columns: readonly Column[],
  rows: Rows<Cell>,
  command?: string,
): SectionTable {
  const table = { tableClass: { name, title, columns }, rows };
  return command === undefined ? { table } : { table, command };
}

/** Rows of a table of the report. */
export const rowLimit = 10;
