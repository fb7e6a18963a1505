import type { TimeOrder } from '@sonde/ftrace';
import type { DumpedEvent } from './state-dump.ts';

/** Takes one sub-buffer of a CPU; not kept. */
export type PushSubBuffer = (cpuIndex: number, subBuffer: Uint8Array) => void;

/** Where a recording goes: converted to CTF, or as it is. Everything happens before the call returns. */
export interface SubBufferSink {
  /** Records of the ring buffer that went through, those that were only looked at included; 0 where they are not counted. */
  readonly records: number;
  /** In the trace; 0 where they are not counted. */
  readonly events: number;
  /** Left out by the filter; 0 where nobody looks. */
  readonly filteredEvents: number;
  /** Overwritten before they were read, as the sub-buffers tell. */
  readonly missedEvents: number;
  /** To all files. */
  readonly writtenBytes: number;
  /** Taken, and not written yet. */
  readonly heldBytes: number;
  /** All streams begin now: before the first sub-buffer. @param cpuIds - Streams of these only; default: of those that are on. */
  begin(timeNs: bigint, cpuIds?: readonly number[]): void;
  /** What takes the sub-buffers: all at once, or records of all CPUs in the order of time. */
  readonly intake: PushSubBuffer | TimeOrder;
  /** @param total - Since the beginning. */
  setDroppedEvents(cpuIndex: number, total: number): void;
  /** Overwritten in the ring; where sub-buffers are looked into. @param total - Since the beginning. */
  setOverrunEvents?(cpuIndex: number, total: number): void;
  /** @param timeNs - Of the recording's clock. */
  writeStateDump(event: DumpedEvent, timeNs: bigint): void;
  /** Writes what is held back. */
  flush(): void;
  /** Flushes, and closes the files. */
  close(endNs: bigint): void;
}
