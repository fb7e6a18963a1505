import type { EventRecordClass, FieldClass, Scope, StructureFieldClass } from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';
import type { FieldDemand } from './contract.ts';

/** A place where the value of a demand can come from. */
export interface FieldPlace {
  readonly scope: Scope;
  readonly fieldClass: FieldClass;
  /** True: some records of the class don't have it (it is in a variant or an optional). */
  readonly isConditional: boolean;
}

/** Where a demand without a scope is looked for, in this order. */
const searchOrder: readonly Scope[] = [
  'event-record-payload',
  'event-record-specific-context',
  'event-record-common-context',
  'packet-context',
  'event-record-header',
  'packet-header',
];

/** The places of `demand` in records of the class: none, one, or one for each option of a variant that has such a member. */
export function placesOf(eventRecordClass: EventRecordClass, demand: FieldDemand): FieldPlace[] {
  for (const scope of demand.scope === undefined ? searchOrder : [demand.scope]) {
    const root = scopeFieldClass(eventRecordClass, scope);
    if (root === undefined) continue;
    const places = find(root, demand.path).map((found) => ({ scope, ...found }));
    if (places.length > 0) return places;
  }
  return [];
}

type Found = Omit<FieldPlace, 'scope'>;

/** Optionals take no item of a path; variants take one when it is the name of an option. */
function find(fieldClass: FieldClass, path: readonly string[]): Found[] {
  const [name, ...rest] = path;
  if (name === undefined) return [{ fieldClass, isConditional: false }];
  switch (fieldClass.type) {
    case 'structure': {
      const member = memberOf(fieldClass, name);
      return member === undefined ? [] : find(member.fieldClass, rest);
    }
    case 'optional':
      return conditional(find(fieldClass.fieldClass, path));
    case 'variant': {
      const named = fieldClass.options.filter((option) => option.name === name);
      if (named.length > 0) {
        return conditional(named.flatMap((option) => find(option.fieldClass, rest)));
      }
      return conditional(fieldClass.options.flatMap((option) => find(option.fieldClass, path)));
    }
    default:
      return [];
  }
}

function memberOf(fieldClass: StructureFieldClass, name: string) {
  return (
    fieldClass.members.find((member) => member.name === name) ??
    fieldClass.members.find((member) => member.originalName === name)
  );
}

function conditional(found: readonly Found[]): Found[] {
  return found.map(({ fieldClass }) => ({ fieldClass, isConditional: true }));
}
