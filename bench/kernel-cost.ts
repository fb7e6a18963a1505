// What trackers in the kernel cost per program run, next to bpftrace scripts of the same meaning, attached at the same time to the same
// events: the kernel's own run_time_ns / run_cnt. bpftrace has two scripts for each tracker: one that makes the histogram and no more,
// and one with all results of the tracker that it can have (counts, sum, extremes, overwritten begins, alerts above the threshold).
// An empty program at the same event shows what the measurement itself is; "net" is without it. The second table has whole trackers:
// the run time of all their programs. Prints tables in Markdown; writes nothing.
//
//   npx esbuild bench/kernel-cost.ts --bundle --conditions=@sonde/source --platform=node --target=node20 --format=esm \
//     --external:koffi --outfile=node_modules/.kernel-cost.mjs && node node_modules/.kernel-cost.mjs [ROUNDS]
//
// With --first-data: from the beginning of the process to the first wakeups that are counted, and the most memory it had.
//
// Needs root, bpftrace, perf, dd.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  Assembler,
  attachRaw,
  BpfProgram,
  Btf,
  enableRunStatistics,
  loadedPrograms,
  Native,
} from '@sonde/ebpf';
import { findTracker, openKernelSession } from '@sonde/latency-tracker';
import { endPeer } from './kernel-trackers.ts';
import { median } from './paired.ts';

/** What bpftrace does at the end of an operation, in `$ns`: the histogram, or all. */
interface Results {
  readonly begin: string;
  readonly overwritten: (map: string) => string;
  readonly end: (label: string) => string;
}

const histogramOnly: Results = {
  begin: '',
  overwritten: () => '',
  end: (label) => `@ns${label} = hist($ns);`,
};
const allResults = (thresholdNs: number): Results => ({
  begin: '@begins = count();',
  overwritten: (map) => `if (${map}) { @overwritten = count(); }`,
  end: (label) => `@ns${label} = hist($ns); @sum${label} = stats($ns);
    @least${label} = min($ns); @most${label} = max($ns);
    if ($ns > ${thresholdNs}) { printf("%s %d %d %s\\n", comm, tid, $ns, kstack); }`,
});

/** The end at a switch of what began in `@q`. */
const switchIn = ({ end }: Results): string => `
  $begin = @q[args->next_pid];
  if ($begin) { $ns = nsecs - $begin; ${end('')} delete(@q[args->next_pid]); }`;

interface Case {
  readonly tracker: string;
  readonly thresholdNs: number;
  readonly script: (results: Results) => string;
  readonly workload: readonly string[];
  /** Programs of ours and of bpftrace that do the same work. */
  readonly pairs: readonly (readonly [ours: string, theirs: string])[];
}

const pipe = ['perf', 'bench', 'sched', 'pipe', '-l', '60000'];
const cases: readonly Case[] = [
  {
    tracker: 'runq',
    thresholdNs: 5e6,
    script: (results) => `tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new {
        ${results.begin} ${results.overwritten('@q[args->pid]')} @q[args->pid] = nsecs; }
      tracepoint:sched:sched_switch {
        if ((args->prev_state & 0xff) == 0) {
          ${results.begin} ${results.overwritten('@q[args->prev_pid]')} @q[args->prev_pid] = nsecs; }
        ${switchIn(results)} }`,
    workload: pipe,
    pairs: [
      ['runq_wakeup', 'sched_wakeup'],
      ['runq_switch', 'sched_switch'],
    ],
  },
  {
    tracker: 'wakeup',
    thresholdNs: 5e6,
    // The first counts; a wakeup that comes while a thread is about to sleep is seen by its second event only.
    script: (results) => `
      tracepoint:sched:sched_waking, tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new {
        ${results.begin} if (@q[args->pid]) { ${results.overwritten('1')} } else {
        @q[args->pid] = nsecs; @waker[args->pid] = comm; } }
      tracepoint:sched:sched_switch {
        if (@q[args->prev_pid]) { delete(@q[args->prev_pid]); }
        ${switchIn(results)} }`,
    workload: pipe,
    pairs: [
      ['wakeup_waking', 'sched_waking'],
      ['wakeup_switch', 'sched_switch'],
    ],
  },
  {
    tracker: 'offcpu',
    thresholdNs: 5e9,
    script: (
      results,
    ) => `tracepoint:sched:sched_waking /@q[args->pid]/ { @waker[args->pid] = comm; }
      tracepoint:sched:sched_switch {
        ${results.begin} ${results.overwritten('@q[args->prev_pid]')} @q[args->prev_pid] = nsecs;
        ${switchIn(results)} }`,
    workload: pipe,
    pairs: [
      ['offcpu_waking', 'sched_waking'],
      ['offcpu_switch', 'sched_switch'],
    ],
  },
  {
    tracker: 'syscall',
    thresholdNs: 1e9,
    script: (results) => `tracepoint:raw_syscalls:sys_enter {
        ${results.begin} ${results.overwritten('@begin[tid]')} @begin[tid] = nsecs; }
      tracepoint:raw_syscalls:sys_exit /@begin[tid]/ {
        $ns = nsecs - @begin[tid]; ${results.end('[args->id]')} delete(@begin[tid]); }`,
    workload: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=200000', 'status=none'],
    pairs: [
      ['syscall_sys_ente', 'sys_enter'],
      ['syscall_sys_exit', 'sys_exit'],
    ],
  },
];

