// What trackers in the kernel take from a database: sysbench's OLTP against MariaDB without tracing, with all I/O, scheduler and system call
// trackers of Sonde, and with a bpftrace script of the same meaning, one after the other in every round, in changing order. Of each run: the
// CPU time (user + system) of database and sysbench per transaction, and the time per transaction. Each is compared with the run without
// tracing of the same round; medians over all rounds. Prints a table in Markdown; writes nothing but a database in a folder of its own.
//
//   npx esbuild bench/kernel-slowdown.ts --bundle --conditions=@sonde/source --platform=node --target=node20 --format=esm \
//     --external:koffi --outfile=node_modules/.kernel-slowdown.mjs && node node_modules/.kernel-slowdown.mjs [ROUNDS [TRANSACTIONS]]
//
// Needs root, bpftrace, sysbench, mariadb-server.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTracker, openKernelSession } from '@sonde/latency-tracker';
import { sameMeaning, trackers } from './kernel-trackers.ts';

const rounds = Number(process.argv[2] ?? 9);
const transactions = Number(process.argv[3] ?? 3000);
const ticksPerS = 100;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const ways = ['none', 'Sonde', 'bpftrace'] as const;
type Way = (typeof ways)[number];
interface Run {
  readonly cpuUs: number;
  readonly wallUs: number;
}

const folder = mkdtempSync(join(tmpdir(), 'sonde-oltp-'));
const socket = join(folder, 'socket');
const database = await startDatabase();
const connection = [`--mysql-socket=${socket}`, '--mysql-user=root', '--mysql-db=test'];
const tables = ['--tables=2', '--table-size=20000'];
try {
  sysbench('prepare');
  // The first ones fill the caches.
  runOltp();
  runOltp();
  const results = new Map<Way, Run[]>(ways.map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < ways.length; i++) {
      const way = ways[(round + i) % ways.length]!;
      results.get(way)!.push(await runWith(way));
    }
  }
  print(results);
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
  const child = spawn('mariadbd', [...options, '--skip-networking'], { stdio: 'ignore' });
  const create = ['--no-defaults', `--socket=${socket}`, '-uroot', '-e', 'create database test'];
  for (let i = 0; i < 100; i++) {
    if (spawnSync('mariadb', create).status === 0) return child;
    await pause(100);
  }
  throw new Error('The database does not start.');
}

function sysbench(command: string, ...options: readonly string[]): void {
  const args = ['oltp_read_write', ...connection, ...tables, ...options, command];
  const { status, stderr } = spawnSync('sysbench', args);
  if (status !== 0) throw new Error(`sysbench ${command}: ${stderr}`);
}

/** User and system time of the database so far (µs). */
function databaseUs(): number {
  const fields = readFileSync(`/proc/${database.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerS;
}

/** That of children that have ended (µs): only sysbench, while trackers are at work. */
function childrenUs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[13]) + Number(fields[14])) * 1e6) / ticksPerS;
}

function runOltp(): Run {
  const [ofDatabase, ofChildren, beginMs] = [databaseUs(), childrenUs(), performance.now()];
  sysbench('run', '--threads=4', '--time=0', `--events=${transactions}`, '--rand-seed=1');
  const wallUs = ((performance.now() - beginMs) * 1000) / transactions;
  const cpuUs = databaseUs() - ofDatabase + childrenUs() - ofChildren;
  return { cpuUs: cpuUs / transactions, wallUs };
}

async function runWith(way: Way): Promise<Run> {
  if (way === 'none') return runOltp();
  if (way === 'Sonde') {
    const session = await openKernelSession(trackers.map((name) => findTracker(name)!));
    try {
      return runOltp();
    } finally {
      session.close();
    }
  }
  // Its other probes are attached when the timer's is, or a little later.
  const args = ['-e', `${sameMeaning} interval:ms:100 { printf("ready\\n"); }`];
  const peer = spawn('bpftrace', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(peer.stdout, 'data');
  peer.stdout.resume();
  await pause(500);
  const run = runOltp();
  peer.kill('SIGINT');
  await once(peer, 'close');
  return run;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function print(results: ReadonlyMap<Way, readonly Run[]>): void {
  const none = results.get('none')!;
  const slowdown = (runs: readonly Run[], of: keyof Run): string => {
    const ratios = runs.map((run, i) => 100 * (run[of] / none[i]![of] - 1)).sort((a, b) => a - b);
    const [low, high] = [ratios[ratios.length >> 2]!, ratios[(3 * ratios.length) >> 2]!];
    return `${median(ratios).toFixed(2)} % (${low.toFixed(1)} to ${high.toFixed(1)})`;
  };
  console.log('| | CPU per transaction (µs) | slowdown, CPU | slowdown, time |');
  console.log('| --- | --- | --- | --- |');
  for (const [way, runs] of results) {
    const cpuUs = median(runs.map((run) => run.cpuUs)).toFixed(0);
    const slower =
      way === 'none' ? '| | |' : `| ${slowdown(runs, 'cpuUs')} | ${slowdown(runs, 'wallUs')} |`;
    console.log(`| ${way} | ${cpuUs} ${slower}`);
  }
}
