/** What a trace can't tell, said before it is read. */
import type { EventRecordClass, Trace } from '@sonde/trace-model';
import { classesOf } from './dialect.ts';
import { type Fact, needs } from './needs.ts';
import { demandOf, plainEventName, type Rule } from './rule.ts';
import type { SegmentKind } from './segments.ts';
import { isSystemCallEntry, isSystemCallExit } from './syscalls.ts';

const hostOf = ({ environment, path }: Trace): string =>
  String(environment.get('hostname') ?? path);

/** Whether the model looks at a trace at all. */
export const isKernelTrace = ({ environment }: Trace): boolean =>
  environment.get('domain') !== 'ust';

/** The rule for a class among those of its name: the first whose fields it has. Else the first, with what it lacks. */
export function chooseRule(
  rules: readonly Rule[],
  eventRecordClass: EventRecordClass,
): { readonly rule: Rule; readonly missing: readonly string[] } {
  for (const rule of rules) {
    if (demandOf(rule.fields, eventRecordClass).missing.length === 0) return { rule, missing: [] };
  }
  const rule = rules[0]!;
  return { rule, missing: demandOf(rule.fields, eventRecordClass).missing };
}

export function missingFields({ name, id }: EventRecordClass, fields: readonly string[]): string {
  return `${name ?? `event ${id}`} is ignored: it has no field ${fields.join(', ')}`;
}

/** The names of events that a host's traces have and the model can use. */
function usableEvents(
  traces: readonly Trace[],
  rules: ReadonlyMap<string, readonly Rule[]>,
  say: (message: string) => void,
): Set<string> {
  const usable = new Set<string>();
  for (const eventRecordClass of traces.flatMap((trace) => classesOf(trace.traceClass))) {
    const name = plainEventName(eventRecordClass.name ?? '');
    if (isSystemCallEntry(name)) usable.add('syscall_entry_*');
    else if (isSystemCallExit(name)) usable.add('syscall_exit_*');
    const candidates = rules.get(name);
    if (candidates === undefined) continue;
    const { missing } = chooseRule(candidates, eventRecordClass);
    if (missing.length === 0) usable.add(name);
    else say(missingFields(eventRecordClass, missing));
  }
  return usable;
}

const knownNames = new Set(
  Object.values(needs).flatMap(({ rules }) => rules.flatMap(({ names }) => names)),
);

/** Whether a trace has any event that some analysis could use. */
function hasKernelEvents({ traceClass }: Trace): boolean {
  return classesOf(traceClass).some((eventRecordClass) => {
    const name = plainEventName(eventRecordClass.name ?? '');
    return knownNames.has(name) || isSystemCallEntry(name);
  });
}

/** As LTTng calls them. */
function alternatives(events: readonly string[]): string {
  const names = events.map((event) => event.split('/')[0]);
  return names.length < 2
    ? String(names[0])
    : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function lackOf({ what, events }: Fact, usable: ReadonlySet<string>): string | undefined {
  const isUsable = (event: string): boolean => event.split('/').some((name) => usable.has(name));
  const absent = events.filter((any) => !any.some(isUsable));
  if (absent.length === 0) return undefined;
  return `no ${what}: the trace has no ${absent.map(alternatives).join(', and no ')}`;
}

/**
 * Sentences, without full stops, about what these traces can't tell of the wanted kinds: events that their metadata doesn't have, events
 * that lack fields. What can be computed is computed all the same.
 * @param rules - By plain event name.
 */
export function missingFrom(
  traces: readonly Trace[],
  kinds: Iterable<SegmentKind>,
  rules: ReadonlyMap<string, readonly Rule[]>,
): string[] {
  const byHost = new Map<string, Trace[]>();
  for (const trace of traces.filter(isKernelTrace)) {
    const name = hostOf(trace);
    byHost.set(name, [...(byHost.get(name) ?? []), trace]);
  }
  if (byHost.size === 0) return ['there is no kernel trace: nothing to analyse'];
  const wanted = [...kinds];
  const messages = new Set<string>();
  for (const [host, ofHost] of byHost) {
    const suffix = byHost.size > 1 ? ` (${host})` : '';
    const say = (message: string): unknown => messages.add(message + suffix);
    const usable = usableEvents(ofHost, rules, say);
    if (!ofHost.some(hasKernelEvents)) {
      say('the trace has no kernel events that tell anything');
      continue;
    }
    for (const fact of wanted.flatMap((kind) => needs[kind].facts)) {
      const lack = lackOf(fact, usable);
      if (lack !== undefined) say(lack);
    }
  }
  return [...messages];
}

/** All rules that any kind uses, by plain event name. */
function allRules(): ReadonlyMap<string, readonly Rule[]> {
  const rules = new Map<string, Rule[]>();
  for (const rule of Object.values(needs).flatMap((need) => need.rules)) {
    for (const name of rule.names) rules.set(name, [...(rules.get(name) ?? []), rule]);
  }
  return rules;
}

/** What the traces of one machine lack for these kinds: `no wakeup latencies: the trace has no sched_waking or sched_wakeup`. */
export function lacksOf(kinds: readonly SegmentKind[], traces: readonly Trace[]): string[] {
  const usable = usableEvents(traces.filter(isKernelTrace), allRules(), () => {});
  const facts = new Set(kinds.flatMap((kind) => needs[kind].facts));
  return [...facts].flatMap((fact) => lackOf(fact, usable) ?? []);
}

/** In words, what segments of these kinds are made from: `sched_waking or sched_wakeup`. */
export function eventsOf(kinds: readonly SegmentKind[]): string[] {
  const all = kinds.flatMap((kind) => needs[kind].facts).flatMap(({ events }) => events);
  const required = new Set(all.filter(({ length }) => length === 1).flat());
  // An event that is needed anyway needs no mention as one of several.
  const told = all.filter((any) => any.length === 1 || !any.some((event) => required.has(event)));
  return [...new Set(told.map(alternatives))];
}
