/** What the five I/O analyses collect: operations of threads, bytes of files, requests of disks, packets of interfaces. */
import type {
  BlockRequest,
  Disk,
  FileOperation,
  FileOperationKind,
  Host,
  NetworkPacket,
  OpenFile,
  Thread,
} from '@sonde/linux-model';
import {
  type AnalysisOptions,
  passesDuration,
  passesProcess,
  type Reducer,
  type ReducerContext,
} from './analysis.ts';
import { OperationLog } from './operation-log.ts';
import { Samples } from './samples.ts';
import { TopList } from './top-list.ts';

/** A finished operation, kept for lists and distributions. */
export interface IoOperation {
  readonly kind: FileOperationKind;
  readonly name: string;
  readonly thread: Thread;
  readonly fd: number;
  readonly file: OpenFile | undefined;
  readonly sizeBytes: number | undefined;
  readonly errno: number;
  readonly beginNs: number;
  readonly endNs: number;
  readonly isCertain: boolean;
}

/** What lists show. */
export type ListedOperation = Pick<
  IoOperation,
  'name' | 'thread' | 'fd' | 'file' | 'sizeBytes' | 'beginNs' | 'endNs' | 'isCertain'
>;

/** What latencies are told of: a transfer counts as a read and as a write. */
export type LatencyCategory = Exclude<FileOperationKind, 'close' | 'read-write'>;
type PassingOperation = Pick<IoOperation, 'sizeBytes' | 'beginNs' | 'endNs'>;

export interface Bytes {
  read: number;
  written: number;
}

export interface ThreadIo {
  readonly host: Host;
  readonly thread: Thread;
  readonly disk: Bytes;
  readonly network: Bytes;
  readonly unknown: Bytes;
  readonly block: Bytes;
  /** Operations and requests that a gap touches. */
  uncertainCount: number;
}

export interface FileOwner {
  readonly fd: number;
  readonly comm: string;
  /** Of the process; of the thread where its process is not known. */
  readonly id: number;
}

export interface FileIo {
  readonly path: string;
  readonly bytes: Bytes;
  /** Operations that a gap touches. */
  uncertainCount: number;
  /** First descriptor of each process that used it. */
  readonly owners: FileOwner[];
}

export interface DiskIo {
  /** As the state dump names it, even if that comes after the first request. */
  readonly name: string;
  readonly durations: Samples;
  sectors: number;
}

export interface InterfaceIo {
  readonly name: string;
  sentBytes: number;
  receivedBytes: number;
}

class DiskUsage implements DiskIo {
  readonly durations = new Samples();
  sectors = 0;
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  get name(): string {
    return this.#disk.name;
  }
}

const noBytes = (): Bytes => ({ read: 0, written: 0 });

function addBytes(bytes: Bytes, kind: FileOperationKind, size: number): void {
  if (kind === 'read' || kind === 'read-write') bytes.read += size;
  if (kind === 'write' || kind === 'read-write') bytes.written += size;
}

interface FileUse {
  readonly bytes: Bytes;
  uncertainCount: number;
  /** The first thread that used it. */
  readonly thread: Thread;
}

const sectorBytes = 512;
/** Paths that say nothing without the process they belong to. */
const anonymousPath = /^(?:pipe|socket|anon_inode|unknown)/;

/** Segments are reused: what is kept is a copy. */
function copyOf(operation: FileOperation): IoOperation {
  const { kind, name, thread, fd, file, sizeBytes, errno, beginNs, endNs, isCertain } = operation;
  return { kind, name, thread, fd, file, sizeBytes, errno, beginNs, endNs, isCertain };
}

function keepSlow(list: TopList<IoOperation>, operation: FileOperation): void {
  const durationNs = operation.endNs - operation.beginNs;
  if (list.wants(durationNs)) list.add(durationNs, copyOf(operation));
}

