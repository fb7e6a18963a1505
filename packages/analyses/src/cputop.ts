import type { Cpu, Host, SchedulingSlice, SegmentKind, Thread } from '@sonde/linux-model';
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
import {
  addPriority,
  formatFixed,
  formatPriorities,
  formatRow,
  type Priorities,
} from './number-format.ts';
import { rowsOf } from './rows.ts';
import {
  type Cell,
  numberCell,
  type Report,
  ratioCell,
  stringCell,
  type TableClass,
} from './table.ts';
import { type BarRow, barsOf, lines, type TextBlock } from './text-block.ts';

const perProcess: TableClass = {
  name: 'per-process',
  isLimited: true,
  title: 'Per-TID top CPU usage',
  columns: [
    { title: 'Process', class: 'process' },
    { title: 'Migration count', class: 'number', unit: 'migrations' },
    { title: 'Chronological priorities', class: 'string' },
    { title: 'CPU usage', class: 'ratio' },
    { title: 'CPU time', class: 'duration', isExtra: true },
    { title: 'Uncertain time', class: 'duration', isExtra: true },
  ],
};
const perCpu: TableClass = {
  name: 'per-cpu',
  title: 'Per-CPU top CPU usage',
  columns: [
    { title: 'CPU', class: 'cpu' },
    { title: 'CPU usage', class: 'ratio' },
    { title: 'Unknown time', class: 'duration', isExtra: true },
  ],
};
const total: TableClass = {
  name: 'total',
  title: 'Total CPU usage',
  columns: [{ title: 'CPU usage', class: 'ratio' }],
};
const summary: TableClass = {
  name: 'summary',
  title: 'CPU usage - summary',
  columns: [
    { title: 'Time range', class: 'time-range' },
    { title: 'Total CPU usage', class: 'ratio' },
  ],
};

interface ThreadUsage {
  readonly host: Host;
  readonly thread: Thread;
  totalNs: number;
  uncertainNs: number;
  /** It ran into a gap, or out of one. */
  isTouched: boolean;
  migrations: number;
  /** Those it was switched in with first or changed to, in the order of appearance. */
  priorities: Priorities;
}

interface CpuUsage {
  readonly host: Host;
  readonly cpu: Cpu;
  totalNs: number;
  /** Nobody knows who ran: events were discarded. */
  unknownNs: number;
}

// Times begin as NaN: sums that began as small integers would make V8 compile anew what adds to them, once they are none.
function newThreadUsage(host: Host, thread: Thread): ThreadUsage {
  const { NaN: no } = Number;
  const times = { totalNs: no, uncertainNs: no };
  const usage: ThreadUsage = {
    host,
    thread,
    ...times,
    isTouched: false,
    migrations: 0,
    priorities: undefined,
  };
  usage.totalNs = 0;
  usage.uncertainNs = 0;
  return usage;
}

function newCpuUsage(host: Host, cpu: Cpu): CpuUsage {
  const usage = { host, cpu, totalNs: Number.NaN, unknownNs: Number.NaN };
  usage.totalNs = 0;
  usage.unknownNs = 0;
  return usage;
}

