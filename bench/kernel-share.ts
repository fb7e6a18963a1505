// The share of all busy CPU time that programs of trackers take while a command runs, next to a bpftrace script that measures the same,
// attached at the same time: run_time_ns of the programs, and the busy time of /proc/stat. Prints a row of a table in Markdown.
//
//   npx esbuild bench/kernel-share.ts --bundle --conditions=@sonde/source --platform=node --target=node20 --format=esm \
//     --external:koffi --outfile=node_modules/.kernel-share.mjs
//   node node_modules/.kernel-share.mjs sysbench oltp_read_write --threads=4 --time=10 … run
//
// Needs root and bpftrace.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { enableRunStatistics, loadedPrograms, Native } from '@sonde/ebpf';
import { findTracker, openKernelSession } from '@sonde/latency-tracker';

const trackers = ['wakeup', 'runq', 'offcpu', 'syscall', 'iosched', 'block', 'block_total'];

const script = `
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

const ticksPerS = 100;

/** Busy time of all CPUs (ns): everything but idle, waiting for I/O, and what the hypervisor took. */
function busyNs(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return ((user! + nice! + system! + irq! + softirq!) * 1e9) / ticksPerS;
}

const native = await Native.open();
const statistics = enableRunStatistics(native);
const before = new Set(loadedPrograms(native).map(({ id }) => id));
const bpftrace = spawn('bpftrace', ['-e', `BEGIN { printf("ready\\n"); } ${script}`], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
await once(bpftrace.stdout, 'data');
while (loadedPrograms(native).filter(({ id }) => !before.has(id)).length < 9) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const theirIds = new Set(
  loadedPrograms(native)
    .map(({ id }) => id)
    .filter((id) => !before.has(id)),
);
const session = await openKernelSession(trackers.map((name) => findTracker(name)!));
for (const name of trackers) session.set(name, { thresholdNs: Number.POSITIVE_INFINITY });

interface Total {
  readonly ours: number;
  readonly theirs: number;
  readonly busy: number;
}

function totals(): Total {
  const theirs = loadedPrograms(native).filter(({ id }) => theirIds.has(id));
  const sum = (costs: readonly { readonly runNs: number }[]): number =>
    costs.reduce((total, { runNs }) => total + runNs, 0);
  return { ours: sum(session.costs()), theirs: sum(theirs), busy: busyNs() };
}

const first = totals();
const [command, ...args] = process.argv.slice(2);
await once(spawn(command!, args, { stdio: 'ignore' }), 'close');
const last = totals();
const share = (name: 'ours' | 'theirs'): string =>
  `${((100 * (last[name] - first[name])) / (last.busy - first.busy)).toFixed(2)} %`;
console.log(`| ${command} ${args[0] ?? ''} | ${share('ours')} | ${share('theirs')} |`);
session.close();
bpftrace.kill('SIGINT');
await once(bpftrace, 'close');
statistics.close();
