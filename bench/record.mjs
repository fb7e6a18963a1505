// `node bench/record.mjs [--rounds=3] [--only=REGEXP]`: what recording costs, as root: CPU time of the same work recorded with
// `sonde record` (with and without the texts of system calls), `sonde record --raw` and `trace-cmd record` of the same events, beside the
// work alone. Recorders are included; what they take for a program that does nothing is their start, told apart. All take turns within each
// round. Prints the table and writes bench/results/record.md.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure, median } from './measure.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sonde = ['node', join(root, 'packages/cli/bin/sonde.js')];
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, only: { type: 'string', default: '' } },
});
const only = new RegExp(options.only);
const scratch = mkdtempSync(join(tmpdir(), 'sonde-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

const eventSets = {
  scheduler: [
    'sched:sched_switch',
    'sched:sched_wakeup',
    'sched:sched_wakeup_new',
    'sched:sched_migrate_task',
  ],
  'system calls': ['syscalls:*'],
  everything: [
    'sched:sched_*',
    'syscalls:*',
    'irq:*',
    'block:*',
    'net:*',
    'timer:*',
    'kmem:mm_page_*',
  ],
};

const sysbench = (...args) => ['sysbench', '--threads=2', '--time=0', ...args];
const files = join(scratch, 'files');
/** What LTTng cost in the talk that this is measured against: MariaDB under sysbench's OLTP. */
const talk = { scheduler: '0.61 %', 'system calls': '2.66 %', everything: '11 %' };
/** The same amount of work each time. */
const workloads = {
  cpu: { command: sysbench('--events=20000', 'cpu', 'run') },
  threads: { command: sysbench('--events=4000', '--thread-locks=4', 'threads', 'run') },
  fileio: {
    command: [
      'sh',
      '-c',
      `cd ${files} && sysbench --threads=2 --time=0 --events=200000 --file-num=8 --file-total-size=16M --file-test-mode=rndrw fileio run`,
    ],
  },
  oltp: { server: true, command: oltp('--events=2000', 'run') },
};

function oltp(...args) {
  const socket = `--mysql-socket=${join(scratch, 'socket')}`;
  const tables = ['--mysql-user=root', '--mysql-db=test', '--tables=2', '--table-size=2000'];
  return sysbench(socket, ...tables, 'oltp_read_write', ...args);
}

function recorded(mode, events, command) {
  const output = join(scratch, `trace-${mode}`);
  rmSync(output, { recursive: true, force: true });
  const named = events.flatMap((event) => ['-e', event]);
  switch (mode) {
    case 'off':
      return command;
    case 'trace-cmd': {
      // Its name for all events of a system has no star.
      const plain = named.map((word) => word.replace(/:\*$/, ''));
      const shell = ['unshare', '-m', 'sh', join(root, 'bench/trace-cmd.sh')];
      const settings = ['-q', '-C', 'mono', '-b', '16384', '-o', output, '-B', 'sonde-bench'];
      return [...shell, 'record', ...settings, ...plain, ...command];
    }
    case 'raw':
      return [...sonde, 'record', '-q', '--raw', '-o', output, ...named, '--', ...command];
    case 'ctf':
      return [...sonde, 'record', '-q', '--no-contents', '-o', output, ...named, '--', ...command];
    case 'texts':
      return [...sonde, 'record', '-q', '-o', output, ...named, '--', ...command];
  }
}

/** CPU time of another process so far (s). */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function startServer() {
  const data = join(scratch, 'data');
  mkdirSync(data);
  execFileSync(
    'mariadb-install-db',
    ['--user=root', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
    { stdio: 'ignore' },
  );
  const socket = join(scratch, 'socket');
  const server = spawn(
    'mariadbd',
    [
      '--no-defaults',
      '--user=root',
      `--datadir=${data}`,
      `--socket=${socket}`,
      '--skip-networking',
      `--pid-file=${join(scratch, 'pid')}`,
    ],
    { stdio: 'ignore' },
  );
  process.on('exit', () => server.kill('SIGKILL'));
  for (let i = 0; i < 100 && !existsSync(socket); i++) await sleep(200);
  spawnSync(
    'mariadb',
    ['-u', 'root', `--socket=${socket}`, '-e', 'create database if not exists test'],
    { stdio: 'ignore' },
  );
  execFileSync(...((words) => [words[0], words.slice(1)])(oltp('prepare')), { stdio: 'ignore' });
  return server;
}

mkdirSync(files);
execFileSync('sysbench', ['--file-num=8', '--file-total-size=16M', 'fileio', 'prepare'], {
  cwd: files,
  stdio: 'ignore',
});
let server;
const rows = [];
for (const [workload, { command, server: needsServer }] of Object.entries(workloads)) {
  for (const [set, events] of Object.entries(eventSets)) {
    if (!only.test(`${workload}/${set}`)) continue;
    if (needsServer) server ??= await startServer();
    const modes = ['off', 'trace-cmd', 'raw', 'ctf', ...(set === 'scheduler' ? [] : ['texts'])];
    const seconds = Object.fromEntries(modes.map((mode) => [mode, []]));
    const starts = Object.fromEntries(modes.map((mode) => [mode, []]));
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const mode of modes) {
        const before = needsServer ? cpuOf(server.pid) : 0;
        const { cpuS } = await measure(recorded(mode, events, command));
        seconds[mode].push(cpuS + (needsServer ? cpuOf(server.pid) - before : 0));
        starts[mode].push((await measure(recorded(mode, events, ['true']))).cpuS);
      }
    }
    const alone = median(seconds.off);
    const start = (mode) => median(starts[mode]);
    const cost = (mode) => median(seconds[mode]) - start(mode) - alone;
    const percent = (mode) =>
      mode in seconds ? `${((100 * cost(mode)) / alone).toFixed(1)} %` : '–';
    const [least, most] = [Math.min(...seconds.off), Math.max(...seconds.off)];
    const isTold = cost('trace-cmd') > most - least && seconds.off.length > 1;
    const ratio = (mode) => (isTold ? (cost(mode) / cost('trace-cmd')).toFixed(2) : '–');
    rows.push([
      workload,
      set,
      `${alone.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`,
      ...['trace-cmd', 'raw', 'ctf', 'texts'].map(percent),
      (workload === 'oltp' && talk[set]) || '–',
      ratio('raw'),
      ratio('ctf'),
      ['trace-cmd', 'raw', 'ctf', 'texts']
        .map((mode) => (mode in starts ? start(mode).toFixed(2) : '–'))
        .join(' / '),
    ]);
    console.log(rows.at(-1).join('  '));
    writeTable();
  }
}
server?.kill();

/** After each row: a run that is cut short has written what it knows. */
function writeTable() {
  const head = [
    'work',
    'events',
    'alone, CPU s',
    'trace-cmd',
    'sonde --raw',
    'sonde --no-contents',
    'sonde',
    "2015 talk's LTTng",
    'raw ÷ trace-cmd (bar: 1.1)',
    'CTF ÷ trace-cmd (bar: 1.5)',
    'starts (trace-cmd / raw / no contents / sonde), CPU s',
  ];
  const table = [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
  writeFileSync(
    join(root, 'bench/results/record.md'),
    `# What recording costs

CPU time (user and system, recorders and the database server included) beyond that of the work alone and of the recorder's start, medians of
${options.rounds} rounds in which all take turns. The start is what recording \`true\` costs: node, the state dump, a recorder's end; it counts once,
however long a recording is. CTF is with the contexts procname, pid and tid, which trace-cmd does not have (it keeps the id of the thread).
In brackets: the least and the most that the work took alone. There is no ratio where that differs more than trace-cmd costs: then the
overheads of the row say nothing either. Load ${loadavg()[0].toFixed(1)} on 2 CPUs, mostly of other work.
\`node bench/record.mjs\` makes this table.

${table}
`,
  );
}
