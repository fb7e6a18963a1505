// What trackers in the kernel cost per program run, next to bpftrace scripts of the same meaning, attached at the same time to the same
// events: the kernel's own run_time_ns / run_cnt. Prints a table in Markdown; writes nothing.
//
//   npx esbuild bench/kernel-cost.ts --bundle --conditions=@sonde/source --platform=node --target=node20 --format=esm \
//     --external:koffi --outfile=node_modules/.kernel-cost.mjs && node node_modules/.kernel-cost.mjs [ROUNDS]
//
// With --first-data: from the beginning of the process to the first wakeups that are counted, and the most memory it had.
//
// Needs root, bpftrace, perf, dd.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { enableRunStatistics, type LoadedProgram, loadedPrograms, Native } from '@sonde/ebpf';
import { findTracker, openKernelSession } from '@sonde/latency-tracker';

const switchScript = `
tracepoint:sched:sched_switch {
  if ((args->prev_state & 0xff) == 0) { @q[args->prev_pid] = nsecs; }
  $begin = @q[args->next_pid];
  if ($begin) { @ns = hist(nsecs - $begin); delete(@q[args->next_pid]); }
}`;

interface Case {
  readonly tracker: string;
  readonly script: string;
  readonly workload: readonly string[];
  /** Programs of ours and of bpftrace that do the same work. */
  readonly pairs: readonly (readonly [ours: string, theirs: string])[];
}

const pipe = ['perf', 'bench', 'sched', 'pipe', '-l', '60000'];
const cases: readonly Case[] = [
  {
    tracker: 'runq',
    script: `tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new { @q[args->pid] = nsecs; } ${switchScript}`,
    workload: pipe,
    pairs: [
      ['runq_wakeup', 'sched_wakeup'],
      ['runq_switch', 'sched_switch'],
    ],
  },
  {
    tracker: 'wakeup',
    script: `tracepoint:sched:sched_waking { @q[args->pid] = nsecs; @waker[args->pid] = comm; } ${switchScript}`,
    workload: pipe,
    pairs: [
      ['wakeup_waking', 'sched_waking'],
      ['wakeup_switch', 'sched_switch'],
    ],
  },
  {
    tracker: 'offcpu',
    script: `tracepoint:sched:sched_waking /@off[args->pid]/ { @waker[args->pid] = comm; }
      tracepoint:sched:sched_switch { @off[args->prev_pid] = nsecs; $begin = @off[args->next_pid];
        if ($begin) { @ns = hist(nsecs - $begin); delete(@off[args->next_pid]); } }`,
    workload: pipe,
    pairs: [
      ['offcpu_waking', 'sched_waking'],
      ['offcpu_switch', 'sched_switch'],
    ],
  },
  {
    tracker: 'syscall',
    script: `tracepoint:raw_syscalls:sys_enter { @begin[tid] = nsecs; }
      tracepoint:raw_syscalls:sys_exit /@begin[tid]/ { @ns[args->id] = hist(nsecs - @begin[tid]); delete(@begin[tid]); }`,
    workload: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=200000', 'status=none'],
    pairs: [
      ['syscall_sys_ente', 'sys_enter'],
      ['syscall_sys_exit', 'sys_exit'],
    ],
  },
];

interface Cost {
  readonly runs: number;
  readonly runNs: number;
}

if (process.argv[2] === '--first-data') await measureStart();
const rounds = Number(process.argv[2] ?? 3);
const native = await Native.open();
const statistics = enableRunStatistics(native);
const results = new Map<string, { ours: number[]; theirs: number[] }>();
for (let round = 0; round < rounds; round++) for (const one of cases) await runCase(one);
statistics.close();
print();

async function measureStart(): Promise<never> {
  const session = await openKernelSession([findTracker('wakeup')!]);
  while (session.snapshot()[0]!.counters.ends === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const ms = performance.now();
  const most = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1];
  console.log(
    `first data after ${ms.toFixed(0)} ms, at most ${(Number(most) / 1024).toFixed(0)} MB`,
  );
  session.close();
  process.exit(0);
}

async function runCase({ tracker, script, workload, pairs }: Case): Promise<void> {
  const before = new Set(loadedPrograms(native).map(({ id }) => id));
  const bpftrace = spawn('bpftrace', ['-e', `BEGIN { printf("ready\\n"); } ${script}`], {
    // It complains about limits of memory that this kernel no longer has.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await ready(bpftrace);
  const theirs = (): LoadedProgram[] => loadedPrograms(native).filter(({ id }) => !before.has(id));
  const theirIds = new Set(theirs().map(({ id }) => id));
  const session = await openKernelSession([findTracker(tracker)!]);
  // The scripts have no alerts.
  session.set(tracker, { thresholdNs: Number.POSITIVE_INFINITY });
  const costs = (): (Cost & { readonly name: string })[] =>
    session.costs().map(({ program, runs, runNs }) => ({ name: program, runs, runNs }));
  const oursBefore = costs();
  const theirsBefore = theirs();
  spawnSync(workload[0]!, workload.slice(1), { stdio: 'ignore' });
  const ours = costs();
  const theirsAfter = theirs().filter(({ id }) => theirIds.has(id));
  for (const [own, other] of pairs) {
    const name = own.slice(0, 15);
    add(
      `${tracker}: ${other}`,
      perRun(ours, oursBefore, name),
      perRun(theirsAfter, theirsBefore, other),
    );
  }
  session.close();
  bpftrace.kill('SIGINT');
  await once(bpftrace, 'close');
}

/** Of the program with that name that ran most. */
function perRun(
  after: readonly (Cost & { readonly name: string })[],
  before: readonly (Cost & { readonly name: string })[],
  name: string,
): number {
  const costs = after
    .map((cost, i) => ({
      name: cost.name,
      runs: cost.runs - before[i]!.runs,
      runNs: cost.runNs - before[i]!.runNs,
    }))
    .filter((cost) => cost.name.slice(0, 15).startsWith(name))
    .sort((a, b) => b.runs - a.runs);
  return costs[0] === undefined ? Number.NaN : costs[0].runNs / costs[0].runs;
}

function add(name: string, ours: number, theirs: number): void {
  const result = results.get(name) ?? { ours: [], theirs: [] };
  result.ours.push(ours);
  result.theirs.push(theirs);
  results.set(name, result);
}

async function ready(child: ChildProcess): Promise<void> {
  for await (const data of child.stdout!.iterator({ destroyOnReturn: false })) {
    if (String(data).includes('ready')) return;
  }
  throw new Error('bpftrace ended before it was ready');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function print(): void {
  console.log('| tracker: event | Sonde (ns) | bpftrace (ns) | ratio |');
  console.log('| --- | --- | --- | --- |');
  for (const [name, { ours, theirs }] of results) {
    const [a, b] = [median(ours), median(theirs)];
    console.log(`| ${name} | ${a.toFixed(0)} | ${b.toFixed(0)} | ${(a / b).toFixed(2)} |`);
  }
}
