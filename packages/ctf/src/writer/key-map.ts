import type {
  DataStreamClass,
  EventRecordClass,
  FieldClass,
  Scope,
  TraceClass,
} from '@sonde/trace-model';
import { visitFieldClasses } from '../field-class-tree.ts';
import type { ScopeRoots } from '../resolve-locations.ts';

/** Key fields of a trace class by the slot that they save their value in. */
export type KeyMap = ReadonlyMap<number, ReadonlySet<FieldClass>>;

export function keyMapOf(traceClass: TraceClass): KeyMap {
  const keys = new Map<number, Set<FieldClass>>();
  const visit = (fieldClass: FieldClass): void => {
    if (!('keySlots' in fieldClass)) return;
    for (const slot of fieldClass.keySlots ?? []) {
      const known = keys.get(slot) ?? new Set();
      keys.set(slot, known.add(fieldClass));
    }
  };
  for (const { root } of scopesOf(traceClass)) visitFieldClasses(root, visit);
  return keys;
}

/** One scope that has fields. */
export interface ScopeOf {
  readonly scope: Scope;
  readonly root: NonNullable<ScopeRoots[Scope]>;
  /** All scopes that its fields can refer to, itself included. */
  readonly roots: ScopeRoots;
  readonly dataStreamClass?: DataStreamClass;
  readonly eventRecordClass?: EventRecordClass;
}

const dataStreamScopes = [
  'packet-context',
  'event-record-header',
  'event-record-common-context',
] as const;
const eventRecordScopes = ['event-record-specific-context', 'event-record-payload'] as const;

/** Every scope with fields of a trace class, in metadata order. */
export function* scopesOf(traceClass: TraceClass): Generator<ScopeOf> {
  const { packetHeader } = traceClass;
  const outer: ScopeRoots = { 'packet-header': packetHeader };
  if (packetHeader) yield { scope: 'packet-header', root: packetHeader, roots: outer };
  for (const dataStreamClass of traceClass.dataStreamClasses.values()) {
    const roots: ScopeRoots = {
      ...outer,
      'packet-context': dataStreamClass.packetContext,
      'event-record-header': dataStreamClass.eventRecordHeader,
      'event-record-common-context': dataStreamClass.eventRecordCommonContext,
    };
    for (const scope of dataStreamScopes) {
      const root = roots[scope];
      if (root) yield { scope, root, roots, dataStreamClass };
    }
    for (const eventRecordClass of dataStreamClass.eventRecordClasses.values()) {
      const own: ScopeRoots = {
        ...roots,
        'event-record-specific-context': eventRecordClass.specificContext,
        'event-record-payload': eventRecordClass.payload,
      };
      for (const scope of eventRecordScopes) {
        const root = own[scope];
        if (root) yield { scope, root, roots: own, dataStreamClass, eventRecordClass };
      }
    }
  }
}

/** A scope in words: `event-record-payload of event \`x\``. */
export function describeScope({ scope, dataStreamClass, eventRecordClass }: ScopeOf): string {
  if (eventRecordClass) {
    const { name, id } = eventRecordClass;
    return `${scope} of event record class ${name === undefined ? id : `\`${name}\``}`;
  }
  return dataStreamClass ? `${scope} of data stream class ${dataStreamClass.id}` : scope;
}
