import type { Process, Thread } from '@sonde/linux-model';
import type { Cell } from '../table.ts';

/** `fio (604)` */
export function threadName({ comm, tid }: Thread): string {
  return `${comm === '' ? '?' : comm} (${tid})`;
}

export function threadCell({ comm, tid, pid }: Thread): Cell {
  return { class: 'process', name: comm, ...(pid >= 0 ? { pid } : {}), tid };
}

/** The threads of one process. */
export interface ProcessGroup<T> {
  name: string;
  /** -1: unknown. */
  readonly pid: number;
  readonly rows: T[];
}

/** Puts the rows of threads together by process; a thread whose process is not known stands for itself. */
export function byProcess<T extends { readonly thread: Thread }>(
  rows: Iterable<T>,
): ProcessGroup<T>[] {
  const all: ProcessGroup<T>[] = [];
  const groups = new Map<Process, ProcessGroup<T>>();
  for (const row of rows) {
    const { thread } = row;
    if (thread.pid < 0) {
      all.push({ name: thread.comm, pid: thread.tid, rows: [row] });
      continue;
    }
    let group = groups.get(thread.process);
    if (group === undefined) {
      group = { name: thread.comm, pid: thread.pid, rows: [] };
      groups.set(thread.process, group);
      all.push(group);
    }
    // The main thread has the name that people know the process by.
    if (thread.tid === thread.pid && thread.comm !== '') group.name = thread.comm;
    group.rows.push(row);
  }
  return all;
}

export function processCell({ name, pid }: ProcessGroup<unknown>): Cell {
  return { class: 'process', name, pid };
}

export function sum<T>(rows: readonly T[], value: (row: T) => number): number {
  let total = 0;
  for (const row of rows) total += value(row);
  return total;
}

/** LTTng's numbers in the words of `chrt` and `nice`: 20 is nice 0, -1 and less are real-time. */
export function priorityText(priority: number | undefined): string {
  if (priority === undefined) return '';
  if (priority < -100) return 'deadline';
  return priority < 0 ? `RT ${-1 - priority}` : `nice ${priority - 20}`;
}

export const isRealTime = (priority: number | undefined): boolean =>
  priority !== undefined && priority < 0;

const longestPath = 60;

/** A path that fits a sentence: its end. */
export function shortPath(path: string): string {
  const points = [...path];
  return points.length <= longestPath ? path : `…${points.slice(1 - longestPath).join('')}`;
}
