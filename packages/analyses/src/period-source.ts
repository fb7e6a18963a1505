/** Turns event records into the events that period expressions see: only the fields that some expression names are decoded. */
import { compileProjection, type FieldDemand } from '@sonde/ctf';
import {
  type EventRecordClass,
  type FieldClass,
  type RecordCursor,
  type Scope,
  scopeFieldClass,
} from '@sonde/trace-model';
import { fieldKey, type PeriodEvent, type PeriodValue } from './period-expression.ts';
import { type PeriodDefinition, type Reference, referencesOf } from './period-language.ts';
import { classMatters } from './period-pruning.ts';

/** Where a field without a scope is looked for, first to last. */
const searchOrder: readonly Scope[] = [
  'event-record-payload',
  'event-record-specific-context',
  'event-record-common-context',
  'event-record-header',
  'packet-context',
  'packet-header',
];

interface FoundField {
  readonly key: string;
  readonly scope: Scope;
  readonly name: string;
  readonly fieldClass: FieldClass;
}

function find(reference: Reference, eventRecordClass: EventRecordClass): FoundField | undefined {
  const scopes = reference.scope === undefined ? searchOrder : [reference.scope];
  for (const scope of scopes) {
    const member = scopeFieldClass(eventRecordClass, scope)?.members.find(
      (candidate) => candidate.name === reference.field,
    );
    if (member === undefined) continue;
    const { name, fieldClass } = member;
    return { key: fieldKey(reference), scope, name, fieldClass };
  }
  return undefined;
}

/** Enumerations are compared by label; numbers outside all labels stay numbers. */
function labelled(value: number | bigint, fieldClass: FieldClass): PeriodValue {
  if (!('mappings' in fieldClass) || fieldClass.mappings === undefined) return value;
  const wide = BigInt(value);
  const mapping = fieldClass.mappings.find((candidate) =>
    candidate.ranges.some((range) => wide >= range.lower && wide <= range.upper),
  );
  return mapping?.label ?? value;
}

export type ReadPeriodEvent = (cursor: RecordCursor) => PeriodEvent;

/** A reader of the events of a class, or undefined when none of them can begin or end a period. */
export function readerFor(
  definitions: readonly PeriodDefinition[],
  eventRecordClass: EventRecordClass,
): ReadPeriodEvent | undefined {
  const has = (reference: Reference): boolean => find(reference, eventRecordClass) !== undefined;
  if (!classMatters(definitions, eventRecordClass.name ?? '', has)) return undefined;
  return periodEventReader(referencesOf(definitions), eventRecordClass);
}

/** A reader of the events of one class. The events it returns are fresh objects: periods keep them. */
function periodEventReader(
  references: readonly Reference[],
  eventRecordClass: EventRecordClass,
): ReadPeriodEvent {
  const found = new Map<string, FoundField>();
  for (const reference of references) {
    if (reference.kind !== 'field') continue;
    const field = find(reference, eventRecordClass);
    if (field !== undefined) found.set(field.key, field);
  }
  const fields = [...found.values()];
  const name = eventRecordClass.name ?? '';
  const demands = fields.map(
    (field): FieldDemand => ({ scope: field.scope, path: [field.name], wide: 'bigint' }),
  );
  const projection = compileProjection(eventRecordClass, demands);
  if (fields.length === 0) {
    const none: PeriodEvent['fields'] = new Map();
    return (cursor) => ({ name, timeNs: cursor.timeNs, fields: none });
  }
  return (cursor) => {
    const values = new Map<string, PeriodValue>();
    projection.read(cursor);
    fields.forEach((field, i) => {
      const value = projection.record[`f${i}`];
      if (typeof value === 'string') values.set(field.key, value);
      else if (typeof value === 'number' || typeof value === 'bigint') {
        values.set(field.key, labelled(value, field.fieldClass));
      }
    });
    return { name, timeNs: cursor.timeNs, fields: values };
  };
}
