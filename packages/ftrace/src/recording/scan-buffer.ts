import { DecodeError } from '@sonde/base';
import type { EventFormats } from '../format/event-formats.ts';
import type { RecordState } from '../layout/record-state.ts';
import { type Observe, observerOf } from '../process/observers.ts';
import { ProcessTable } from '../process/process-table.ts';
import { SubBufferReader } from '../raw/sub-buffer-reader.ts';
import type { RawBuffer, RawRecording } from './recording.ts';

/** What a first reading of a buffer tells. */
export interface BufferFacts {
  /** Types of the records that are there. */
  readonly types: ReadonlySet<number>;
  /** All that the events told of threads, in the end. */
  readonly threads: ProcessTable;
}

/**
 * Reads a buffer for what has to be known before its conversion: which events there are, and what later events tell of threads that
 * were there from the beginning.
 */
export function scanBuffer(recording: RawRecording, buffer: RawBuffer): BufferFacts {
  const threads = new ProcessTable();
  for (const { tid, ...facts } of recording.threads) threads.set(tid, facts);
  const littleEndian = recording.pageFormat.byteOrder === 'little-endian';
  const observers = observersOf(recording.formats);
  const types = new Set<number>();
  const seen = new Uint8Array(0x1_0000);
  const reader = new SubBufferReader(recording.pageFormat);
  for (const cpu of buffer.cpus) {
    const state = scanState(threads, cpu.cpuId, littleEndian);
    for (const chunk of cpu.chunks()) {
      state.view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let at = 0; at < chunk.length; at += buffer.subBufferBytes) {
        scanSubBuffer(reader, state, at, buffer.subBufferBytes, { seen, observers });
      }
    }
  }
  for (const [type, isSeen] of seen.entries()) if (isSeen) types.add(type);
  return { types, threads };
}

interface Scan {
  readonly seen: Uint8Array;
  readonly observers: readonly (Observer | undefined)[];
}

interface Observer {
  readonly observe: Observe;
  readonly minimumBytes: number;
}

/** Faults are told by the conversion, which meets them again. */
function scanSubBuffer(
  reader: SubBufferReader,
  state: RecordState,
  offsetBytes: number,
  lengthBytes: number,
  { seen, observers }: Scan,
): void {
  const { view, littleEndian } = state;
  try {
    reader.open(view, offsetBytes, lengthBytes);
    while (reader.next()) {
      const at = reader.payloadOffset;
      const type = view.getUint16(at, littleEndian);
      seen[type] = 1;
      const observer = observers[type];
      if (observer === undefined || reader.payloadBytes < observer.minimumBytes) continue;
      state.tid = view.getInt32(at + 4, littleEndian);
      state.timeLow = reader.timeLow;
      state.timeHigh = reader.timeHigh;
      observer.observe(state, at);
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

function observersOf(formats: EventFormats): (Observer | undefined)[] {
  const observers = new Array<Observer | undefined>(0x1_0000).fill(undefined);
  for (const format of formats) {
    const observe = observerOf(format, true);
    if (observe === undefined) continue;
    const ends = format.fields.map((field) => field.offsetBytes + field.lengthBytes);
    observers[format.id] = { observe, minimumBytes: Math.max(8, ...ends) };
  }
  return observers;
}

function scanState(processes: ProcessTable, cpuId: number, littleEndian: boolean): RecordState {
  return {
    processes,
    cpuId,
    littleEndian,
    view: new DataView(new ArrayBuffer(0)),
    tid: -1,
    timeLow: 0,
    timeHigh: 0,
    userStrings: undefined,
  };
}
