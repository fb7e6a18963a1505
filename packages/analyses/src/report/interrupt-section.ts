/** Interrupt handlers: how long they ran, how long soft ones and timers were late. */
import type { HardIrq, SoftIrq, TimerExpiry } from '@sonde/linux-model';
import type { Period, ReducerContext } from '../analysis.ts';
import { softIrqName } from '../irq.ts';
import { formatCount, formatDuration, formatPercent } from '../printers/human-text.ts';
import { Samples } from '../samples.ts';
import { type Cell, durationCell, ratioCell } from '../table.ts';
import { distributionCells, distributionColumns, histogram, leftOutText } from './distributions.ts';
import { sum } from './names.ts';
import {
  type Finding,
  rowLimit,
  type Section,
  type SectionReducer,
  type SectionResult,
  type SectionTable,
  sectionTable,
} from './section.ts';
import { greatest, TopList } from './top-list.ts';

interface Handler {
  readonly isHard: boolean;
  readonly number: number;
  readonly names: Set<string>;
  readonly durations: Samples;
  readonly raiseLatencies: Samples;
}

interface LongRun {
  readonly handler: Handler;
  readonly cpuId: number;
  readonly beginNs: number;
}

/** A handler that runs longer keeps its CPU from everything else for too long (ns). */
const longHandlerNs = 1_000_000;
const lateSoftIrqNs = 5_000_000;
/** Share of all CPU time in handlers that is worth a word. */
const notableShare = 0.05;

const nameOf = ({ isHard, number, names }: Handler): string =>
  isHard ? [...names].join(', ') || 'unknown' : softIrqName(number);

const cellOf = (handler: Handler): Cell => ({
  class: 'irq',
  hard: handler.isHard,
  nr: handler.number,
  name: nameOf(handler),
});

class Interrupts implements SectionReducer {
  readonly #context: ReducerContext;
  readonly #hard = new Map<number, Handler>();
  readonly #soft = new Map<number, Handler>();
  #uncertain = 0;
  readonly #longest = new TopList<LongRun>(rowLimit);
  readonly #timers = { durations: new Samples(), lateness: new Samples() };

  constructor(context: ReducerContext) {
    this.#context = context;
  }

