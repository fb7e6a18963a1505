import { UsageError } from '@sonde/base';
import type {
  EventHandler,
  EventRecordClass,
  FieldClass,
  RecordCursor,
  Scope,
} from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';
import { backEndFor, compileBody, compileVisit, staticLengthBits } from './compile-walk.ts';
import type { BackEnd, FieldDemand, Projection } from './contract.ts';
import { DemandVisitor, isWide, type Target, type Targets } from './demand-visitor.ts';
import { type FieldPlace, placesOf } from './demanded-fields.ts';
import { type BodyCode, bodyPosition, generateBody } from './generated/body-code.ts';
import { FunctionCache } from './generated/function-cache.ts';
import { ProjectionSink } from './generated/projection-sink.ts';
import { createRecord, type Slot, shapeOf, type Values } from './record-shape.ts';
import { visitScope } from './visit-scope.ts';

/** A projection's record: the demanded fields by slot. */
export type ProjectedRecord = Projection['record'];

export interface ProjectionOptions {
  /** Default: generated code where that is allowed. */
  readonly backEnd?: BackEnd;
}

/**
 * Compiles a reader of the demanded fields of records of the class: one scan stores them all and finds the end of the record.
 * @throws UsageError when a name for a slot is not an identifier
 */
export function compileProjection(
  eventRecordClass: EventRecordClass,
  demands: readonly FieldDemand[],
  { backEnd }: ProjectionOptions = {},
): Projection {
  const plan = planOf(eventRecordClass, demands);
  const record = createRecord(plan.slots);
  const read =
    backEndFor(eventRecordClass, backEnd) === 'generated'
      ? compileBody(eventRecordClass, sinkOf(plan, record))
      : visitedBody(eventRecordClass, plan, record);
  return {
    record,
    present: plan.present,
    read: withOuterScopes(eventRecordClass, plan, record, read),
  };
}

/** Functions and records that consumers of the same kind of records share. */
interface ConsumerCache {
  readonly functions: FunctionCache;
  readonly records: Map<string, Values>;
}

const consumerCaches = new WeakMap<Consume, ConsumerCache>();

export type Consume = (record: ProjectedRecord, cursor: RecordCursor) => void;

/**
 * Compiles a handler that calls `consume` with the demanded fields: faster than a handler around `compileProjection`, the more so when
 * many classes have the same `consume`. The record is valid until `consume` returns, and may be the same for all of them. Like every
 * handler, it is for records which are known to lie within the content where their length is static.
 * @throws UsageError when a name for a slot is not an identifier
 */
export function compileConsumer(
  eventRecordClass: EventRecordClass,
  demands: readonly FieldDemand[],
  consume: Consume,
  { backEnd }: ProjectionOptions = {},
): EventHandler {
  const plan = planOf(eventRecordClass, demands);
  if (backEndFor(eventRecordClass, backEnd) === 'closures') {
    const record = createRecord(plan.slots);
    const visit = visitedBody(eventRecordClass, plan, record);
    return withOuterScopes(eventRecordClass, plan, record, (cursor) => {
      const endBits = visit(cursor);
      consume(record, cursor);
      return endBits;
    });
  }
  const cache = consumerCacheOf(consume);
  const record = plan.outerTargets.size > 0 ? createRecord(plan.slots) : recordFor(cache, plan);
  const sink = sinkOf(plan, record, consume);
  const start = bodyPosition(eventRecordClass);
  const isStatic = start.modulus >= 8 && staticLengthBits(eventRecordClass) !== undefined;
  const body = isStatic
    ? cache.functions.compile(generateBody(eventRecordClass, sink, start, true).buffer)
    : compileBody(eventRecordClass, sink, (buffer) => cache.functions.compile(buffer));
  return withOuterScopes(eventRecordClass, plan, record, body);
}

function consumerCacheOf(consume: Consume): ConsumerCache {
  let cache = consumerCaches.get(consume);
  if (cache === undefined) {
    cache = { functions: new FunctionCache(), records: new Map() };
    consumerCaches.set(consume, cache);
  }
  return cache;
}

function recordFor({ records }: ConsumerCache, { slots }: ProjectionPlan): Values {
  const shape = shapeOf(slots);
  let record = records.get(shape);
  if (record === undefined) {
    record = createRecord(slots);
    records.set(shape, record);
  }
  return record;
}

function sinkOf(plan: ProjectionPlan, record: Values, consume?: Consume): ProjectionSink {
  const { targets, needed, conditionalSlots } = plan;
  return new ProjectionSink(targets, { record, needed, conditionalSlots, consume });
}

interface ProjectionPlan {
  readonly slots: readonly Slot[];
  readonly present: readonly boolean[];
  readonly conditionalSlots: readonly string[];
  /** Fields with targets, and those around them. */
  readonly needed: ReadonlySet<FieldClass>;
  /** Fields behind the record header. */
  readonly targets: Targets;
  /** Fields of the packet's scopes and the record header. */
  readonly outerTargets: ReadonlyMap<OuterScope, Targets>;
}

