/** The class of a trace as LTTng's kernel tracer writes it: packet header and context, compact or large event headers. */
import type {
  ClockClass,
  DataStreamClass,
  EventRecordClass,
  FieldClass,
  StructureFieldClass,
  StructureMember,
  TraceClass,
} from '@sonde/trace-model';
import {
  type FieldClassFactory,
  member,
  plainMember,
  structure,
  textArray,
  utf8String,
} from './field-classes.ts';
import type { OutputField, RecordPlan } from './record-plan.ts';

/** More classes than 31 do not fit LTTng's compact header: 5 bits of ID (31: more follows), 27 bits of time. */
const maxCompactClasses = 31;

export type HeaderKind = 'compact' | 'large';

export interface TraceFacts {
  readonly clockClass: ClockClass;
  readonly environment: ReadonlyMap<string, string | bigint>;
  /** 16 bytes. */
  readonly uuid: Uint8Array;
}

export interface StreamPlan {
  readonly id: number;
  readonly name: string;
  readonly commonContext: readonly StructureMember[];
  readonly events: readonly RecordPlan[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function headerKindOf(eventCount: number): HeaderKind {
  return eventCount <= maxCompactClasses ? 'compact' : 'large';
}

export function buildTraceClass(
  facts: TraceFacts,
  streams: readonly StreamPlan[],
  factory: FieldClassFactory,
): TraceClass {
  const dataStreamClasses = new Map<bigint, DataStreamClass>();
  const traceClass: Mutable<TraceClass> = {
    ctfVersion: '1.8',
    uid: uuidText(facts.uuid),
    metadataStreamUuid: facts.uuid,
    environment: facts.environment,
    clockClasses: [facts.clockClass],
    packetHeader: packetHeader(factory),
    dataStreamClasses,
    keySlotCount: 0,
  };
  for (const plan of streams) {
    dataStreamClasses.set(BigInt(plan.id), streamClass(plan, facts, traceClass, factory));
  }
  traceClass.keySlotCount = factory.slotCount;
  return traceClass;
}

function streamClass(
  plan: StreamPlan,
  { clockClass }: TraceFacts,
  traceClass: TraceClass,
  factory: FieldClassFactory,
): DataStreamClass {
  const eventRecordClasses = new Map<bigint, EventRecordClass>();
  const header = headerKindOf(plan.events.length);
  const result: DataStreamClass = {
    id: BigInt(plan.id),
    defaultClockClass: clockClass,
    packetContext: packetContext(factory),
    eventRecordHeader: eventHeader(factory, header),
    ...(plan.commonContext.length > 0 && {
      eventRecordCommonContext: structure(plan.commonContext),
    }),
    eventRecordClasses,
    traceClass,
  };
  for (const [index, { name, fields }] of plan.events.entries()) {
    const id = BigInt(index);
    const payload = structure(fields.flatMap((field) => membersOf(field, factory)));
    eventRecordClasses.set(id, { id, name, payload, dataStreamClass: result });
  }
  return result;
}

function packetHeader(factory: FieldClassFactory): StructureFieldClass {
  const uuid: FieldClass = {
    type: 'static-length-array',
    elementFieldClass: factory.unsigned(8),
    minimumAlignmentBits: 1,
    length: 16,
    roles: ['metadata-stream-uuid'],
  };
  return structure([
    plainMember('magic', factory.unsigned(32, { roles: ['packet-magic-number'] })),
    plainMember('uuid', uuid),
    plainMember('stream_id', factory.unsigned(32, { roles: ['data-stream-class-id'] })),
    plainMember('stream_instance_id', factory.unsigned(64, { roles: ['data-stream-id'] })),
  ]);
}

function packetContext(factory: FieldClassFactory): StructureFieldClass {
  const u64 = (role: NonNullable<Parameters<FieldClassFactory['unsigned']>[1]>['roles']) =>
    factory.unsigned(64, role === undefined ? {} : { roles: role });
  return structure([
    plainMember('timestamp_begin', u64(['default-clock-timestamp'])),
    plainMember('timestamp_end', u64(['packet-end-default-clock-timestamp'])),
    plainMember('content_size', u64(['packet-content-length'])),
    plainMember('packet_size', u64(['packet-total-length'])),
    plainMember('packet_seq_num', u64(['packet-sequence-number'])),
    plainMember('events_discarded', u64(['discarded-event-record-counter-snapshot'])),
    plainMember('cpu_id', factory.unsigned(32)),
  ]);
}

/**
 * `id` says which option follows: a short time stamp, or the whole ID and time.
 *
 *     compact  5 bits of ID │ 27 bits of time       31 │ u32 ID │ u64 time
 *     large      u16 ID     │   u32 of time      65535 │ u32 ID │ u64 time
 */
function eventHeader(factory: FieldClassFactory, kind: HeaderKind): StructureFieldClass {
  const isCompact = kind === 'compact';
  const [idBits, timeBits, alignmentBits] = isCompact ? [5, 27, 1] : [16, 32, 8];
  const last = 2n ** BigInt(idBits) - 1n;
  const slot = factory.newSlot();
  const id = factory.unsigned(idBits, {
    alignmentBits,
    roles: ['event-record-class-id'],
    mappings: [
      { label: 'compact', ranges: [{ lower: 0n, upper: last - 1n }] },
      { label: 'extended', ranges: [{ lower: last, upper: last }] },
    ],
  });
  id.keySlots = [slot];
  const time = (lengthBits: number, alignment: number) =>
    factory.unsigned(lengthBits, { alignmentBits: alignment, roles: ['default-clock-timestamp'] });
  const compact = structure([plainMember('timestamp', time(timeBits, alignmentBits))]);
  const extended = structure([
    plainMember('id', factory.unsigned(32, { roles: ['event-record-class-id'] })),
    plainMember('timestamp', time(64, 8)),
  ]);
  const v: FieldClass = {
    type: 'variant',
    selectorFieldLocation: { path: ['id'] },
    keySlot: slot,
    selectorKind: 'unsigned',
    options: [
      { name: 'compact', fieldClass: compact, ranges: [{ lower: 0n, upper: last - 1n }] },
      { name: 'extended', fieldClass: extended, ranges: [{ lower: last, upper: last }] },
    ],
  };
  return structure([plainMember('id', id), plainMember('v', v)], 8);
}

function membersOf(field: OutputField, factory: FieldClassFactory): StructureMember[] {
  const { name } = field;
  switch (field.kind) {
    case 'integer': {
      const extras = field.mappings === undefined ? {} : { mappings: field.mappings };
      return [member(name, factory.integer(field.shape, extras))];
    }
    case 'computed':
      return [member(name, factory.integer(field.shape))];
    case 'text':
      return [member(name, textArray(field.lengthBytes))];
    case 'string':
    case 'user-string':
      return [member(name, utf8String)];
    case 'user-address':
      return addressMembers(field, factory);
    case 'array': {
      const array: FieldClass = {
        type: 'static-length-array',
        elementFieldClass: factory.integer(field.element),
        minimumAlignmentBits: 1,
        length: field.count,
      };
      return [member(name, array)];
    }
    default:
      return factory.sequence(name, field.lengthShape, factory.integer(field.element));
  }
}

/** As LTTng has them, and the path of Unix sockets. */
function addressMembers(
  { name, portName }: OutputField & { kind: 'user-address' },
  factory: FieldClassFactory,
): StructureMember[] {
  const length = { lengthBits: 32, isSigned: false, base: 10 } as const;
  const short = { lengthBits: 16, isSigned: false, base: 10 } as const;
  const shortOfAddress = factory.integer({ ...short, base: 16 }, {}, 'big-endian');
  return [
    member(name, factory.integer(short)),
    member(portName, factory.integer(short, {}, 'big-endian')),
    ...factory.sequence('v4addr', length, factory.unsigned(8)),
    ...factory.sequence('v6addr', length, shortOfAddress),
    member('sun_path', utf8String),
  ];
}

export function uuidText(uuid: Uint8Array): string {
  const hex = Array.from(uuid, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
