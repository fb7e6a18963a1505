import type {
  ClockClass,
  DataStream,
  DataStreamClass,
  EventRecordClass,
  FieldClass,
  Packet,
  StructureFieldClass,
  Trace,
  TraceClass,
} from '@sonde/trace-model';

export interface EventRecordClassText {
  readonly id?: number | bigint;
  readonly name?: string;
  readonly specificContext?: StructureFieldClass;
  readonly payload?: StructureFieldClass;
}

export interface DataStreamClassText {
  readonly id?: number | bigint;
  readonly name?: string;
  readonly clock?: ClockClass;
  readonly packetContext?: StructureFieldClass;
  readonly header?: StructureFieldClass;
  readonly commonContext?: StructureFieldClass;
  readonly events: readonly EventRecordClassText[];
}

export interface TraceClassText {
  readonly ctfVersion?: '1.8' | '2.0';
  readonly metadataStreamUuid?: Uint8Array;
  readonly packetHeader?: StructureFieldClass;
  readonly streams: readonly DataStreamClassText[];
}

/** A clock class: 1 GHz from the Unix epoch unless said otherwise. */
export function clockClass(parts: Partial<ClockClass> = {}): ClockClass {
  return {
    id: 'clock',
    frequencyHz: 1_000_000_000n,
    offsetSeconds: 0n,
    offsetCycles: 0n,
    origin: 'unix-epoch',
    ...parts,
  };
}

/** A trace class by hand. Ids default to the position. */
export function traceClass(text: TraceClassText): TraceClass {
  const dataStreamClasses = new Map<bigint, DataStreamClass>();
  const result: TraceClass = {
    ctfVersion: text.ctfVersion ?? '2.0',
    environment: new Map(),
    clockClasses: text.streams.flatMap((stream) => (stream.clock ? [stream.clock] : [])),
    dataStreamClasses,
    keySlotCount: countSlots(text),
    ...(text.metadataStreamUuid && { metadataStreamUuid: text.metadataStreamUuid }),
    ...(text.packetHeader && { packetHeader: text.packetHeader }),
  };
  text.streams.forEach((stream, index) => {
    const dataStreamClass = streamClass(stream, BigInt(stream.id ?? index), result);
    dataStreamClasses.set(dataStreamClass.id, dataStreamClass);
  });
  return result;
}

function streamClass(text: DataStreamClassText, id: bigint, owner: TraceClass): DataStreamClass {
  const eventRecordClasses = new Map<bigint, EventRecordClass>();
  const result: DataStreamClass = {
    id,
    ...(text.name !== undefined && { name: text.name }),
    ...(text.clock && { defaultClockClass: text.clock }),
    ...(text.packetContext && { packetContext: text.packetContext }),
    ...(text.header && { eventRecordHeader: text.header }),
    ...(text.commonContext && { eventRecordCommonContext: text.commonContext }),
    eventRecordClasses,
    traceClass: owner,
  };
  text.events.forEach((event, index) => {
    const eventId = BigInt(event.id ?? index);
    eventRecordClasses.set(eventId, { ...event, id: eventId, dataStreamClass: result });
  });
  return result;
}

/** One more than the greatest slot of a key field. */
function countSlots(text: TraceClassText): number {
  let count = 0;
  const visit = (fc: FieldClass | undefined): void => {
    if (fc === undefined) return;
    if ('keySlots' in fc) for (const slot of fc.keySlots ?? []) count = Math.max(count, slot + 1);
    if (fc.type === 'structure') for (const member of fc.members) visit(member.fieldClass);
    if (fc.type === 'variant') for (const option of fc.options) visit(option.fieldClass);
    if (fc.type === 'optional') visit(fc.fieldClass);
    if ('elementFieldClass' in fc) visit(fc.elementFieldClass);
  };
  visit(text.packetHeader);
  for (const stream of text.streams) {
    visit(stream.packetContext);
    visit(stream.header);
    visit(stream.commonContext);
    for (const event of stream.events) {
      visit(event.specificContext);
      visit(event.payload);
    }
  }
  return count;
}

/** A stream `stream` of `dataStreamClass` with id 0 in a trace without a name. */
export function dataStream(dataStreamClass: DataStreamClass): DataStream {
  const trace: Trace = {
    traceClass: dataStreamClass.traceClass,
    path: 'trace',
    environment: dataStreamClass.traceClass.environment,
  };
  return { trace, dataStreamClass, id: 0n, idIsKnown: false, name: 'stream' };
}

export function packet(stream: DataStream, parts: Partial<Packet> = {}): Packet {
  return { stream, index: 0, ...parts };
}
