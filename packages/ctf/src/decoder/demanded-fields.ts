import type {
  EventRecordClass,
  FieldClass,
  Scope,
  StructureFieldClass,
  StructureMember,
} from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';
import type { FieldDemand } from './contract.ts';

/** A place where the value of a demand can come from. */
export interface FieldPlace {
  readonly scope: Scope;
  readonly fieldClass: FieldClass;
  /** The fields around it, and itself: from the scope's root. */
  readonly path: readonly FieldClass[];
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
function find(fieldClass: FieldClass, names: readonly string[]): Found[] {
  const [name, ...rest] = names;
  if (name === undefined) return [{ fieldClass, path: [fieldClass], isConditional: false }];
  switch (fieldClass.type) {
    case 'structure': {
      const member = memberOf(fieldClass, name);
      return member === undefined ? [] : below(fieldClass, find(member.fieldClass, rest));
    }
    case 'optional':
      return below(fieldClass, find(fieldClass.fieldClass, names));
    case 'variant': {
      const named = fieldClass.options.filter((option) => option.name === name);
      const found =
        named.length > 0
          ? named.flatMap((option) => find(option.fieldClass, rest))
          : fieldClass.options.flatMap((option) => find(option.fieldClass, names));
      return below(fieldClass, found);
    }
    default:
      return [];
  }
}

function memberOf(fieldClass: StructureFieldClass, name: string): StructureMember | undefined {
  return (
    fieldClass.members.find((member) => member.name === name) ??
    fieldClass.members.find((member) => member.originalName === name)
  );
}

function below(fieldClass: FieldClass, found: readonly Found[]): Found[] {
  const isConditional = fieldClass.type !== 'structure';
  return found.map((each) => ({
    fieldClass: each.fieldClass,
    path: [fieldClass, ...each.path],
    isConditional: isConditional || each.isConditional,
  }));
}
