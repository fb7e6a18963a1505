/** memusage: memory over time, of processes and of the system. What was in use before the trace is not known: levels count from its begin. */

import type { PageOperation, Thread } from '@sonde/linux-model';
import {
  type Analysis,
  type AnalysisOptions,
  limited,
  type Period,
  passesCpu,
  passesProcess,
  type Reducer,
  type ReducerContext,
} from './analysis.ts';
import { pageBytes } from './memtop.ts';
import { threadName } from './report/names.ts';
import type { Chart } from './report/section.ts';
import { TimeSeries } from './report/time-series.ts';
import { rowsOf } from './rows.ts';
import { Subjects } from './subjects.ts';
import {
  type Cell,
  numberCell,
  type Report,
  type ResultTable,
  sizeCell,
  type TableClass,
  uncertainColumn,
} from './table.ts';

const levels = [
  { title: 'Allocated', class: 'size' },
  { title: 'Freed', class: 'size' },
  { title: 'Net', class: 'size' },
] as const;
const process = { title: 'Process', class: 'process' } as const;
const perProcess: TableClass = {
  name: 'per-process',
  title: 'Memory of processes',
  isLimited: true,
  columns: [
    process,
    ...levels,
    { title: 'Highest net', class: 'size' },
    { title: 'Lowest net', class: 'size' },
    uncertainColumn,
  ],
};
const system: TableClass = {
  name: 'system',
  title: 'Memory of the system over time, since the begin',
  columns: [{ title: 'Time', class: 'timestamp' }, ...levels],
};
const timeline: TableClass = {
  name: 'per-process-over-time',
  title: 'Memory of a process over time, since the begin',
  columns: [{ title: 'Time', class: 'timestamp' }, process, { title: 'Net', class: 'size' }],
};

interface Usage {
  readonly subject: Thread;
  readonly net: TimeSeries;
  allocatedBytes: number;
  freedBytes: number;
  highestBytes: number;
  lowestBytes: number;
}

/** Processes whose levels are kept over time; the others have sums only. */
const maxSeries = 4096;

