/** Traces by hand for the tests of text sinks. */
import type { EventMessage, Message, PlainValue } from '@sonde/graph';
import { clockClass, packet, struct, traceClass } from '@sonde/testkit';
import type {
  ClockClass,
  ClockSnapshot,
  DataStream,
  EventRecordClass,
  FieldClass,
  StructureFieldClass,
  Trace,
} from '@sonde/trace-model';

export interface TextTrace {
  readonly name?: string;
  readonly environment?: Readonly<Record<string, string | bigint>>;
  readonly clock?: ClockClass;
  readonly packetContext?: StructureFieldClass;
  readonly commonContext?: StructureFieldClass;
  /** In place of the event record class `ev` with a payload of these members. */
  readonly event?: Partial<EventRecordClass>;
  readonly fields?: Readonly<Record<string, FieldClass>>;
}

export interface TextStream {
  readonly stream: DataStream;
  readonly eventRecordClass: EventRecordClass;
}

/** A trace with one stream and one event record class. */
export function textStream(text: TextTrace): TextStream {
  const event = { name: 'ev', ...(text.fields && { payload: struct(text.fields) }), ...text.event };
  const made = traceClass({
    streams: [
      {
        ...(text.clock && { clock: text.clock }),
        ...(text.packetContext && { packetContext: text.packetContext }),
        ...(text.commonContext && { commonContext: text.commonContext }),
        events: [event],
      },
    ],
  });
  const dataStreamClass = made.dataStreamClasses.get(0n)!;
  const trace: Trace = {
    traceClass: made,
    path: 'trace',
    environment: new Map(Object.entries(text.environment ?? {})),
    ...(text.name !== undefined && { name: text.name }),
  };
  const stream = { trace, dataStreamClass, id: 0n, idIsKnown: true, name: 'the-stream' };
  return { stream, eventRecordClass: dataStreamClass.eventRecordClasses.get(0n)! };
}

/** Cycles of a 1 GHz clock whose origin is `originNs`. */
export function snapshot(cycles: bigint, originNs = 0n): ClockSnapshot {
  return { cycles, nsFromOrigin: originNs + cycles };
}

/** The stream from its beginning to its end, with one event for each item of `events`. */
export function messagesOf(
  { stream, eventRecordClass }: TextStream,
  events: readonly Partial<EventMessage>[],
): Message[] {
  const thePacket = packet(stream);
  return [
    { type: 'stream-beginning', stream },
    { type: 'packet-beginning', packet: thePacket },
    ...events.map((event) => ({
      type: 'event' as const,
      packet: thePacket,
      eventRecordClass,
      ...event,
    })),
    { type: 'packet-end', packet: thePacket },
    { type: 'stream-end', stream },
  ];
}

/** One event with these fields: name → [class, value]. */
export function eventWith(
  fields: Readonly<Record<string, readonly [FieldClass, PlainValue]>>,
  parts: Omit<TextTrace, 'fields'> = {},
): Message[] {
  const entries = Object.entries(fields);
  const stream = textStream({
    ...parts,
    fields: Object.fromEntries(entries.map(([name, [fieldClass]]) => [name, fieldClass])),
  });
  const payload = Object.fromEntries(entries.map(([name, [, value]]) => [name, value]));
  const time = parts.clock === undefined ? {} : { time: snapshot(1n) };
  return messagesOf(stream, [{ payload, ...time }]);
}

/** 1 GHz, counting from the Unix epoch plus `offsetSeconds`. */
export function clockAt(offsetSeconds: bigint): ClockClass {
  return clockClass({ offsetSeconds });
}
