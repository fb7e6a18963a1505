import { UsageError } from '@sonde/base';
import type {
  EventHandler,
  EventRecordClass,
  FieldClass,
  RecordCursor,
  Scope,
} from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';
import { compileBody, compileVisit, defaultBackEnd } from './compile-walk.ts';
import type { BackEnd, FieldDemand, Projection } from './contract.ts';
import { DecodeRun, type DecodeSource } from './decode-state.ts';
import { DemandVisitor, isWide, type Target, type Targets } from './demand-visitor.ts';
import { type FieldPlace, placesOf } from './demanded-fields.ts';
import { type BodyCode, bodyPosition, generateBody } from './generated/body-code.ts';
import { ProjectionSink } from './generated/projection-sink.ts';
import { createRecord, type Slot } from './record-shape.ts';
import { scopeReader } from './visit-scope.ts';

export interface ProjectionOptions {
  /** Default: generated code where that is allowed. */
  readonly backEnd?: BackEnd;
  /**
   * Called by `read` with the record, when all of it is stored: faster than a call of `read` and one of the consumer.
   */
  readonly consume?: (record: Projection['record'], cursor: RecordCursor) => void;
}

/**
 * Compiles a reader of the demanded fields of records of the class: one scan stores them all and finds the end of the record.
 * @throws UsageError when a name for a slot is not an identifier
 */
export function compileProjection(
  eventRecordClass: EventRecordClass,
  demands: readonly FieldDemand[],
  options: ProjectionOptions = {},
): Projection {
  const plan = planOf(eventRecordClass, demands);
  const record = createRecord(plan.slots) as Projection['record'];
  const read =
    (options.backEnd ?? defaultBackEnd()) === 'generated'
      ? generatedBody(eventRecordClass, plan, record, options)
      : visitedBody(eventRecordClass, plan, record, options);
  return {
    record,
    present: plan.present,
    read: withOuterScopes(eventRecordClass, plan, record, read),
  };
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
    slots.push({ name, isNumber: !isConditional && holdsNumber(places[0]!, wide) });
    present.push(places.length > 0);
  });
  return { slots, present, conditionalSlots, needed, targets, outerTargets };
}

function holdsNumber({ fieldClass }: FieldPlace, wide: Target['wide']): boolean {
  switch (fieldClass.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer':
      return wide === 'number' || !isWide(fieldClass);
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
      return wide === 'number';
    case 'fixed-length-floating-point-number':
      return true;
    default:
      return false;
  }
}

function generatedBody(
  eventRecordClass: EventRecordClass,
  plan: ProjectionPlan,
  record: { [slot: string]: unknown },
  options: ProjectionOptions,
): EventHandler {
  const { targets, needed, conditionalSlots } = plan;
  const { consume } = options;
  return compileBody(
    eventRecordClass,
    new ProjectionSink(targets, { record, needed, conditionalSlots, consume }),
  );
}

/** The text of a projection with its slots in a record of its own, for people. */
export function generateProjection(
  eventRecordClass: EventRecordClass,
  demands: readonly FieldDemand[],
): BodyCode {
  const { targets, slots, ...plan } = planOf(eventRecordClass, demands);
  const sink = new ProjectionSink(targets, { ...plan, record: createRecord(slots) });
  return generateBody(eventRecordClass, sink, bodyPosition(eventRecordClass));
}

function visitedBody(
  eventRecordClass: EventRecordClass,
  plan: ProjectionPlan,
  record: { [slot: string]: unknown },
  { consume }: ProjectionOptions,
): EventHandler {
  const visit = compileVisit(eventRecordClass, new DemandVisitor(plan.targets, record));
  return (cursor) => {
    for (const slot of plan.conditionalSlots) record[slot] = undefined;
    const endBits = visit(cursor);
    consume?.(record as Projection['record'], cursor);
    return endBits;
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
  record: { [slot: string]: unknown },
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
      const run = new DecodeRun(cursor as DecodeSource);
      run.lastByteOrder = undefined;
      scopeReader(fieldClass)(run, outerOffsetBits(cursor, scope), visitor);
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