export class IoCollector {
  readonly #context: ReducerContext;
  readonly #options: AnalysisOptions;
  readonly #keepsLatencies: boolean;
  readonly #keepsUsage: boolean;
  /** Undefined: nobody wants to know. */
  readonly slowest: Readonly<Record<LatencyCategory, TopList<IoOperation>>> | undefined;
  /** Of the operations that filters let pass. */
  readonly latencies: Readonly<Record<LatencyCategory, Samples>> = {
    open: new Samples(),
    read: new Samples(),
    write: new Samples(),
    sync: new Samples(),
  };
  /** Undefined: nobody wants them all. */
  readonly operations: OperationLog | undefined;
  readonly threads = new Map<Thread, ThreadIo>();
  /** Whom gaps touch, by who they stand for. */
  readonly #doubts = new Map<Thread, number>();
  readonly #files = new Map<OpenFile, FileUse>();
  readonly disks = new Map<Disk, DiskIo>();
  readonly interfaces = new Map<string, InterfaceIo>();

  constructor(context: ReducerContext) {
    const { options } = context;
    this.#context = context;
    this.#options = options;
    this.operations = options.views.has('log') ? new OperationLog() : undefined;
    if (options.views.has('top')) {
      const { limit } = options;
      this.slowest = {
        open: new TopList(limit),
        read: new TopList(limit),
        write: new TopList(limit),
        sync: new TopList(limit),
      };
    }
    this.#keepsUsage = options.views.has('usage');
    this.#keepsLatencies = options.views.has('stats') || options.views.has('freq');
  }

  readonly handlers: Reducer['handlers'] = {
    'file-operation': (operation) => this.#addOperation(operation),
    'block-request': (request) => this.#addRequest(request),
    'network-packet': (packet) => this.#addPacket(packet),
    doubt: ({ thread }) => {
      const subject = this.#context.subjectOf(thread);
      this.#doubts.set(subject, (this.#doubts.get(subject) ?? 0) + 1);
    },
  };

  /** Duration and size filters, as lists and statistics use them. */
  passes(operation: PassingOperation): boolean {
    const { minSizeBytes, maxSizeBytes } = this.#options;
    const { sizeBytes } = operation;
    if (sizeBytes !== undefined) {
      if (minSizeBytes !== undefined && sizeBytes < minSizeBytes) return false;
      if (maxSizeBytes !== undefined && sizeBytes > maxSizeBytes) return false;
    }
    return passesDuration(this.#options, operation.endNs - operation.beginNs);
  }

  #threadOf(host: Host, thread: Thread): ThreadIo {
    const subject = this.#context.subjectOf(thread);
    let row = this.threads.get(subject);
    if (row === undefined) {
      row = {
        host,
        thread: subject,
        disk: noBytes(),
        network: noBytes(),
        unknown: noBytes(),
        block: noBytes(),
        uncertainCount: 0,
      };
      this.threads.set(subject, row);
    }
    return row;
  }

  #addOperation(operation: FileOperation): void {
    const { host, thread, kind, file, targetFile, sizeBytes, errno } = operation;
    if (!passesProcess(this.#options, thread)) return;
    if (this.passes(operation)) this.#keepWanted(operation);
    if (!this.#keepsUsage) return;
    const row = this.#threadOf(host, thread);
    if (!operation.isCertain) row.uncertainCount++;
    if (sizeBytes === undefined || errno !== 0) return;
    if (kind === 'read-write') {
      this.#book(row, 'read', file, sizeBytes, operation.isCertain);
      this.#book(row, 'write', targetFile, sizeBytes, operation.isCertain);
      return;
    }
    this.#book(row, kind, file, sizeBytes, operation.isCertain);
  }

  #book(
    row: ThreadIo,
    kind: FileOperationKind,
    file: OpenFile | undefined,
    size: number,
    isCertain: boolean,
  ): void {
    if (file === undefined) return;
    const isNetwork = file.type === 'network' || file.type === 'maybe-network';
    const bytes = file.type === 'disk' ? row.disk : isNetwork ? row.network : row.unknown;
    addBytes(bytes, kind, size);
    let ofFile = this.#files.get(file);
    if (ofFile === undefined) {
      ofFile = { bytes: noBytes(), uncertainCount: 0, thread: row.thread };
      this.#files.set(file, ofFile);
    }
    addBytes(ofFile.bytes, kind, size);
    if (!isCertain) ofFile.uncertainCount++;
  }

  #addLatency({ kind, beginNs, endNs, isCertain }: FileOperation): void {
    const durationNs = endNs - beginNs;
    const { latencies } = this;
    if (kind === 'read-write') {
      latencies.read.add(durationNs, isCertain);
      latencies.write.add(durationNs, isCertain);
    } else if (kind !== 'close') {
      latencies[kind].add(durationNs, isCertain);
    }
  }