const identifier = /^[A-Za-z_$][\w$]*$/;

function planOf(
  eventRecordClass: EventRecordClass,
  demands: readonly FieldDemand[],
): ProjectionPlan {
  const targets = new Map<FieldClass, Target[]>();
  const outerTargets = new Map<OuterScope, Map<FieldClass, Target[]>>();
  const slots: Slot[] = [];
  const present: boolean[] = [];
  const conditionalSlots: string[] = [];
  const needed = new Set<FieldClass>();
  demands.forEach((demand, index) => {
    const name = demand.as ?? `f${index}`;
    if (!identifier.test(name) || name === '__proto__') {
      throw new UsageError(
        'bad-slot-name',
        `The slot name ${JSON.stringify(name)} is not allowed.`,
      );
    }
    const wide = demand.wide ?? 'number';
    const places = placesOf(eventRecordClass, demand);
    const isConditional = places.length !== 1 || places[0]!.isConditional;
    for (const place of places) {
      for (const fieldClass of place.path) needed.add(fieldClass);
      let of: Map<FieldClass, Target[]> | undefined = targets;
      if (isOuter(place.scope)) {
        of = outerTargets.get(place.scope) ?? new Map<FieldClass, Target[]>();
        outerTargets.set(place.scope, of);
      }
      const list = of.get(place.fieldClass) ?? [];
      list.push({ slot: name, wide });
      of.set(place.fieldClass, list);
    }
    if (isConditional && places.some((place) => !isOuter(place.scope))) {
      conditionalSlots.push(name);
    }
    slots.push({ name, kind: kindOf(places, wide) });
    present.push(places.length > 0);
  });
  return { slots, present, conditionalSlots, needed, targets, outerTargets };
}

function kindOf(places: readonly FieldPlace[], wide: Target['wide']): Slot['kind'] {
  const [place] = places;
  if (place === undefined) return 'absent';
  const isCertain = places.length === 1 && !place.isConditional;
  return isCertain && holdsNumber(place, wide) ? 'number' : 'other';
}

function holdsNumber({ fieldClass }: FieldPlace, wide: Target['wide']): boolean {
  switch (fieldClass.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer':
      return wide === 'number' || wide === 'signed' || !isWide(fieldClass);
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
      return wide === 'number' || wide === 'signed';
    case 'fixed-length-floating-point-number':
      return true;
    default:
      return false;
  }
}

/** The text of a projection with its slots in a record of its own, for people. */
export function generateProjection(
  eventRecordClass: EventRecordClass,
  demands: readonly FieldDemand[],
): BodyCode {
  const plan = planOf(eventRecordClass, demands);
  const sink = sinkOf(plan, createRecord(plan.slots));
  return generateBody(eventRecordClass, sink, bodyPosition(eventRecordClass));
}

function visitedBody(
  eventRecordClass: EventRecordClass,
  plan: ProjectionPlan,
  record: Values,
): EventHandler {
  const visit = compileVisit(eventRecordClass, new DemandVisitor(plan.targets, record));
  return (cursor) => {
    for (const slot of plan.conditionalSlots) record[slot] = undefined;
    return visit(cursor);
  };
}

type OuterScope = 'packet-header' | 'packet-context' | 'event-record-header';

function isOuter(scope: Scope): scope is OuterScope {
  return scope === 'packet-header' || scope === 'packet-context' || scope === 'event-record-header';
}

/** Adds the scopes before the body: those of the packet are read once for each packet. */
function withOuterScopes(
  eventRecordClass: EventRecordClass,
  plan: ProjectionPlan,
  record: Values,
  readBody: EventHandler,
): EventHandler {
  if (plan.outerTargets.size === 0) return readBody;
  const readers = [...plan.outerTargets].map(([scope, targets]) => ({
    scope,
    fieldClass: scopeFieldClass(eventRecordClass, scope)!,
    slots: [...targets.values()].flat().map((target) => target.slot),
    visitor: new DemandVisitor(targets, record),
  }));
  let packet: RecordCursor['packet'] | undefined;
  return (cursor) => {
    const isNewPacket = cursor.packet !== packet;
    packet = cursor.packet;
    for (const { scope, fieldClass, slots, visitor } of readers) {
      if (scope !== 'event-record-header' && !isNewPacket) continue;
      for (const slot of slots) record[slot] = undefined;
      visitScope(fieldClass, cursor, outerOffsetBits(cursor, scope), visitor);
    }
    return readBody(cursor);
  };
}

function outerOffsetBits(cursor: RecordCursor, scope: OuterScope): number {
  switch (scope) {
    case 'packet-header':
      return 0;
    case 'packet-context':
      return cursor.packetContextOffsetBits;
    case 'event-record-header':
      if (cursor.recordOffsetBits === undefined) {
        throw new UsageError('no-record-header', 'This source does not show record headers.');
      }
      return cursor.recordOffsetBits;
  }
}
