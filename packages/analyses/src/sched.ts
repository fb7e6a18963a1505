/** schedlog, schedtop, schedstats, schedfreq: the time from a wakeup to the switch-in. */

import type { Thread, WakeupLatency } from '@sonde/linux-model';
import {
  type Analysis,
  type AnalysisOptions,
  type Period,
  passesCpu,
  passesDuration,
  passesProcess,
  type Reducer,
  type ReducerContext,
} from './analysis.ts';
import {
  type Bounds,
  boundsOf,
  Distribution,
  FrequencyTable,
  joinBounds,
  LazyFrequencyBlock,
  percentileTable,
  seriesTable,
} from './frequency.ts';
import { listOf } from './list-text.ts';
import { doubt } from './losses.ts';
import { addPriority, formatPriorities, formatRow, type Priorities } from './number-format.ts';
import { rowsOf } from './rows.ts';
import { Samples } from './samples.ts';
import { addEvents, copyOf, type SchedulingEvent, SchedulingLog } from './scheduling-log.ts';
import {
  percentileCells,
  percentileColumns,
  statisticsCells,
  statisticsTexts,
} from './statistics-columns.ts';
import {
  type Cell,
  type Column,
  lazyTable,
  numberCell,
  type Report,
  type ResultTable,
  stringCell,
  type TableClass,
  uncertainColumn,
} from './table.ts';
import { lines, rowLines, type TextBlock } from './text-block.ts';
import { TopList } from './top-list.ts';

const logColumns: readonly Column[] = [
  { title: 'Wakeup timestamp', class: 'timestamp' },
  { title: 'Switch timestamp', class: 'timestamp' },
  { title: 'Scheduling latency', class: 'duration' },
  { title: 'Priority', class: 'number' },
  { title: 'Target CPU', class: 'cpu' },
  { title: 'Wakee process', class: 'process' },
  { title: 'Waker process', class: 'process' },
  uncertainColumn,
];
const statistics: readonly Column[] = [
  { title: 'Scheduling count', class: 'number', unit: 'schedulings' },
  { title: 'Minimum latency', class: 'duration' },
  { title: 'Average latency', class: 'duration' },
  { title: 'Maximum latency', class: 'duration' },
  { title: 'Scheduling latency standard deviation', class: 'duration' },
];
const log: TableClass = { name: 'log', title: 'Scheduling log', columns: logColumns };
const top: TableClass = {
  isLimited: true,
  name: 'top',
  title: 'Scheduling top',
  columns: logColumns,
};
const totalStats: TableClass = {
  name: 'total_stats',
  title: 'Scheduling latency stats (total)',
  columns: [...statistics, ...percentileColumns],
};
const perTidStats: TableClass = {
  name: 'per_tid_stats',
  title: 'Scheduling latency stats (per-TID)',
  columns: [
    { title: 'Wakee process', class: 'process' },
    ...statistics,
    { title: 'Chronological priorities', class: 'string' },
    ...percentileColumns,
  ],
};
const perPrioStats: TableClass = {
  name: 'per_prio_stats',
  title: 'Scheduling latency stats (per-prio)',
  columns: [{ title: 'Priority', class: 'number' }, ...statistics, ...percentileColumns],
};
const freq: TableClass = {
  name: 'freq',
  title: 'Scheduling latency frequency distribution',
  columns: [
    { title: 'Duration (lower bound)', class: 'duration' },
    { title: 'Duration (upper bound)', class: 'duration' },
    { title: 'Scheduling count', class: 'number', unit: 'schedulings' },
    uncertainColumn,
  ],
};

interface ThreadLatencies {
  readonly thread: Thread;
  readonly samples: Samples;
  priorities: Priorities;
}

