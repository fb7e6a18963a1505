/** Block devices: latency from issue to completion, time in the queue before, how many requests at once. */
import type { BlockRequest, Disk } from '@sonde/linux-model';
import type { Period, ReducerContext } from '../analysis.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  threeDigits,
} from '../printers/human-text.ts';
import { Samples } from '../samples.ts';
import { type Cell, durationCell, numberCell, ratioCell, sizeCell, stringCell } from '../table.ts';
import { BusyTime } from './busy-time.ts';
import { distributionCells, distributionColumns, histogram, leftOutText } from './distributions.ts';
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
import { TopList } from './top-list.ts';

const sectorBytes = 512;
const busyRatio = 0.8;
const notableTail = 10;
const leastForTail = 20;

interface Direction {
  readonly samples: Samples;
  /** From the insert into the queue to the issue. */
  readonly queued: Samples;
  bytes: number;
}

interface DiskUse {
  readonly disk: Disk;
  readonly reads: Direction;
  readonly writes: Direction;
  readonly all: Samples;
  readonly busy: BusyTime;
  readonly bytes: TimeSeries;
  readonly worst: TopList<SlowRequest>;
  /** Sum of the requests' durations (ns). */
  inFlightNs: number;
}

interface SlowRequest {
  readonly disk: Disk;
  readonly isWrite: boolean;
  readonly sector: number;
  readonly bytes: number;
  readonly who: string;
  readonly beginNs: number;
  readonly queuedNs: number;
}

const direction = (): Direction => ({ samples: new Samples(), queued: new Samples(), bytes: 0 });

class Disks implements SectionReducer {
  readonly #context: ReducerContext;
  readonly #disks = new Map<Disk, DiskUse>();
  #uncertain = 0;
  readonly #slowest = new TopList<SlowRequest>(rowLimit);

  constructor(context: ReducerContext) {
    this.#context = context;
  }

  readonly handlers: SectionReducer['handlers'] = {
    'block-request': (request) => this.#add(request),
  };

  #useOf(disk: Disk): DiskUse {
    let use = this.#disks.get(disk);
    if (use === undefined) {
      use = {
        disk,
        reads: direction(),
        writes: direction(),
        all: new Samples(),
        busy: new BusyTime(),
        bytes: new TimeSeries(this.#context.periodBeginNs),
        worst: new TopList(1),
        inFlightNs: 0,
      };
      this.#disks.set(disk, use);
    }
    return use;
  }

