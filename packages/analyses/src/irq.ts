/** irqstats, irqlog, irqfreq, irqtop: how long interrupt handlers ran, and how long soft ones waited. */

import type { HardIrq, SoftIrq } from '@sonde/linux-model';
import {
  type Analysis,
  type AnalysisOptions,
  type Period,
  passesCpu,
  passesDuration,
  type Reducer,
  type ReducerContext,
} from './analysis.ts';
import {
  type Bounds,
  type Bucket,
  boundsOf,
  bucketRows,
  distribute,
  frequencyBlock,
  joinBounds,
  percentileTable,
  seriesTable,
} from './frequency.ts';
import { type ListText, listBlock, listOf } from './list-text.ts';
import { doubtMark } from './losses.ts';
import { formatRow } from './number-format.ts';
import { rowsOf } from './rows.ts';
import { Samples } from './samples.ts';
import {
  percentileCells,
  percentileColumns,
  statisticsCells,
  statisticsTexts,
} from './statistics-columns.ts';
import {
  type Cell,
  type Column,
  durationCell,
  lazyTable,
  numberCell,
  type Report,
  type ResultTable,
  type TableClass,
  uncertainColumn,
  unknownCell,
} from './table.ts';
import { lines, type TextBlock } from './text-block.ts';
import { TopList } from './top-list.ts';

/** Soft interrupt vectors (include/linux/interrupt.h, v6.12). */
const softIrqNames = [
  'HI',
  'TIMER',
  'NET_TX',
  'NET_RX',
  'BLOCK',
  'BLOCK_IOPOLL',
  'TASKLET',
  'SCHED',
  'HRTIMER',
  'RCU',
].map((name) => `${name}_SOFTIRQ`);

const logColumns: readonly Column[] = [
  { title: 'Time range', class: 'time-range' },
  { title: 'Raised timestamp', class: 'timestamp' },
  { title: 'CPU', class: 'cpu' },
  { title: 'Interrupt', class: 'irq' },
  uncertainColumn,
];
const durations: readonly Column[] = [
  { title: 'Interrupt', class: 'irq' },
  { title: 'Interrupt count', class: 'number', unit: 'interrupts' },
  { title: 'Minimum duration', class: 'duration' },
  { title: 'Average duration', class: 'duration' },
  { title: 'Maximum duration', class: 'duration' },
  { title: 'Interrupt duration standard deviation', class: 'duration' },
];
const log: TableClass = { name: 'log', title: 'Interrupt log', columns: logColumns };
const top: TableClass = {
  name: 'top',
  isLimited: true,
  title: 'Longest interrupt handlers',
  columns: [...logColumns, { title: 'Duration', class: 'duration' }],
  lamiView: 'top',
};
const hardStats: TableClass = {
  name: 'hard-stats',
  title: 'Hardware interrupt statistics',
  columns: [...durations, ...percentileColumns],
};
const softStats: TableClass = {
  name: 'soft-stats',
  title: 'Software interrupt statistics',
  columns: [
    ...durations,
    { title: 'Interrupt raise count', class: 'number', unit: 'interrupt raises' },
    { title: 'Minimum raise latency', class: 'duration' },
    { title: 'Average raise latency', class: 'duration' },
    { title: 'Maximum raise latency', class: 'duration' },
    { title: 'Interrupt raise latency standard deviation', class: 'duration' },
    ...percentileColumns,
  ],
};
const freq: TableClass = {
  name: 'freq',
  title: 'Interrupt handler duration frequency distribution',
  columns: [
    { title: 'Duration (lower bound)', class: 'duration' },
    { title: 'Duration (upper bound)', class: 'duration' },
    { title: 'Interrupt count', class: 'number', unit: 'interrupts' },
    uncertainColumn,
  ],
};
const summary: TableClass = {
  name: 'summary',
  title: 'Interrupt statistics - summary',
  columns: [
    { title: 'Time range', class: 'time-range' },
    { title: 'Total interrupt count', class: 'number', unit: 'interrupts' },
  ],
};

