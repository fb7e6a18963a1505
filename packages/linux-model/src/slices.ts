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
  const { slice } = host.buffers;
  slice.cpu = cpu;
  slice.thread = thread;
  slice.beginNs = beginNs;
  slice.endNs = endNs;
  slice.isCertain = isCertain;
  slice.endState = endState;
  slice.priority = thread.priority;
  channel.emit(slice);
}
