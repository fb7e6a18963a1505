import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { SondeError, UsageError } from '@sonde/base';
import { newInstanceName, removeInstance } from './ownership.ts';
import { errnoOf, TracefsFolder } from './tracefs.ts';

export interface InstanceOptions {
  /** As in `trace_clock`. Default: `mono`, which is LTTng's and `process.hrtime`'s. */
  readonly clock?: string;
  /** Of the buffer of each CPU. Default: see `defaultBufferBytes`. */
  readonly bufferBytes?: number;
  /** The oldest events give way (flight recorder); else the newest are discarded. */
  readonly isOverwriting?: boolean;
  /** Default: `sonde_PID_START`. */
  readonly name?: string;
}

/** What is read at once: long enough that reading costs little, short enough for small buffers. */
const subBufferKib = 64;
const pageBytes = 4096;
const kib = 1024;
const mib = 1024 * kib;

/** 16 MiB a CPU, less where memory is short: all buffers take a sixteenth of what is free at most. */
export function defaultBufferBytes(): number {
  const share = freeMemoryBytes() / 16 / availableParallelism();
  return Math.max(mib, Math.min(16 * mib, Math.floor(share / mib) * mib));
}

function freeMemoryBytes(): number {
  const text = readFileSync('/proc/meminfo', 'latin1');
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * kib;
  return Math.min(available, cgroupLimitBytes());
}

