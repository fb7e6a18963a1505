import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolders } from '@sonde/components';
import type { Native } from '@sonde/ebpf';
import {
  CpuStreamConverter,
  type EventFilter,
  type EventSelection,
  type KernelTraceLayout,
  type PacketOutput,
  ProcessTable,
  StateDumpWriter,
  TimeOrder,
  type UserStrings,
} from '@sonde/ftrace';
import { onlineCpus } from './cpus.ts';
import { CtfFolder, type StreamBegun } from './ctf-folder.ts';
import type { RecordingPlan } from './recording-plan.ts';
import { metadataOf } from './recording-plan.ts';
import { type DumpedEvent, threadFactsOf, threadFactsWithIdentity } from './state-dump.ts';
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
  /** Undefined: all events are written. */
  readonly filter?: EventFilter | undefined;
  /** Undefined: all records become events. */
  readonly selection?: EventSelection | undefined;
  /** Keeps the files from filling the page cache; undefined: nothing does. */
  readonly native?: Native | undefined;
}

const stateDumpStream = 'statedump_0';

function streamOf(cpuId: number): string {
  return `channel0_${cpuId}`;
}

/** Converts while it records. All CPUs in one thread: they share the table of threads, and the kernel's buffers wait meanwhile. */
export class CtfSink implements SubBufferSink {
  readonly #options: CtfSinkOptions;
  readonly intake: TimeOrder;
  readonly #converters: readonly CpuStreamConverter[];
  readonly #processes: ProcessTable;
  readonly #metadata: string | Uint8Array;
  #folder: CtfFolder;
  #stateDump: StateDumpWriter | undefined;
  #dumpedNs = 0n;
  #bytesOfClosedFolders = 0;
  #beginNs: bigint | undefined;
  /** CPUs whose streams are there though they may have no event. */
  #begunCpus: ReadonlySet<number> = new Set();

  constructor(options: CtfSinkOptions) {
    const { layout, plan, cpuIds, subBufferBytes, onFault, userStrings, filter, selection } =
      options;
    this.#options = options;
    this.#processes = new ProcessTable(
      layout.contexts.hasIdentity ? threadFactsWithIdentity : threadFactsOf,
    );
    this.#metadata = metadataOf(layout, plan.ctfVersion);
    this.#folder = new CtfFolder(options.path, this.#metadata, options.begun, options.native);
    this.#converters = cpuIds.map(
      (cpuId) =>
        new CpuStreamConverter({
          layout,
          cpuId,
          processes: this.#processes,
          subBufferBytes,
          onFault,
          filter,
          selection,
          ...(userStrings !== undefined && { userStrings }),
          output: {
            writePacket: (packet, entry) =>
              this.#folder.writePacket(streamOf(cpuId), packet, entry),
          },
        }),
    );
    this.intake = new TimeOrder(this.#converters, subBufferBytes);
  }

  get records(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.records, 0);
  }

  get events(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.events, 0);
  }

  /** Left out by the filter. */
  get filteredEvents(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.filteredEvents, 0);
  }

  get missedEvents(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.missedEvents, 0);
  }

  get writtenBytes(): number {
    return this.#bytesOfClosedFolders + this.#folder.writtenBytes;
  }

  /** Of the files before the last `rotate`. */
  get earlierBytes(): number {
    return this.#bytesOfClosedFolders;
  }

  get heldBytes(): number {
    return this.#converters.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  /**
   * Streams of an earlier run, and those of CPUs that are off, begin with their first event all the same.
   * @param cpuIds - Default: all that are on.
   * @param leastNs - By CPU index: its stream does not begin before.
   */
  begin(
    timeNs: bigint,
    cpuIds: readonly number[] = onlineCpus(),
    leastNs: readonly bigint[] = [],
  ): void {
    const { begun, cpuIds: all } = this.#options;
    this.#beginNs = begun?.has(stateDumpStream) === true ? undefined : timeNs;
    this.#begunCpus = new Set(cpuIds);
    for (const [index, cpuId] of all.entries()) {
      if (!this.#begunCpus.has(cpuId) || begun?.has(streamOf(cpuId)) === true) continue;
      const least = leastNs[index] ?? timeNs;
      this.#converters[index]!.beginCycles = least > timeNs ? least : timeNs;
    }
  }

  /** Of a CPU's last event, or the end of its stream. */
  lastNs(cpuIndex: number): bigint {
    return this.#converters[cpuIndex]!.lastCycles;
  }

  /** Of the last event on any CPU, or of the state dump. */
  get endNs(): bigint {
    let end = this.#dumpedNs;
    for (const { lastCycles } of this.#converters) if (lastCycles > end) end = lastCycles;
    return end;
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
      const { tid, identity, ...facts } = thread;
      const isWanted = this.#options.layout.contexts.hasIdentity;
      this.#processes.set(tid, isWanted ? { ...facts, identity } : facts);
    }
    this.#dumpedNs = timeNs;
    this.#stateDump ??= this.#newStateDump();
    this.#stateDump.write(name, timeNs, values);
  }

  #newStateDump(): StateDumpWriter {
    const output: PacketOutput = {
      writePacket: (packet, entry) => this.#folder.writePacket(stateDumpStream, packet, entry),
    };
    return new StateDumpWriter(this.#options.layout, output, this.#beginNs);
  }

  flush(): void {
    this.#stateDump?.flush();
    for (const converter of this.#converters) converter.flush();
  }

  /**
   * Moves what is written so far, which is complete then, and goes on with new files. The streams are the same.
   * @param completeNs - All events before were pushed.
   */
  rotate(archive: string, completeNs: bigint): void {
    this.#flushUntil(completeNs);
    const { path, writtenBytes } = this.#folder;
    this.#bytesOfClosedFolders += writtenBytes;
    this.#folder.close();
    makeFolders(dirname(archive));
    renameSync(path, archive);
    this.#folder = new CtfFolder(path, this.#metadata, undefined, this.#options.native, archive);
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
    for (const [index, converter] of this.#converters.entries()) {
      const isBegun = this.#begunCpus.has(this.#options.cpuIds[index]!);
      if (isBegun || converter.counts.subBuffers > 0) converter.flush(timeNs);
      else converter.flush();
    }
  }
}
