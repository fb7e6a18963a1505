// What trackers in the kernel take from a database: sysbench's OLTP against MariaDB without tracing, with all I/O, scheduler and system call
// trackers of Sonde, and with a bpftrace script of the same pairs. Two more ways show what no tracker can do without: programs at the same
// events that do nothing, and programs that only read the clock. Many short rounds: in each, twice without tracing and once each other way,
// in random order, always the same transactions. Of each run, per transaction:
// - busy: time all CPUs of the machine were not idle, as the kernel sums it up exactly (not sampled at ticks)
// - CPU: run time of database and sysbench, by the scheduler's sums
// - time
// Each is compared with the mean of the two runs without tracing of its round: trimmed means over the rounds, with 95 % confidence
// intervals (bootstrap). The two runs without tracing are compared too: what that shows is noise. Prints a table in Markdown; writes
// nothing but a database in a folder of its own.
//
//   npx esbuild bench/kernel-slowdown.ts --bundle --conditions=@sonde/source --platform=node --target=node20 --format=esm \
//     --external:koffi --outfile=node_modules/.kernel-slowdown.mjs && node node_modules/.kernel-slowdown.mjs [MINUTES [TRANSACTIONS [CPUS [TABLES]]]]
//
// CPUS: what database and sysbench are pinned to, as taskset takes it; "all": not pinned. TABLES: how many, and of how many rows; 2x20000 fits
// into the database's memory, 4x500000 does not. Needs root, bpftrace, sysbench, mariadb-server.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Assembler, attachRaw, BpfProgram, Btf, loadedPrograms, Native } from '@sonde/ebpf';
import { findTracker, openKernelSession } from '@sonde/latency-tracker';
import { endPeer, probesOfSameMeaning, sameMeaning, trackers } from './kernel-trackers.ts';
import { bootstrap, median, seededRandom, shuffled } from './paired.ts';

const endMs = performance.now() + Number(process.argv[2] ?? 10) * 60_000;
const transactions = Number(process.argv[3] ?? 1000);
const cpus = process.argv[4] ?? 'all';
const [tableCount, rowCount] = (process.argv[5] ?? '2x20000').split('x');
const ticksPerS = 100;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const ways = ['none', 'none again', 'empty programs', 'clock only', 'Sonde', 'bpftrace'] as const;
type Way = (typeof ways)[number];
const figures = ['busyUs', 'cpuUs', 'wallUs'] as const;
type Run = Record<(typeof figures)[number], number>;
type Round = Record<Way, Run>;

/** Events that these trackers need, but for those that hardly come here. */
const events = [
  ...['sys_enter', 'sys_exit', 'sched_switch', 'sched_waking', 'sched_wakeup'],
  ...['block_rq_insert', 'block_rq_issue', 'block_rq_complete'],
];
const types = Btf.ofKernel();

const pinned: readonly string[] = cpus === 'all' ? [] : ['taskset', '-c', cpus];
const random = seededRandom(5);
const cpuCount = readFileSync('/proc/stat', 'utf8').match(/^cpu\d/gm)!.length;
const native = await Native.open();
const folder = mkdtempSync(join(tmpdir(), 'sonde-oltp-'));
const socket = join(folder, 'socket');
const database = await startDatabase();
const connection = [`--mysql-socket=${socket}`, '--mysql-user=root', '--mysql-db=test'];
const tables = [`--tables=${tableCount}`, `--table-size=${rowCount}`];
const rounds: Round[] = [];
try {
  sysbench('prepare');
  // The first ones fill the caches.
  for (let i = 0; i < 4; i++) await runWith('none');
  for (let longestMs = 0; performance.now() + longestMs < endMs; ) {
    const beginMs = performance.now();
    const round = {} as Round;
    for (const way of shuffled(ways, random)) round[way] = await runWith(way);
    rounds.push(round);
    longestMs = Math.max(longestMs, performance.now() - beginMs);
  }
  print();
} finally {
  database.kill('SIGTERM');
  await once(database, 'close');
  rmSync(folder, { recursive: true });
}

