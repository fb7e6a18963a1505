/**
 * What of a CTF trace people see in text: Babeltrace 2's "trace IR". Packet headers and event record headers are not shown, nor
 * are fields which only serve the format (sizes, counters, timestamps), unless another field depends on them.
 */
import {
  type DataStreamClass,
  type FieldClass,
  type IntegerFieldClass,
  type Scope,
  type StructureFieldClass,
  type StructureMember,
  scopeFieldClass,
  type TraceClass,
} from '@sonde/trace-model';

/** Whether the field is shown. A structure is hidden when all of its members are, but not when it is empty. */
export function isVisible(fieldClass: FieldClass): boolean {
  switch (fieldClass.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer':
      return !hasOnlyRoles(fieldClass);
    case 'structure':
      return (
        fieldClass.members.length === 0 ||
        fieldClass.members.some((member) => isVisible(member.fieldClass))
      );
    case 'static-length-array':
    case 'dynamic-length-array':
      return isVisible(fieldClass.elementFieldClass);
    case 'optional':
      return isVisible(fieldClass.fieldClass);
    case 'variant':
      return fieldClass.options.some((option) => isVisible(option.fieldClass));
    default:
      return true;
  }
}

function hasOnlyRoles(fieldClass: IntegerFieldClass): boolean {
  return (fieldClass.roles?.length ?? 0) > 0 && (fieldClass.keySlots?.length ?? 0) === 0;
}

/** The members to show, in order. */
export function visibleMembers(structure: StructureFieldClass): readonly StructureMember[] {
  return structure.members.filter((member) => isVisible(member.fieldClass));
}

/** The scopes people see, in order. The packet context comes from the packet, the others from the record. */
export type VisibleScope = Exclude<Scope, 'packet-header' | 'event-record-header'>;

/** The structure when it is to be shown. */
export function visibleScope(
  fieldClass: StructureFieldClass | undefined,
): StructureFieldClass | undefined {
  return fieldClass !== undefined && isVisible(fieldClass) ? fieldClass : undefined;
}

/** An integer with labels. CTF 2 allows an empty set of them: then it is a plain integer. */
export function isEnumeration(fieldClass: IntegerFieldClass): boolean {
  return (fieldClass.mappings?.length ?? 0) > 0;
}

/** What the packets of a data stream class tell. */
export interface StreamFeatures {
  readonly packetsHaveBeginTime: boolean;
  readonly packetsHaveEndTime: boolean;
  readonly countsDiscardedEvents: boolean;
  readonly discardedEventsHaveTimes: boolean;
  readonly countsDiscardedPackets: boolean;
  readonly discardedPacketsHaveTimes: boolean;
}

export function streamFeaturesOf(dataStreamClass: DataStreamClass): StreamFeatures {
  const roles = new Set<string>();
  if (dataStreamClass.packetContext !== undefined)
    collectRoles(dataStreamClass.packetContext, roles);
  const hasClock = dataStreamClass.defaultClockClass !== undefined;
  const packetsHaveBeginTime = hasClock && roles.has('default-clock-timestamp');
  const packetsHaveEndTime = hasClock && roles.has('packet-end-default-clock-timestamp');
  const countsDiscardedEvents = roles.has('discarded-event-record-counter-snapshot');
  const countsDiscardedPackets = roles.has('packet-sequence-number');
  const haveTimes = packetsHaveBeginTime && packetsHaveEndTime;
  return {
    packetsHaveBeginTime,
    packetsHaveEndTime,
    countsDiscardedEvents,
    discardedEventsHaveTimes: countsDiscardedEvents && haveTimes,
    countsDiscardedPackets,
    discardedPacketsHaveTimes: countsDiscardedPackets && haveTimes,
  };
}

function collectRoles(fieldClass: FieldClass, roles: Set<string>): void {
  if ('roles' in fieldClass) for (const role of fieldClass.roles ?? []) roles.add(role);
  for (const child of childrenOf(fieldClass)) collectRoles(child, roles);
}

/** The field classes directly below a compound one. */
function childrenOf(fieldClass: FieldClass): readonly FieldClass[] {
  switch (fieldClass.type) {
    case 'structure':
      return fieldClass.members.map((member) => member.fieldClass);
    case 'static-length-array':
    case 'dynamic-length-array':
      return [fieldClass.elementFieldClass];
    case 'optional':
      return [fieldClass.fieldClass];
    case 'variant':
      return fieldClass.options.map((option) => option.fieldClass);
    default:
      return [];
  }
}

/** Where a key field is: member names from the root of a visible scope. Arrays, optionals and variants add nothing. */
export interface KeyPlace {
  readonly scope: VisibleScope;
  readonly path: readonly string[];
}

/** By key slot: the first visible field which saves its value there. Fields in headers are not in it. */
export function keyPlacesOf(traceClass: TraceClass): ReadonlyMap<number, KeyPlace> {
  const places = new Map<number, KeyPlace>();
  for (const dataStreamClass of traceClass.dataStreamClasses.values()) {
    addKeys(dataStreamClass.packetContext, 'packet-context', places);
    addKeys(dataStreamClass.eventRecordCommonContext, 'event-record-common-context', places);
    for (const eventRecordClass of dataStreamClass.eventRecordClasses.values()) {
      for (const scope of ['event-record-specific-context', 'event-record-payload'] as const) {
        addKeys(scopeFieldClass(eventRecordClass, scope), scope, places);
      }
    }
  }
  return places;
}

function addKeys(
  root: StructureFieldClass | undefined,
  scope: KeyPlace['scope'],
  places: Map<number, KeyPlace>,
): void {
  const visit = (fieldClass: FieldClass, path: readonly string[]): void => {
    if ('keySlots' in fieldClass) {
      for (const slot of fieldClass.keySlots ?? []) {
        if (!places.has(slot)) places.set(slot, { scope, path });
      }
    }
    if (fieldClass.type === 'structure') {
      for (const { name, fieldClass: child } of fieldClass.members) visit(child, [...path, name]);
    } else {
      for (const child of childrenOf(fieldClass)) visit(child, path);
    }
  };
  if (root !== undefined) visit(root, []);
}

/** LTTng's CTF 1.8 traces have a namespace that only CTF 2 can write down. */
export function namespaceOf(traceClass: TraceClass): string | undefined {
  if (traceClass.namespace !== undefined || traceClass.ctfVersion !== '1.8') {
    return traceClass.namespace;
  }
  const tracer = traceClass.environment.get('tracer_name');
  return tracer === 'lttng-modules' || tracer === 'lttng-ust' ? 'lttng.org,2009' : undefined;
}