/** Of one program, or of several together. */
interface Cost {
  readonly name: string;
  readonly runs: number;
  readonly runNs: number;
}

const scripts = ['histogram', 'all'] as const;
type Script = (typeof scripts)[number];
const columnsOf: Record<Script, readonly string[]> = {
  histogram: ['bpftrace, histogram', 'ratio', 'net'],
  all: ['bpftrace, all results', 'ratio', 'net'],
};

/** One figure per round (ns); `empty` is the measurement itself, for as many runs. */
interface Result {
  readonly ours: number[];
  readonly theirs: number[];
  readonly ourEmpty: number[];
  readonly theirEmpty: number[];
}

if (process.argv[2] === '--first-data') await measureStart();
const rounds = Number(process.argv[2] ?? 3);
const native = await Native.open();
const types = Btf.ofKernel();
const statistics = enableRunStatistics(native);
const perProgram = new Map<string, Record<Script, Result>>();
const perTracker = new Map<string, Record<Script, Result>>();
for (let round = 0; round < rounds; round++) {
  for (const one of cases) for (const script of scripts) await runCase(one, script);
}
statistics.close();
print('tracker: event', perProgram, 0);
console.log();
print('all programs of', perTracker, 1);

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

async function runCase(one: Case, kind: Script): Promise<void> {
  const { tracker, thresholdNs, script, workload, pairs } = one;
  const before = new Set(loadedPrograms(native).map(({ id }) => id));
  const text = script(kind === 'all' ? allResults(thresholdNs) : histogramOnly);
  const bpftrace = spawn('bpftrace', ['-e', `BEGIN { printf("ready\\n"); } ${text}`], {
    // It complains about limits of memory that this kernel no longer has.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await ready(bpftrace);
  bpftrace.stdout!.resume();
  const newOnes = (): Cost[] => loadedPrograms(native).filter(({ id }) => !before.has(id));
  const theirNames = new Set(newOnes().map(({ name }) => name));
  const theirs = (): Cost[] =>
    newOnes().filter(({ name }) => theirNames.has(name) && name !== 'BEGIN');
  // As `sonde latency` has it; the scripts have no user-space stacks either.
  const session = await openKernelSession([findTracker(tracker)!], { userStacks: false });
  // The histogram alone has no alerts.
  if (kind === 'histogram') session.set(tracker, { thresholdNs: Number.POSITIVE_INFINITY });
  const ours = (): Cost[] =>
    session.costs().map(({ program, runs, runNs }) => ({ name: program, runs, runNs }));
  const empty = attachEmpty(pairs[1]![1]);
  const begins = [theirs(), ours(), empty.costs()];
  spawnSync(workload[0]!, workload.slice(1), { stdio: 'ignore' });
  const ends = [theirs(), ours(), empty.costs()];
  const [their, our, none] = ends.map((end, i) => differences(end, begins[i]!));
  const emptyNs = perRun(none![0]!);
  for (const [own, other] of pairs) {
    const [a, b] = [ofName(our!, own), ofName(their!, other)];
    add(perProgram, `${tracker}: ${other}`, kind, [perRun(a), perRun(b), emptyNs, emptyNs]);
  }
  // Per operation: as many as ran at its end.
  const operations = ofName(our!, pairs[1]![0]).runs;
  const [a, b] = [total(our!), total(their!)];
  const perOperation = (ns: number): number => ns / operations;
  const figures = [a.runNs, b.runNs, a.runs * emptyNs, b.runs * emptyNs].map(perOperation);
  add(perTracker, tracker, kind, figures);
  empty.close();
  session.close();
  await endPeer(bpftrace);
}

/** A program that does nothing, at a tracepoint: what its runs seem to cost is the measurement. */
function attachEmpty(tracepoint: string): { costs(): Cost[]; close(): void } {
  const program = new BpfProgram(native, {
    type: 'typed-tracepoint',
    name: 'empty',
    code: new Assembler().move('r0', 0).exit(),
    btfId: types.find('typedef', `btf_trace_${tracepoint}`)!,
  });
  const attachment = attachRaw(native, program);
  return {
    costs: () => [{ name: 'empty', ...program.statistics() }],
    close() {
      attachment.close();
      program.close();
    },
  };
}

function differences(after: readonly Cost[], before: readonly Cost[]): Cost[] {
  return after.map((cost, i) => ({
    name: cost.name,
    runs: cost.runs - before[i]!.runs,
    runNs: cost.runNs - before[i]!.runNs,
  }));
}

/** The program with that name that ran most. */
function ofName(costs: readonly Cost[], name: string): Cost {
  const named = costs.filter((cost) => cost.name.slice(0, 15).startsWith(name.slice(0, 15)));
  return named.sort((a, b) => b.runs - a.runs)[0]!;
}

function perRun({ runs, runNs }: Cost): number {
  return runNs / runs;
}

function total(costs: readonly Cost[]): Cost {
  return {
    name: 'all',
    runs: costs.reduce((sum, { runs }) => sum + runs, 0),
    runNs: costs.reduce((sum, { runNs }) => sum + runNs, 0),
  };
}

function add(
  results: Map<string, Record<Script, Result>>,
  name: string,
  script: Script,
  [ours, theirs, ourEmpty, theirEmpty]: readonly number[],
): void {
  const none = (): Result => ({ ours: [], theirs: [], ourEmpty: [], theirEmpty: [] });
  const there = results.get(name) ?? { histogram: none(), all: none() };
  results.set(name, there);
  const result = there[script];
  result.ours.push(ours!);
  result.theirs.push(theirs!);
  result.ourEmpty.push(ourEmpty!);
  result.theirEmpty.push(theirEmpty!);
}

async function ready(child: ChildProcess): Promise<void> {
  for await (const data of child.stdout!.iterator({ destroyOnReturn: false })) {
    if (String(data).includes('ready')) return;
  }
  throw new Error('bpftrace ended before it was ready');
}

/** Medians over the rounds; each ratio is of one run. */
function print(
  title: string,
  results: ReadonlyMap<string, Record<Script, Result>>,
  digits: number,
): void {
  const names = ['Sonde (ns)', 'measurement', ...scripts.flatMap((script) => columnsOf[script])];
  console.log(`| ${title} | ${names.join(' | ')} |`);
  console.log(`|${' --- |'.repeat(names.length + 1)}`);
  for (const [name, both] of results) {
    const figures = scripts.flatMap((script) => {
      const { ours, theirs, ourEmpty, theirEmpty } = both[script];
      const ratios = ours.map((own, i) => own / theirs[i]!);
      const net = ours.map((own, i) => (own - ourEmpty[i]!) / (theirs[i]! - theirEmpty[i]!));
      return [median(theirs).toFixed(digits), median(ratios).toFixed(2), median(net).toFixed(2)];
    });
    const [own, empty] = [median(both.histogram.ours), median(both.histogram.ourEmpty)];
    const row = [name, own.toFixed(digits), empty.toFixed(digits), ...figures];
    console.log(`| ${row.join(' | ')} |`);
  }
}