class CpuTop implements Reducer {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #threads = new Map<Thread, ThreadUsage>();
  readonly #cpus = new Map<Cpu, CpuUsage>();

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#options = context.options;
  }

  readonly handlers: Reducer['handlers'] = {
    'scheduling-slice': (slice) => this.#addSlice(slice),
    switch: ({ host, cpu, next }) => {
      if (next.tid === 0 || this.#threads.has(this.#context.subjectOf(next))) return;
      if (!passesCpu(this.#options, cpu.id)) return;
      const usage = this.#usageOf(host, next);
      if (usage === undefined || next.priority === undefined) return;
      usage.priorities = addPriority(usage.priorities, next.priority);
    },
    'priority-change': ({ thread, priority }) => {
      const usage = this.#threads.get(this.#context.subjectOf(thread));
      if (usage !== undefined) usage.priorities = addPriority(usage.priorities, priority);
    },
    migration: ({ host, thread, cpu }) => {
      if (!passesCpu(this.#options, cpu.id)) return;
      const usage = this.#usageOf(host, thread);
      if (usage !== undefined) usage.migrations++;
    },
  };

  /** Undefined: the filters exclude the thread, by the name it has now. */
  #usageOf(host: Host, thread: Thread): ThreadUsage | undefined {
    if (!passesProcess(this.#options, thread)) return undefined;
    const subject = this.#context.subjectOf(thread);
    let usage = this.#threads.get(subject);
    if (usage !== undefined) return usage;
    usage = newThreadUsage(host, subject);
    this.#threads.set(subject, usage);
    return usage;
  }

  #addSlice(slice: SchedulingSlice): void {
    const { host, cpu, thread, beginNs, endNs, isCertain, endState } = slice;
    const usage = this.#addRun(host, cpu, thread, beginNs, endNs, isCertain);
    if (usage === undefined || cpu.lastGapEndNs === Number.NEGATIVE_INFINITY) return;
    if (!isCertain || endState === -1) usage.isTouched = true;
  }

  #addRun(
    host: Host,
    cpu: Cpu,
    thread: Thread,
    beginNs: number,
    endNs: number,
    isCertain: boolean,
  ): ThreadUsage | undefined {
    if (!passesCpu(this.#options, cpu.id)) return undefined;
    let cpuUsage = this.#cpus.get(cpu);
    if (cpuUsage === undefined) {
      cpuUsage = newCpuUsage(host, cpu);
      this.#cpus.set(cpu, cpuUsage);
    }
    if (thread.tid === 0) return undefined;
    const ranNs = Math.max(0, endNs - Math.max(beginNs, this.#context.periodBeginNs));
    if (thread === host.threads.unknown) {
      cpuUsage.unknownNs += ranNs;
      return undefined;
    }
    const usage = this.#usageOf(host, thread);
    if (usage === undefined) return undefined;
    usage.totalNs += ranNs;
    cpuUsage.totalNs += ranNs;
    if (!isCertain) usage.uncertainNs += ranNs;
    return usage;
  }

  report(period: Period): Report {
    const { host } = this.#context;
    for (const cpu of host.cpus) {
      // Nobody after a gap, or where the thread has gone unseen; nobody at all before the first switch.
      const thread = cpu.presentThread ?? host.threads.unknown;
      if (Number.isNaN(cpu.threadSinceNs)) continue;
      this.#addRun(host, cpu, thread, cpu.threadSinceNs, period.endNs, true);
    }
    const durationNs = period.endNs - period.beginNs;
    const ratio = (ns: number): number => (durationNs > 0 ? ns / durationNs : 0);
    const threads = [...this.#threads.values()].sort((a, b) => b.totalNs - a.totalNs);
    const shown = limited(threads, this.#options.limit);
    const cpus = [...this.#cpus.values()].sort((a, b) => a.cpu.id - b.cpu.id);
    const sum = cpus.reduce((all, cpu) => all + cpu.totalNs, 0);
    // A CPU on which nothing ran has no row, and is idle all the same.
    const cpuCount = host.cpus.filter(({ id }) => passesCpu(this.#options, id)).length;
    const totalRatio = cpus.length > 0 ? ratio(sum) / Math.max(cpuCount, cpus.length) : 0;
    const { timeRange } = period;
    return {
      timeRange,
      tables: [
        { tableClass: perProcess, rows: rowsOf(shown, (usage) => threadRow(usage, ratio)) },
        {
          tableClass: perCpu,
          rows: cpus.map((c) => [
            { class: 'cpu', id: c.cpu.id },
            ratioCell(ratio(c.totalNs)),
            { class: 'duration', value: c.unknownNs },
          ]),
        },
        { tableClass: total, rows: cpus.length > 0 ? [[ratioCell(totalRatio)]] : [] },
        {
          tableClass: summary,
          rows: [[{ class: 'time-range', ...timeRange }, ratioCell(totalRatio)]],
        },
      ],
      text: textOf(shown, cpus, ratio, cpus.length > 0 ? totalRatio : undefined),
    };
  }
}

function threadRow(usage: ThreadUsage, ratio: (ns: number) => number): Cell[] {
  const { comm: name, tid } = usage.thread;
  return [
    { class: 'process', name, tid },
    numberCell(usage.migrations),
    stringCell(formatPriorities(usage.priorities)),
    ratioCell(ratio(usage.totalNs)),
    { class: 'duration', value: usage.totalNs },
    { class: 'duration', value: usage.uncertainNs },
  ];
}

const labelWidths = [25, -10, 0];

function percentRow(ratio: number, label: string): BarRow {
  const percent = ratio * 100;
  return { value: percent, valueText: `${formatFixed(percent, 2)} %`, label };
}

const unknownText = (ratio: number): string =>
  ratio > 0 ? `, unknown ${formatFixed(ratio * 100, 2)} %${doubt(true)}` : '';

function textOf(
  threads: readonly ThreadUsage[],
  cpus: readonly CpuUsage[],
  ratio: (ns: number) => number,
  totalRatio: number | undefined,
): TextBlock[] {
  const label = (usage: ThreadUsage): string => {
    const name = `${usage.thread.comm} (${usage.thread.tid})`;
    const cells = [name, String(usage.migrations), `  ${formatPriorities(usage.priorities)}`];
    return `  ${formatRow(cells, labelWidths)}${doubt(usage.isTouched)}`;
  };
  const blocks: TextBlock[] = [
    {
      kind: 'bars',
      title: 'Per-TID Usage',
      labelHeader: `  ${formatRow(['Process', 'Migrations', '  Priorities'], labelWidths)}`,
      rows: barsOf(threads, (usage) => percentRow(ratio(usage.totalNs), label(usage))),
    },
    {
      kind: 'bars',
      title: 'Per-CPU Usage',
      rows: cpus.map((c) =>
        percentRow(ratio(c.totalNs), `CPU ${c.cpu.id}${unknownText(ratio(c.unknownNs))}`),
      ),
    },
  ];
  if (totalRatio !== undefined) {
    blocks.push(lines('', `Total CPU Usage: ${formatFixed(totalRatio * 100, 2)}%`, ''));
  }
  return blocks;
}

export const cputop: Analysis = {
  name: 'cputop',
  family: 'cputop',
  summary: 'Who used the CPUs: time per thread and per CPU, migrations, priorities.',
  title: 'Top CPU usage',
  description: 'Per-TID, per-CPU, and total top CPU usage',
  tags: ['linux-kernel', 'lttng-analyses', 'cpu', 'top'],
  tableClasses: [perProcess, perCpu, total, summary],
  defaultViews: ['top'],
  options: ['limit', 'cpuIds', 'tids', 'processNames', 'groupBy'],
  kinds: (): readonly SegmentKind[] => [
    'priority-change',
    'scheduling-slice',
    'switch',
    'migration',
  ],
  start: (context) => new CpuTop(context),
};
