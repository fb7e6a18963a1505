import type { Host } from './host.ts';
import { reportUnfinished } from './system-call-state.ts';
import type { Thread } from './threads.ts';

/** A thread is no more: what it still did never ended. Its descriptors go with its process. */
export function releaseThread(host: Host, thread: Thread, timeNs: number): void {
  reportUnfinished(host, thread, timeNs);
  host.threads.release(thread);
}
