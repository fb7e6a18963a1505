import type { SegmentKind } from '@sonde/linux-model';
import type {
  Analysis,
  AnalysisOptions,
  Period,
  Reducer,
  ReducerContext,
  SegmentHandlers,
} from './analysis.ts';
import { IoCollector } from './io-collector.ts';
import {
  addLatencyFrequencies,
  addLatencyStatistics,
  addLatencyTop,
  addLog,
  latencyTableClasses,
} from './io-latency.ts';
import { addUsage, usageTableClasses } from './io-usage.ts';
import type { Report, ReportParts } from './table.ts';

class InputOutput implements Reducer {
  readonly #context: ReducerContext;
  readonly #collector: IoCollector;
  readonly handlers: SegmentHandlers;

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#collector = new IoCollector(context);
    this.handlers = this.#collector.handlers;
  }

  report(period: Period): Report {
    const { options } = this.#context;
    const { views } = options;
    const parts: ReportParts = { tables: [], text: [] };
    if (views.has('usage')) addUsage(parts, this.#collector, options.limit);
    if (views.has('stats')) addLatencyStatistics(parts, this.#collector, options);
    if (views.has('top')) addLatencyTop(parts, this.#collector, this.#context);
    if (views.has('freq')) addLatencyFrequencies(parts, this.#collector, options);
    if (views.has('log')) addLog(parts, this.#collector, this.#context);
    return { timeRange: period.timeRange, ...parts };
  }
}

/** Only what the views show is tracked. */
function kinds({ views }: AnalysisOptions): SegmentKind[] {
  const needed: SegmentKind[] = ['file-operation'];
  if (views.has('usage') || views.has('stats') || views.has('freq')) needed.push('block-request');
  if (views.has('usage')) needed.push('network-packet', 'doubt');
  return needed;
}

function declare(name: string, view: string, summary: string): Analysis {
  return {
    name,
    family: 'io',
    summary,
    title: 'I/O analysis',
    description:
      'System call/disk latency statistics, system call latency distribution, system call top latencies, I/O usage top, and I/O operations log',
    tags: ['linux-kernel', 'lttng-analyses', 'io', 'syscall', 'stats', 'freq', 'log', 'top'],
    tableClasses: [...latencyTableClasses, ...usageTableClasses],
    defaultViews: [view],
    options: [
      'limit',
      'tids',
      'processNames',
      'groupBy',
      'minDurationNs',
      'maxDurationNs',
      'minSizeBytes',
      'maxSizeBytes',
      'frequencyResolution',
      'frequencyIsUniform',
    ],
    kinds,
    start: (context) => new InputOutput(context),
  };
}

export const iousagetop: Analysis = declare(
  'iousagetop',
  'usage',
  'Who read and wrote how much: processes, files, disks, interfaces.',
);
export const iolog: Analysis = declare('iolog', 'log', 'Every system call on a file or socket.');
export const iolatencytop: Analysis = declare(
  'iolatencytop',
  'top',
  'The slowest open, read, write and sync calls.',
);
export const iolatencystats: Analysis = declare(
  'iolatencystats',
  'stats',
  'Latencies of open, read, write and sync calls and of disks.',
);
export const iolatencyfreq: Analysis = declare(
  'iolatencyfreq',
  'freq',
  'Frequency distributions of I/O latencies.',
);
