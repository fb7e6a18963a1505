import type { Host, Thread } from '@sonde/linux-model';
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
import { doubt } from './losses.ts';
import { rowsOf } from './rows.ts';
import {
  type Cell,
  numberCell,
  type Report,
  sizeCell,
  type TableClass,
  uncertainColumn,
} from './table.ts';
import { barsOf, lines, type TextBlock } from './text-block.ts';

/** 4 KiB pages: every architecture that LTTng's traces here come from. */
export const pageBytes = 4096;
/** Points of the memory-over-time table. */
const timelinePoints = 100;

const perThread = (name: string, title: string, column: string): TableClass => ({
  isLimited: true,
  name,
  title,
  columns: [
    { title: 'Process', class: 'process' },
    { title: column, class: 'number', unit: 'pages' },
    { title: 'Net size', class: 'size', isExtra: true },
    uncertainColumn,
  ],
});
const allocated = perThread('allocd', 'Per-TID top allocated memory', 'Allocated pages');
const freed = perThread('freed', 'Per-TID top freed memory', 'Freed pages');
const totalColumns = [
  { title: 'Total allocated pages', class: 'number', unit: 'pages' },
  { title: 'Total freed pages', class: 'number', unit: 'pages' },
] as const;
const total: TableClass = {
  name: 'total',
  title: 'Total allocated/freed memory',
  columns: totalColumns,
};
const summary: TableClass = {
  name: 'summary',
  title: 'Memory usage - summary',
  columns: [{ title: 'Time range', class: 'time-range' }, ...totalColumns],
};
const timeline: TableClass = {
  name: 'timeline',
  title: 'Memory over time',
  isExtra: true,
  columns: [
    { title: 'Time', class: 'timestamp' },
    { title: 'System', class: 'size' },
  ],
};

interface Usage {
  readonly host: Host;
  readonly thread: Thread;
  allocatedPages: number;
  freedPages: number;
  /** Allocated less freed. */
  netBytes: number;
}

class MemoryTop implements Reducer {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #threads = new Map<Thread, Usage>();
  /** How often a gap touched them. */
  readonly #doubts = new Map<Thread, number>();
  /** Running sum of allocations less frees since the period began, at `#times`. */
  readonly #times: number[] = [];
  readonly #netBytes: number[] = [];
  #systemNetBytes = 0;
  /** Every how many operations a point is kept; doubles when there are too many. */
  #stride = 1;
  #operations = 0;

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#options = context.options;
  }

  readonly handlers: Reducer['handlers'] = {
    'page-operation': ({ host, timeNs, kind, order, cpu, thread }) => {
      const bytes = (kind === 'allocate' ? 1 : -1) * pageBytes * 2 ** order;
      this.#systemNetBytes += bytes;
      this.#keepPoint(timeNs);
      if (thread === undefined) return;
      if (!passesProcess(this.#options, thread) || !passesCpu(this.#options, cpu.id)) return;
      const subject = this.#context.subjectOf(thread);
      let usage = this.#threads.get(subject);
      if (usage === undefined) {
        usage = { host, thread: subject, allocatedPages: 0, freedPages: 0, netBytes: 0 };
        this.#threads.set(subject, usage);
      }
      if (kind === 'allocate') usage.allocatedPages++;
      else usage.freedPages++;
      usage.netBytes += bytes;
    },
    doubt: ({ thread }) => {
      const subject = this.#context.subjectOf(thread);
      this.#doubts.set(subject, this.#doubtsOf(subject) + 1);
    },
  };

  #doubtsOf(subject: Thread): number {
    return this.#doubts.get(subject) ?? 0;
  }

  #keepPoint(timeNs: number): void {
    if (this.#operations++ % this.#stride !== 0) return;
    this.#times.push(timeNs);
    this.#netBytes.push(this.#systemNetBytes);
    if (this.#times.length < 2 * timelinePoints) return;
    for (const list of [this.#times, this.#netBytes]) {
      const kept = list.filter((_, i) => i % 2 === 0);
      list.splice(0, list.length, ...kept);
    }
    this.#stride *= 2;
  }

  report(period: Period): Report {
    const usages = [...this.#threads.values()];
    const byAllocated = usages.toSorted((a, b) => b.allocatedPages - a.allocatedPages);
    const byFreed = usages.toSorted((a, b) => b.freedPages - a.freedPages);
    const { limit } = this.#options;
    const allocations = limited(byAllocated, limit);
    const frees = limited(byFreed, limit);
    const sum = (pick: (usage: Usage) => number): number =>
      usages.reduce((all, usage) => all + pick(usage), 0);
    const allocatedPages = sum((usage) => usage.allocatedPages);
    const freedPages = sum((usage) => usage.freedPages);
    const totals = [numberCell(allocatedPages), numberCell(freedPages)];
    const row = (usage: Usage, pages: number): Cell[] => [
      { class: 'process', name: usage.thread.comm, tid: usage.thread.tid },
      numberCell(pages),
      sizeCell(usage.netBytes),
      numberCell(this.#doubtsOf(usage.thread)),
    ];
    const isTouched = (usage: Usage): boolean => this.#doubtsOf(usage.thread) > 0;
    const { timeRange } = period;
    return {
      timeRange,
      tables: [
        { tableClass: allocated, rows: rowsOf(allocations, (u) => row(u, u.allocatedPages)) },
        { tableClass: freed, rows: rowsOf(frees, (u) => row(u, u.freedPages)) },
        { tableClass: total, rows: [totals] },
        { tableClass: summary, rows: [[{ class: 'time-range', ...timeRange }, ...totals]] },
        {
          tableClass: timeline,
          rows: rowsOf(this.#times, (timeNs, i): Cell[] => [
            { class: 'timestamp', value: this.#context.toAbsoluteNs(timeNs) },
            sizeCell(this.#netBytes[i]!),
          ]),
        },
      ],
      text: [
        bars('Per-TID Memory Allocations', allocations, (u) => u.allocatedPages, isTouched),
        bars('Per-TID Memory Deallocations', frees, (u) => u.freedPages, isTouched),
        lines(
          '',
          'Total memory usage:',
          `- ${allocatedPages} pages allocated`,
          `- ${freedPages} pages freed`,
        ),
      ],
    };
  }
}

function bars(
  title: string,
  usages: readonly Usage[],
  pages: (usage: Usage) => number,
  isTouched: (usage: Usage) => boolean,
): TextBlock {
  return {
    kind: 'bars',
    title,
    labelHeader: 'Process',
    rows: barsOf(usages, (usage) => ({
      value: pages(usage),
      valueText: `${pages(usage)} pages`,
      label: `${usage.thread.comm} (${usage.thread.tid})${doubt(isTouched(usage))}`,
    })),
  };
}

export const memtop: Analysis = {
  name: 'memtop',
  family: 'memtop',
  summary: 'Who allocated and freed memory pages, and the balance over time.',
  title: 'Top memory usage',
  description: 'Per-TID top allocated/freed memory',
  tags: ['linux-kernel', 'lttng-analyses', 'memory', 'top'],
  tableClasses: [allocated, freed, total, summary, timeline],
  defaultViews: ['top'],
  options: ['limit', 'cpuIds', 'tids', 'processNames', 'groupBy'],
  kinds: () => ['page-operation', 'doubt'],
  start: (context) => new MemoryTop(context),
};
