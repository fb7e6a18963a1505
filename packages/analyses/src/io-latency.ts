/** iolatencystats, iolatencyfreq, iolatencytop, iolog: how long system calls on files and requests to disks took. */

import type { OpenFile, Thread } from '@sonde/linux-model';
import { type AnalysisOptions, passesDuration, type ReducerContext } from './analysis.ts';
import {
  boundsOf,
  bucketRows,
  distribute,
  frequencyBlock,
  joinBounds,
  percentileTable,
} from './frequency.ts';
import type { IoCollector, LatencyCategory, ListedOperation } from './io-collector.ts';
import { type ItemList, type ListText, listBlock, listOf, TextCells } from './list-text.ts';
import { doubt, doubtMark } from './losses.ts';
import { formatRow, formatSize } from './number-format.ts';
import { makeRows } from './rows.ts';
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
  type ReportParts,
  sizeCell,
  type TableClass,
  uncertainColumn,
} from './table.ts';
import { lines } from './text-block.ts';

const callStats: TableClass = {
  name: 'syscall-latency-stats',
  title: 'System call latency statistics',
  columns: [
    { title: 'System call category', class: 'string' },
    { title: 'Call count', class: 'number', unit: 'calls' },
    { title: 'Minimum call latency', class: 'duration' },
    { title: 'Average call latency', class: 'duration' },
    { title: 'Maximum call latency', class: 'duration' },
    { title: 'System call latency standard deviation', class: 'duration' },
    ...percentileColumns,
  ],
};
const diskStats: TableClass = {
  name: 'disk-latency-stats',
  title: 'Partition latency statistics',
  columns: [
    { title: 'Partition', class: 'disk' },
    { title: 'Access count', class: 'number', unit: 'accesses' },
    { title: 'Minimum access latency', class: 'duration' },
    { title: 'Average access latency', class: 'duration' },
    { title: 'Maximum access latency', class: 'duration' },
    { title: 'System access latency standard deviation', class: 'duration' },
    ...percentileColumns,
  ],
};
const freq: TableClass = {
  name: 'freq',
  title: 'I/O request latency distribution',
  columns: [
    { title: 'Latency (lower bound)', class: 'duration' },
    { title: 'Latency (upper bound)', class: 'duration' },
    { title: 'Request count', class: 'number', unit: 'requests' },
    uncertainColumn,
  ],
};
const logColumns: readonly Column[] = [
  { title: 'Call time range', class: 'time-range' },
  { title: 'System call out of range?', class: 'bool' },
  { title: 'Call duration', class: 'duration' },
  { title: 'System call', class: 'syscall' },
  { title: 'Read/write size', class: 'size' },
  { title: 'Process', class: 'process' },
  { title: 'File path', class: 'path' },
  { title: 'File descriptor', class: 'fd' },
  uncertainColumn,
];
const topCalls: TableClass = {
  name: 'top-syscall',
  isLimited: true,
  title: 'Top system call latencies',
  columns: logColumns,
};
const log: TableClass = { name: 'log', title: 'I/O operations log', columns: logColumns };

export const latencyTableClasses: readonly TableClass[] = [
  callStats,
  diskStats,
  freq,
  topCalls,
  log,
];

const categories: readonly LatencyCategory[] = ['open', 'read', 'write', 'sync'];

const latencyOf = (operation: ListedOperation): number => operation.endNs - operation.beginNs;

const samplesByCategory = ({ latencies }: IoCollector): [LatencyCategory, Samples][] =>
  categories.map((category) => [category, latencies[category]]);

function samplesByDisk(collector: IoCollector, options: AnalysisOptions): [string, Samples][] {
  const all: [string, Samples][] = [];
  for (const disk of collector.disks.values()) {
    const samples = new Samples();
    for (const ns of disk.durations.values) if (passesDuration(options, ns)) samples.add(ns);
    for (const ns of disk.durations.uncertain) {
      if (passesDuration(options, ns)) samples.doubt(ns);
    }
    if (samples.count > 0) all.push([disk.name, samples]);
  }
  return all;
}

