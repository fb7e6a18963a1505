/** Who used the CPUs. */
import type { Cpu, SchedulingSlice, Thread } from '@sonde/linux-model';
import type { Period, ReducerContext } from '../analysis.ts';
import { counted, formatCount, formatPercent } from '../printers/human-text.ts';
import { type Cell, durationCell, numberCell, ratioCell, stringCell } from '../table.ts';
import {
  byProcess,
  type ProcessGroup,
  priorityText,
  processCell,
  sum,
  threadCell,
  threadName,
} from './names.ts';
import {
  type Finding,
  rowLimit,
  type Section,
  type SectionReducer,
  type SectionResult,
  type SectionTable,
  sectionTable,
} from './section.ts';
import { seriesChart, TimeSeries } from './time-series.ts';
import { greatest } from './top-list.ts';

interface ThreadUse {
  readonly thread: Thread;
  ns: number;
  switches: number;
  /** Switched out while it could have gone on. */
  preemptions: number;
  migrations: number;
}

interface CpuUse {
  readonly cpu: Cpu;
  readonly busy: TimeSeries;
  busyNs: number;
  idleNs: number;
  /** Nobody knows who ran: events or switches are missing. */
  unknownNs: number;
  switches: number;
}

/** Above this the CPUs have hardly anything left (ratio). */
const busyRatio = 0.85;
/** Difference between the most and the least busy CPU that is worth a word. */
const imbalance = 0.3;
/** A thread that hardly leaves its CPU. */
const singleThreadRatio = 0.9;

/** More would say less. */
const listedCpus = 32;
const chartedCpus = 8;

/** Shares of all CPU time in which nobody knows who ran. */
const notableUnknown = 0.05;
const mostlyUnknown = 0.25;

/** Programs that record: LTTng's daemons, perf, trace-cmd, Sonde. */
const tracerName = /^(?:lttng-|perf$|trace-cmd|sonde)/;
const notableTracerShare = 0.01;

class CpuUsage implements SectionReducer {
  readonly #context: ReducerContext;
  readonly #threads = new Map<Thread, ThreadUse>();
  readonly #cpus = new Map<Cpu, CpuUse>();
  #migrations = 0;

  constructor(context: ReducerContext) {
    this.#context = context;
  }

  readonly handlers: SectionReducer['handlers'] = {
    'scheduling-slice': (slice) => this.#add(slice),
    migration: ({ thread }) => {
      this.#migrations++;
      this.#useOf(thread).migrations++;
    },
  };

