/** Reads a trace from memory as hard as it can be read: everything is indexed, walked by both back ends, and decoded. */
import { SondeError } from '@sonde/base';
import {
  type BackEnd,
  ClockConverter,
  compileLength,
  DataStreamReader,
  decodeScope,
  indexFile,
  memorySource,
  mergePackets,
  readMetadata,
} from '@sonde/ctf';
import {
  type DataStream,
  EventDownstream,
  type RecordCursor,
  scopes,
  type Trace,
} from '@sonde/trace-model';

export interface FuzzInput {
  readonly metadata: Uint8Array;
  readonly stream: Uint8Array;
}

export interface Outcome {
  /** `ok`, or the code of the refusal. */
  readonly result: string;
  /** Anything that is not an error of ours: a defect. */
  readonly defect?: unknown;
  readonly eventCount: number;
}

/** More events than any input has by honest means: then reading does not end. */
const maxEvents = 100_000;
const turnBudget = 10_000;

class DecodeAll extends EventDownstream {
  eventCount = 0;
  override eventHandler() {
    return (cursor: RecordCursor): number => {
      this.eventCount++;
      for (const scope of scopes) decodeScope(cursor, scope);
      return -1;
    };
  }
}

export function readInput({ metadata, stream: bytes }: FuzzInput, backEnd: BackEnd): Outcome {
  const downstream = new DecodeAll();
  try {
    const { traceClass } = readMetadata(metadata, 'metadata');
    const file = indexFile(memorySource('stream', bytes), traceClass);
    const { environment } = traceClass;
    const trace: Trace = { traceClass, path: 'memory', environment };
    const { dataStreamClass } = file;
    const stream: DataStream = { trace, dataStreamClass, id: 0n, idIsKnown: false, name: 'stream' };
    const clockClass = dataStreamClass.defaultClockClass;
    const clock = clockClass && new ClockConverter(clockClass);
    const packets = mergePackets([file]);
    const origin = { nsFromOrigin: 0n };
    const options = { backEnd, ...(backEnd === 'generated' ? { compileLength } : {}) };
    const reader = new DataStreamReader(stream, packets, clock, origin, downstream, options);
    while (downstream.eventCount < maxEvents) {
      if (reader.run(Number.POSITIVE_INFINITY, turnBudget) === 'end') break;
    }
    return { result: 'ok', eventCount: downstream.eventCount };
  } catch (error) {
    const { eventCount } = downstream;
    if (error instanceof SondeError) return { result: error.code, eventCount };
    return { result: 'defect', defect: error, eventCount };
  }
}
