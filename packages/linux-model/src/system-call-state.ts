import type { Host } from './host.ts';
import type { Thread } from './threads.ts';

/** Starts a call on a thread; a call that was still open lost its exit, and is forgotten: nobody knows when it ended. */
export function beginSystemCall(
  thread: Thread,
  name: string,
  isCompat: boolean,
  timeNs: number,
): void {
  const pending = thread.systemCall;
  if (pending === undefined) {
    thread.systemCall = { name, isCompat, beginNs: timeNs };
    return;
  }
  pending.name = name;
  pending.isCompat = isCompat;
  pending.beginNs = timeNs;
}

/** Reports a call that will not return, or had not when the events ended. */
export function reportUnfinished(host: Host, thread: Thread, timeNs: number): void {
  const pending = thread.systemCall;
  if (pending === undefined || Number.isNaN(pending.beginNs)) return;
  const { name, isCompat, beginNs } = pending;
  pending.beginNs = Number.NaN;
  thread.fileCall = undefined;
  const channel = host.channels['system-call'];
  if (!channel.isWanted) return;
  const { systemCall } = host.buffers;
  systemCall.cpu = host.knownCpu(thread.runningOn === -1 ? thread.lastCpuId : thread.runningOn);
  systemCall.thread = thread;
  systemCall.name = name;
  systemCall.isCompat = isCompat;
  systemCall.result = undefined;
  systemCall.isFinished = false;
  systemCall.beginNs = beginNs;
  systemCall.endNs = timeNs;
  systemCall.isCertain = false;
  channel.emit(systemCall);
}
