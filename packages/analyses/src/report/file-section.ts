/** Reads and writes of files, sockets and the rest, by process and by file. */
import type { FileOperation, FileOperationKind, OpenFile, Thread } from '@sonde/linux-model';
import type { Period, ReducerContext } from '../analysis.ts';
import { counted, formatBytes, formatCount, formatDuration } from '../printers/human-text.ts';
import { Samples } from '../samples.ts';
import { type Cell, durationCell, numberCell, sizeCell, stringCell } from '../table.ts';
import {
  distributionCells,
  distributionColumns,
  histogram,
  leftOutText,
  tailFactor,
} from './distributions.ts';
import { byProcess, processCell, shortPath, sum } from './names.ts';
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

interface Moved {
  readBytes: number;
  writtenBytes: number;
  operations: number;
  ns: number;
}

interface ThreadIo extends Moved {
  readonly thread: Thread;
}

interface PathIo extends Moved {
  readonly path: string;
  maxNs: number;
}

interface SlowOperation {
  readonly name: string;
  readonly path: string;
  readonly comm: string;
  readonly tid: number;
  readonly sizeBytes: number | undefined;
  readonly beginNs: number;
}

/** What operations are on: latencies of files say something about the disk, those of pipes about the other end. */
type Target = 'file' | 'socket' | 'kernel' | 'other';

const targetNames: Readonly<Record<Target, string>> = {
  file: 'file',
  socket: 'socket',
  kernel: '/dev, /proc, /sys',
  other: 'pipe, terminal, other',
};

/** What these ask for is in memory of the program: no event has the files and bytes. */
const submittingCalls: ReadonlySet<string> = new Set(['io_submit', 'io_uring_enter']);

/** Paths kept apart; the rest is summed up, so that memory has a bound. */
const maxPaths = 50_000;
const notableTail = 20;

/** No disk is behind these paths. */
const kernelPath = /^\/(?:dev|proc|sys)\//;

function targetOf(file: OpenFile | undefined): Target {
  if (file === undefined) return 'other';
  if (file.type === 'disk') return kernelPath.test(file.path) ? 'kernel' : 'file';
  return file.type === 'network' ? 'socket' : 'other';
}

/** Sockets without an address are many: whose they are tells them apart. */
const pathShown = (path: string, comm: string): string =>
  path.startsWith('socket') ? `${path} (${comm})` : path;

/** What an operation is on. Bytes that go from or to a file wait for its disk, whatever is at the other end. */
function targetOfOperation({ kind, file, targetFile }: FileOperation): Target {
  const target = targetOf(file);
  if (target === 'file') return target;
  // An open that succeeded has its file; what is synchronised is a file, and `sync` is about them all.
  if (kind === 'sync' || (kind === 'open' && file === undefined)) return 'file';
  return targetOf(targetFile) === 'file' ? 'file' : target;
}

const totalBytes = (row: Moved): number => row.readBytes + row.writtenBytes;

class Files implements SectionReducer {
  readonly #context: ReducerContext;
  readonly #threads = new Map<Thread, ThreadIo>();
  readonly #paths = new Map<string, PathIo>();
  readonly #latencies: { target: Target; kind: FileOperationKind; samples: Samples }[] = [];
  readonly #byTarget = new Map<Target, Map<FileOperationKind, Samples>>();
  #uncertain = 0;
  readonly #slowest = new TopList<SlowOperation>(rowLimit);
  /** Asynchronous requests, by the call that submitted them. */
  readonly #submitted = new Map<string, number>();
  #seesRings = false;
  #readBytes = 0;
  #writtenBytes = 0;
  #operations = 0;

  constructor(context: ReducerContext) {
    this.#context = context;
  }

  readonly handlers: SectionReducer['handlers'] = {
    'file-operation': (operation) => this.#add(operation),
    'system-call': ({ name, result }) => {
      // The result is the number of requests that were taken.
      if (submittingCalls.has(name) && result !== undefined && result > 0) {
        this.#submitted.set(name, (this.#submitted.get(name) ?? 0) + result);
      }
    },
  };

