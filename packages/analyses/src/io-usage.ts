/** iousagetop: who moved how many bytes, through which files, disks and interfaces. */

import { limited } from './analysis.ts';
import type { Bytes, FileIo, IoCollector, ThreadIo } from './io-collector.ts';
import { doubt } from './losses.ts';
import { formatFixed, formatRow, formatSize } from './number-format.ts';
import { rowsOf } from './rows.ts';
import {
  type Cell,
  durationCell,
  numberCell,
  type ReportParts,
  sizeCell,
  stringCell,
  type TableClass,
  uncertainColumn,
} from './table.ts';
import { barsOf } from './text-block.ts';

const perProcess: TableClass = {
  name: 'per-process-top',
  isLimited: true,
  title: 'Per-process top I/O operations',
  columns: [
    { title: 'Process', class: 'process' },
    { title: 'Total operations size', class: 'size' },
    { title: 'Disk operations size', class: 'size' },
    { title: 'Network operations size', class: 'size' },
    { title: 'Unknown operations size', class: 'size' },
    uncertainColumn,
  ],
};
const perFile: TableClass = {
  name: 'per-file-top',
  isLimited: true,
  title: 'Per-file top I/O operations',
  columns: [
    { title: 'File path/info', class: 'path' },
    { title: 'Operations size', class: 'size' },
    { title: 'File descriptor owners', class: 'string' },
    uncertainColumn,
  ],
};
const perProcessBlock: TableClass = {
  name: 'per-process-top-block',
  isLimited: true,
  title: 'Per-process top block I/O operations',
  columns: [
    { title: 'Process', class: 'process' },
    { title: 'Operations size', class: 'size' },
    uncertainColumn,
  ],
};
const perDiskSectors: TableClass = {
  name: 'per-disk-top-sector',
  isLimited: true,
  title: 'Per-disk top sector I/O operations',
  columns: [
    { title: 'Disk', class: 'disk' },
    { title: 'Sector count', class: 'number', unit: 'sectors' },
    uncertainColumn,
  ],
};
const perDiskRequests: TableClass = {
  name: 'per-disk-top-request',
  isLimited: true,
  title: 'Per-disk top I/O requests',
  columns: [
    { title: 'Disk', class: 'disk' },
    { title: 'Request count', class: 'number', unit: 'I/O requests' },
    uncertainColumn,
  ],
};
const perDiskLatency: TableClass = {
  name: 'per-disk-top-rps',
  isLimited: true,
  title: 'Per-disk top I/O request time/sector',
  columns: [
    { title: 'Disk', class: 'disk' },
    { title: 'Request time/sector', class: 'duration' },
    uncertainColumn,
  ],
};
const perInterface: TableClass = {
  name: 'per-netif-top',
  isLimited: true,
  title: 'Per-network interface top I/O operations',
  columns: [
    { title: 'Network interface', class: 'netif' },
    { title: 'Operations size', class: 'size' },
  ],
};
export const usageTableClasses: readonly TableClass[] = [
  perProcess,
  perFile,
  perProcessBlock,
  perDiskSectors,
  perDiskRequests,
  perDiskLatency,
  perInterface,
];

interface Ranking<T> {
  readonly tableClass: TableClass;
  readonly title: string;
  readonly subtitle?: string;
  readonly labelHeader: string;
  readonly rows: readonly T[];
  value(row: T): number;
  valueText(row: T): string;
  label(row: T): string;
  cells(row: T): Cell[];
  /** How many of its values a gap touches; undefined: moments have no begin that could be before one. */
  uncertain?(row: T): number;
  /** Keep the order of the rows. */
  readonly isUnsorted?: boolean;
}

function addRanking<T>(parts: ReportParts, ranking: Ranking<T>, limit: number): void {
  const { tableClass, title, subtitle, labelHeader } = ranking;
  const sorted = ranking.isUnsorted
    ? ranking.rows
    : ranking.rows.toSorted((a, b) => ranking.value(b) - ranking.value(a));
  const rows = limited(sorted, limit);
  parts.tables.push({
    tableClass,
    ...(subtitle === undefined ? {} : { subtitle }),
    rows: rowsOf(rows, (row) =>
      ranking.uncertain === undefined
        ? ranking.cells(row)
        : [...ranking.cells(row), numberCell(ranking.uncertain(row))],
    ),
  });
  const bars = barsOf(rows, (row) => ({
    value: ranking.value(row),
    valueText: ranking.valueText(row),
    label: `${ranking.label(row)}${doubt((ranking.uncertain?.(row) ?? 0) > 0)}`,
  }));
  parts.text.push({ kind: 'bars', title, labelHeader, rows: bars });
}

type Direction = 'read' | 'written';

const totalOf = (row: ThreadIo, direction: Direction): number =>
  row.disk[direction] + row.network[direction] + row.unknown[direction];

function processCell({ thread }: ThreadIo): Cell {
  const pid = thread.pid >= 0 ? { pid: thread.pid } : {};
  return { class: 'process', name: thread.comm, ...pid, tid: thread.tid };
}