  #keepWanted(operation: FileOperation): void {
    this.operations?.add(operation);
    if (this.#keepsLatencies) this.#addLatency(operation);
    const { slowest } = this;
    const { kind } = operation;
    if (slowest === undefined || kind === 'close') return;
    if (kind !== 'read-write') keepSlow(slowest[kind], operation);
    else for (const category of ['read', 'write'] as const) keepSlow(slowest[category], operation);
  }

  #addRequest(request: BlockRequest): void {
    const { host, thread, device, sectorCount, isWrite, beginNs, endNs } = request;
    // Who issued it is not always known; nobody passes then.
    if (!passesProcess(this.#options, thread ?? host.threads.unknown)) return;
    const durationNs = endNs - beginNs;
    const owner = host.disk(device);
    let disk = this.disks.get(owner);
    if (disk === undefined) {
      disk = new DiskUsage(owner);
      this.disks.set(owner, disk);
    }
    disk.sectors += sectorCount;
    disk.durations.add(durationNs, request.isCertain);
    if (thread === undefined || thread.tid === 0) return;
    const row = this.#threadOf(host, thread);
    addBytes(row.block, isWrite ? 'write' : 'read', sectorCount * sectorBytes);
    if (!request.isCertain) row.uncertainCount++;
  }

  #addPacket({ interfaceName, direction, sizeBytes }: NetworkPacket): void {
    let row = this.interfaces.get(interfaceName);
    if (row === undefined) {
      row = { name: interfaceName, sentBytes: 0, receivedBytes: 0 };
      this.interfaces.set(interfaceName, row);
    }
    if (direction === 'sent') row.sentBytes += sizeBytes;
    else row.receivedBytes += sizeBytes;
  }

  /** How many of a thread's values a gap may have changed. */
  uncertainOf(row: ThreadIo): number {
    return row.uncertainCount + (this.#doubts.get(row.thread) ?? 0);
  }

  /** Bytes by path; what has no path of its own is told apart by process. */
  get files(): FileIo[] {
    const byPath = new Map<string, FileIo>();
    const comms = new Map<number, string>();
    for (const { thread } of this.threads.values()) {
      if (thread.pid >= 0 && (thread.pid === thread.tid || !comms.has(thread.pid))) {
        comms.set(thread.pid, thread.comm);
      }
    }
    for (const [file, { bytes, uncertainCount, thread }] of this.#files) {
      const { pid } = file.process;
      const id = pid >= 0 ? pid : thread.tid;
      const comm = comms.get(pid) ?? thread.comm;
      const path = anonymousPath.test(file.path) ? `${file.path} (${comm})` : file.path;
      let row = byPath.get(path);
      if (row === undefined) {
        row = { path, bytes: noBytes(), uncertainCount: 0, owners: [] };
        byPath.set(path, row);
      }
      row.bytes.read += bytes.read;
      row.bytes.written += bytes.written;
      row.uncertainCount += uncertainCount;
      if (!row.owners.some((owner) => owner.id === id)) row.owners.push({ fd: file.fd, comm, id });
    }
    return [...byPath.values()];
  }
}