  #add(operation: FileOperation): void {
    const { thread, kind, file, targetFile, sizeBytes, errno, beginNs, endNs } = operation;
    this.#operations++;
    if (operation.name.startsWith('io_uring ')) this.#seesRings = true;
    const ns = endNs - beginNs;
    this.#addLatency(operation, ns);
    let own = this.#threads.get(thread);
    if (own === undefined) {
      own = { thread, readBytes: 0, writtenBytes: 0, operations: 0, ns: 0 };
      this.#threads.set(thread, own);
    }
    own.operations++;
    own.ns += ns;
    const moved = errno === 0 ? (sizeBytes ?? 0) : 0;
    const reads = kind === 'read' || kind === 'read-write';
    const writes = kind === 'write' || kind === 'read-write';
    if (reads) {
      own.readBytes += moved;
      this.#readBytes += moved;
    }
    if (writes) {
      own.writtenBytes += moved;
      this.#writtenBytes += moved;
    }
    if (kind === 'close') return;
    this.#addPath(file, thread, reads ? moved : 0, kind === 'write' ? moved : 0, ns);
    if (kind === 'read-write') this.#addPath(targetFile, thread, 0, moved, ns);
  }

  #addPath(
    file: OpenFile | undefined,
    { comm }: Thread,
    readBytes: number,
    writtenBytes: number,
    ns: number,
  ): void {
    const target = targetOf(file);
    if (file === undefined || target === 'other' || target === 'kernel') return;
    const path = this.#paths.size < maxPaths ? pathShown(file.path, comm) : '(others)';
    let row = this.#paths.get(path);
    if (row === undefined) {
      row = { path, readBytes: 0, writtenBytes: 0, operations: 0, ns: 0, maxNs: 0 };
      this.#paths.set(path, row);
    }
    row.readBytes += readBytes;
    row.writtenBytes += writtenBytes;
    row.operations++;
    row.ns += ns;
    if (ns > row.maxNs) row.maxNs = ns;
  }

  #addLatency(operation: FileOperation, ns: number): void {
    const { kind, file, targetFile, name, thread, sizeBytes, beginNs, isCertain } = operation;
    if (!isCertain) {
      this.#uncertain++;
      return;
    }
    const target = targetOfOperation(operation);
    this.#latenciesOf(target, kind).add(ns);
    if (target !== 'file' || !this.#slowest.accepts(ns)) return;
    const path = (targetOf(file) === 'file' ? file?.path : (targetFile ?? file)?.path) ?? '';
    this.#slowest.add(ns, { name, path, comm: thread.comm, tid: thread.tid, sizeBytes, beginNs });
  }

  #latenciesOf(target: Target, kind: FileOperationKind): Samples {
    let byKind = this.#byTarget.get(target);
    if (byKind === undefined) this.#byTarget.set(target, (byKind = new Map()));
    let samples = byKind.get(kind);
    if (samples === undefined) {
      samples = new Samples();
      byKind.set(kind, samples);
      this.#latencies.push({ target, kind, samples });
    }
    return samples;
  }

  report({ beginNs, endNs }: Period): SectionResult {
    if (this.#operations === 0) return { headline: '', tables: [], charts: [], findings: [] };
    const seconds = Math.max(1e-9, (endNs - beginNs) / 1e9);
    const latencies = this.#latencies;
    const rate = (bytes: number): string => `${formatBytes(bytes / seconds)}/s`;
    const ofFiles = latencies.filter(({ target, kind }) => target === 'file' && kind !== 'close');
    return {
      headline: `${counted(this.#operations, 'operation')}; read ${formatBytes(this.#readBytes)} (${rate(this.#readBytes)}), wrote ${formatBytes(this.#writtenBytes)} (${rate(this.#writtenBytes)})${leftOutText(this.#uncertain)}`,
      tables: [
        latencyTable(latencies),
        processTable([...this.#threads.values()]),
        pathTable([...this.#paths.values()]),
        this.#slowestTable(),
      ],
      charts: [
        histogram(
          'Latency of operations on files',
          ofFiles.map(({ kind, samples }) => ({ name: kind, samples })),
        ),
      ],
      findings: this.#findings(ofFiles),
    };
  }

  #slowestTable(): SectionTable {
    const { toAbsoluteNs } = this.#context;
    return sectionTable(
      'slowest-operations',
      'Slowest operations on files',
      [
        { title: 'Began at', class: 'timestamp' },
        { title: 'Duration', class: 'duration' },
        { title: 'System call', class: 'syscall' },
        { title: 'Thread', class: 'process' },
        { title: 'Size', class: 'size' },
        { title: 'File', class: 'path' },
      ],
      this.#slowest.all.map(({ value, item }): Cell[] => [
        { class: 'timestamp', value: toAbsoluteNs(item.beginNs) },
        durationCell(value),
        { class: 'syscall', name: item.name },
        { class: 'process', name: item.comm, tid: item.tid },
        item.sizeBytes === undefined ? null : sizeCell(item.sizeBytes),
        { class: 'path', path: item.path },
      ]),
      `iolatencytop --limit ${2 * rowLimit}`,
    );
  }

  #findings(ofFiles: readonly { kind: string; samples: Samples }[]): Finding[] {
    // Where the tracepoints of io_uring are, its requests are operations.
    const untold = [...this.#submitted].filter(
      ([name]) => name !== 'io_uring_enter' || !this.#seesRings,
    );
    const findings = untold.map(([name, count]): Finding => {
      return {
        severity: 'medium',
        text: `${counted(count, 'request')} by ${name} ${count === 1 ? 'is' : 'are'} not among the operations on files: the trace does not tell files and bytes of asynchronous ones. What reached a disk is under block devices.`,
        command: 'syscallstats --percentiles',
      };
    });
    const [slowest] = this.#slowest.all;
    if (slowest !== undefined) {
      const { value, item } = slowest;
      const on = item.path === '' ? '' : ` on ${shortPath(item.path)}`;
      findings.push({
        severity: 'info',
        text: `The slowest operation on a file was ${item.name} of ${item.comm} (${item.tid})${on}: ${formatDuration(value)}.`,
        command: `iolatencytop --limit ${2 * rowLimit}`,
      });
    }
    for (const { kind, samples } of ofFiles) {
      const factor = tailFactor(samples);
      if (factor === undefined || factor < notableTail || samples.percentile(0.99)! < 1e6) continue;
      findings.push({
        severity: 'medium',
        text: `Files, ${kind}: p99 ${formatDuration(samples.percentile(0.99)!)}, ${formatCount(Math.round(factor))}× the median.`,
        command: 'iolatencystats --percentiles',
      });
    }
    return findings;
  }
}

