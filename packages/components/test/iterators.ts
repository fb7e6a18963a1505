import {
  ClockConverter,
  DataStreamReader,
  indexFile,
  memorySource,
  mergePackets,
} from '@sonde/ctf';
import {
  type PacketText,
  type PacketTraceOptions,
  packetsOf,
  packetTraceClass,
} from '@sonde/testkit';
import type {
  DataStream,
  Downstream,
  MessageIterator,
  Trace,
  TraceClass,
} from '@sonde/trace-model';

export interface StreamText {
  readonly packets: readonly PacketText[];
  /** Default: 0. */
  readonly id?: number;
  /** Default: `trace`. */
  readonly traceName?: string;
  readonly trace?: PacketTraceOptions;
}

/** Opens data streams made of packets, each in a file of its own. Streams of the same trace name share a trace. */
export function streamOpeners(
  streams: readonly StreamText[],
): ((downstream: Downstream) => MessageIterator)[] {
  const traces = new Map<string, Trace>();
  return streams.map((text, i) => {
    const { id = 0, traceName = 'trace' } = text;
    let trace = traces.get(traceName);
    if (trace === undefined) {
      trace = traceOf(packetTraceClass(text.trace), traceName);
      traces.set(traceName, trace);
    }
    const bytes = packetsOf(...text.packets.map((packet) => ({ ...packet, id })));
    const index = indexFile(memorySource(`file_${i}`, bytes), trace.traceClass);
    const { dataStreamClass } = index;
    const name = `file_${i}`;
    const stream: DataStream = { trace, dataStreamClass, id: BigInt(id), idIsKnown: true, name };
    const clock = new ClockConverter(dataStreamClass.defaultClockClass!);
    const packets = mergePackets([index]);
    return (downstream) =>
      new DataStreamReader(stream, packets, clock, { nsFromOrigin: 0n }, downstream);
  });
}

function traceOf(traceClass: TraceClass, name: string): Trace {
  return { traceClass, name, path: name, environment: traceClass.environment };
}

/** Runs an iterator to its end in batches. */
export function runAll(iterator: MessageIterator, budget = 1000): void {
  while (iterator.run(Infinity, budget) === 'budget');
}
