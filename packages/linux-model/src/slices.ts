import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';
import type { Thread } from './threads.ts';

export function emitSlice(
  host: Host,
  cpu: Cpu,
  thread: Thread,
  beginNs: number,
  endNs: number,
  endState: number,
  isCertain: boolean,
): void {
  const channel = host.channels['scheduling-slice'];
  if (!channel.isWanted || Number.isNaN(beginNs)) return;
  const { priority } = thread;
  channel.emit({ host, cpu, thread, beginNs, endNs, isCertain, endState, priority });
}