class SchedulingLatencies implements Reducer {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #keepsSamples: boolean;
  readonly #wanted: Readonly<Record<'total' | 'thread' | 'priority', boolean>>;
  /** Undefined: nobody wants them. */
  readonly #events: SchedulingLog | undefined;
  readonly #longest: TopList<SchedulingEvent> | undefined;
  readonly #total = new Samples();
  readonly #threads = new Map<Thread, ThreadLatencies>();
  readonly #priorities = new Map<number, Samples>();

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#options = context.options;
    const { views } = context.options;
    this.#wanted = {
      total: this.#wants('total'),
      thread: this.#wants('per-tid'),
      priority: this.#wants('per-prio'),
    };
    this.#keepsSamples = views.has('stats') || views.has('freq');
    this.#events = views.has('log') ? new SchedulingLog() : undefined;
    this.#longest = views.has('top') ? new TopList(context.options.limit) : undefined;
  }

  readonly handlers: Reducer['handlers'] = {
    'wakeup-latency': (latency) => this.#add(latency),
    'priority-change': ({ thread, priority }) => {
      const row = this.#threads.get(this.#context.subjectOf(thread));
      if (row !== undefined) row.priorities = addPriority(row.priorities, priority);
    },
  };

  #add(latency: WakeupLatency): void {
    const { thread, cpu, beginNs, endNs } = latency;
    const options = this.#options;
    if (!passesProcess(options, thread) || !passesCpu(options, cpu.id)) return;
    const durationNs = endNs - beginNs;
    if (!passesDuration(options, durationNs)) return;
    if (this.#keepsSamples) this.#addSample(latency, durationNs);
    this.#events?.add(latency);
    const longest = this.#longest;
    if (longest?.wants(durationNs)) longest.add(durationNs, copyOf(latency));
  }

  #addSample({ thread, isCertain, priority = 0 }: WakeupLatency, durationNs: number): void {
    const { total, thread: perThread, priority: perPriority } = this.#wanted;
    if (total) this.#total.add(durationNs, isCertain);
    if (perPriority) this.#addToPriority(priority, durationNs, isCertain);
    if (!perThread) return;
    const subject = this.#context.subjectOf(thread);
    let row = this.#threads.get(subject);
    if (row === undefined) {
      row = { thread: subject, samples: new Samples(), priorities: priority };
      this.#threads.set(subject, row);
    }
    row.samples.add(durationNs, isCertain);
  }

  #addToPriority(priority: number, durationNs: number, isCertain: boolean): void {
    let samples = this.#priorities.get(priority);
    if (samples === undefined) this.#priorities.set(priority, (samples = new Samples()));
    samples.add(durationNs, isCertain);
  }

  report(period: Period): Report {
    const tables: ResultTable[] = [];
    const text: TextBlock[] = [];
    const { views } = this.#options;
    if (views.has('stats')) this.#statistics(tables, text);
    if (views.has('freq')) this.#frequencies(tables, text);
    const parts = { tables, text };
    if (this.#events !== undefined) addEvents(parts, this.#context, log, this.#events);
    if (this.#longest !== undefined) {
      addEvents(parts, this.#context, top, listOf(this.#longest.items));
    }
    return { timeRange: period.timeRange, tables, text };
  }

  #threadRows(): ThreadLatencies[] {
    const rows = [...this.#threads.values()];
    const names = rows.map(({ thread }) => thread.comm.toLowerCase());
    const order = Uint32Array.from(rows, (_, i) => i).sort((a, b) => {
      const [left, right] = [names[a]!, names[b]!];
      return left < right ? -1 : left > right ? 1 : a - b;
    });
    return Array.from(order, (i) => rows[i]!);
  }

  #priorityRows(): [number, Samples][] {
    return [...this.#priorities].sort(([a], [b]) => a - b);
  }

  /** Per thread, unless something else is asked for. */
  #wants(view: 'total' | 'per-tid' | 'per-prio'): boolean {
    const { views } = this.#options;
    if (views.has('total') || views.has('per-tid') || views.has('per-prio')) return views.has(view);
    return view === 'per-tid';
  }

  #statistics(tables: ResultTable[], text: TextBlock[]): void {
    if (this.#wants('total')) {
      const samples = this.#total;
      const makeRows = (): Cell[][] => [[...statisticsCells(samples), ...percentileCells(samples)]];
      tables.push(lazyTable(totalStats, undefined, makeRows));
      const widths = [12, 12, 12, 12, 12];
      const header = formatRow(['Count', 'Min', 'Avg', 'Max', 'Stdev'], widths);
      text.push(
        statisticsText(
          'total',
          header,
          [samples],
          () => formatRow(statisticsTexts(samples), widths) + doubt(samples.uncertainCount > 0),
        ),
      );
    }
    if (this.#wants('per-tid')) {
      const rows = this.#threadRows();
      tables.push({ tableClass: perTidStats, rows: rowsOf(rows, threadStatistics) });
      text.push(statisticsText('per-TID', tidHeader, rows, threadText));
    }
    if (this.#wants('per-prio')) {
      const rows = this.#priorityRows();
      const makeRows = (): Cell[][] =>
        rows.map(([priority, samples]) => [
          numberCell(priority),
          ...statisticsCells(samples),
          ...percentileCells(samples),
        ]);
      tables.push(lazyTable(perPrioStats, undefined, makeRows));
      const format = ([priority, samples]: [number, Samples]): string =>
        priorityRow([String(priority), ...statisticsTexts(samples)]) +
        doubt(samples.uncertainCount > 0);
      const header = priorityRow(['Prio', 'Count', 'Min', 'Avg', 'Max', 'Stdev']);
      text.push(statisticsText('per-prio', header, rows, format));
    }
  }

  #frequencies(tables: ResultTable[], text: TextBlock[]): void {
    const groups: [subtitle: string, samples: Samples][] = [];
    const title = 'Scheduling latency frequency distribution';
    if (this.#wants('total')) groups.push(['', this.#total]);
    if (this.#wants('per-tid')) {
      const threads = [...this.#threads.values()].sort((a, b) => a.thread.tid - b.thread.tid);
      for (const { thread, samples } of threads) {
        // Groups by name have no tid.
        groups.push([thread.tid < 0 ? thread.comm : `TID: ${thread.tid}`, samples]);
      }
    }
    if (this.#wants('per-prio')) {
      for (const [priority, samples] of this.#priorityRows()) {
        groups.push([`Priority: ${priority}`, samples]);
      }
    }
    const options = this.#options;
    const uniform = options.frequencyIsUniform
      ? joinBounds(groups.map(([, samples]): Bounds => boundsOf(samples, options)))
      : undefined;
    // As many as threads: what each needs is made when it is printed.
    for (const [subtitle, samples] of groups) {
      const distribution = new Distribution(samples, uniform, options);
      if (!options.frequencyIsSeries) tables.push(new FrequencyTable(freq, subtitle, distribution));
      text.push(new LazyFrequencyBlock(title, subtitle, distribution));
    }
    tables.push(percentileTable(groups.map(([title, samples]) => ({ title, samples }))));
    if (!options.frequencyIsSeries) return;
    const series = groups.map(([subtitle, samples]) => ({
      title: subtitle,
      buckets: new Distribution(samples, uniform, options).buckets,
    }));
    const joined = seriesTable('Scheduling latencies frequency distributions', freq, series);
    if (joined !== undefined) tables.push(joined);
  }
}

