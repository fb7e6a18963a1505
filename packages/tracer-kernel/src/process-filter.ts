/** Which threads are recorded: the kernel itself leaves out the others (`set_event_pid`), so they cost next to nothing. */
import { readdirSync } from 'node:fs';
import { UsageError } from '@sonde/base';
import type { TracefsFolder } from './tracefs.ts';

export interface ProcessFilter {
  /** All threads that they have now, and begin later. */
  readonly pids: readonly number[];
  readonly tids: readonly number[];
  /** Also threads and processes that these begin later. */
  readonly followsForks: boolean;
  /** Only what is begun within `recordChildOf`, and what that begins. */
  readonly followsChild: boolean;
  /** Threads of this recorder are left out. */
  readonly excludesRecorder: boolean;
}

/** Whether somebody has to tell threads from children, which the kernel can't when it follows forks. */
export function followsThreadsOnly({ pids, followsForks, followsChild }: ProcessFilter): boolean {
  return pids.length > 0 && !followsForks && !followsChild;
}

/** @throws UsageError `no-such-process` */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch (cause) {
    throw new UsageError('no-such-process', `There is no process ${pid}.`, {}, { cause });
  }
}

/** @throws UsageError `no-such-process` */
export function checkProcesses({ pids, tids }: ProcessFilter): void {
  for (const id of [...pids, ...tids]) threadsOf(id);
}

/**
 * @param followsAll - Also what the chosen threads fork, whatever the filter says: somebody else leaves out what is not wanted.
 * @throws UsageError `no-such-process`
 */
export function applyProcessFilter(
  folder: TracefsFolder,
  filter: ProcessFilter,
  followsAll: boolean,
): void {
  const { pids, tids, followsForks, followsChild, excludesRecorder } = filter;
  // A child is taken in with its parent: this thread, which is kept silent but for that moment.
  const parent = followsChild ? [process.pid] : [];
  const chosen = [...parent, ...tids, ...pids.flatMap(threadsOf)];
  // First: what they fork meanwhile is not missed.
  if (followsForks || followsChild || followsAll) folder.write('options/event-fork', '1');
  for (const tid of chosen) folder.append('set_event_pid', `${tid}\n`);
  if (followsChild || excludesRecorder) setSilent(folder, true);
}

/** Children that `begin` makes are recorded, though this process is not. */
export function recordChildOf<T>(folder: TracefsFolder, begin: () => T): T {
  setSilent(folder, false);
  try {
    return begin();
  } finally {
    setSilent(folder, true);
  }
}

function setSilent(folder: TracefsFolder, silent: boolean): void {
  // Threads of Node.js itself make no children; they are never chosen.
  folder.write('set_event_notrace_pid', silent ? `${threadsOf(process.pid).join(' ')}\n` : '');
}
