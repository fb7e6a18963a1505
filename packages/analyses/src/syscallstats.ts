import type { Host, SystemCall, Thread } from '@sonde/linux-model';
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
import { errnoName } from './errno.ts';
import { doubt } from './losses.ts';
import { formatRow, formatShortest } from './number-format.ts';
import { mapRows, rowsOf } from './rows.ts';
import { Samples } from './samples.ts';
import { percentileCells, percentileColumns, statisticsCells } from './statistics-columns.ts';
import {
  type Cell,
  lazyTable,
  numberCell,
  type Report,
  stringCell,
  type TableClass,
} from './table.ts';
import { linesOf, type TextBlock } from './text-block.ts';

const perTid: TableClass = {
  name: 'per-tid',
  title: 'System call statistics',
  columns: [
    { title: 'System call', class: 'syscall' },
    { title: 'Call count', class: 'number', unit: 'calls' },
    { title: 'Minimum call duration', class: 'duration' },
    { title: 'Average call duration', class: 'duration' },
    { title: 'Maximum call duration', class: 'duration' },
    { title: 'Call duration standard deviation', class: 'duration' },
    { title: 'Return values count', class: 'string' },
    ...percentileColumns,
  ],
};
const total: TableClass = {
  name: 'total',
  title: 'Per-TID system call statistics',
  columns: [
    { title: 'Process', class: 'process' },
    { title: 'Total system call count', class: 'number', unit: 'calls' },
  ],
};
const summary: TableClass = {
  name: 'summary',
  title: 'System call statistics - summary',
  columns: [{ title: 'Time range', class: 'time-range' }, ...total.columns],
};

/** Two calls deviate from their mean by the same amount: it says nothing. */
const minimumForDeviation = 3;

interface CallStatistics {
  readonly name: string;
  readonly durations: Samples;
  /** `success` or an errno name → count, in order of appearance. */
  readonly results: Map<string, number>;
}

interface ThreadCalls {
  readonly host: Host;
  readonly thread: Thread;
  readonly calls: Map<string, CallStatistics>;
  count: number;
}

class SystemCallStatistics implements Reducer {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #threads = new Map<Thread, ThreadCalls>();

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#options = context.options;
  }

  readonly handlers: Reducer['handlers'] = {
    'system-call': (call) => {
      if (call.isFinished) this.#add(call);
    },
  };

  #add(call: SystemCall): void {
    const { thread, cpu, name, beginNs, endNs, isCertain } = call;
    const options = this.#options;
    if (!passesProcess(options, thread) || !passesCpu(options, cpu.id)) return;
    if (!passesDuration(options, endNs - beginNs)) return;
    const subject = this.#context.subjectOf(thread);
    let row = this.#threads.get(subject);
    if (row === undefined) {
      row = { host: call.host, thread: subject, calls: new Map(), count: 0 };
      this.#threads.set(subject, row);
    }
    let statistics = row.calls.get(name);
    if (statistics === undefined) {
      statistics = { name, durations: new Samples(), results: new Map() };
      row.calls.set(name, statistics);
    }
    row.count++;
    statistics.durations.add(endNs - beginNs, isCertain);
    const result = resultName(call.result);
    statistics.results.set(result, (statistics.results.get(result) ?? 0) + 1);
  }

  report(period: Period): Report {
    const threads = [...this.#threads.values()].sort((a, b) => b.count - a.count);
    const { timeRange } = period;
    const totals = rowsOf(threads, (t): Cell[] => [processCell(t), numberCell(t.count)]);
    return {
      timeRange,
      tables: [
        ...threads.map((t) => lazyTable(perTid, threadTitle(t), () => byCount(t).map(callRow))),
        { tableClass: total, rows: totals },
        {
          tableClass: summary,
          rows: mapRows(totals, (cells): Cell[] => [
            { class: 'time-range', ...timeRange },
            ...cells,
          ]),
        },
      ],
      text: textOf(threads),
    };
  }
}

function resultName(result: number | undefined): string {
  if (result === undefined) return 'unknown';
  return result >= 0 ? 'success' : errnoName(-result);
}

const byCount = ({ calls }: ThreadCalls): CallStatistics[] =>
  [...calls.values()].sort((a, b) => b.durations.count - a.durations.count);

function processCell({ thread }: ThreadCalls): Cell {
  const pid = thread.pid >= 0 ? { pid: thread.pid } : {};
  return { class: 'process', name: thread.comm, ...pid, tid: thread.tid };
}

/** As a dictionary, in the order of first appearance. */
function formatResults(results: ReadonlyMap<string, number>): string {
  return `{${[...results].map(([name, count]) => `'${name}': ${count}`).join(', ')}}`;
}

function callRow({ name, durations, results }: CallStatistics): Cell[] {
  return [
    { class: 'syscall', name },
    ...statisticsCells(durations, minimumForDeviation),
    stringCell(formatResults(results)),
    ...percentileCells(durations),
  ];
}

const threadTitle = ({ thread }: ThreadCalls): string =>
  thread.tid < 0 // A group by name.
    ? thread.comm
    : `${thread.comm} (${thread.pid >= 0 ? thread.pid : '?'}, TID: ${thread.tid})`;

const widths = [38, -14, -14, -14, -12, -10];

function row(cells: readonly string[]): string {
  return `${formatRow(cells.slice(0, 6), widths)}  ${(cells[6] ?? '').padEnd(14)}`;
}

function textOf(threads: readonly ThreadCalls[]): TextBlock[] {
  const text: string[] = ['Per-TID syscalls statistics (usec)'];
  let count = 0;
  for (const thread of threads) {
    count += thread.count;
    const header = ['Count', 'Min', 'Average', 'Max', 'Stdev', 'Return values'];
    text.push(row([threadTitle(thread), ...header]));
    for (const { name, durations, results } of byCount(thread)) {
      const deviation =
        durations.count >= minimumForDeviation ? durations.standardDeviation : undefined;
      text.push(
        row([
          ` - ${name}`,
          String(durations.count),
          formatShortest(durations.min / 1000),
          formatShortest(durations.mean / 1000),
          formatShortest(durations.max / 1000),
          deviation === undefined ? '?' : formatShortest(deviation / 1000),
          formatResults(results),
        ]) + doubt(durations.uncertainCount > 0),
      );
    }
    text.push(row(['Total:', String(thread.count), '', '', '', '', '']), '-'.repeat(113));
  }
  return [linesOf([...text, '', `Total syscalls: ${count}`])];
}

export const syscallstats: Analysis = {
  name: 'syscallstats',
  family: 'syscallstats',
  summary: 'System calls per thread: counts, durations, results.',
  title: 'System call statistics',
  description: 'Per-TID and global system call statistics',
  tags: ['linux-kernel', 'lttng-analyses', 'syscall', 'stats'],
  tableClasses: [perTid, total, summary],
  defaultViews: ['stats'],
  options: ['cpuIds', 'tids', 'processNames', 'minDurationNs', 'maxDurationNs', 'groupBy'],
  kinds: () => ['system-call'],
  start: (context) => new SystemCallStatistics(context),
};
