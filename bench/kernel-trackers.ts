import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

// What is measured together, by Sonde and by bpftrace.
/** All trackers of I/O, of the scheduler and of system calls that nobody else measures too. */
export const trackers = ['wakeup', 'runq', 'offcpu', 'syscall', 'iosched', 'block', 'block_total'];

/** The same pairs for bpftrace. */
export const sameMeaning = `
tracepoint:sched:sched_waking { @woken[args->pid] = nsecs; @waker[args->pid] = comm; }
tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new { @queued[args->pid] = nsecs; }
tracepoint:sched:sched_switch {
  @off[args->prev_pid] = nsecs;
  if ((args->prev_state & 0xff) == 0) { @queued[args->prev_pid] = nsecs; }
  $off = @off[args->next_pid];
  if ($off) { @off_ns = hist(nsecs - $off); delete(@off[args->next_pid]); }
  $queued = @queued[args->next_pid];
  if ($queued) { @queue_ns = hist(nsecs - $queued); delete(@queued[args->next_pid]); }
  $woken = @woken[args->next_pid];
  if ($woken) { @wakeup_ns = hist(nsecs - $woken); delete(@woken[args->next_pid]); }
}
tracepoint:raw_syscalls:sys_enter { @call[tid] = nsecs; }
tracepoint:raw_syscalls:sys_exit /@call[tid]/ { @call_ns[args->id] = hist(nsecs - @call[tid]); delete(@call[tid]); }
tracepoint:block:block_rq_insert { @inserted[args->dev, args->sector] = nsecs; }
tracepoint:block:block_rq_issue {
  @issued[args->dev, args->sector] = nsecs;
  $inserted = @inserted[args->dev, args->sector];
  if ($inserted) { @iosched_ns = hist(nsecs - $inserted); }
}
tracepoint:block:block_rq_complete {
  $issued = @issued[args->dev, args->sector];
  if ($issued) { @block_ns = hist(nsecs - $issued); delete(@issued[args->dev, args->sector]); }
  $inserted = @inserted[args->dev, args->sector];
  if ($inserted) { @total_ns = hist(nsecs - $inserted); delete(@inserted[args->dev, args->sector]); }
}`;

/** How many programs that script is. */
export const probesOfSameMeaning = 9;

/** Ends bpftrace, which now and then goes on waiting after a signal. */
export async function endPeer(peer: ChildProcess): Promise<void> {
  const ended = once(peer, 'close');
  for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    peer.kill(signal);
    const limit = new Promise((resolve) => setTimeout(resolve, 2000, 'late'));
    if ((await Promise.race([ended, limit])) !== 'late') return;
  }
  await ended;
}