function statisticsText<T>(
  what: string,
  header: string,
  rows: readonly T[],
  format: (row: T) => string,
): TextBlock {
  if (rows.length === 0) return lines();
  return rowLines(['', `Scheduling latency stats (${what}) (us)`, header], rows, format);
}

function tidRow(cells: string[]): string {
  const last = cells.pop()!;
  return `${formatRow(cells.slice(0, 2), [25, -8])}  ${formatRow(cells.slice(2), [-12, -12, -12, -12], '  ')}   ${last}`;
}
const tidHeader = tidRow(['Process', 'Count', 'Min', 'Avg', 'Max', 'Stdev', 'Priorities']);

function threadText({ thread, samples, priorities }: ThreadLatencies): string {
  const name = `${thread.comm} (${thread.tid})`;
  const row = tidRow([name, ...statisticsTexts(samples), formatPriorities(priorities)]);
  return row + doubt(samples.uncertainCount > 0);
}

function threadStatistics({ thread, samples, priorities }: ThreadLatencies): Cell[] {
  return [
    { class: 'process', name: thread.comm, tid: thread.tid },
    ...statisticsCells(samples),
    stringCell(formatPriorities(priorities)),
    ...percentileCells(samples),
  ];
}

function priorityRow(cells: string[]): string {
  return `${formatRow(cells.slice(0, 2), [-4, -8])}  ${formatRow(cells.slice(2), [-12, -12, -12, -12], '  ')}`;
}

function declare(name: string, view: string, summary: string): Analysis {
  return {
    name,
    family: 'sched',
    summary,
    title: 'Scheduling latencies analysis',
    description: 'Scheduling latencies frequency distribution, statistics, top, and log',
    tags: ['linux-kernel', 'lttng-analyses', 'sched', 'stats', 'freq', 'top', 'log'],
    tableClasses: [log, top, totalStats, perTidStats, perPrioStats, freq],
    defaultViews: [view],
    options: [
      'limit',
      'cpuIds',
      'tids',
      'processNames',
      'groupBy',
      'minDurationNs',
      'maxDurationNs',
      'frequencyResolution',
      'frequencyIsUniform',
    ],
    kinds: () => ['wakeup-latency', 'priority-change'],
    start: (context) => new SchedulingLatencies(context),
  };
}

export const schedlog: Analysis = declare(
  'schedlog',
  'log',
  'Every wakeup and how long the thread waited for a CPU.',
);
export const schedtop: Analysis = declare(
  'schedtop',
  'top',
  'The longest waits for a CPU after a wakeup.',
);
export const schedstats: Analysis = declare(
  'schedstats',
  'stats',
  'Scheduling latencies per thread, per priority and in total.',
);
export const schedfreq: Analysis = declare(
  'schedfreq',
  'freq',
  'Frequency distributions of scheduling latencies.',
);
