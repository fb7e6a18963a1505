import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '@sonde/components';
import type { Native } from '@sonde/ebpf';
import {
  type ChosenThreads,
  formatRawDescription,
  formatStateDumpLine,
  identityNames,
  type RawDescription,
  type RawThread,
  rawDescriptionFile,
} from '@sonde/ftrace';
import { onlineCpus } from './cpus.ts';
import { writeWhole } from './ctf-folder.ts';
import type { RecordingPlan } from './recording-plan.ts';
import type { DumpedEvent } from './state-dump.ts';
import type { SubBufferSink } from './sub-buffer-sink.ts';
import type { TracefsFolder } from './tracefs.ts';
import { WriteBehind } from './write-behind.ts';

export interface RawSinkOptions {
  /** `format` files by `system/name`: they are kept, with the page format of the kernel. */
  readonly formats: ReadonlyMap<string, string>;
  readonly tracefs: TracefsFolder;
  readonly plan: RecordingPlan;
  readonly cpuIds: readonly number[];
  readonly subBufferBytes: number;
  readonly path: string;
  /** Only these become events when the recording is read; undefined: all. */
  readonly chosen: ChosenThreads | undefined;
  /** Keeps the files from filling the page cache; undefined: nothing does. */
  readonly native: Native | undefined;
}

interface CpuFile {
  readonly cpuId: number;
  readonly name: string;
  readonly fd: number;
  readonly behind: WriteBehind | undefined;
  /** Sub-buffers that wait for being written together. */
  readonly pending: Uint8Array;
  usedBytes: number;
  writtenBytes: number;
  droppedEvents: number;
}

const batchBytes = 512 * 1024;
/** Sub-buffers as long are written at once: gathering them would cost more. */
const directBytes = 32 * 1024;
const stateDumpFile = 'state-dump.jsonl';

/** Keeps sub-buffers as the kernel gave them, and what is needed to read them: conversion is for later. */
export class RawSink implements SubBufferSink {
  /** Nobody looks into the sub-buffers. */
  readonly records = 0;
  readonly events = 0;
  readonly filteredEvents = 0;
  readonly missedEvents = 0;
  readonly #options: RawSinkOptions;
  readonly #files: readonly CpuFile[];
  readonly #threads: RawThread[] = [];
  readonly #stateDumpFd: number;
  readonly #online = new Set(onlineCpus());
  #stateDumpBytes = 0;
  #descriptionBytes = 0;
  #beginNs: bigint | undefined;
  #endNs: bigint | undefined;

  constructor(options: RawSinkOptions) {
    const { path, cpuIds, subBufferBytes, native } = options;
    this.#options = options;
    makeFolders(path);
    const pendingBytes = Math.max(1, Math.floor(batchBytes / subBufferBytes)) * subBufferBytes;
    this.#files = cpuIds.map((cpuId) => {
      const name = `cpu${cpuId}.raw`;
      const fd = openSync(join(path, name), 'wx');
      const behind = native && new WriteBehind(native, fd);
      const pending = new Uint8Array(pendingBytes);
      return { cpuId, name, fd, behind, pending, usedBytes: 0, writtenBytes: 0, droppedEvents: 0 };
    });
    this.#stateDumpFd = openSync(join(path, stateDumpFile), 'wx');
    this.#describe();
  }

  get writtenBytes(): number {
    const others = this.#descriptionBytes + this.#stateDumpBytes;
    return this.#files.reduce((sum, { writtenBytes }) => sum + writtenBytes, others);
  }

  get heldBytes(): number {
    return this.#files.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  }

  begin(timeNs: bigint): void {
    this.#beginNs = timeNs;
    this.#describe();
  }

  readonly intake = (cpuIndex: number, subBuffer: Uint8Array): void => {
    const file = this.#files[cpuIndex]!;
    if (subBuffer.length >= directBytes) {
      write(file, subBuffer);
      return;
    }
    file.pending.set(subBuffer, file.usedBytes);
    file.usedBytes += subBuffer.length;
    if (file.usedBytes === file.pending.length) writePending(file);
  };

  setDroppedEvents(cpuIndex: number, total: number): void {
    this.#files[cpuIndex]!.droppedEvents = total;
  }

  writeStateDump({ name, values, thread }: DumpedEvent, timeNs: bigint): void {
    if (thread !== undefined) {
      const { comm, identity, ...numbers } = thread;
      const names: readonly string[] = this.#options.plan.contexts;
      const isWanted = identityNames.some((name) => names.includes(name));
      this.#threads.push({
        ...numbers,
        ...(isWanted && { identity }),
        ...(typeof comm === 'string' && { comm }),
      });
    }
    const line = formatStateDumpLine({ name, timeCycles: timeNs, values });
    this.#stateDumpBytes += writeSync(this.#stateDumpFd, line);
    if (name === 'lttng_statedump_end') this.#describe();
  }

  flush(): void {
    for (const file of this.#files) writePending(file);
  }

  close(endNs: bigint): void {
    this.#endNs = endNs;
    try {
      this.flush();
      this.#describe();
    } finally {
      for (const { fd } of this.#files) closeSync(fd);
      closeSync(this.#stateDumpFd);
    }
  }

  /** The description is complete at any time: a killed recorder leaves a recording that can be read. */
  #describe(): void {
    const { path } = this.#options;
    const whole = join(path, rawDescriptionFile);
    const text = formatRawDescription(this.#description());
    writeFileSync(`${whole}.new`, text);
    this.#descriptionBytes = Buffer.byteLength(text);
    renameSync(`${whole}.new`, whole);
  }

  #description(): Omit<RawDescription, 'format' | 'version'> {
    const { tracefs, plan, subBufferBytes, formats, chosen } = this.#options;
    const { clock, unixOffsetNs, bootId: uuid, events, contexts, environment } = plan;
    return {
      byteOrder: endianness() === 'BE' ? 'big-endian' : 'little-endian',
      subBufferBytes,
      headerPage: tracefs.read('events/header_page'),
      headerEvent: tracefs.read('events/header_event'),
      clock: { name: clock, unixOffsetNs, uuid },
      cpus: this.#files.map(({ cpuId: id, name: file, droppedEvents }) => ({
        id,
        file,
        isOnline: this.#online.has(id),
        droppedEvents,
      })),
      ...(this.#beginNs !== undefined && { begin: this.#beginNs.toString() }),
      ...(this.#endNs !== undefined && { end: this.#endNs.toString() }),
      formats: Object.fromEntries(formats),
      events,
      contexts,
      environment,
      threads: this.#threads,
      ...(chosen !== undefined && { pids: chosen.pids, tids: chosen.tids }),
      stateDump: stateDumpFile,
    };
  }
}

function writePending(file: CpuFile): void {
  if (file.usedBytes === 0) return;
  write(file, file.pending.subarray(0, file.usedBytes));
  file.usedBytes = 0;
}

function write(file: CpuFile, bytes: Uint8Array): void {
  writeWhole(file.fd, bytes, file.writtenBytes);
  file.writtenBytes += bytes.length;
  file.behind?.written(file.writtenBytes);
}