  readonly handlers: SectionReducer['handlers'] = {
    'hard-irq': (run) => {
      const handler = handlerOf(this.#hard, true, run.irq);
      if (run.name !== '') handler.names.add(run.name);
      this.#add(handler, run);
    },
    'soft-irq': (run) => {
      const handler = handlerOf(this.#soft, false, run.vector);
      if (!Number.isNaN(run.raiseNs)) handler.raiseLatencies.add(run.beginNs - run.raiseNs);
      this.#add(handler, run);
    },
    'timer-expiry': ({ kind, beginNs, endNs, latenessNs }: TimerExpiry) => {
      if (kind !== 'hrtimer') return;
      this.#timers.durations.add(endNs - beginNs);
      if (latenessNs >= 0) this.#timers.lateness.add(latenessNs);
    },
  };

  #add(handler: Handler, { beginNs, endNs, cpu, isCertain }: HardIrq | SoftIrq): void {
    if (!isCertain) {
      this.#uncertain++;
      return;
    }
    const ns = endNs - beginNs;
    handler.durations.add(ns);
    if (this.#longest.accepts(ns)) this.#longest.add(ns, { handler, cpuId: cpu.id, beginNs });
  }

  report({ beginNs, endNs }: Period): SectionResult {
    const handlers = [...this.#hard.values(), ...this.#soft.values()];
    const count = (all: Iterable<Handler>): number => sum([...all], (h) => h.durations.count);
    if (count(handlers) === 0) return { headline: '', tables: [], charts: [], findings: [] };
    const cpuNs = Math.max(1, (endNs - beginNs) * this.#context.host.cpus.length);
    const share = sum(handlers, (handler) => handler.durations.sum) / cpuNs;
    return {
      headline: `${formatCount(count(this.#hard.values()))} hard and ${formatCount(count(this.#soft.values()))} soft interrupts, in ${formatPercent(share)} of all CPU time${leftOutText(this.#uncertain)}`,
      tables: [
        durationTable(handlers, cpuNs),
        raiseTable([...this.#soft.values()]),
        this.#longestTable(),
        timerTable(this.#timers.durations, this.#timers.lateness),
      ],
      charts: [
        histogram(
          'Duration of handlers',
          greatest(handlers, 5, (handler) => handler.durations.sum).map((handler) => ({
            name: nameOf(handler),
            samples: handler.durations,
          })),
        ),
      ],
      findings: this.#findings(share),
    };
  }

  #longestTable(): SectionTable {
    const { toAbsoluteNs } = this.#context;
    return sectionTable(
      'longest-handlers',
      'Longest handlers',
      [
        { title: 'Began at', class: 'timestamp' },
        { title: 'Duration', class: 'duration' },
        { title: 'Interrupt', class: 'irq' },
        { title: 'CPU', class: 'cpu' },
      ],
      this.#longest.all.map(({ value, item }): Cell[] => [
        { class: 'timestamp', value: toAbsoluteNs(item.beginNs) },
        durationCell(value),
        cellOf(item.handler),
        { class: 'cpu', id: item.cpuId },
      ]),
      'irqtop',
    );
  }

  #findings(share: number): Finding[] {
    const findings: Finding[] = [];
    const [longest] = this.#longest.all;
    if (longest !== undefined && longest.value >= longHandlerNs) {
      const { handler, cpuId } = longest.item;
      const kind = handler.isHard ? `interrupt ${handler.number}` : 'soft interrupt';
      findings.push({
        severity: 'medium',
        text: `A handler ran for ${formatDuration(longest.value)}: ${kind} ${nameOf(handler)} on CPU ${cpuId}.`,
        command: 'irqtop',
      });
    }
    const [late] = greatest(this.#soft.values(), 1, (h) => Math.max(0, h.raiseLatencies.max));
    if (late !== undefined && late.raiseLatencies.max >= lateSoftIrqNs) {
      const { raiseLatencies } = late;
      findings.push({
        severity: 'medium',
        text: `Soft interrupt ${nameOf(late)} waited up to ${formatDuration(raiseLatencies.max)} from raise to handler (p99 ${formatDuration(raiseLatencies.percentile(0.99)!)}).`,
        command: `irqstats --softirq ${late.number}`,
      });
    }
    if (share >= notableShare) {
      findings.push({
        severity: 'medium',
        text: `Interrupt handlers took ${formatPercent(share)} of all CPU time.`,
        command: 'irqstats',
      });
    }
    return findings;
  }
}

function handlerOf(all: Map<number, Handler>, isHard: boolean, number: number): Handler {
  let handler = all.get(number);
  if (handler === undefined) {
    const [durations, raiseLatencies] = [new Samples(), new Samples()];
    handler = { isHard, number, names: new Set(), durations, raiseLatencies };
    all.set(number, handler);
  }
  return handler;
}

function durationTable(handlers: readonly Handler[], cpuNs: number): SectionTable {
  return sectionTable(
    'handlers',
    'Handlers by total time',
    [
      { title: 'Interrupt', class: 'irq' },
      { title: 'Total', class: 'duration' },
      { title: 'Of all CPU time', class: 'ratio' },
      ...distributionColumns,
    ],
    greatest(handlers, 2 * rowLimit, (handler) => handler.durations.sum).map((handler) => [
      cellOf(handler),
      durationCell(handler.durations.sum),
      ratioCell(handler.durations.sum / cpuNs),
      ...distributionCells(handler.durations),
    ]),
    'irqstats --percentiles',
  );
}

function raiseTable(handlers: readonly Handler[]): SectionTable {
  return sectionTable(
    'raise-latencies',
    'Soft interrupts: from raise to handler',
    [{ title: 'Interrupt', class: 'irq' }, ...distributionColumns],
    greatest(handlers, rowLimit, (handler) => Math.max(0, handler.raiseLatencies.max)).map(
      (handler) => [cellOf(handler), ...distributionCells(handler.raiseLatencies)],
    ),
    'irqstats',
  );
}

function timerTable(durations: Samples, lateness: Samples): SectionTable {
  const rows = [
    ['how late the handler began', lateness],
    ['how long it ran', durations],
  ] as const;
  return sectionTable(
    'timers',
    'High-resolution timers',
    [{ title: 'Duration', class: 'string' }, ...distributionColumns],
    rows
      .filter(([, samples]) => samples.count > 0)
      .map(([value, samples]) => [{ class: 'string', value }, ...distributionCells(samples)]),
  );
}

export const interruptSection: Section = {
  id: 'interrupts',
  title: 'Interrupts',
  kinds: ['hard-irq', 'soft-irq', 'timer-expiry'],
  start: (context) => new Interrupts(context),
};