function cgroupLimitBytes(): number {
  try {
    const limit = Number(readFileSync('/sys/fs/cgroup/memory.max', 'latin1'));
    return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** A tracefs instance of ours: buffers, events, filters and clock of its own. Nothing else on the machine is touched. */
export class TraceInstance {
  readonly name: string;
  readonly folder: TracefsFolder;
  readonly cpuIds: readonly number[];
  /** Bytes that one read gives. */
  readonly subBufferBytes: number;
  /** The clock in force, as in `trace_clock`. */
  readonly clock: string;
  /** What is not as it was asked for: sentences. */
  readonly notes: readonly string[];
  readonly #tracefs: TracefsFolder;

  /** @throws SondeError with the remedy; nothing is left behind then */
  static create(tracefs: TracefsFolder, options: InstanceOptions = {}): TraceInstance {
    const name = options.name ?? newInstanceName();
    try {
      mkdirSync(join(tracefs.path, 'instances', name));
    } catch (cause) {
      throw explainCreation(cause);
    }
    try {
      const folder = new TracefsFolder(join(tracefs.path, 'instances', name));
      folder.write('tracing_on', '0');
      const notes: string[] = [];
      setClock(folder, options.clock ?? 'mono', options.clock === undefined, notes);
      setBuffers(folder, options);
      return new TraceInstance(tracefs, name, notes);
    } catch (error) {
      removeInstance(tracefs, name);
      throw error;
    }
  }

  /** An instance that exists: what a killed recorder left. */
  static reopen(tracefs: TracefsFolder, name: string): TraceInstance {
    return new TraceInstance(tracefs, name, []);
  }

  private constructor(tracefs: TracefsFolder, name: string, notes: readonly string[]) {
    this.#tracefs = tracefs;
    this.name = name;
    this.notes = notes;
    this.folder = new TracefsFolder(join(tracefs.path, 'instances', name));
    this.cpuIds = this.folder
      .list('per_cpu')
      .map((cpu) => Number(cpu.slice('cpu'.length)))
      .sort((a, b) => a - b);
    this.subBufferBytes = this.folder.has('buffer_subbuf_size_kb')
      ? Number(this.folder.read('buffer_subbuf_size_kb')) * kib
      : pageBytes;
    this.clock = /\[([\w-]+)\]/.exec(this.folder.read('trace_clock'))?.[1] ?? 'local';
  }

  set isOn(on: boolean) {
    this.folder.write('tracing_on', on ? '1' : '0');
  }

  /** Counters of one CPU's buffer. */
  stats(cpuId: number): CpuStats {
    return parseStats(this.folder.read(`per_cpu/cpu${cpuId}/stats`));
  }

  /** False: somebody still reads it. */
  remove(): boolean {
    return removeInstance(this.#tracefs, this.name);
  }
}

/** Numbers of events, except for `bytes`. */
export interface CpuStats {
  /** Recorded and not yet read. */
  readonly entries: number;
  readonly bytes: number;
  /** Overwritten before they were read. */
  readonly overrun: number;
  /** Not recorded because the buffer was full. */
  readonly dropped: number;
  readonly read: number;
}

const statPatterns = {
  entries: /^entries: (\d+)/m,
  bytes: /^bytes: (\d+)/m,
  overrun: /^overrun: (\d+)/m,
  commitOverrun: /^commit overrun: (\d+)/m,
  dropped: /^dropped events: (\d+)/m,
  read: /^read events: (\d+)/m,
} as const;

/** Of the text of `per_cpu/cpuN/stats`. */
export function parseStats(text: string): CpuStats {
  const countOf = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    entries: countOf(statPatterns.entries),
    bytes: unreadBytes(text),
    overrun: countOf(statPatterns.overrun),
    dropped: countOf(statPatterns.dropped) + countOf(statPatterns.commitOverrun),
    read: countOf(statPatterns.read),
  };
}

/** `bytes` alone, for those who look often. */
export function unreadBytes(statsText: string): number {
  return Number(statPatterns.bytes.exec(statsText)?.[1] ?? 0);
}

/** They count other things than nanoseconds. */
const clocksWithoutTime = ['counter', 'uptime', 'x86-tsc', 'ppc-tb'];

function setClock(
  folder: TracefsFolder,
  wanted: string,
  mayFallBack: boolean,
  notes: string[],
): void {
  const all = folder.read('trace_clock').replace(/[[\]]/g, '').trim().split(/\s+/);
  const known = all.filter((name) => !clocksWithoutTime.includes(name));
  if (known.includes(wanted)) {
    folder.write('trace_clock', wanted);
    return;
  }
  if (!mayFallBack) {
    throw new UsageError(
      'no-such-clock',
      `The kernel has no clock of nanoseconds "${wanted}": it has ${known.join(', ')}.`,
    );
  }
  const other = known.includes('boot') ? 'boot' : 'local';
  folder.write('trace_clock', other);
  notes.push(
    `The kernel has no clock \`${wanted}\`: \`${other}\` is used, and times can't be compared with those of LTTng or of Node.js.`,
  );
}

function setBuffers(folder: TracefsFolder, options: InstanceOptions): void {
  const bufferKib = Math.ceil((options.bufferBytes ?? defaultBufferBytes()) / kib);
  folder.write('options/overwrite', options.isOverwriting === true ? '1' : '0');
  if (folder.has('buffer_subbuf_size_kb') && bufferKib >= subBufferKib * 8) {
    folder.write('buffer_subbuf_size_kb', String(subBufferKib));
  }
  try {
    folder.write('buffer_size_kb', String(bufferKib));
  } catch (cause) {
    throw new SondeError(
      'no-memory-for-buffers',
      `The kernel has no memory for buffers of ${bufferKib} KiB a CPU. Ask for less with --buffer-size.`,
      {},
      { cause },
    );
  }
  // Readers are woken by a timer, unless a `FillAlarm` asks for more.
  if (folder.has('buffer_percent')) folder.write('buffer_percent', '0');
}

function explainCreation(cause: unknown): SondeError {
  const errno = errnoOf(cause);
  const why =
    errno === 'ENOMEM'
      ? 'There is no memory for an instance of tracefs.'
      : `tracefs refuses a new instance (${errno ?? 'unknown reason'}). \`sonde doctor\` tells more.`;
  return new SondeError('no-instance', why, {}, { cause });
}
