import type { EventRecordClass, Trace, TraceClass } from '@sonde/trace-model';
import type { Dialect } from './host.ts';
import { plainEventName } from './rule.ts';

/** LTTng's numbers need no change; everybody else counts priorities from the real-time ones. */
const kernelPriorityOffset = -100;

function environmentNumber(trace: Trace, name: string): number {
  const value = trace.environment.get(name);
  const number = Number(value);
  return value === undefined || Number.isNaN(number) ? 0 : number;
}

/** What to correct in a trace, from its tracer's name and version. */
export function dialectOf(trace: Trace): Dialect {
  const tracer = trace.environment.get('tracer_name');
  const isLttng = typeof tracer === 'string' && tracer.startsWith('lttng');
  if (!isLttng) {
    const isPerf = classesOf(trace.traceClass).some((event) => event.name?.startsWith('sched:'));
    const offset = isPerf ? kernelPriorityOffset : 0;
    return { priorityOffset: offset, wakeupPriorityOffset: offset };
  }
  const major = environmentNumber(trace, 'tracer_major');
  const minor = environmentNumber(trace, 'tracer_minor');
  const patch =
    environmentNumber(trace, 'tracer_patchlevel') || environmentNumber(trace, 'tracer_patch');
  // Up to 2.7.0 the wakeup events alone had the kernel's own numbering.
  const isOld = major < 2 || (major === 2 && (minor < 7 || (minor === 7 && patch < 1)));
  return { priorityOffset: 0, wakeupPriorityOffset: isOld ? kernelPriorityOffset : 0 };
}

/** All event record classes of a trace. */
export function classesOf(traceClass: TraceClass): EventRecordClass[] {
  const all: EventRecordClass[] = [];
  for (const stream of traceClass.dataStreamClasses.values()) {
    all.push(...stream.eventRecordClasses.values());
  }
  return all;
}

/** Whether the metadata declares an event of that (plain) name. */
export function hasEvent(traceClass: TraceClass, name: string): boolean {
  return classesOf(traceClass).some((event) => plainEventName(event.name ?? '') === name);
}

/** A payload field that says on which CPU the event happened, where the stream does not. */
export function payloadCpuField(eventRecordClass: EventRecordClass): string | undefined {
  if (/cpu_idle|cpu_frequency|statedump/.test(eventRecordClass.name ?? '')) return undefined;
  const members = eventRecordClass.payload?.members ?? [];
  return members.find((member) => member.name === 'cpu_id' || member.name === 'perf_cpu')?.name;
}
