/** A raw recording, whoever made it: formats, and the sub-buffers of each CPU. */
import type { EventFormats } from '../format/event-formats.ts';
import type { PageFormat } from '../format/page-format.ts';
import type { ContextName } from '../layout/contexts.ts';
import type { TraceClock } from '../layout/kernel-trace-layout.ts';
import type { ThreadFacts } from '../process/process-table.ts';
import type { ChosenThreads } from '../process/thread-selection.ts';
import type { StateDumpEventName } from '../state-dump/state-dump-events.ts';
import type { StateDumpValues } from '../state-dump/state-dump-writer.ts';

/** A file, read at any place. */
export interface RandomAccess {
  /** As the user knows it. */
  readonly name: string;
  readonly lengthBytes: number;
  /** Up to `lengthBytes` bytes; fewer only at the end of the file. The caller may keep them. */
  read(offsetBytes: number, lengthBytes: number): Uint8Array;
}

export interface RawCpu {
  readonly cpuId: number;
  /** Because the buffer was full; 0 also where nothing is known. */
  readonly droppedEvents: number;
  /** Overwritten before they were read; likewise. */
  readonly overrunEvents: number;
  /** Recorded from the beginning to the end, though it may have no event. */
  readonly isOnline?: boolean;
  /** Whole sub-buffers in the order in which they were read, some at a time. */
  chunks(): Iterable<Uint8Array>;
}

/** The buffer of one tracefs instance. */
export interface RawBuffer {
  /** Of the instance; empty: the top one. */
  readonly name: string;
  readonly clock: TraceClock;
  readonly subBufferBytes: number;
  readonly cpus: readonly RawCpu[];
  /** When the recording began; undefined: nobody knows, each CPU begins with its first event. */
  readonly beginCycles?: bigint | undefined;
  /** When it ended; undefined: with the last event. */
  readonly endCycles?: bigint | undefined;
}

/** One event of a state dump. */
export interface StateDumpEvent {
  readonly name: StateDumpEventName;
  readonly timeCycles: bigint;
  readonly values: StateDumpValues;
}

export interface RawRecording {
  readonly pageFormat: PageFormat;
  readonly formats: EventFormats;
  readonly buffers: readonly RawBuffer[];
  /** Threads known when the recording ended, or began. */
  readonly threads: readonly (ThreadFacts & { readonly tid: number })[];
  readonly environment: ReadonlyMap<string, string | bigint>;
  /** `system/name` of the events that were asked for; undefined: all. The others tell of threads only. */
  readonly events?: ReadonlySet<string>;
  /** Which contexts events have; undefined: what the recording can tell. */
  readonly contexts?: readonly ContextName[];
  /** Only these become events; undefined: all. */
  readonly chosen?: ChosenThreads;
  readonly stateDump?: () => Iterable<StateDumpEvent>;
}
