/** Pages allocated and freed. */
import type { PageOperation, Thread } from '@sonde/linux-model';
import type { Period, ReducerContext } from '../analysis.ts';
import { pageBytes } from '../memtop.ts';
import { formatBytes, formatCount } from '../printers/human-text.ts';
import { type Cell, numberCell, sizeCell } from '../table.ts';
import { byProcess, processCell, sum } from './names.ts';
import {
  type Finding,
  rowLimit,
  type Section,
  type SectionReducer,
  type SectionResult,
  sectionTable,
} from './section.ts';
import { seriesChart, TimeSeries } from './time-series.ts';
import { greatest } from './top-list.ts';

interface ThreadPages {
  readonly thread: Thread;
  allocatedBytes: number;
  freedBytes: number;
  allocations: number;
}

/** Growth over the trace that is worth a word. */
const notableGrowthBytes = 32 * 2 ** 20;

class Memory implements SectionReducer {
  readonly #threads = new Map<Thread, ThreadPages>();
  readonly #allocated: TimeSeries;
  readonly #freed: TimeSeries;
  #allocatedBytes = 0;
  #freedBytes = 0;
  #operations = 0;

  constructor(context: ReducerContext) {
    this.#allocated = new TimeSeries(context.periodBeginNs);
    this.#freed = new TimeSeries(context.periodBeginNs);
  }

  readonly handlers: SectionReducer['handlers'] = {
    'page-operation': (operation) => this.#add(operation),
  };

  #add({ kind, order, thread, timeNs }: PageOperation): void {
    const bytes = pageBytes * 2 ** order;
    this.#operations++;
    const isAllocation = kind === 'allocate';
    if (isAllocation) {
      this.#allocatedBytes += bytes;
      this.#allocated.add(timeNs, bytes);
    } else {
      this.#freedBytes += bytes;
      this.#freed.add(timeNs, bytes);
    }
    if (thread === undefined) return;
    let own = this.#threads.get(thread);
    if (own === undefined) {
      own = { thread, allocatedBytes: 0, freedBytes: 0, allocations: 0 };
      this.#threads.set(thread, own);
    }
    if (isAllocation) {
      own.allocatedBytes += bytes;
      own.allocations++;
    } else own.freedBytes += bytes;
  }

  report({ endNs }: Period): SectionResult {
    if (this.#operations === 0) return { headline: '', tables: [], charts: [], findings: [] };
    const net = this.#allocatedBytes - this.#freedBytes;
    const groups = byProcess(this.#threads.values());
    return {
      headline: `${formatBytes(this.#allocatedBytes)} allocated, ${formatBytes(this.#freedBytes)} freed, net ${formatBytes(net)}`,
      tables: [
        sectionTable(
          'processes',
          'Processes by pages allocated',
          [
            { title: 'Process', class: 'process' },
            { title: 'Allocations', class: 'number' },
            { title: 'Allocated', class: 'size' },
            { title: 'Freed', class: 'size' },
            { title: 'Net', class: 'size' },
          ],
          greatest(groups, rowLimit, (group) => sum(group.rows, (row) => row.allocatedBytes)).map(
            (group): Cell[] => [
              processCell(group),
              numberCell(sum(group.rows, (row) => row.allocations)),
              sizeCell(sum(group.rows, (row) => row.allocatedBytes)),
              sizeCell(sum(group.rows, (row) => row.freedBytes)),
              sizeCell(sum(group.rows, (row) => row.allocatedBytes - row.freedBytes)),
            ],
          ),
          'memusage',
        ),
      ],
      charts: [
        seriesChart(
          'Pages allocated and freed over time',
          'size',
          [
            { name: 'allocated', series: this.#allocated },
            { name: 'freed', series: this.#freed },
          ],
          endNs,
          'sum',
        ),
      ],
      findings: this.#findings(net, groups),
    };
  }

  #findings(net: number, groups: ReturnType<typeof byProcess<ThreadPages>>): Finding[] {
    if (net < notableGrowthBytes) return [];
    const netOf = (group: (typeof groups)[number]): number =>
      sum(group.rows, (row) => row.allocatedBytes - row.freedBytes);
    const [most] = greatest(groups, 1, netOf);
    const who =
      most === undefined
        ? ''
        : ` Most of it: ${most.name} (${most.pid}), ${formatBytes(netOf(most))}.`;
    return [
      {
        severity: 'medium',
        text: `${formatBytes(net)} more memory was allocated than freed, in ${formatCount(this.#operations)} operations.${who}`,
        command: 'memusage',
      },
    ];
  }
}

export const memorySection: Section = {
  id: 'memory',
  title: 'Memory',
  kinds: ['page-operation'],
  start: (context) => new Memory(context),
};
