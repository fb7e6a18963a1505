/**
 * What a trace looks like when we write it: the fields of contexts and payloads stay as they are; packet header, packet context and event
 * record header are ours, wide enough for whatever was filtered, trimmed or merged.
 */
import type {
  ByteOrder,
  DataStreamClass,
  EventRecordClass,
  FieldClass,
  FixedLengthIntegerFieldClass,
  Role,
  StructureFieldClass,
  StructureMember,
  TraceClass,
} from '@sonde/trace-model';
import { type ClassMap, pairClasses } from './field-encoder.ts';

const byteOrder: ByteOrder = 'little-endian';

function unsigned(lengthBits: number, roles: readonly Role[] = []): FixedLengthIntegerFieldClass {
  return {
    type: 'fixed-length-unsigned-integer',
    lengthBits,
    byteOrder,
    bitOrder: 'first-to-last',
    alignmentBits: 8,
    preferredDisplayBase: 10,
    ...(roles.length > 0 ? { roles } : {}),
  };
}

const member = (name: string, fieldClass: FieldClass): StructureMember => ({ name, fieldClass });
const structure = (members: readonly StructureMember[]): StructureFieldClass => ({
  type: 'structure',
  members,
  minimumAlignmentBits: 8,
});

/** All roles in a tree. */
export function rolesOf(fieldClass: FieldClass | undefined): Set<Role> {
  const roles = new Set<Role>();
  const visit = (fc: FieldClass): void => {
    if ('roles' in fc) for (const role of fc.roles ?? []) roles.add(role);
    if (fc.type === 'structure') for (const m of fc.members) visit(m.fieldClass);
    else if (fc.type === 'variant') for (const o of fc.options) visit(o.fieldClass);
    else if (fc.type === 'optional') visit(fc.fieldClass);
    else if ('elementFieldClass' in fc) visit(fc.elementFieldClass);
  };
  if (fieldClass !== undefined) visit(fieldClass);
  return roles;
}

/** What the packets of a stream class say about themselves. */
export interface PacketFacts {
  readonly hasBegin: boolean;
  readonly hasEnd: boolean;
  readonly hasDiscardedEvents: boolean;
  readonly hasSequenceNumber: boolean;
  readonly hasTimestamps: boolean;
  readonly hasStreamId: boolean;
}

export function packetFactsOf(streamClass: DataStreamClass): PacketFacts {
  const context = rolesOf(streamClass.packetContext);
  const hasClock = streamClass.defaultClockClass !== undefined;
  return {
    hasBegin: hasClock && context.has('default-clock-timestamp'),
    hasEnd: hasClock && context.has('packet-end-default-clock-timestamp'),
    hasDiscardedEvents: context.has('discarded-event-record-counter-snapshot'),
    hasSequenceNumber: context.has('packet-sequence-number'),
    hasTimestamps: hasClock,
    hasStreamId: rolesOf(streamClass.traceClass.packetHeader).has('data-stream-id'),
  };
}

/** Root members that carry no role: what users see, and what other fields depend on. */
export function plainMembers(root: StructureFieldClass | undefined): StructureMember[] {
  return (root?.members ?? []).filter((m) => rolesOf(m.fieldClass).size === 0);
}

/** Whether fields elsewhere depend on something in a tree. */
function hasKeys(fieldClass: FieldClass): boolean {
  if ('keySlots' in fieldClass && (fieldClass.keySlots?.length ?? 0) > 0) return true;
  switch (fieldClass.type) {
    case 'structure':
      return fieldClass.members.some((m) => hasKeys(m.fieldClass));
    case 'variant':
      return fieldClass.options.some((o) => hasKeys(o.fieldClass));
    case 'optional':
      return hasKeys(fieldClass.fieldClass);
    case 'static-length-array':
    case 'dynamic-length-array':
      return hasKeys(fieldClass.elementFieldClass);
    default:
      return false;
  }
}

/** Root members of a header that are kept: nobody sees headers, but fields of other scopes may depend on them. */
export function keptHeaderMembers(root: StructureFieldClass | undefined): StructureMember[] {
  return plainMembers(root).filter((m) => hasKeys(m.fieldClass));
}

/** Our members, under names that the kept ones leave free. */
function joinMembers(
  own: readonly StructureMember[],
  kept: readonly StructureMember[],
): StructureFieldClass {
  const taken = new Set(kept.map((m) => m.name));
  const named = own.map((m) => {
    let { name } = m;
    while (taken.has(name)) name += '_';
    taken.add(name);
    return member(name, m.fieldClass);
  });
  return structure([...named, ...kept]);
}