interface Population {
  readonly isHard: boolean;
  readonly number: number;
  readonly names: Set<string>;
  readonly durations: Samples;
  readonly raiseLatencies: Samples;
}

interface HandlerRun {
  readonly population: Population;
  readonly beginNs: number;
  readonly endNs: number;
  /** NaN: hard, or not seen. */
  readonly raiseNs: number;
  readonly cpuId: number;
  readonly isCertain: boolean;
}

export function softIrqName(vector: number): string {
  return softIrqNames[vector] ?? `SOFTIRQ ${vector}`;
}

const nameOf = ({ isHard, number, names }: Population): string =>
  isHard ? [...names].join(', ') || 'unknown' : softIrqName(number);

class Interrupts implements Reducer {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #hard = new Map<number, Population>();
  readonly #soft = new Map<number, Population>();
  /** Undefined: nobody wants them. */
  readonly #runs: HandlerRun[] | undefined;
  readonly #longest: TopList<HandlerRun> | undefined;

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#options = context.options;
    const { views } = context.options;
    this.#runs = views.has('log') ? [] : undefined;
    this.#longest = views.has('top') ? new TopList(context.options.limit) : undefined;
  }

  readonly handlers: Reducer['handlers'] = {
    'hard-irq': (segment) => {
      const { irqs, softIrqs } = this.#options;
      if (irqs === undefined ? softIrqs !== undefined : !irqs.has(segment.irq)) return;
      this.#add(this.#hard, true, segment.irq, segment, Number.NaN);
    },
    'soft-irq': (segment) => {
      const { irqs, softIrqs } = this.#options;
      if (softIrqs === undefined ? irqs !== undefined : !softIrqs.has(segment.vector)) return;
      this.#add(this.#soft, false, segment.vector, segment, segment.raiseNs);
    },
  };

  #add(
    populations: Map<number, Population>,
    isHard: boolean,
    number: number,
    segment: HardIrq | SoftIrq,
    raiseNs: number,
  ): void {
    const { cpu, beginNs, endNs } = segment;
    const durationNs = endNs - beginNs;
    let population = populations.get(number);
    if (population === undefined) {
      const raiseLatencies = new Samples();
      population = { isHard, number, names: new Set(), durations: new Samples(), raiseLatencies };
      populations.set(number, population);
    }
    if ('name' in segment && segment.name !== '') population.names.add(segment.name);
    if (!passesCpu(this.#options, cpu.id) || !passesDuration(this.#options, durationNs)) return;
    population.durations.add(durationNs, segment.isCertain);
    if (!Number.isNaN(raiseNs)) population.raiseLatencies.add(beginNs - raiseNs);
    const isLong = this.#longest?.wants(durationNs) === true;
    if (this.#runs === undefined && !isLong) return;
    const { isCertain } = segment;
    const run = { population, beginNs, endNs, raiseNs, cpuId: cpu.id, isCertain };
    this.#runs?.push(run);
    if (isLong) this.#longest!.add(durationNs, run);
  }

  report(period: Period): Report {
    const tables: ResultTable[] = [];
    const text: TextBlock[] = [];
    const { views } = this.#options;
    const hard = sorted(this.#hard);
    const soft = sorted(this.#soft);
    if (views.has('stats')) statistics(hard, soft, tables, text, !views.has('freq'));
    if (views.has('freq')) this.#frequencies([...hard, ...soft], tables, text);
    if (this.#runs !== undefined) this.#list(log, this.#runs, tables, text);
    if (this.#longest !== undefined) this.#list(top, this.#longest.items, tables, text);
    const count = [...hard, ...soft].reduce((all, p) => all + p.durations.count, 0);
    const { timeRange } = period;
    tables.push({
      tableClass: summary,
      rows: [[{ class: 'time-range', ...timeRange }, numberCell(count)]],
    });
    return { timeRange, tables, text };
  }

  #frequencies(all: readonly Population[], tables: ResultTable[], text: TextBlock[]): void {
    const own = all.map((p): Bounds => boundsOf(p.durations, this.#options));
    const uniform = this.#options.frequencyIsUniform ? joinBounds(own) : undefined;
    const series: { title: string; buckets: readonly Bucket[] }[] = [];
    all.forEach((population, i) => {
      const { durations: samples, number } = population;
      const bounds = uniform ?? own[i]!;
      const buckets = distribute(samples, bounds, this.#options.frequencyResolution);
      const title = `${nameOf(population)} (${number})`;
      series.push({ title, buckets });
      if (!this.#options.frequencyIsSeries) {
        tables.push({ tableClass: freq, subtitle: title, rows: bucketRows(buckets) });
      }
      if (this.#options.views.has('stats')) {
        text.push(lines(...statisticsLines([population])));
      }
      const caption = `Handler duration frequency distribution ${title}`;
      text.push(lines(''), frequencyBlock(caption, buckets));
      if (this.#options.views.has('stats')) text.push(lines(''));
    });
    tables.push(
      percentileTable(
        all.map((p) => ({ title: `${nameOf(p)} (${p.number})`, samples: p.durations })),
      ),
    );
    const joined = seriesTable('Interrupt handlers duration frequency distributions', freq, series);
    if (this.#options.frequencyIsSeries && joined !== undefined) tables.push(joined);
  }

  #list(
    tableClass: TableClass,
    runs: readonly HandlerRun[],
    tables: ResultTable[],
    text: TextBlock[],
  ): void {
    const { toAbsoluteNs } = this.#context;
    const rows = rowsOf(runs, (run): Cell[] => {
      const { population: p } = run;
      const cells: Cell[] = [
        { class: 'time-range', begin: toAbsoluteNs(run.beginNs), end: toAbsoluteNs(run.endNs) },
        raisedCell(run, toAbsoluteNs),
        { class: 'cpu', id: run.cpuId },
        { class: 'irq', hard: p.isHard, nr: p.number, name: nameOf(p) },
        numberCell(run.isCertain ? 0 : 1),
      ];
      return tableClass === top ? [...cells, durationCell(run.endNs - run.beginNs)] : cells;
    });
    tables.push({ tableClass, rows });
    const header = formatRow(['Begin', 'End', 'Duration (us)', 'CPU'], [20, 19, -15, -4]);
    const head = [
      ...(tableClass === top ? ['', top.title] : []),
      `${header}  ${formatRow(['Type', '#'], [9, -4])}  ${'Name'.padEnd(22)}`,
    ];
    text.push(listBlock(this.#context, head, listOf(runs), writeRun));
  }
}

function writeRun(run: HandlerRun, text: ListText): void {
  const { population: p, beginNs, endNs, raiseNs, cpuId, isCertain } = run;
  text.timeRange(beginNs, endNs, 18);
  text.text(' ');
  text.us(endNs - beginNs, 15);
  text.text(' ');
  text.right(String(cpuId), 4);
  text.text('  ');
  text.left(p.isHard ? 'IRQ' : 'SoftIRQ', 9);
  text.text(' ');
  text.right(String(p.number), 4);
  text.text('  ');
  if (Number.isNaN(raiseNs)) {
    text.left(nameOf(p), 22);
  } else {
    // A name and a time are wider than the column.
    text.text(nameOf(p));
    text.text(' (raised at ');
    text.time(raiseNs);
    text.text(')');
  }
  if (!isCertain) text.text(doubtMark);
}

function raisedCell(run: HandlerRun, toAbsoluteNs: (ns: number) => bigint): Cell {
  if (run.population.isHard) return null;
  if (Number.isNaN(run.raiseNs)) return unknownCell;
  return { class: 'timestamp', value: toAbsoluteNs(run.raiseNs) };
}

const sorted = (populations: Map<number, Population>): Population[] =>
  [...populations.values()]
    .filter(({ durations }) => durations.count > 0)
    .sort((a, b) => a.number - b.number);

function statistics(
  hard: readonly Population[],
  soft: readonly Population[],
  tables: ResultTable[],
  text: TextBlock[],
  printsText: boolean,
): void {
  const cells = (p: Population): Cell[] => [
    { class: 'irq', hard: p.isHard, nr: p.number, name: nameOf(p) },
    ...statisticsCells(p.durations),
  ];
  const hardRows = (): Cell[][] => hard.map((p) => [...cells(p), ...percentileCells(p.durations)]);
  const softRows = (): Cell[][] =>
    soft.map((p) => [
      ...cells(p),
      ...raiseCells(p.raiseLatencies),
      ...percentileCells(p.durations),
    ]);
  tables.push(lazyTable(hardStats, undefined, hardRows));
  tables.push(lazyTable(softStats, undefined, softRows));
  if (!printsText) return;
  const blocks = [statisticsLines(hard), statisticsLines(soft)].filter((b) => b.length > 0);
  for (const [i, block] of blocks.entries()) text.push(lines(...(i === 0 ? [] : ['']), ...block));
}

/** Without raises nothing is known but that there were none. */
function raiseCells(latencies: Samples): Cell[] {
  if (latencies.count > 0) return statisticsCells(latencies);
  return [numberCell(0), unknownCell, unknownCell, unknownCell, unknownCell];
}

/** Header and rows for interrupts of one kind. */
function statisticsLines(all: readonly Population[]): string[] {
  const [first] = all;
  if (first === undefined) return [];
  const rows = all.map((p) => {
    const number = `${p.number}:`;
    const duration = statisticsTexts(p.durations);
    const cells = [number, `<${nameOf(p)}>`, ...duration, ' |'];
    const row = formatRow(cells, [3, 18, -5, -12, -12, -12, -12, 2]);
    if (p.isHard || p.raiseLatencies.count === 0) return row;
    return `${row} ${formatRow(statisticsTexts(p.raiseLatencies), [-6, -12, -12, -12, -12])}`;
  });
  const titles = ['', 'count', 'min', 'avg', 'max', 'stdev'];
  if (first.isHard) {
    return [
      formatRow(['Hard IRQ', 'Duration (us)'], [52, 12]),
      formatRow(titles, [22, 14, 12, 12, 10, 12]),
      `${'-'.repeat(82)}|`,
      ...rows,
    ];
  }
  return [
    formatRow(['Soft IRQ', 'Duration (us)', 'Raise latency (us)'], [52, 52, 12]),
    formatRow(
      [...titles, ' |', ...titles.slice(1)],
      [22, 14, 12, 12, 10, 4, 3, 14, 12, 12, 10, 12],
    ),
    `${'-'.repeat(82)}|${'-'.repeat(60)}`,
    ...rows,
  ];
}

function declare(name: string, view: string, summaryText: string): Analysis {
  return {
    name,
    family: 'irq',
    summary: summaryText,
    title: 'System interrupt analysis',
    description: 'Interrupt frequency distribution, statistics, and log',
    tags: ['linux-kernel', 'lttng-analyses', 'interrupt', 'stats', 'freq', 'log'],
    tableClasses: [log, hardStats, softStats, freq, summary, top],
    defaultViews: [view],
    options: [
      'limit',
      'cpuIds',
      'irqs',
      'softIrqs',
      'minDurationNs',
      'maxDurationNs',
      'frequencyResolution',
      'frequencyIsUniform',
    ],
    kinds: () => ['hard-irq', 'soft-irq'],
    start: (context) => new Interrupts(context),
  };
}

export const irqstats: Analysis = declare(
  'irqstats',
  'stats',
  'Durations of interrupt handlers, raise latencies of soft ones.',
);
export const irqlog: Analysis = declare('irqlog', 'log', 'Every interrupt handler that ran.');
export const irqfreq: Analysis = declare(
  'irqfreq',
  'freq',
  'Frequency distributions of handler durations.',
);
export const irqtop: Analysis = declare('irqtop', 'top', 'The longest interrupt handlers.');
