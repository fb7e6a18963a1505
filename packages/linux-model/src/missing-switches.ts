import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';
import { emitSlice } from './slices.ts';
import type { Thread } from './threads.ts';

/**
 * Somebody else runs than the last switch said: at least one switch was not recorded, and no tracer counted it as discarded (kernels do that
 * where they wake an idle CPU from another). When it happened, and who ran in between, nobody knows. In a gap it is told already; so it is in a
 * packet that discarded events: LTTng discards what is too long for the rest of a packet, and something shorter may still fit.
 */
export function missSwitch(
  host: Host,
  cpu: Cpu,
  known: Thread,
  running: Thread,
  timeNs: number,
): void {
  const beginNs = cpu.threadSinceNs;
  const isTold = beginNs < cpu.lastGapEndNs || cpu.lossyPackets > 0;
  cpu.lastGapEndNs = Math.max(cpu.lastGapEndNs, timeNs);
  emitSlice(host, cpu, known, beginNs, beginNs, -1, false);
  emitSlice(host, cpu, host.threads.unknown, beginNs, timeNs, -1, false);
  if (known.runningOn === cpu.id) known.runningOn = -1;
  cpu.thread = running;
  cpu.threadSinceNs = timeNs;
  cpu.threadSinceIsCertain = false;
  if (running.tid !== 0) running.runningOn = cpu.id;
  running.wakeupNs = Number.NaN;
  running.waker = undefined;
  running.switchOutNs = Number.NaN;
  host.lastUnseenNs = Math.max(host.lastUnseenNs, timeNs);
  host.doubt(known, timeNs);
  host.doubt(running, timeNs);
  const channel = host.channels.gap;
  if (isTold || !channel.isWanted) return;
  const endNs = timeNs;
  channel.emit({ host, cpu, what: 'switches', count: 1, beginNs, endNs, isCertain: false });
}

/**
 * Whether a thread that is switched out had left its CPU unseen, and come back unseen: it has been seen on another since, and is no more there.
 * Still there: clocks of CPUs disagree.
 */
export const hasComeBack = ({ runningOn, tid }: Thread): boolean => runningOn === -1 && tid !== 0;

/** Who runs on a CPU that has a thread, as its events say it: a context that names another one than the last switch is right. */
export function runningByContext(
  host: Host,
  cpu: Cpu,
  tid: number,
  comm: string | undefined,
  timeNs: number,
): Thread {
  const known = cpu.thread!;
  const running = host.threads.ensure(tid, comm);
  missSwitch(host, cpu, known, running, timeNs);
  cpu.threadSinceIsCertain = true;
  return running;
}
