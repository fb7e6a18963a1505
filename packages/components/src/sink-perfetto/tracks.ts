import type { DataStream, Trace } from '@sonde/trace-model';
import type { TraceEventWriter, Track } from './trace-event-writer.ts';

/** Linux' process ids end at 2^22: tracks that are no threads are above. */
const cpuPid = 5_000_000;
const interruptPid = 5_100_000;
const streamPid = 5_200_000;
/** Each host has its own range of ids. */
const pidsPerHost = 10_000_000;

const cpuName = (cpu: number): string => `CPU ${cpu}`;
const interruptsName = (cpu: number): string => `CPU ${cpu} interrupts`;

interface Thread extends Track {
  name: string;
}

/** The rows of one host: its threads, CPUs and data streams. Tells the writer of each one, with its name, before it is used. */
class HostTracks {
  readonly #writer: TraceEventWriter;
  readonly #base: number;
  readonly #label: string;
  readonly #threads = new Map<number, Thread>();
  /** Thread → process and name, as other events tell. */
  readonly #pids = new Map<number, number>();
  readonly #names = new Map<number, string>();
  readonly #namedProcesses = new Set<number>();
  /** By process that is none, and index. */
  readonly #tracks = new Map<number, Map<number, Track>>();

  constructor(writer: TraceEventWriter, index: number, label: string) {
    this.#writer = writer;
    this.#base = index * pidsPerHost;
    this.#label = label;
  }

  /** The track of a thread. `pid` and `name` where the event knows them. */
  thread(tid: number, pid: number | undefined, name: string | undefined): Track {
    let thread = this.#threads.get(tid);
    const process = pid ?? this.#pids.get(tid) ?? tid;
    if (thread === undefined || (pid !== undefined && thread.pid !== this.#base + pid)) {
      thread = { pid: this.#base + process, tid: this.#base + tid, name: '' };
      this.#threads.set(tid, thread);
    }
    const newName = name ?? this.#names.get(tid);
    if (newName !== undefined && newName !== thread.name) {
      thread.name = newName;
      this.#writer.metadata('thread_name', thread, 'name', newName);
      this.#nameProcess(thread, tid, process);
    }
    return thread;
  }

  /** What another event says of a thread, to be used when the thread gets a track. */
  remember(tid: number, pid: number | undefined, name: string | undefined): void {
    if (pid !== undefined) this.#pids.set(tid, pid);
    if (name !== undefined) this.#names.set(tid, name);
  }

  cpu(cpu: number): Track {
    return this.#track(cpuPid, 'CPUs', cpu, cpuName);
  }

  interrupts(cpu: number): Track {
    return this.#track(interruptPid, 'Interrupts', cpu, interruptsName);
  }

  stream(index: number, name: string): Track {
    return this.#track(streamPid, 'Streams', index, () => name);
  }

  /** A process is called as its first thread, or until that is known as the thread that was met first. */
  #nameProcess(thread: Thread, tid: number, process: number): void {
    if (tid !== process && this.#namedProcesses.has(process)) return;
    this.#namedProcesses.add(process);
    const name = tid === process ? thread.name : (this.#names.get(process) ?? thread.name);
    this.#writer.metadata('process_name', thread, 'name', this.#label + name);
  }

  #track(
    process: number,
    processName: string,
    index: number,
    nameOf: (index: number) => string,
  ): Track {
    const tracks = this.#tracks.get(process);
    const known = tracks?.get(index);
    if (known !== undefined) return known;
    const pid = this.#base + process;
    const track = { pid, tid: pid + 1 + index };
    if (tracks === undefined) {
      this.#tracks.set(process, new Map([[index, track]]));
      this.#writer.metadata('process_name', track, 'name', this.#label + processName);
      this.#writer.metadata('process_sort_index', track, 'sort_index', process - streamPid - 1);
    } else {
      tracks.set(index, track);
    }
    const name = nameOf(index);
    this.#writer.metadata('thread_name', track, 'name', name);
    this.#writer.metadata('thread_sort_index', track, 'sort_index', index);
    return track;
  }
}

export type { HostTracks };

/** The tracks of each host that a run meets. */
export class Tracks {
  readonly #writer: TraceEventWriter;
  readonly #hosts = new Map<string, HostTracks>();
  readonly #streams = new Map<DataStream, number>();

  constructor(writer: TraceEventWriter) {
    this.#writer = writer;
  }

  hostOf(trace: Trace): HostTracks {
    const hostname = String(trace.environment.get('hostname') ?? '');
    let host = this.#hosts.get(hostname);
    if (host === undefined) {
      const label = this.#hosts.size === 0 ? '' : `${hostname}: `;
      host = new HostTracks(this.#writer, this.#hosts.size, label);
      this.#hosts.set(hostname, host);
    }
    return host;
  }

  indexOf(stream: DataStream): number {
    let index = this.#streams.get(stream);
    if (index === undefined) this.#streams.set(stream, (index = this.#streams.size));
    return index;
  }
}
