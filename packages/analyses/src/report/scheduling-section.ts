/** How long threads that could have run waited for a CPU, and what they waited for otherwise. */
import type { OffCpu, Thread, WakerContext, WakeupLatency } from '@sonde/linux-model';
import type { Period, ReducerContext } from '../analysis.ts';
import { counted, formatCount, formatDuration, threeDigits } from '../printers/human-text.ts';
import { Samples } from '../samples.ts';
import { type Cell, durationCell, numberCell, stringCell } from '../table.ts';
import {
  distributionCells,
  distributionColumns,
  distributionText,
  histogram,
  leftOutText,
  tailFactor,
} from './distributions.ts';
import { isRealTime, priorityText, sum, threadCell, threadName } from './names.ts';
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
import { greatest, TopList } from './top-list.ts';

interface ThreadWaits {
  readonly thread: Thread;
  readonly latencies: Samples;
  /** Runnable, but without a CPU: after wakeups and after preemptions (ns). */
  runnableNs: number;
  /** Uninterruptible: disk, locks in the kernel (ns). */
  blockedNs: number;
  /** Waiting for events, timers, locks, other processes (ns). */
  sleepingNs: number;
}

interface WorstLatency {
  readonly thread: Thread;
  readonly comm: string;
  readonly waker: Thread | undefined;
  readonly wakerComm: string;
  readonly wakerContext: WakerContext;
  readonly cpuId: number;
  readonly priority: number | undefined;
  readonly wakeupNs: number;
}

/** `TASK_UNINTERRUPTIBLE` (include/linux/sched.h, v6.12). */
const uninterruptible = 2;
/** A tail this many times the median is worth a word. */
const notableTail = 10;
/** Real-time threads that wait longer than this miss something (ns). */
const realTimeLimitNs = 1_000_000;

class Scheduling implements SectionReducer {
  readonly #context: ReducerContext;
  readonly #threads = new Map<Thread, ThreadWaits>();
  readonly #all = new Samples();
  readonly #realTime = new Samples();
  #uncertain = 0;
  readonly #worst = new TopList<WorstLatency>(rowLimit);
  readonly #worstRealTime = new TopList<WorstLatency>(1);
  readonly #queue: TimeSeries;

  constructor(context: ReducerContext) {
    this.#context = context;
    this.#queue = new TimeSeries(context.periodBeginNs);
  }

  readonly handlers: SectionReducer['handlers'] = {
    'wakeup-latency': (latency) => this.#addLatency(latency),
    'off-cpu': (wait) => this.#addWait(wait),
  };

