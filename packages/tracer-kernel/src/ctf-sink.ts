import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CpuStreamConverter,
  type KernelTraceLayout,
  ProcessTable,
  StateDumpWriter,
  type UserStrings,
} from '@sonde/ftrace';
import { CtfFolder, type StreamBegun } from './ctf-folder.ts';
import type { RecordingPlan } from './recording-plan.ts';
import { metadataOf } from './recording-plan.ts';
import { type DumpedEvent, threadFactsOf } from './state-dump.ts';
import type { SubBufferSink } from './sub-buffer-sink.ts';

export interface CtfSinkOptions {
  readonly layout: KernelTraceLayout;
  readonly plan: RecordingPlan;
  readonly cpuIds: readonly number[];
  readonly subBufferBytes: number;
  /** Of the trace: does not exist yet. */
  readonly path: string;
  readonly onFault: (error: Error) => void;
  /** Streams that go on in the files of an earlier run. */
  readonly begun?: ReadonlyMap<string, StreamBegun>;
  /** Texts that system calls point to. */
  readonly userStrings?: UserStrings | undefined;
}

/** Converts while it records. All CPUs in one thread: they share the table of threads, and the kernel's buffers wait meanwhile. */
export class CtfSink implements SubBufferSink {
  readonly #options: CtfSinkOptions;
  readonly #converters: readonly CpuStreamConverter[];
  readonly #processes = new ProcessTable(threadFactsOf);
  readonly #metadata: string | Uint8Array;
  #folder: CtfFolder;
  #stateDump: StateDumpWriter | undefined;
  #bytesOfClosedFolders = 0;

  constructor(options: CtfSinkOptions) {
    const { layout, plan, cpuIds, subBufferBytes, onFault, userStrings } = options;
    this.#options = options;
    this.#metadata = metadataOf(layout, plan.ctfVersion);
    this.#folder = new CtfFolder(options.path, this.#metadata, options.begun);
    this.#converters = cpuIds.map(
      (cpuId) =>
        new CpuStreamConverter({
          layout,
          cpuId,
          processes: this.#processes,
          subBufferBytes,
          onFault,
          ...(userStrings !== undefined && { userStrings }),
          output: {
            writePacket: (packet, entry) =>
              this.#folder.writePacket(`channel0_${cpuId}`, packet, entry),
          },
        }),
    );
  }

  get records(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.records, 0);
  }

  get events(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.events, 0);
  }

  get missedEvents(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.missedEvents, 0);
  }

  get writtenBytes(): number {
    return this.#bytesOfClosedFolders + this.#folder.writtenBytes;
  }

  push(cpuIndex: number, subBuffer: Uint8Array): void {
    this.#converters[cpuIndex]!.push(subBuffer);
  }

  setDroppedEvents(cpuIndex: number, total: number): void {
    this.#converters[cpuIndex]!.setDroppedEvents(total);
  }

  /** @param total - Overwritten since the beginning of this trace's streams. */
  setOverrunEvents(cpuIndex: number, total: number): void {
    this.#converters[cpuIndex]!.setOverrunEvents(total);
  }

  writeStateDump({ name, values, thread }: DumpedEvent, timeNs: bigint): void {
    if (thread !== undefined) {
      const { tid, ...facts } = thread;
      this.#processes.set(tid, facts);
    }
    this.#stateDump ??= new StateDumpWriter(this.#options.layout, {
      writePacket: (packet, entry) => this.#folder.writePacket('statedump_0', packet, entry),
    });
    this.#stateDump.write(name, timeNs, values);
  }

  flush(): void {
    this.#stateDump?.flush();
    for (const converter of this.#converters) converter.flush();
  }

  /** Moves what is written so far, which is complete then, and goes on with new files. The streams are the same. */
  rotate(archive: string, nowNs: bigint): void {
    this.#flushUntil(nowNs);
    const { path, writtenBytes } = this.#folder;
    this.#bytesOfClosedFolders += writtenBytes;
    this.#folder.close();
    mkdirSync(dirname(archive), { recursive: true });
    renameSync(path, archive);
    this.#folder = new CtfFolder(path, this.#metadata);
  }

  close(endNs: bigint): void {
    try {
      this.#flushUntil(endNs);
    } finally {
      this.#folder.close();
    }
  }

  /** All streams last as long: the time after their last events was recorded too. CPUs that are off have none. */
  #flushUntil(timeNs: bigint): void {
    this.#stateDump?.flush(timeNs);
    for (const converter of this.#converters) {
      if (converter.counts.subBuffers > 0) converter.flush(timeNs);
      else converter.flush();
    }
  }
}
