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
import { NumberColumn, ObjectColumn } from './columns.ts';
import { makeRows, rowsOf } from './rows.ts';
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

/** Keys of two CPU ids, of 32 bits each and signed, are exact. */
const cpuIdBound = 2 ** 32;

class Moves {
  /** Most threads make one kind of move, if any. */
  #first: Move | undefined;
  #others: Map<number, Move> | undefined;
  count = 0;

  add(fromCpuId: number, toCpuId: number): void {
    this.count++;
    const first = this.#first;
    if (first === undefined) {
      this.#first = { fromCpuId, toCpuId, count: 1 };
      return;
    }
    if (first.fromCpuId === fromCpuId && first.toCpuId === toCpuId) {
      first.count++;
      return;
    }
    const key = fromCpuId * cpuIdBound + toCpuId;
    this.#others ??= new Map();
    const move = this.#others.get(key);
    if (move === undefined) this.#others.set(key, { fromCpuId, toCpuId, count: 1 });
    else move.count++;
  }

  /** In the order of appearance. */
  get #moves(): Move[] {
    if (this.#first === undefined) return [];
    return [this.#first, ...(this.#others?.values() ?? [])];
  }

  /** The most frequent first. */
  get all(): Move[] {
    return this.#moves.sort((a, b) => b.count - a.count);
  }

  /** Different CPUs left or reached. */
  get cpuCount(): number {
    const ids = this.#moves.flatMap((move) => [move.fromCpuId, move.toCpuId]);
    return new Set(ids.filter((id) => id >= 0)).size;
  }
}

/** Every move, column by column. */
class MoveLog {
  readonly #timesNs = new NumberColumn();
  readonly #names = new ObjectColumn<string>();
  readonly #tids = new NumberColumn();
  /** NaN: unknown. */
  readonly #priorities = new NumberColumn();
  readonly #fromCpuIds = new NumberColumn();
  readonly #toCpuIds = new NumberColumn();

  add(timeNs: number, { comm, tid, priority }: Thread, fromCpuId: number, toCpuId: number): void {
    this.#timesNs.push(timeNs);
    this.#names.push(comm);
    this.#tids.push(tid);
    this.#priorities.push(priority ?? Number.NaN);
    this.#fromCpuIds.push(fromCpuId);
    this.#toCpuIds.push(toCpuId);
  }

  get count(): number {
    return this.#names.count;
  }

  cells(row: number, toAbsoluteNs: (timeNs: number) => bigint): Cell[] {
    const priority = this.#priorities.at(row);
    return [
      { class: 'timestamp', value: toAbsoluteNs(this.#timesNs.at(row)) },
      { class: 'process', name: this.#names.at(row), tid: this.#tids.at(row) },
      Number.isNaN(priority) ? null : numberCell(priority),
      cpuCell(this.#fromCpuIds.at(row)),
      cpuCell(this.#toCpuIds.at(row)),
    ];
  }
}

const cpuCell = (id: number): Cell => (id < 0 ? { class: 'unknown' } : { class: 'cpu', id });

class Migrations implements Reducer {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #threads = new Map<Thread, Moves>();
  readonly #all = new Moves();
  readonly #log = new MoveLog();

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
    this.#log.add(timeNs, thread, fromCpuId, toCpuId);
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
      rows: makeRows(this.#log.count, (row) => this.#log.cells(row, toAbsoluteNs)),
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
