import type { FieldDemand } from '@sonde/ctf';
import type { EventRecordClass, FieldClass, Scope, StructureFieldClass } from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';
import { fieldNames } from '../event-names.ts';

export interface FoundField {
  readonly scope: Scope;
  readonly path: readonly string[];
  readonly kind: 'number' | 'text';
}

const contexts: readonly Scope[] = [
  'event-record-specific-context',
  'event-record-common-context',
  'packet-context',
];

function kindOf(fieldClass: FieldClass): FoundField['kind'] | undefined {
  switch (fieldClass.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer':
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-floating-point-number':
      return 'number';
    case 'null-terminated-string':
    case 'static-length-string':
    case 'dynamic-length-string':
      return 'text';
    default:
      return undefined;
  }
}

function memberOf(structure: StructureFieldClass, name: string): FieldClass | undefined {
  return structure.members.find((member) => member.name === name)?.fieldClass;
}

function findIn(
  eventRecordClass: EventRecordClass,
  scope: Scope,
  path: readonly string[],
): FoundField | undefined {
  let at: FieldClass | undefined = scopeFieldClass(eventRecordClass, scope);
  for (const name of path) {
    if (at?.type !== 'structure') return undefined;
    at = memberOf(at, name);
  }
  const kind = at === undefined ? undefined : kindOf(at);
  return kind === undefined ? undefined : { scope, path, kind };
}

/**
 * A number or text with the declared path: of the payload, else of a context. Thread ids are never looked for in contexts, where `pid` is
 * a process: `$tid` does that.
 */
export function findField(
  eventRecordClass: EventRecordClass,
  [first = '', ...rest]: readonly string[],
): FoundField | undefined {
  const names = fieldNames(first);
  for (const name of names) {
    const found = findIn(eventRecordClass, 'event-record-payload', [name, ...rest]);
    if (found !== undefined) return found;
  }
  if (names.length > 1) return undefined;
  for (const scope of contexts) {
    const found = findIn(eventRecordClass, scope, [first, ...rest]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first of these contexts that the records have. */
export function findContext(
  eventRecordClass: EventRecordClass,
  names: readonly string[],
): FoundField | undefined {
  for (const name of names) {
    for (const scope of contexts) {
      const found = findIn(eventRecordClass, scope, [name]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** ftrace has who runs in each event's payload. */
export function findPayload(
  eventRecordClass: EventRecordClass,
  name: string,
): FoundField | undefined {
  return findIn(eventRecordClass, 'event-record-payload', [name]);
}

export function demandFor({ scope, path }: FoundField, as: string): FieldDemand {
  return { scope, path, wide: 'signed', as };
}

/** Names of the payload's fields and of contexts, for errors; not those of packets, which nobody looks for. */
export function fieldsOf(eventRecordClass: EventRecordClass): string[] {
  const ofEvent = contexts.filter((scope) => scope !== 'packet-context');
  const scopes: readonly Scope[] = ['event-record-payload', ...ofEvent];
  const names = scopes.flatMap(
    (scope) => scopeFieldClass(eventRecordClass, scope)?.members.map(({ name }) => name) ?? [],
  );
  return [...new Set(names)];
}