  #add(request: BlockRequest): void {
    const { host, device, sectorCount, isWrite, beginNs, endNs, insertNs, isCertain } = request;
    const disk = host.disk(device);
    const use = this.#useOf(disk);
    const ns = endNs - beginNs;
    const bytes = sectorCount * sectorBytes;
    const own = isWrite ? use.writes : use.reads;
    own.bytes += bytes;
    use.bytes.add(endNs, bytes);
    if (!isCertain) {
      this.#uncertain++;
      return;
    }
    own.samples.add(ns);
    if (!Number.isNaN(insertNs)) own.queued.add(beginNs - insertNs);
    use.all.add(ns);
    use.inFlightNs += ns;
    use.busy.add(Math.max(beginNs, this.#context.periodBeginNs), endNs);
    if (!this.#slowest.accepts(ns) && !use.worst.accepts(ns)) return;
    const slow = slowRequest(disk, request, bytes);
    this.#slowest.add(ns, slow);
    use.worst.add(ns, slow);
  }

  report({ beginNs, endNs }: Period): SectionResult {
    const disks = [...this.#disks.values()].sort((a, b) => b.all.count - a.all.count);
    if (disks.length === 0) return { headline: '', tables: [], charts: [], findings: [] };
    const durationNs = Math.max(1, endNs - beginNs);
    const shown = disks.slice(0, rowLimit);
    const facts = shown.map(
      (use) =>
        `${use.disk.name} ${formatCount(use.all.count)} requests, ${formatBytes(use.reads.bytes)} read, ${formatBytes(use.writes.bytes)} written, busy ${formatPercent(use.busy.totalNs / durationNs)}`,
    );
    return {
      headline: `${facts.slice(0, 3).join('; ')}${leftOutText(this.#uncertain)}`,
      tables: [latencyTable(shown), useTable(shown, durationNs), this.#slowestTable()],
      charts: [
        histogram(
          'Request latency',
          shown.slice(0, 4).map((use) => ({ name: use.disk.name, samples: use.all })),
        ),
        seriesChart(
          'Bytes read and written over time',
          'size',
          shown.slice(0, 4).map((use) => ({ name: use.disk.name, series: use.bytes })),
          endNs,
          'sum',
        ),
      ],
      findings: shown.flatMap((use) => findingsOf(use, durationNs)),
    };
  }

  #slowestTable(): SectionTable {
    const { toAbsoluteNs } = this.#context;
    return sectionTable(
      'slowest-requests',
      'Slowest requests',
      [
        { title: 'Issued at', class: 'timestamp' },
        { title: 'Latency', class: 'duration' },
        { title: 'Queued before', class: 'duration' },
        { title: 'Disk', class: 'disk' },
        { title: 'Operation', class: 'string' },
        { title: 'Sector', class: 'string' },
        { title: 'Size', class: 'size' },
        { title: 'Issued by', class: 'string' },
      ],
      this.#slowest.all.map(({ value, item }): Cell[] => [
        { class: 'timestamp', value: toAbsoluteNs(item.beginNs) },
        durationCell(value),
        Number.isNaN(item.queuedNs) ? null : durationCell(item.queuedNs),
        { class: 'disk', name: item.disk.name },
        stringCell(item.isWrite ? 'write' : 'read'),
        stringCell(String(item.sector)),
        sizeCell(item.bytes),
        stringCell(item.who),
      ]),
      'iolatencystats --percentiles',
    );
  }
}

function slowRequest(disk: Disk, request: BlockRequest, bytes: number): SlowRequest {
  const { thread, isWrite, sector, beginNs, insertNs } = request;
  const who = thread === undefined || thread.tid === 0 ? '' : `${thread.comm} (${thread.tid})`;
  return { disk, isWrite, sector, bytes, who, beginNs, queuedNs: beginNs - insertNs };
}

function directions(use: DiskUse): [string, Direction][] {
  const both: [string, Direction][] = [
    ['read', use.reads],
    ['write', use.writes],
  ];
  return both.filter(([, { samples }]) => samples.count > 0);
}

function latencyTable(disks: readonly DiskUse[]): SectionTable {
  return sectionTable(
    'latencies',
    'Latency of requests, from issue to completion',
    [
      { title: 'Disk', class: 'disk' },
      { title: 'Operation', class: 'string' },
      ...distributionColumns,
    ],
    disks.flatMap((use) =>
      directions(use).map(([name, { samples }]): Cell[] => [
        { class: 'disk', name: use.disk.name },
        stringCell(name),
        ...distributionCells(samples),
      ]),
    ),
    'iolatencystats --percentiles',
  );
}

function useTable(disks: readonly DiskUse[], durationNs: number): SectionTable {
  return sectionTable(
    'disks',
    'Use and queues',
    [
      { title: 'Disk', class: 'disk' },
      { title: 'Read', class: 'size' },
      { title: 'Written', class: 'size' },
      { title: 'Requests/s', class: 'number' },
      { title: 'Busy', class: 'ratio' },
      { title: 'In flight (average)', class: 'number' },
      { title: 'Queued requests', class: 'number' },
      { title: 'Queued p50', class: 'duration' },
      { title: 'Queued p99', class: 'duration' },
    ],
    disks.map((use): Cell[] => {
      const queued = new Samples();
      for (const [, own] of directions(use)) for (const ns of own.queued.values) queued.add(ns);
      return [
        { class: 'disk', name: use.disk.name },
        sizeCell(use.reads.bytes),
        sizeCell(use.writes.bytes),
        numberCell(Math.round(use.all.count / (durationNs / 1e9))),
        ratioCell(use.busy.totalNs / durationNs),
        numberCell(Number((use.inFlightNs / durationNs).toFixed(3))),
        numberCell(queued.count),
        queued.count === 0 ? null : durationCell(queued.percentile(0.5)),
        queued.count === 0 ? null : durationCell(queued.percentile(0.99)),
      ];
    }),
    'iousagetop',
  );
}

function findingsOf(use: DiskUse, durationNs: number): Finding[] {
  const findings: Finding[] = [];
  const { all, disk } = use;
  const [worst] = use.worst.all;
  if (all.count >= leastForTail && worst !== undefined) {
    const [median, p99] = [all.percentile(0.5)!, all.percentile(0.99)!];
    const factor = Math.round(p99 / Math.max(1, median));
    const { item, value } = worst;
    const what = `${item.isWrite ? 'write' : 'read'} of ${formatBytes(item.bytes)} at sector ${item.sector}`;
    const by = item.who === '' ? '' : ` by ${item.who}`;
    findings.push({
      severity: factor >= notableTail ? 'medium' : 'info',
      text: `${disk.name}: p99 ${formatDuration(p99)}, ${formatCount(factor)}× the median (${formatDuration(median)}). The worst request took ${formatDuration(value)}: ${what}${by}.`,
      command: 'iolatencystats --percentiles',
    });
  }
  const busy = use.busy.totalNs / durationNs;
  if (busy >= busyRatio) {
    findings.push({
      severity: 'high',
      text: `${disk.name} was busy ${formatPercent(busy)} of the time, with ${threeDigits(use.inFlightNs / durationNs)} requests in flight on average.`,
      command: 'iousagetop',
    });
  }
  return findings;
}

export const diskSection: Section = {
  id: 'disks',
  title: 'Block devices',
  kinds: ['block-request'],
  start: (context) => new Disks(context),
};