class MemoryUsage implements Reducer {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #subjects: Subjects;
  readonly #usages = new Map<Thread, Usage>();
  readonly #allocated: TimeSeries;
  readonly #freed: TimeSeries;
  readonly #lost: TimeSeries;
  /** How often a gap touched them. */
  readonly #doubts = new Map<Thread, number>();

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#options = context.options;
    // Threads share their memory: processes are what one asks for.
    this.#subjects = new Subjects(context.host, context.options.groupBy ?? 'process');
    this.#allocated = new TimeSeries(context.periodBeginNs);
    this.#freed = new TimeSeries(context.periodBeginNs);
    this.#lost = new TimeSeries(context.periodBeginNs);
  }

  readonly handlers: Reducer['handlers'] = {
    'page-operation': (operation) => this.#add(operation),
    doubt: ({ thread }) => {
      const subject = this.#subjects.of(thread);
      this.#doubts.set(subject, (this.#doubts.get(subject) ?? 0) + 1);
    },
  };

  #add({ kind, order, thread, timeNs, cpu }: PageOperation): void {
    if (!passesCpu(this.#options, cpu.id)) return;
    const bytes = pageBytes * 2 ** order;
    (kind === 'allocate' ? this.#allocated : this.#freed).add(timeNs, bytes);
    if (thread === undefined || !passesProcess(this.#options, thread)) return;
    const usage = this.#usageOf(this.#subjects.of(thread));
    if (kind === 'allocate') usage.allocatedBytes += bytes;
    else usage.freedBytes += bytes;
    usage.net.add(timeNs, kind === 'allocate' ? bytes : -bytes);
    const net = usage.allocatedBytes - usage.freedBytes;
    if (net > usage.highestBytes) usage.highestBytes = net;
    if (net < usage.lowestBytes) usage.lowestBytes = net;
  }

  #usageOf(subject: Thread): Usage {
    let usage = this.#usages.get(subject);
    if (usage === undefined) {
      const isKept = this.#usages.size < maxSeries;
      const net = isKept ? new TimeSeries(this.#context.periodBeginNs) : this.#lost;
      const none = { allocatedBytes: 0, freedBytes: 0, highestBytes: 0, lowestBytes: 0 };
      usage = { subject, net, ...none };
      this.#usages.set(subject, usage);
    }
    return usage;
  }

  report({ endNs, timeRange }: Period): Report {
    const { limit } = this.#options;
    const all = [...this.#usages.values()].sort((a, b) => rangeOf(b) - rangeOf(a));
    const shown = limited(all, limit);
    const charted = shown.filter(({ net }) => net !== this.#lost);
    const summary: ResultTable = {
      tableClass: perProcess,
      rows: rowsOf(shown, (usage) => usageRow(usage, this.#doubts.get(usage.subject) ?? 0)),
    };
    const [allocated, freed] = [this.#allocated.values(endNs), this.#freed.values(endNs)];
    const chart: Chart = {
      kind: 'series',
      title: 'Memory allocated less freed, since the begin',
      unit: 'bytes',
      bucketNs: this.#allocated.bucketNs,
      series: [
        { name: 'system', values: runningSum(allocated.map((value, i) => value - freed[i]!)) },
        ...charted.map(({ subject, net }) => ({
          name: subject.tid < 0 ? subject.comm : threadName(subject),
          values: runningSum(net.values(endNs)),
        })),
      ],
    };
    const tables = [
      summary,
      { tableClass: system, rows: this.#systemRows(allocated, freed, endNs) },
      { tableClass: timeline, rows: charted.flatMap((usage) => this.#timelineRows(usage, endNs)) },
    ];
    const isEmpty = allocated.every((value) => value === 0) && freed.every((value) => value === 0);
    return {
      timeRange,
      tables: isEmpty ? [] : tables,
      text: isEmpty
        ? []
        : [
            { kind: 'chart', chart },
            { kind: 'table', table: summary },
          ],
    };
  }

  /** Times are the ends of buckets; the last one's is the period's. */
  #timeCell(bucket: number, bucketNs: number, endNs: number): Cell {
    const timeNs = Math.min(endNs, this.#context.periodBeginNs + (bucket + 1) * bucketNs);
    return { class: 'timestamp', value: this.#context.toAbsoluteNs(timeNs) };
  }

  #systemRows(allocated: readonly number[], freed: readonly number[], endNs: number): Cell[][] {
    const [sums, losses] = [runningSum(allocated), runningSum(freed)];
    return sums.map((bytes, i) => [
      this.#timeCell(i, this.#allocated.bucketNs, endNs),
      sizeCell(bytes),
      sizeCell(losses[i]!),
      sizeCell(bytes - losses[i]!),
    ]);
  }

  #timelineRows({ subject, net }: Usage, endNs: number): Cell[][] {
    return runningSum(net.values(endNs)).map((bytes, i) => [
      this.#timeCell(i, net.bucketNs, endNs),
      subjectCell(subject),
      sizeCell(bytes),
    ]);
  }
}

/** How far the level moved: what shows in a chart. */
const rangeOf = (usage: Usage): number => usage.highestBytes - usage.lowestBytes;

/** Groups by name have no id. */
const subjectCell = ({ comm, tid }: Thread): Cell => ({
  class: 'process',
  name: comm,
  ...(tid < 0 ? {} : { pid: tid }),
});

function usageRow(usage: Usage, uncertain: number): Cell[] {
  return [
    subjectCell(usage.subject),
    sizeCell(usage.allocatedBytes),
    sizeCell(usage.freedBytes),
    sizeCell(usage.allocatedBytes - usage.freedBytes),
    sizeCell(usage.highestBytes),
    sizeCell(usage.lowestBytes),
    numberCell(uncertain),
  ];
}

function runningSum(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}

export const memusage: Analysis = {
  name: 'memusage',
  family: 'memusage',
  summary: 'Memory over time, of processes and of the system.',
  title: 'Memory usage over time',
  description: 'Memory allocated less freed, per process and for the system, over time',
  tags: ['linux-kernel', 'memory', 'timeline'],
  tableClasses: [perProcess, system, timeline],
  defaultViews: ['usage'],
  options: ['limit', 'cpuIds', 'tids', 'processNames', 'groupBy'],
  kinds: () => ['page-operation', 'doubt'],
  start: (context) => new MemoryUsage(context),
};
