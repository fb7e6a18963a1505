import type {
  ComponentContext,
  EncodedRecord,
  EventMessage,
  FilterClass,
  Message,
  OutputPort,
  SinkClass,
  SourceClass,
} from '@sonde/graph';
import { sourceFromMessages } from '@sonde/graph';
import { clockClass, dataStream, packet, struct, traceClass, uint } from '@sonde/testkit';
import type { DataStream, Downstream, EventRecordClass, MessageIterator } from '@sonde/trace-model';

/** One stream class with two event record classes of one byte each. */
export const demoClass = traceClass({
  streams: [
    {
      clock: clockClass(),
      events: [
        { name: 'first', payload: struct({ value: uint(8) }) },
        { name: 'second', payload: struct({ value: uint(8) }) },
      ],
    },
  ],
});
export const demoStream: DataStream = dataStream(demoClass.dataStreamClasses.get(0n)!);
export const demoPacket = packet(demoStream);
export const first: EventRecordClass = demoStream.dataStreamClass.eventRecordClasses.get(0n)!;
export const second: EventRecordClass = demoStream.dataStreamClass.eventRecordClasses.get(1n)!;

export function event(ns: number, value = 0, eventRecordClass = first): EventMessage {
  const time = { cycles: BigInt(ns), nsFromOrigin: BigInt(ns) };
  return { type: 'event', packet: demoPacket, eventRecordClass, time, payload: { value } };
}

/** Stream and packet around events. */
export function whole(...events: readonly EventMessage[]): Message[] {
  return [
    { type: 'stream-beginning', stream: demoStream },
    { type: 'packet-beginning', packet: demoPacket },
    ...events,
    { type: 'packet-end', packet: demoPacket },
    { type: 'stream-end', stream: demoStream },
  ];
}

/** The payload is one byte, `value`. */
export function encodeDemo(message: EventMessage): EncodedRecord {
  const bytes = new Uint8Array(17);
  bytes[0] = (message.payload as { value: number }).value;
  return { bytes, packetContextOffsetBits: 0, bodyOffsetBits: 0, contentEndBits: 8 };
}

type Batches = Iterable<readonly Message[]> | AsyncIterable<readonly Message[]>;

export function demoSource(batches: Batches, earliestNs?: bigint): SourceClass {
  return {
    ...shape('src', 'demo', 'list'),
    create: () =>
      sourceFromMessages(batches, {
        encodeRecord: encodeDemo,
        ...(earliestNs === undefined ? {} : { earliestNs }),
      }),
  };
}

export interface SinkLog {
  readonly lines: string[];
  originNs: bigint | undefined;
  finishCount: number;
  isDone: boolean;
}

/** A sink that writes down what it gets. `onEvent` may throw or change the log. */
export function logSink(log: SinkLog, onEvent: (log: SinkLog) => void = () => {}): SinkClass {
  return {
    ...shape('sink', 'demo', 'log'),
    create: () => ({
      start(origin) {
        log.originNs = origin.nsFromOrigin;
        return logDownstream(log, onEvent);
      },
      finish() {
        log.finishCount++;
      },
      get isDone() {
        return log.isDone;
      },
    }),
  };
}

export function newLog(): SinkLog {
  return { lines: [], originNs: undefined, finishCount: 0, isDone: false };
}

function logDownstream(log: SinkLog, onEvent: (log: SinkLog) => void): Downstream {
  return {
    eventHandler(cursor) {
      const { name } = cursor.eventRecordClass;
      if (name === 'second') return null;
      return (current) => {
        log.lines.push(`${name} ${current.timeNs} ${current.bytes[0]}`);
        onEvent(log);
        return -1;
      };
    },
    streamBeginning: () => log.lines.push('begin'),
    streamEnd: () => log.lines.push('end'),
    packetBeginning: () => log.lines.push('packet'),
    packetEnd: () => log.lines.push('packet end'),
    discardedEvents: (d) => log.lines.push(`discarded ${d.count}`),
    discardedPackets: (d) => log.lines.push(`discarded packets ${d.count}`),
    inactivity: (time) => log.lines.push(`inactive ${time.nsFromOrigin}`),
    skippedEvents: (count) => log.lines.push(`skipped ${count}`),
  };
}

/** Runs its inputs one after the other: enough of a muxer for the tests of the graph. */
export const joinFilter: FilterClass = {
  ...shape('flt', 'demo', 'join'),
  create: () => ({
    inputs: 'many',
    outputPorts: [{ name: 'out' }],
    open(_port, _origin, upstreams, downstream): MessageIterator {
      const iterators = upstreams.map((open) => open(downstream));
      return {
        headTimeNs: Number.NEGATIVE_INFINITY,
        headRank: 0,
        headStream: undefined,
        run(limitNs, budget) {
          while (iterators.length > 0) {
            const status = iterators[0]!.run(limitNs, budget);
            if (status !== 'end') return status;
            iterators.shift();
          }
          return 'end';
        },
        ready: async () => iterators[0]?.ready?.(),
        close() {},
      };
    },
    close() {},
  }),
};

/** Passes everything through. */
export const passFilter: FilterClass = {
  ...shape('flt', 'demo', 'pass'),
  create: () => ({
    inputs: 'one',
    outputPorts: [{ name: 'out' }],
    open: (_port, _origin, upstreams, downstream) => upstreams[0]!(downstream),
    close() {},
  }),
};

export const noOutput: OutputPort = { isTerminal: false, write() {} };

export function failingSource(create: (context: ComponentContext) => never): SourceClass {
  return { ...shape('src', 'demo', 'failing'), create };
}

function shape<Kind extends 'src' | 'flt' | 'sink'>(kind: Kind, plugin: string, className: string) {
  return { kind, plugin, className, description: 'For tests.', parameterHelp: {} } as const;
}
