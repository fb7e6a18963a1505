/** migrationtop, migrationlog: which threads moved between CPUs, how often, and when. Ours, not the original's. */

import type { Migration, Thread } from '@sonde/linux-model';
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
import { tableBlocks } from './arrange.ts';
import { rowsOf } from './rows.ts';
import {
  type Cell,
  numberCell,
  type Report,
  type ResultTable,
  stringCell,
  type TableClass,
} from './table.ts';

const perProcess: TableClass = {
  name: 'per-process',
  title: 'Threads by migrations',
  isLimited: true,
  columns: [
    { title: 'Process', class: 'process' },
    { title: 'Migrations', class: 'number', unit: 'migrations' },
    { title: 'CPUs', class: 'number', unit: 'CPUs' },
    { title: 'Most frequent', class: 'string' },
  ],
};
const perMove: TableClass = {
  name: 'per-move',
  title: 'Moves between CPUs',
  isLimited: true,
  columns: [
    { title: 'From CPU', class: 'cpu' },
    { title: 'To CPU', class: 'cpu' },
    { title: 'Migrations', class: 'number', unit: 'migrations' },
  ],
};
const total: TableClass = {
  name: 'total',
  title: 'All migrations',
  columns: [
    { title: 'Migrations', class: 'number', unit: 'migrations' },
    { title: 'Threads', class: 'number', unit: 'threads' },
    { title: 'Per second', class: 'number' },
  ],
};
const log: TableClass = {
  name: 'log',
  title: 'Migration log',
  columns: [
    { title: 'Time', class: 'timestamp' },
    { title: 'Process', class: 'process' },
    { title: 'Priority', class: 'number' },
    { title: 'From CPU', class: 'cpu' },
    { title: 'To CPU', class: 'cpu' },
  ],
};

interface Move {
  readonly fromCpuId: number;
  readonly toCpuId: number;
  count: number;
}

class Moves {
  readonly #byCpus = new Map<string, Move>();
  count = 0;

  add(fromCpuId: number, toCpuId: number): void {
    this.count++;
    const key = `${fromCpuId} ${toCpuId}`;
    const move = this.#byCpus.get(key);
    if (move === undefined) this.#byCpus.set(key, { fromCpuId, toCpuId, count: 1 });
    else move.count++;
  }

  /** The most frequent first. */
  get all(): Move[] {
    return [...this.#byCpus.values()].sort((a, b) => b.count - a.count);
  }

  /** Different CPUs left or reached. */
  get cpuCount(): number {
    const ids = [...this.#byCpus.values()].flatMap((move) => [move.fromCpuId, move.toCpuId]);
    return new Set(ids.filter((id) => id >= 0)).size;
  }
}

interface LoggedMove {
  readonly timeNs: number;
  readonly comm: string;
  readonly tid: number;
  readonly priority: number | undefined;
  readonly fromCpuId: number;
  readonly toCpuId: number;
}

const cpuCell = (id: number): Cell => (id < 0 ? { class: 'unknown' } : { class: 'cpu', id });

class Migrations implements Reducer {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #threads = new Map<Thread, Moves>();
  readonly #all = new Moves();
  readonly #log: LoggedMove[] = [];

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#options = context.options;
  }

  readonly handlers: Reducer['handlers'] = { migration: (migration) => this.#add(migration) };

  #add({ thread, fromCpuId, toCpuId, cpu, timeNs }: Migration): void {
    if (!passesProcess(this.#options, thread)) return;
    // A migration is the business of both of its CPUs.
    const cpuIds = [fromCpuId, toCpuId].filter((id) => id >= 0);
    const isOnCpu = cpuIds.length === 0 ? [cpu.id] : cpuIds;
    if (!isOnCpu.some((id) => passesCpu(this.#options, id))) return;
    const subject = this.#context.subjectOf(thread);
    let moves = this.#threads.get(subject);
    if (moves === undefined) {
      moves = new Moves();
      this.#threads.set(subject, moves);
    }
    moves.add(fromCpuId, toCpuId);
    this.#all.add(fromCpuId, toCpuId);
    if (!this.#options.views.has('log')) return;
    const { comm, tid, priority } = thread;
    this.#log.push({ timeNs, comm, tid, priority, fromCpuId, toCpuId });
  }

  report(period: Period): Report {
    const { views } = this.#options;
    const tables: ResultTable[] = [];
    if (views.has('top')) tables.push(...this.#topTables(period));
    if (views.has('log')) tables.push(this.#logTable());
    return { timeRange: period.timeRange, tables, text: tableBlocks(tables) };
  }

  #topTables({ beginNs, endNs }: Period): ResultTable[] {
    const { limit } = this.#options;
    const threads = [...this.#threads].sort(([, a], [, b]) => b.count - a.count);
    const seconds = (endNs - beginNs) / 1e9;
    const perSecond = seconds > 0 ? Number((this.#all.count / seconds).toFixed(3)) : 0;
    return [
      {
        tableClass: perProcess,
        rows: rowsOf(limited(threads, limit), ([{ comm, tid }, moves]): Cell[] => [
          { class: 'process', name: comm, tid },
          numberCell(moves.count),
          numberCell(moves.cpuCount),
          stringCell(moveText(moves.all[0]!)),
        ]),
      },
      {
        tableClass: perMove,
        rows: rowsOf(limited(this.#all.all, limit), (move): Cell[] => [
          cpuCell(move.fromCpuId),
          cpuCell(move.toCpuId),
          numberCell(move.count),
        ]),
      },
      {
        tableClass: total,
        rows: [[numberCell(this.#all.count), numberCell(threads.length), numberCell(perSecond)]],
      },
    ];
  }

  #logTable(): ResultTable {
    const { toAbsoluteNs } = this.#context;
    return {
      tableClass: log,
      rows: rowsOf(this.#log, (move): Cell[] => [
        { class: 'timestamp', value: toAbsoluteNs(move.timeNs) },
        { class: 'process', name: move.comm, tid: move.tid },
        move.priority === undefined ? null : numberCell(move.priority),
        cpuCell(move.fromCpuId),
        cpuCell(move.toCpuId),
      ]),
    };
  }
}

/** `0 → 1 (12 times)` */
function moveText({ fromCpuId, toCpuId, count }: Move): string {
  const name = (id: number): string => (id < 0 ? '?' : String(id));
  return `${name(fromCpuId)} → ${name(toCpuId)} (${count} ${count === 1 ? 'time' : 'times'})`;
}

function declare(name: string, view: string, summary: string): Analysis {
  return {
    name,
    family: 'migration',
    summary,
    title: 'CPU migrations',
    description: 'Migrations of threads between CPUs: counts and log',
    tags: ['linux-kernel', 'sched', 'migration', view],
    tableClasses: [perProcess, perMove, total, log],
    defaultViews: [view],
    options: ['limit', 'cpuIds', 'tids', 'processNames', 'groupBy'],
    kinds: () => ['migration', 'thread-life'],
    start: (context) => new Migrations(context),
  };
}

export const migrationtop: Analysis = declare(
  'migrationtop',
  'top',
  'Which threads moved between CPUs most, and between which.',
);
export const migrationlog: Analysis = declare(
  'migrationlog',
  'log',
  'Every move of a thread to another CPU.',
);