function addProcesses(parts: ReportParts, collector: IoCollector, limit: number): void {
  const all = [...collector.threads.values()];
  for (const direction of ['read', 'written'] as const) {
    const size = (bytes: Bytes): string => formatSize(bytes[direction]);
    addRanking<ThreadIo>(
      parts,
      {
        tableClass: perProcess,
        title: `Per-process I/O ${direction === 'read' ? 'Read' : 'Write'}`,
        subtitle: direction,
        labelHeader: formatRow(['Process', 'Disk', 'Net', 'Unknown'], [25, 10, 10, 10]),
        rows: all,
        value: (row) => totalOf(row, direction),
        valueText: (row) => formatSize(totalOf(row, direction)),
        label: (row) => {
          const { comm, pid, tid } = row.thread;
          const name = `${comm} (${pid >= 0 ? pid : `unknown (tid=${tid})`})`;
          const cells = [name, size(row.disk), size(row.network), size(row.unknown)];
          return formatRow(cells, [25, -10, -10, -10]);
        },
        cells: (row) => [
          processCell(row),
          sizeCell(totalOf(row, direction)),
          sizeCell(row.disk[direction]),
          sizeCell(row.network[direction]),
          sizeCell(row.unknown[direction]),
        ],
        uncertain: (row) => collector.uncertainOf(row),
      },
      limit,
    );
  }
}

/** As the original writes them, the blank at the end included. */
function ownersText({ owners }: FileIo): string {
  return owners.map(({ fd, comm, id }) => `fd ${fd} in ${comm} (${id}) `).join('');
}

function addFiles(parts: ReportParts, all: readonly FileIo[], limit: number): void {
  for (const direction of ['read', 'written'] as const) {
    addRanking<FileIo>(
      parts,
      {
        tableClass: perFile,
        title: `Per-file I/O ${direction === 'read' ? 'Read' : 'Write'}`,
        subtitle: direction,
        labelHeader: 'Path',
        rows: all.filter((file) => file.bytes[direction] > 0),
        value: (file) => file.bytes[direction],
        valueText: (file) => formatSize(file.bytes[direction]),
        label: (file) => file.path,
        cells: (file) => [
          { class: 'path', path: file.path },
          sizeCell(file.bytes[direction]),
          stringCell(ownersText(file)),
        ],
        uncertain: (file) => file.uncertainCount,
      },
      limit,
    );
  }
}

function addBlock(parts: ReportParts, collector: IoCollector, limit: number): void {
  const all = [...collector.threads.values()];
  for (const direction of ['read', 'written'] as const) {
    addRanking<ThreadIo>(
      parts,
      {
        tableClass: perProcessBlock,
        title: `Block I/O ${direction === 'read' ? 'Read' : 'Write'}`,
        subtitle: direction,
        labelHeader: 'Process',
        rows: all.filter((row) => row.block[direction] > 0),
        value: (row) => row.block[direction],
        valueText: (row) => formatSize(row.block[direction]),
        label: ({ thread }) => {
          const pid = thread.pid >= 0 ? thread.pid : `unknown (tid=${thread.tid})`;
          return `${thread.comm === '' ? 'unknown' : thread.comm} (pid=${pid})`;
        },
        cells: (row) => [processCell(row), sizeCell(row.block[direction])],
        uncertain: (row) => collector.uncertainOf(row),
      },
      limit,
    );
  }
}

function addDisks(parts: ReportParts, collector: IoCollector, limit: number): void {
  const rows = [...collector.disks.values()];
  type Disk = (typeof rows)[number];
  const common = {
    labelHeader: 'Disk',
    rows,
    label: (disk: Disk): string => disk.name,
    uncertain: (disk: Disk): number => disk.durations.uncertainCount,
  };
  const cell = (disk: Disk): Cell => ({ class: 'disk', name: disk.name });
  addRanking<Disk>(
    parts,
    {
      ...common,
      tableClass: perDiskSectors,
      title: 'Disk Requests Sector Count',
      value: (disk) => disk.sectors,
      valueText: (disk) => `${disk.sectors} sectors`,
      cells: (disk) => [cell(disk), numberCell(disk.sectors)],
    },
    limit,
  );
  addRanking<Disk>(
    parts,
    {
      ...common,
      tableClass: perDiskRequests,
      title: 'Disk Request Count',
      value: (disk) => disk.durations.count,
      valueText: (disk) => `${disk.durations.count} requests`,
      cells: (disk) => [cell(disk), numberCell(disk.durations.count)],
    },
    limit,
  );
  addRanking<Disk>(
    parts,
    {
      ...common,
      tableClass: perDiskLatency,
      title: 'Disk Request Average Latency',
      isUnsorted: true,
      value: (disk) => disk.durations.mean / 1e6,
      valueText: (disk) => `${formatFixed(disk.durations.mean / 1e6, 2)} ms`,
      cells: (disk) => [cell(disk), durationCell(disk.durations.mean)],
    },
    limit,
  );
}

function addInterfaces(parts: ReportParts, collector: IoCollector, limit: number): void {
  for (const direction of ['received', 'sent'] as const) {
    type Row = { name: string; sentBytes: number; receivedBytes: number };
    const size = (row: Row): number => (direction === 'sent' ? row.sentBytes : row.receivedBytes);
    addRanking<Row>(
      parts,
      {
        tableClass: perInterface,
        title: `Network ${direction === 'sent' ? 'Sent' : 'Received'} Bytes`,
        subtitle: direction,
        labelHeader: 'Interface',
        rows: [...collector.interfaces.values()],
        value: size,
        valueText: (row) => formatSize(size(row)),
        label: (row) => row.name,
        cells: (row) => [{ class: 'netif', name: row.name }, sizeCell(size(row))],
      },
      limit,
    );
  }
}

export function addUsage(parts: ReportParts, collector: IoCollector, limit: number): void {
  addProcesses(parts, collector, limit);
  addFiles(parts, collector.files, limit);
  addBlock(parts, collector, limit);
  addDisks(parts, collector, limit);
  addInterfaces(parts, collector, limit);
}