const statisticsWidths = [14, -14, -14, -14, -14, -14];

export function addLatencyStatistics(
  parts: ReportParts,
  collector: IoCollector,
  options: AnalysisOptions,
): void {
  const calls = samplesByCategory(collector);
  const disks = samplesByDisk(collector, options);
  const callRows = (): Cell[][] =>
    calls.map(([category, samples]) => [
      { class: 'string', value: capitalise(category) },
      ...statisticsCells(samples),
      ...percentileCells(samples),
    ]);
  const diskRows = (): Cell[][] =>
    disks.map(([name, samples]) => [
      { class: 'disk', name },
      ...statisticsCells(samples),
      ...percentileCells(samples),
    ]);
  parts.tables.push(lazyTable(callStats, undefined, callRows));
  parts.tables.push(lazyTable(diskStats, undefined, diskRows));
  const header = (first: string): string =>
    formatRow([first, 'Count', 'Min', 'Average', 'Max', 'Stdev'], statisticsWidths);
  const block = (title: string, first: string, rows: [string, Samples][]): void => {
    if (rows.length === 0) return;
    const texts = rows.map(
      ([name, samples]) =>
        formatRow([name, ...statisticsTexts(samples)], statisticsWidths) +
        doubt(samples.uncertainCount > 0),
    );
    parts.text.push(lines('', title, header(first), '-'.repeat(89), ...texts));
  };
  const named = calls.map(([name, samples]): [string, Samples] => [capitalise(name), samples]);
  block('Syscalls latency statistics (usec):', 'Type', named);
  block('Disk latency statistics (usec):', 'Name', disks);
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function addLatencyFrequencies(
  parts: ReportParts,
  collector: IoCollector,
  options: AnalysisOptions,
): void {
  const groups: [string, Samples][] = [
    ...samplesByCategory(collector),
    ...samplesByDisk(collector, options).map(([name, s]): [string, Samples] => [
      `disk: ${name}`,
      s,
    ]),
  ];
  const { minDurationNs: _min, maxDurationNs: _max, ...unbounded } = options;
  const bounds = groups.map(([, samples]) => boundsOf(samples, unbounded));
  const uniform = options.frequencyIsUniform ? joinBounds(bounds) : undefined;
  groups.forEach(([name, samples], i) => {
    const buckets = distribute(samples, uniform ?? bounds[i]!, options.frequencyResolution);
    if (buckets.length === 0) return;
    parts.tables.push({ tableClass: freq, subtitle: name, rows: bucketRows(buckets) });
    parts.text.push(frequencyBlock(`I/O request latency distribution ${name}`, buckets));
  });
  parts.tables.push(percentileTable(groups.map(([title, samples]) => ({ title, samples }))));
}

export function addLatencyTop(
  parts: ReportParts,
  collector: IoCollector,
  context: ReducerContext,
): void {
  for (const category of categories) {
    const title = `Top system call latencies ${category} (usec)`;
    const shown = collector.slowest?.[category].items ?? [];
    addOperations(parts, context, topCalls, listOf(shown), title, category);
  }
}

export function addLog(parts: ReportParts, collector: IoCollector, context: ReducerContext): void {
  const operations = collector.operations?.sorted;
  if (operations === undefined) return;
  addOperations(parts, context, log, operations, 'I/O operations log (usec)', undefined);
}

/** Whether a call began or ended outside of the times asked for; undefined: no times were asked for. */
function isOutOfRange(
  operation: ListedOperation,
  context: ReducerContext,
): { begin: boolean; end: boolean } {
  const { begin, end } = context.options.requestedRange ?? {};
  return {
    begin: begin !== undefined && context.toAbsoluteNs(operation.beginNs) < begin,
    end: end !== undefined && context.toAbsoluteNs(operation.endNs) > end,
  };
}

const hasRange = ({ options }: ReducerContext): boolean => options.requestedRange !== undefined;

function operationCells(operation: ListedOperation, context: ReducerContext): Cell[] {
  const { thread, file, fd, sizeBytes } = operation;
  const out = isOutOfRange(operation, context);
  return [
    {
      class: 'time-range',
      begin: context.toAbsoluteNs(operation.beginNs),
      end: context.toAbsoluteNs(operation.endNs),
    },
    { class: 'bool', value: hasRange(context) ? out.begin || out.end : null },
    durationCell(latencyOf(operation)),
    { class: 'syscall', name: operation.name },
    sizeBytes === undefined ? null : sizeCell(sizeBytes),
    { class: 'process', name: thread.comm, tid: thread.tid },
    file === undefined
      ? fd < 0
        ? null
        : { class: 'unknown' }
      : { class: 'path', path: file.path },
    fd < 0 ? null : { class: 'fd', fd },
    numberCell(operation.isCertain ? 0 : 1),
  ];
}

function writeThread({ comm, tid }: Thread, text: ListText): void {
  text.left(comm, 24);
  text.text(' ');
  const end = text.column + 8;
  text.integer(tid);
  text.fillTo(end);
  text.text(' ');
}

function writeFile(file: OpenFile | undefined, fd: number, text: ListText): void {
  const end = text.column + 14;
  if (fd < 0) {
    text.text('N/A');
  } else {
    text.text(file?.path ?? 'unknown');
    text.text(' (fd=');
    text.integer(fd);
    text.text(')');
  }
  text.fillTo(end);
}

function operationWriter(
  context: ReducerContext,
): (operation: ListedOperation, text: ListText) => void {
  const names = new TextCells<string>((name, text) => {
    text.text(' ');
    text.left(name, 16);
    text.text(' ');
  });
  const sizes = new TextCells<number | undefined>((size, text) => {
    text.text(' ');
    text.right(size === undefined ? 'N/A' : formatSize(size), 11);
    text.text('  ');
  });
  const threads = new TextCells<Thread>(writeThread);
  const files = new TextCells<OpenFile>((file, text) => writeFile(file, file.fd, text));
  const isBounded = hasRange(context);
  return (operation, text) => {
    const { name, beginNs, endNs, file, fd } = operation;
    const out = isBounded ? isOutOfRange(operation, context) : undefined;
    const mark = out?.begin || out?.end ? '*' : ' ';
    text.timeRange(beginNs, endNs);
    text.text(mark);
    text.fillTo(40);
    text.cell(names, name);
    text.us(endNs - beginNs, 16, mark);
    text.cell(sizes, operation.sizeBytes);
    text.cell(threads, operation.thread);
    if (file !== undefined && file.fd === fd) text.cell(files, file);
    else writeFile(file, fd, text);
    if (!operation.isCertain) text.text(doubtMark);
  };
}

function hasPartial(operations: ItemList<ListedOperation>, context: ReducerContext): boolean {
  for (let i = 0; i < operations.count; i++) {
    const out = isOutOfRange(operations.at(i), context);
    if (out.begin || out.end) return true;
  }
  return false;
}

function addOperations(
  parts: ReportParts,
  context: ReducerContext,
  tableClass: TableClass,
  operations: ItemList<ListedOperation>,
  title: string,
  subtitle: string | undefined,
): void {
  if (operations.count === 0) return;
  const rows = makeRows(operations.count, (i) => operationCells(operations.at(i), context));
  parts.tables.push({ tableClass, ...(subtitle === undefined ? {} : { subtitle }), rows });
  const header = formatRow(
    ['Begin', 'End', 'Name', 'Duration (usec)', 'Size', 'Proc', 'PID', 'Filename'],
    [20, 20, 16, 23, 5, 24, 8, 14],
  );
  const isPartial = hasRange(context) && hasPartial(operations, context);
  const footer = '*: Syscalls started and/or completed outside of the range specified';
  const write = operationWriter(context);
  const foot = isPartial ? [footer] : [];
  parts.text.push(listBlock(context, ['', title, header], operations, write, foot));
}
