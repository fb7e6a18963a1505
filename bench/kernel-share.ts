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
import { endPeer, sameMeaning, trackers } from './kernel-trackers.ts';

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
const bpftrace = spawn('bpftrace', ['-e', `BEGIN { printf("ready\\n"); } ${sameMeaning}`], {
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
const session = await openKernelSession(
  trackers.map((name) => findTracker(name)!),
  { userStacks: false },
);
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
await endPeer(bpftrace);
statistics.close();
