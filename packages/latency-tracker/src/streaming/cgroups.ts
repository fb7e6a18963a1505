/** Control groups of threads, as far as a trace tells them: by the state dump, and from parent to child. */
import type { EventRecordClass } from '@sonde/trace-model';
import { plainName } from '../event-names.ts';
import type { Expression } from '../expression.ts';
import type { ExpressionCompiler, SlotRecord } from './compile-expression.ts';
import type { EventContext } from './event-context.ts';
import { findPayload } from './find-field.ts';

const stateDump = 'lttng_statedump_process_cgroup_ns';
/** Threads of one machine; with more, the others stay unknown. */
const maxThreads = 2 ** 18;

/** Numbers of control group namespaces by thread, as texts. */
export class CgroupTable {
  readonly #byTid = new Map<number, string>();

  of(tid: number): string {
    return this.#byTid.get(tid) ?? 'unknown';
  }

  set(tid: number, cgroup: string): void {
    if (this.#byTid.size < maxThreads || this.#byTid.has(tid)) this.#byTid.set(tid, cgroup);
  }

  /** A new thread is where its parent is. */
  inherit(parentTid: number, childTid: number): void {
    const cgroup = this.#byTid.get(parentTid);
    if (cgroup === undefined) this.#byTid.delete(childTid);
    else this.set(childTid, cgroup);
  }
}

/** Whether traces with these classes tell control groups without the context `cgroup_ns`. */
export const tellsCgroups = (classes: readonly EventRecordClass[]): boolean =>
  classes.some(({ name = '' }) => plainName(name) === stateDump);

/** What events of a class say of control groups. */
export function followCgroups(
  eventRecordClass: EventRecordClass,
  compiler: ExpressionCompiler,
  context: EventContext,
): ((record: SlotRecord) => void) | undefined {
  const name = plainName(eventRecordClass.name ?? '');
  const field = (path: string): Expression => ({ type: 'field', path: [path] });
  if (name === stateDump && findPayload(eventRecordClass, 'ns_inum') !== undefined) {
    const tid = compiler.number(field('tid'));
    const inode = compiler.number(field('ns_inum'));
    return (record) => context.host.cgroups.set(tid(record), String(inode(record)));
  }
  if (name !== 'sched_process_fork') return undefined;
  const parent = compiler.number(field('parent_pid'));
  const child = compiler.number(field('child_pid'));
  return (record) => context.host.cgroups.inherit(parent(record), child(record));
}
