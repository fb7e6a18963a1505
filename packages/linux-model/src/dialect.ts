import type { EventRecordClass, Trace, TraceClass } from '@sonde/trace-model';
import type { Dialect } from './host.ts';
import { plainEventName } from './rule.ts';

/** In old LTTng, the wakeup events alone had the kernel's own numbering. */
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
  if (!isLttng) return { wakeupPriorityOffset: 0, losesAtPacketEnd: false };
  const major = environmentNumber(trace, 'tracer_major');
  const minor = environmentNumber(trace, 'tracer_minor');
  const patch =
    environmentNumber(trace, 'tracer_patchlevel') || environmentNumber(trace, 'tracer_patch');
  const isOld = major < 2 || (major === 2 && (minor < 7 || (minor === 7 && patch < 1)));
  return { wakeupPriorityOffset: isOld ? kernelPriorityOffset : 0, losesAtPacketEnd: true };
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

/** Whether the `unsigned long` that LTTng counts discarded events in has 64 bits. */
function has64BitLongs({ dataStreamClasses }: TraceClass): boolean {
  for (const { packetContext } of dataStreamClasses.values()) {
    const member = packetContext?.members.find(({ name }) => name === 'events_discarded');
    if (member !== undefined)
      return (member.fieldClass as { lengthBits?: number }).lengthBits === 64;
  }
  return false;
}

const x86Kernel = /\b(?:amd64|x86[-_]64)\b/;

/**
 * Whether numbers of system calls are x86-64's: by the machine, a name that distributions give their kernels, or events that no other
 * architecture has.
 */
export function isX86(trace: Trace): boolean {
  const { environment, traceClass } = trace;
  if (environment.get('machine') === 'x86_64') return true;
  const kernel = `${environment.get('kernel_release')} ${environment.get('kernel_version')}`;
  if (x86Kernel.test(kernel)) return true;
  if (hasEvent(traceClass, 'syscall_entry_arch_prctl')) return true;
  const isX86Family = classesOf(traceClass).some(({ name }) => name?.startsWith('x86_') === true);
  return isX86Family && has64BitLongs(traceClass);
}
