/**
 * A rule says what one kind of kernel event means: the names it has in the different tracers, the fields it needs under the names they
 * have there, and the state transition. Fields are found once per event record class; the transition gets a typed record.
 */
import type { FieldDemand } from '@sonde/ctf';
import type { EventRecordClass, Scope, StructureFieldClass } from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';
import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';

/** How a field is found: the first of `names` that the scope has. */
export interface FieldSpec<T> {
  readonly names: readonly string[];
  readonly scope: Scope;
  readonly isOptional: boolean;
  /** A kernel address: must not be rounded. */
  readonly isAddress?: boolean;
  /** Only for type inference; never set. */
  readonly example?: T;
}

export type FieldSpecs = Readonly<Record<string, FieldSpec<unknown>>>;
export type RecordOf<F extends FieldSpecs> = {
  readonly [K in keyof F]: F[K] extends FieldSpec<infer T> ? T : never;
};

const spec = <T>(names: readonly string[], isOptional: boolean, scope: Scope): FieldSpec<T> => ({
  names,
  isOptional,
  scope,
});
/** A payload integer (enumerations too) without which the event means nothing. */
export const integer = (...names: string[]): FieldSpec<number> =>
  spec(names, false, 'event-record-payload');
export const optionalInteger = (...names: string[]): FieldSpec<number | undefined> =>
  spec(names, true, 'event-record-payload');
/**
 * A kernel address, which tells objects apart: its 64 bits as a signed number, which is exact within 2^53 of both ends, where kernels have
 * their objects.
 */
export const address = (...names: string[]): FieldSpec<number> => ({
  ...spec<number>(names, false, 'event-record-payload'),
  isAddress: true,
});
export const optionalAddress = (...names: string[]): FieldSpec<number | undefined> => ({
  ...spec<number | undefined>(names, true, 'event-record-payload'),
  isAddress: true,
});
export const text = (...names: string[]): FieldSpec<string> =>
  spec(names, false, 'event-record-payload');
export const optionalText = (...names: string[]): FieldSpec<string | undefined> =>
  spec(names, true, 'event-record-payload');
/** A payload field of any shape: look before use. */
export const optionalField = (...names: string[]): FieldSpec<unknown> =>
  spec(names, true, 'event-record-payload');
export const contextInteger = (...names: string[]): FieldSpec<number | undefined> =>
  spec(names, true, 'event-record-common-context');
export const contextText = (...names: string[]): FieldSpec<string | undefined> =>
  spec(names, true, 'event-record-common-context');

export type Transition<F extends FieldSpecs> = (
  event: RecordOf<F>,
  timeNs: number,
  cpu: Cpu,
) => void;

/** What a transition is made for. */
export interface Binding {
  /** Without subsystem. */
  readonly eventName: string;
  /** Added to every priority of the class: the kernel's own numbers, which ftrace and perf show, are 100 higher than LTTng's. */
  readonly priorityOffset: number;
  /** The class has a context with the id of the thread that ran, in the root namespace as in `sched_switch`. */
  readonly hasThreadContext: boolean;
}

export interface Rule {
  /** Names as LTTng has them first; ftrace's and perf's (without subsystem) after it. */
  readonly names: readonly string[];
  readonly fields: FieldSpecs;
  /** Makes the transition for one event record class. */
  bind(host: Host, binding: Binding): Transition<FieldSpecs>;
}

/** Declares a rule; the record type follows from the fields. */
export function rule<F extends FieldSpecs>(
  names: readonly string[],
  fields: F,
  bind: (host: Host, binding: Binding) => Transition<F>,
): Rule {
  return { names, fields, bind: bind as unknown as Rule['bind'] };
}

function memberNames(fieldClass: StructureFieldClass | undefined): Set<string> {
  return new Set(fieldClass?.members.map((member) => member.name));
}

/**
 * The demand of a rule on an event record class, or the names of the mandatory fields it lacks.
 */
export function demandOf(
  fields: FieldSpecs,
  eventRecordClass: EventRecordClass,
): { demands: FieldDemand[]; missing: string[] } {
  const demands: FieldDemand[] = [];
  const missing: string[] = [];
  for (const [as, field] of Object.entries(fields)) {
    const members = memberNames(scopeFieldClass(eventRecordClass, field.scope));
    const name = field.names.find((candidate) => members.has(candidate));
    if (name === undefined && !field.isOptional) missing.push(field.names.join(' or '));
    // An absent optional field keeps its slot (undefined), so that all records of a rule have one shape.
    const path = [name ?? field.names[0]!];
    demands.push({ scope: field.scope, path, as, ...(field.isAddress ? { wide: 'signed' } : {}) });
  }
  return { demands, missing };
}

/** Fields that LTTng names otherwise: a class with one of them numbers priorities as the kernel does. */
const kernelFieldNames = ['prev_pid', 'next_pid', 'pid', 'common_pid'];
const kernelPriorityOffset = -100;

/** Of one event record class, by the names of its fields. */
export function priorityOffsetOf(eventRecordClass: EventRecordClass): number {
  const members = memberNames(eventRecordClass.payload);
  const isKernels =
    !members.has('tid') &&
    !members.has('prev_tid') &&
    kernelFieldNames.some((name) => members.has(name));
  return isKernels ? kernelPriorityOffset : 0;
}

/** Whether the context of a class says which thread ran. */
export function hasThreadContext(eventRecordClass: EventRecordClass): boolean {
  const members = memberNames(scopeFieldClass(eventRecordClass, 'event-record-common-context'));
  return members.has('tid') || (members.has('perf_tid') && !members.has('vtid'));
}

/** Subsystems whose names perf puts before an event (`sched:sched_switch`). */
const subsystems =
  /^(?:sched|irq|block|net|kmem|timer|power|task|signal|syscalls|raw_syscalls|workqueue|skb|sock|tcp|udp|writeback|ext4|jbd2|exceptions|migrate|vmscan):/;

/** The event's name without perf's subsystem. */
export function plainEventName(name: string): string {
  return name.replace(subsystems, '');
}