function latencyTable(
  latencies: readonly { target: Target; kind: string; samples: Samples }[],
): SectionTable {
  const targets = Object.keys(targetNames);
  const kinds = ['open', 'read', 'write', 'read-write', 'sync'];
  const rank = (row: { target: string; kind: string }): number =>
    targets.indexOf(row.target) * kinds.length + kinds.indexOf(row.kind);
  return sectionTable(
    'latencies',
    'Latency by kind of operation',
    [
      { title: 'On', class: 'string' },
      { title: 'Operation', class: 'string' },
      ...distributionColumns,
    ],
    latencies
      .filter(({ kind }) => kind !== 'close')
      .toSorted((a, b) => rank(a) - rank(b))
      .map(({ target, kind, samples }) => [
        stringCell(targetNames[target]),
        stringCell(kind),
        ...distributionCells(samples),
      ]),
    'iolatencystats --percentiles',
  );
}

const movedColumns = [
  { title: 'Read', class: 'size' },
  { title: 'Written', class: 'size' },
  { title: 'Operations', class: 'number' },
  { title: 'Time in them', class: 'duration' },
] as const;

function processTable(threads: readonly ThreadIo[]): SectionTable {
  const rows = greatest(byProcess(threads), rowLimit, (group) => sum(group.rows, totalBytes));
  return sectionTable(
    'processes',
    'Processes by bytes read and written (files, sockets, pipes)',
    [{ title: 'Process', class: 'process' }, ...movedColumns],
    rows.map((group) => [
      processCell(group),
      sizeCell(sum(group.rows, (row) => row.readBytes)),
      sizeCell(sum(group.rows, (row) => row.writtenBytes)),
      numberCell(sum(group.rows, (row) => row.operations)),
      durationCell(sum(group.rows, (row) => row.ns)),
    ]),
    'iousagetop',
  );
}

function pathTable(paths: readonly PathIo[]): SectionTable {
  return sectionTable(
    'files',
    'Files by bytes read and written',
    [{ title: 'File', class: 'path' }, ...movedColumns, { title: 'Slowest', class: 'duration' }],
    greatest(paths, rowLimit, totalBytes).map((row) => [
      { class: 'path', path: row.path },
      sizeCell(row.readBytes),
      sizeCell(row.writtenBytes),
      numberCell(row.operations),
      durationCell(row.ns),
      durationCell(row.maxNs),
    ]),
    'iousagetop',
  );
}

export const fileSection: Section = {
  id: 'files',
  title: 'Files and sockets',
  kinds: ['file-operation', 'system-call'],
  start: (context) => new Files(context),
};