function packetHeader(
  source: StructureFieldClass | undefined,
  hasUuid: boolean,
  hasStreamId: boolean,
): StructureFieldClass {
  const uuid: FieldClass = {
    type: 'static-length-blob',
    lengthBytes: 16,
    mediaType: 'application/octet-stream',
    roles: ['metadata-stream-uuid'],
  };
  const own = [
    member('magic', unsigned(32, ['packet-magic-number'])),
    ...(hasUuid ? [member('uuid', uuid)] : []),
    member('stream_id', unsigned(64, ['data-stream-class-id'])),
    ...(hasStreamId ? [member('stream_instance_id', unsigned(64, ['data-stream-id']))] : []),
  ];
  return joinMembers(own, keptHeaderMembers(source));
}

function packetContext(streamClass: DataStreamClass, facts: PacketFacts): StructureFieldClass {
  const optional = (isPresent: boolean, name: string, role: Role): StructureMember[] =>
    isPresent ? [member(name, unsigned(64, [role]))] : [];
  const own = [
    member('packet_size', unsigned(64, ['packet-total-length'])),
    member('content_size', unsigned(64, ['packet-content-length'])),
    ...optional(facts.hasBegin, 'timestamp_begin', 'default-clock-timestamp'),
    ...optional(facts.hasEnd, 'timestamp_end', 'packet-end-default-clock-timestamp'),
    ...optional(
      facts.hasDiscardedEvents,
      'events_discarded',
      'discarded-event-record-counter-snapshot',
    ),
    ...optional(facts.hasSequenceNumber, 'packet_seq_num', 'packet-sequence-number'),
  ];
  return joinMembers(own, plainMembers(streamClass.packetContext));
}

function eventRecordHeader(streamClass: DataStreamClass, facts: PacketFacts): StructureFieldClass {
  let maxId = 0n;
  for (const id of streamClass.eventRecordClasses.keys()) if (id > maxId) maxId = id;
  const idBits = maxId < 0x1_0000n ? 16 : maxId < 0x1_0000_0000n ? 32 : 64;
  const own = [
    member('id', unsigned(idBits, ['event-record-class-id'])),
    ...(facts.hasTimestamps
      ? [member('timestamp', unsigned(64, ['default-clock-timestamp']))]
      : []),
  ];
  return joinMembers(own, keptHeaderMembers(streamClass.eventRecordHeader));
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The class of the trace as written, in CTF 2's terms (`toCtf1` makes CTF 1.8 of it). Contexts and payloads are the very objects of
 * the source.
 */
export function outputTraceClass(source: TraceClass): TraceClass {
  const hasStreamId = rolesOf(source.packetHeader).has('data-stream-id');
  const streamClasses = new Map<bigint, DataStreamClass>();
  const target: Mutable<TraceClass> = {
    ...source,
    packetHeader: packetHeader(
      source.packetHeader,
      source.metadataStreamUuid !== undefined,
      hasStreamId,
    ),
    dataStreamClasses: streamClasses,
  };
  for (const [id, streamClass] of source.dataStreamClasses) {
    const facts = packetFactsOf(streamClass);
    const eventClasses = new Map<bigint, EventRecordClass>();
    const own: Mutable<DataStreamClass> = {
      ...streamClass,
      packetContext: packetContext(streamClass, facts),
      eventRecordHeader: eventRecordHeader(streamClass, facts),
      eventRecordClasses: eventClasses,
      traceClass: target,
    };
    for (const [eventId, eventClass] of streamClass.eventRecordClasses) {
      eventClasses.set(eventId, copyEventClass(eventClass, own));
    }
    streamClasses.set(id, own);
  }
  return target;
}

/** Member by member: the scopes of LTTng's events are read when they are first asked for, through getters. */
function copyEventClass(source: EventRecordClass, owner: DataStreamClass): EventRecordClass {
  const { id, namespace, name, uid, logLevel, emfUri, specificContext, payload, attributes } =
    source;
  const optional = { namespace, name, uid, logLevel, emfUri, specificContext, payload, attributes };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return { id, dataStreamClass: owner, ...Object.fromEntries(given) };
}

/** For every field class of `from` its counterpart in `to`, a class made from it by `toCtf1` or `outputTraceClass`. */
export function pairTraceClasses(from: TraceClass, to: TraceClass): ClassMap {
  const pairs = new Map<FieldClass, FieldClass>();
  const pair = (a: FieldClass | undefined, b: FieldClass | undefined): void => {
    if (a !== undefined && b !== undefined) pairClasses(a, b, pairs);
  };
  pair(from.packetHeader, to.packetHeader);
  for (const [id, stream] of from.dataStreamClasses) {
    const other = to.dataStreamClasses.get(id);
    if (other === undefined) continue;
    pair(stream.packetContext, other.packetContext);
    pair(stream.eventRecordHeader, other.eventRecordHeader);
    pair(stream.eventRecordCommonContext, other.eventRecordCommonContext);
    for (const [eventId, event] of stream.eventRecordClasses) {
      const otherEvent = other.eventRecordClasses.get(eventId);
      pair(event.specificContext, otherEvent?.specificContext);
      pair(event.payload, otherEvent?.payload);
    }
  }
  return pairs;
}