  #waitsOf(thread: Thread): ThreadWaits {
    let waits = this.#threads.get(thread);
    if (waits === undefined) {
      waits = { thread, latencies: new Samples(), runnableNs: 0, blockedNs: 0, sleepingNs: 0 };
      this.#threads.set(thread, waits);
    }
    return waits;
  }

  #addLatency(latency: WakeupLatency): void {
    const { thread, beginNs, endNs, priority, isCertain } = latency;
    if (!isCertain) {
      this.#uncertain++;
      return;
    }
    const ns = endNs - beginNs;
    this.#all.add(ns);
    const waits = this.#waitsOf(thread);
    waits.latencies.add(ns);
    waits.runnableNs += ns;
    this.#queue.addInterval(beginNs, endNs);
    if (this.#worst.accepts(ns)) this.#worst.add(ns, worstOf(latency));
    if (!isRealTime(priority)) return;
    this.#realTime.add(ns);
    if (this.#worstRealTime.accepts(ns)) this.#worstRealTime.add(ns, worstOf(latency));
  }

  #addWait({ thread, beginNs, endNs, endState, wakeupNs, isCertain }: OffCpu): void {
    if (!isCertain) return;
    const waits = this.#waitsOf(thread);
    if (Number.isNaN(wakeupNs) && endState === 0) {
      // Preempted: it could have run all the time.
      waits.runnableNs += endNs - beginNs;
      this.#queue.addInterval(beginNs, endNs);
      return;
    }
    const wokenNs = Number.isNaN(wakeupNs) ? endNs : Math.max(beginNs, wakeupNs);
    if ((endState & uninterruptible) !== 0) waits.blockedNs += wokenNs - beginNs;
    else waits.sleepingNs += wokenNs - beginNs;
  }

  report({ beginNs, endNs }: Period): SectionResult {
    if (this.#all.count === 0) return { headline: '', tables: [], charts: [], findings: [] };
    const rows = [...this.#threads.values()];
    const durationNs = Math.max(1, endNs - beginNs);
    const waiting = sum(rows, (row) => row.runnableNs) / durationNs;
    const series = [
      { name: 'all threads', samples: this.#all },
      { name: 'real-time threads', samples: this.#realTime },
    ];
    return {
      headline: `${counted(this.#all.count, 'wakeup to a switch', 'wakeups to switches')}: ${distributionText(this.#all)}; on average ${threeDigits(waiting)} threads waited for a CPU${leftOutText(this.#uncertain)}`,
      tables: [
        this.#worstTable(),
        sectionTable(
          'latencies',
          'Wakeup latency by thread, worst first',
          [
            { title: 'Thread', class: 'process' },
            { title: 'Priority', class: 'string' },
            ...distributionColumns,
          ],
          greatest(rows, rowLimit, (row) => Math.max(0, row.latencies.max)).map((row) => [
            threadCell(row.thread),
            stringCell(priorityText(row.thread.priority)),
            ...distributionCells(row.latencies),
          ]),
          'schedstats --percentiles',
        ),
        waitTable(rows),
      ],
      charts: [
        histogram('Wakeup latency', series),
        seriesChart(
          'Threads waiting for a CPU',
          'number',
          [{ name: 'run queue', series: this.#queue }],
          endNs,
          'share',
        ),
      ],
      findings: this.#findings(waiting),
    };
  }

  #worstTable(): SectionTable {
    const { toAbsoluteNs } = this.#context;
    return sectionTable(
      'worst-latencies',
      'Longest waits for a CPU after a wakeup',
      [
        { title: 'Woken at', class: 'timestamp' },
        { title: 'Latency', class: 'duration' },
        { title: 'Thread', class: 'process' },
        { title: 'Priority', class: 'string' },
        { title: 'CPU', class: 'cpu' },
        { title: 'Woken by', class: 'process' },
      ],
      this.#worst.all.map(({ value, item }): Cell[] => [
        { class: 'timestamp', value: toAbsoluteNs(item.wakeupNs) },
        durationCell(value),
        { class: 'process', name: item.comm, tid: item.thread.tid },
        stringCell(priorityText(item.priority)),
        { class: 'cpu', id: item.cpuId },
        wakerCell(item),
      ]),
      `schedtop --limit ${2 * rowLimit}`,
    );
  }

  #findings(waiting: number): Finding[] {
    const findings: Finding[] = [];
    const factor = tailFactor(this.#all);
    const [worst] = this.#worst.all;
    if (factor !== undefined && worst !== undefined) {
      const p99 = formatDuration(this.#all.percentile(0.99)!);
      findings.push({
        severity: factor >= notableTail ? 'medium' : 'info',
        text: `Wakeup latency: p99 ${p99}, ${formatCount(Math.round(factor))}× the median. ${describe('The worst', worst)}.`,
        command: `schedtop --limit ${2 * rowLimit}`,
      });
    }
    const [realTime] = this.#worstRealTime.all;
    if (realTime !== undefined && realTime.value > realTimeLimitNs) {
      findings.push({
        severity: 'high',
        text: `Real-time threads waited long for a CPU after ${counted(this.#realTime.count, 'wakeup')}: p99 ${formatDuration(this.#realTime.percentile(0.99)!)}. ${describe('The worst', realTime)}.`,
        command: `schedtop --tid ${realTime.item.thread.tid}`,
      });
    }
    const cpus = this.#context.host.cpus.length;
    if (waiting > cpus) {
      findings.push({
        severity: 'high',
        text: `More threads than CPUs could run: on average ${threeDigits(waiting)} waited for one of ${cpus} CPUs.`,
        command: 'schedstats --total --percentiles',
      });
    }
    return findings;
  }
}

/** A thread that an interrupt came over is not who woke. */
const interruptNames: Readonly<Partial<Record<WakerContext, string>>> = {
  timer: 'timer',
  'hard-irq': 'hard interrupt',
  'soft-irq': 'soft interrupt',
};
const interruptText = ({ wakerContext }: WorstLatency): string | undefined =>
  interruptNames[wakerContext];

function wakerCell(item: WorstLatency): Cell {
  const interrupt = interruptText(item);
  if (interrupt !== undefined) return stringCell(interrupt);
  return item.waker === undefined
    ? stringCell('idle or interrupt')
    : { class: 'process', name: item.wakerComm, tid: item.waker.tid };
}

function worstOf({
  thread,
  waker,
  wakerContext,
  cpu,
  priority,
  beginNs,
}: WakeupLatency): WorstLatency {
  return {
    thread,
    comm: thread.comm,
    waker,
    wakerComm: waker?.comm ?? '',
    wakerContext,
    cpuId: cpu.id,
    priority,
    wakeupNs: beginNs,
  };
}

function describe(
  what: string,
  { value, item }: { readonly value: number; readonly item: WorstLatency },
): string {
  const interrupt = interruptText(item);
  const known =
    item.waker === undefined ? 'from idle or an interrupt' : `by ${threadName(item.waker)}`;
  const by = interrupt === undefined ? known : `by a ${interrupt}`;
  const who = `${item.comm} (${item.thread.tid})`;
  return `${what}, ${formatDuration(value)}: ${who}, ${priorityText(item.priority)}, woken ${by}, on CPU ${item.cpuId}`;
}

function waitTable(rows: readonly ThreadWaits[]): SectionTable {
  return sectionTable(
    'waits',
    'Threads by time waiting for a CPU',
    [
      { title: 'Thread', class: 'process' },
      { title: 'Waiting for a CPU', class: 'duration' },
      { title: 'Uninterruptible', class: 'duration' },
      { title: 'Sleeping', class: 'duration' },
      { title: 'Wakeups', class: 'number' },
    ],
    greatest(rows, rowLimit, (row) => row.runnableNs).map((row) => [
      threadCell(row.thread),
      durationCell(row.runnableNs),
      durationCell(row.blockedNs),
      durationCell(row.sleepingNs),
      numberCell(row.latencies.count),
    ]),
    'schedstats',
  );
}

export const schedulingSection: Section = {
  id: 'scheduling',
  title: 'Scheduling',
  kinds: ['wakeup-latency', 'off-cpu', 'priority-change'],
  start: (context) => new Scheduling(context),
};