async function startDatabase(): Promise<ChildProcess> {
  const data = join(folder, 'data');
  const install = ['--no-defaults', `--datadir=${data}`, '--user=root', '--skip-test-db'];
  spawnSync('mariadb-install-db', [...install, '--auth-root-authentication-method=normal']);
  const options = ['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, '--user=root'];
  // What it does by itself now and then would fall into some of the runs.
  const steady = ['--innodb-log-file-size=1G', '--innodb-stats-auto-recalc=0'];
  const command = [...pinned, 'mariadbd', ...options, ...steady, '--skip-networking'];
  const child = spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
  const create = ['--no-defaults', `--socket=${socket}`, '-uroot', '-e', 'create database test'];
  for (let i = 0; i < 100; i++) {
    if (spawnSync('mariadb', create).status === 0) return child;
    await pause(100);
  }
  throw new Error('The database does not start.');
}

function sysbench(step: string, ...options: readonly string[]): void {
  const args = ['oltp_read_write', ...connection, ...tables, ...options, step];
  const command = [...pinned, 'sysbench', ...args];
  const { status, stderr } = spawnSync(command[0]!, command.slice(1));
  if (status !== 0) throw new Error(`sysbench ${step}: ${stderr}`);
}

/** Run time of all threads of the database so far (µs); it keeps its threads. */
function databaseUs(): number {
  const tasks = `/proc/${database.pid}/task`;
  return readdirSync(tasks).reduce((sum, tid) => {
    const ns = readFileSync(`${tasks}/${tid}/schedstat`, 'utf8').split(' ', 1)[0];
    return sum + Number(ns) / 1000;
  }, 0);
}

/** User and system time of children that have ended (µs): only sysbench, while trackers are at work. */
function childrenUs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[13]) + Number(fields[14])) * 1e6) / ticksPerS;
}

/** Time in which CPUs were idle or the hypervisor's, all together (µs). */
function idleUs(): number {
  const sums = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.trim().split(/\s+/);
  const [idle, waiting, , , stolen] = sums.slice(4).map(Number);
  return ((idle! + waiting! + stolen!) * 1e6) / ticksPerS;
}

function runOltp(): Run {
  const [ofDatabase, ofChildren, idle] = [databaseUs(), childrenUs(), idleUs()];
  const beginMs = performance.now();
  sysbench('run', '--threads=4', '--time=0', `--events=${transactions}`, '--rand-seed=1');
  const wallUs = (performance.now() - beginMs) * 1000;
  const cpuUs = databaseUs() - ofDatabase + childrenUs() - ofChildren;
  const busyUs = wallUs * cpuCount - (idleUs() - idle);
  return {
    busyUs: busyUs / transactions,
    cpuUs: cpuUs / transactions,
    wallUs: wallUs / transactions,
  };
}

async function runWith(way: Way): Promise<Run> {
  if (way === 'Sonde') {
    // As `sonde latency` has it, with its alerts.
    const session = await openKernelSession(
      trackers.map((name) => findTracker(name)!),
      { userStacks: false },
    );
    await pause(100);
    try {
      return runOltp();
    } finally {
      session.close();
      await pause(200);
    }
  }
  if (way === 'empty programs' || way === 'clock only') {
    const detach = attachFloor(way === 'clock only');
    await pause(100);
    try {
      return runOltp();
    } finally {
      detach();
      await pause(200);
    }
  }
  if (way !== 'bpftrace') {
    await pause(100);
    return runOltp();
  }
  const before = new Set(loadedPrograms(native).map(({ id }) => id));
  const peer = spawn('bpftrace', ['-e', sameMeaning], { stdio: 'ignore' });
  const isNew = ({ id }: { readonly id: number }): boolean => !before.has(id);
  while (loadedPrograms(native).filter(isNew).length < probesOfSameMeaning) await pause(20);
  await pause(300);
  const run = runOltp();
  await endPeer(peer);
  await pause(200);
  return run;
}

/** What every tracker of these events costs at least. */
function attachFloor(readsClock: boolean): () => void {
  const attached = events.map((event) => {
    const code = new Assembler();
    if (readsClock) code.call('ktime_get_ns');
    code.move('r0', 0).exit();
    const btfId = types.find('typedef', `btf_trace_${event}`)!;
    const options = { type: 'typed-tracepoint', name: event.slice(0, 15), code, btfId } as const;
    const program = new BpfProgram(native, options);
    return { program, attachment: attachRaw(native, program) };
  });
  return () => {
    for (const { program, attachment } of attached) {
      attachment.close();
      program.close();
    }
  };
}

/** Against the mean of the two runs without tracing, or these two against each other (%). */
function slowdown(way: Way, figure: keyof Run): string {
  const ratios = rounds.map((round) => {
    const [first, again] = [round.none[figure], round['none again'][figure]];
    return way === 'none again'
      ? 100 * (again / first - 1)
      : 100 * ((2 * round[way][figure]) / (first + again) - 1);
  });
  const { mean, low, high } = bootstrap(ratios, random);
  return `${mean.toFixed(2)} % (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

function print(): void {
  console.log(
    `${rounds.length} rounds of ${transactions} transactions; pinned to: ${cpus}; tables: ${tableCount} of ${rowCount} rows\n`,
  );
  console.log('| | busy per transaction (µs) | slowdown, busy | slowdown, CPU | slowdown, time |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const way of ways) {
    const busyUs = median(rounds.map((round) => round[way].busyUs)).toFixed(0);
    const slower = way === 'none' ? figures.map(() => '') : figures.map((of) => slowdown(way, of));
    console.log(`| ${way} | ${busyUs} | ${slower.join(' | ')} |`);
  }
}