  #useOf(thread: Thread): ThreadUse {
    let use = this.#threads.get(thread);
    if (use === undefined) {
      use = { thread, ns: 0, switches: 0, preemptions: 0, migrations: 0 };
      this.#threads.set(thread, use);
    }
    return use;
  }

  #add({ cpu, thread, beginNs, endNs, endState }: SchedulingSlice): void {
    this.#addRun(cpu, thread, beginNs, endNs);
    // Cut off by a gap, or by a missing switch: nobody saw one.
    if (endState === -1) return;
    this.#cpus.get(cpu)!.switches++;
    if (thread.tid === 0) return;
    const use = this.#useOf(thread);
    use.switches++;
    if (endState === 0) use.preemptions++;
  }

  #addRun(cpu: Cpu, thread: Thread, beginNs: number, endNs: number): void {
    const { periodBeginNs } = this.#context;
    let own = this.#cpus.get(cpu);
    if (own === undefined) {
      own = {
        cpu,
        busy: new TimeSeries(periodBeginNs),
        busyNs: 0,
        idleNs: 0,
        unknownNs: 0,
        switches: 0,
      };
      this.#cpus.set(cpu, own);
    }
    const ns = endNs - Math.max(beginNs, periodBeginNs);
    if (thread.tid === 0) {
      own.idleNs += ns;
      return;
    }
    if (thread.tid < 0) {
      own.unknownNs += ns;
      return;
    }
    own.busyNs += ns;
    own.busy.addInterval(beginNs, endNs);
    this.#useOf(thread).ns += ns;
  }

  report({ beginNs, endNs }: Period): SectionResult {
    const { host } = this.#context;
    for (const cpu of host.cpus) {
      if (Number.isNaN(cpu.threadSinceNs)) continue;
      this.#addRun(cpu, cpu.presentThread ?? host.threads.unknown, cpu.threadSinceNs, endNs);
    }
    const durationNs = Math.max(1, endNs - beginNs);
    const cpus = [...this.#cpus.values()].sort((a, b) => a.cpu.id - b.cpu.id);
    if (cpus.length === 0) return { headline: '', tables: [], charts: [], findings: [] };
    const threads = [...this.#threads.values()].filter(({ ns }) => ns > 0);
    const processes = byProcess(threads);
    const total = sum(cpus, (c) => c.busyNs) / (durationNs * cpus.length);
    const unknown = sum(cpus, (c) => c.unknownNs) / (durationNs * cpus.length);
    const switches = sum(cpus, (c) => c.switches);
    const perSecond = Math.round(switches / (durationNs / 1e9));
    return {
      headline: `${formatPercent(total)} busy${unknown > 0 ? `, ${formatPercent(unknown)} unknown` : ''} over ${counted(cpus.length, 'CPU')}; ${counted(switches, 'switch', 'switches')} (${formatCount(perSecond)}/s), ${counted(this.#migrations, 'migration')}`,
      tables: [
        cpuTable(cpus, durationNs),
        ...programTables(processes, durationNs),
        threadTable(threads, durationNs),
      ],
      charts: [
        seriesChart(
          'CPU use over time',
          'ratio',
          busiest(cpus, chartedCpus).map((c) => ({ name: `CPU ${c.cpu.id}`, series: c.busy })),
          endNs,
          'share',
        ),
      ],
      findings: [
        ...unknownFindings(unknown),
        ...findingsOf(cpus, threads, processes, total, durationNs),
      ],
    };
  }
}

/** Of few CPUs all, by id; of many the busiest. */
function busiest(cpus: readonly CpuUse[], limit: number): readonly CpuUse[] {
  return cpus.length <= limit ? cpus : greatest(cpus, limit, (c) => c.busyNs);
}

function cpuTable(all: readonly CpuUse[], durationNs: number): SectionTable {
  const cpus = busiest(all, listedCpus);
  const isPartial = all.some(({ unknownNs }) => unknownNs > 0);
  return sectionTable(
    'cpus',
    cpus.length === all.length ? 'CPUs' : `The busiest of ${all.length} CPUs`,
    [
      { title: 'CPU', class: 'cpu' },
      { title: 'Busy', class: 'ratio' },
      { title: 'Busy time', class: 'duration' },
      { title: 'Idle time', class: 'duration' },
      ...(isPartial ? [{ title: 'Unknown time', class: 'duration' } as const] : []),
      { title: 'Switches', class: 'number' },
    ],
    cpus.map((c): Cell[] => [
      { class: 'cpu', id: c.cpu.id },
      ratioCell(c.busyNs / durationNs),
      durationCell(c.busyNs),
      durationCell(c.idleNs),
      ...(isPartial ? [durationCell(c.unknownNs)] : []),
      numberCell(c.switches),
    ]),
    'cputop',
  );
}

const useColumns = [
  { title: 'CPU time', class: 'duration' },
  { title: 'Of one CPU', class: 'ratio' },
  { title: 'Switches', class: 'number' },
  { title: 'Preempted', class: 'number' },
  { title: 'Migrations', class: 'number' },
] as const;

function useCells(rows: readonly ThreadUse[], durationNs: number): Cell[] {
  const ns = sum(rows, (row) => row.ns);
  return [
    durationCell(ns),
    ratioCell(ns / durationNs),
    numberCell(sum(rows, (row) => row.switches)),
    numberCell(sum(rows, (row) => row.preemptions)),
    numberCell(sum(rows, (row) => row.migrations)),
  ];
}

/** By process; and by name, where many short processes have the same. */
function programTables(
  processes: readonly ProcessGroup<ThreadUse>[],
  durationNs: number,
): SectionTable[] {
  const nsOf = (group: { readonly rows: readonly ThreadUse[] }): number =>
    sum(group.rows, (row) => row.ns);
  const table = sectionTable(
    'processes',
    'Processes by CPU time',
    [{ title: 'Process', class: 'process' }, { title: 'Threads', class: 'number' }, ...useColumns],
    greatest(processes, rowLimit, nsOf).map((group) => [
      processCell(group),
      numberCell(group.rows.length),
      ...useCells(group.rows, durationNs),
    ]),
    'cputop --group-by process',
  );
  const names = new Map<string, { name: string; processes: number; rows: ThreadUse[] }>();
  for (const { name, rows } of processes) {
    const known = names.get(name) ?? { name, processes: 0, rows: [] };
    known.processes++;
    for (const row of rows) known.rows.push(row);
    names.set(name, known);
  }
  if (processes.length < 2 * names.size) return [table];
  const programs = sectionTable(
    'programs',
    'Programs by CPU time',
    [{ title: 'Name', class: 'string' }, { title: 'Processes', class: 'number' }, ...useColumns],
    greatest(names.values(), rowLimit, nsOf).map((program) => [
      stringCell(program.name),
      numberCell(program.processes),
      ...useCells(program.rows, durationNs),
    ]),
    'cputop --group-by comm',
  );
  return [programs, table];
}

function threadTable(threads: readonly ThreadUse[], durationNs: number): SectionTable {
  return sectionTable(
    'threads',
    'Threads by CPU time',
    [{ title: 'Thread', class: 'process' }, { title: 'Priority', class: 'string' }, ...useColumns],
    greatest(threads, rowLimit, (row) => row.ns).map((row) => [
      threadCell(row.thread),
      stringCell(priorityText(row.thread.priority)),
      ...useCells([row], durationNs),
    ]),
    'cputop',
  );
}

function unknownFindings(share: number): Finding[] {
  if (share < notableUnknown) return [];
  return [
    {
      severity: share < mostlyUnknown ? 'medium' : 'high',
      text: `Who ran is unknown for ${formatPercent(share)} of all CPU time, for events are missing: times and counts are lower bounds.`,
      command: 'cputop',
    },
  ];
}

function findingsOf(
  cpus: readonly CpuUse[],
  threads: readonly ThreadUse[],
  processes: readonly ProcessGroup<ThreadUse>[],
  total: number,
  durationNs: number,
): Finding[] {
  const findings: Finding[] = [];
  const [first] = greatest(processes, 1, (group) => sum(group.rows, (row) => row.ns));
  if (first !== undefined) {
    const share = sum(first.rows, (row) => row.ns) / (durationNs * cpus.length);
    const who = `${first.name} (${first.pid}) used most: ${formatPercent(share)} of all CPU time`;
    findings.push({
      severity: total > busyRatio ? 'high' : 'info',
      text: `The CPUs were ${formatPercent(total)} busy. ${who}.`,
      command: 'cputop',
    });
  }
  const tracers = threads.filter(({ thread }) => tracerName.test(thread.comm));
  const tracerShare = sum(tracers, (row) => row.ns) / (durationNs * cpus.length);
  if (tracerShare >= notableTracerShare) {
    findings.push({
      severity: 'info',
      text: `The tracer itself (lttng-consumerd and its like) used ${formatPercent(tracerShare)} of all CPU time.`,
      command: 'cputop --group-by comm',
    });
  }
  const ratios = cpus.map((c) => c.busyNs / durationNs);
  // What nobody knows may have been work.
  const most = cpus.map((c) => (c.busyNs + c.unknownNs) / durationNs);
  if (Math.max(...ratios) - Math.min(...most) > imbalance) {
    const at = (ratio: number): string =>
      `CPU ${cpus[ratios.indexOf(ratio)]!.cpu.id} ${formatPercent(ratio)}`;
    findings.push({
      severity: 'medium',
      text: `The load was uneven: ${at(Math.max(...ratios))} busy, ${at(Math.min(...ratios))}.`,
      command: 'cputop',
    });
  }
  for (const use of greatest(threads, 3, (row) => row.ns)) {
    if (use.ns / durationNs < singleThreadRatio) continue;
    findings.push({
      severity: 'medium',
      text: `${threadName(use.thread)} kept one CPU busy nearly all the time (${formatPercent(use.ns / durationNs)}): it can't get faster with more CPUs.`,
      command: `cputop --tid ${use.thread.tid}`,
    });
  }
  return findings;
}

export const cpuSection: Section = {
  id: 'cpu',
  title: 'CPU',
  kinds: ['scheduling-slice', 'migration'],
  start: (context) => new CpuUsage(context),
};
