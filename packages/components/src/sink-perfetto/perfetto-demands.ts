import type { FieldDemand } from '@sonde/ctf';
import { type EventRecordClass, type Scope, scopeFieldClass } from '@sonde/trace-model';
import type { EventRule } from './event-rules.ts';

const contextScopes: readonly Scope[] = [
  'event-record-common-context',
  'event-record-specific-context',
];

/** Slot → names of the context, the best first. */
const contexts = {
  tid: ['tid', 'vtid'],
  pid: ['pid', 'vpid'],
  comm: ['procname'],
} as const;

const payloads: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  switch: { nextTid: ['next_tid', 'next_pid'], nextComm: ['next_comm'] },
  process: {
    newTid: ['child_tid', 'tid', 'child_pid'],
    newPid: ['child_pid', 'pid'],
    newName: ['child_comm', 'name'],
  },
  exit: { exitTid: ['tid', 'pid'] },
};

/** What the timeline has to know of a record; slots the class has no field for stay undefined. */
export interface TimelineRecord {
  readonly tid?: unknown;
  readonly pid?: unknown;
  readonly comm?: unknown;
  readonly cpu?: unknown;
  readonly label?: unknown;
  readonly nextTid?: unknown;
  readonly nextComm?: unknown;
  readonly newTid?: unknown;
  readonly newPid?: unknown;
  readonly newName?: unknown;
  readonly exitTid?: unknown;
}

export function timelineDemands(
  eventRecordClass: EventRecordClass,
  rule: EventRule,
): FieldDemand[] {
  const demands: FieldDemand[] = [];
  const add = (as: keyof TimelineRecord, scopes: readonly Scope[], names: readonly string[]) => {
    for (const name of names) {
      for (const scope of scopes) {
        const root = scopeFieldClass(eventRecordClass, scope);
        if (!root?.members.some((member) => member.name === name)) continue;
        demands.push({ scope, path: [name], as });
        return;
      }
    }
  };
  for (const [as, names] of Object.entries(contexts)) {
    add(as as keyof TimelineRecord, contextScopes, names);
  }
  add('cpu', ['packet-context', ...contextScopes], ['cpu_id']);
  for (const [as, names] of Object.entries(payloads[rule.kind] ?? {})) {
    add(as as keyof TimelineRecord, ['event-record-payload'], names);
  }
  if (rule.kind === 'begin' && rule.nameField !== undefined) {
    add('label', ['event-record-payload'], [rule.nameField]);
  }
  return demands;
}

/** A slot as an integer that fits an id. */
export function idOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
