// `node bench/ftrace.mjs [--rounds=5] [--recordings=NAME=DIR,...]`, as root: records some 1.5 million events of this machine through tracefs, then
// measures their conversion to CTF; or that of folders that `sonde record --raw` wrote. Prints the table and writes bench/results/ftrace.{json,md}. CPU time, medians; a busy machine makes all of it longer.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { median } from './measure.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tracing = '/sys/kernel/tracing';
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    recordings: { type: 'string', default: '' },
  },
});
const passes = 6;
const isGiven = options.recordings !== '';
if (!isGiven && !existsSync(join(tracing, 'events'))) {
  throw new Error(`${tracing} can't be used: run as root, with tracefs mounted.`);
}
const scratch = mkdtempSync(join(tmpdir(), 'sonde-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const folders = isGiven
  ? Object.fromEntries(options.recordings.split(',').map((given) => given.split('=')))
  : { 'all kinds': scratch };
if (!isGiven) record();
await build({
  absWorkingDir: root,
  entryPoints: ['bench/cases/ftrace-convert.ts'],
  outfile: join(scratch, 'convert.cjs'),
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  conditions: ['@sonde/source'],
  logLevel: 'warning',
});
const variants = { 'no contexts': '', tid: 'tid', 'procname, pid, tid': 'procname,pid,tid' };
const runs = {};
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [recording, folder] of Object.entries(folders)) {
    for (const [name, contexts] of Object.entries(variants)) {
      const command = [join(scratch, 'convert.cjs'), folder, String(passes), contexts];
      const result = JSON.parse(execFileSync('node', command, { encoding: 'utf8' }));
      runs[`${recording} | ${name}`] ??= [];
      runs[`${recording} | ${name}`].push(result);
    }
  }
}
report();

/** The system's own work and a load of small system calls, forks and file look-ups. */
function record() {
  const instance = join(tracing, `instances/sonde_bench_${process.pid}`);
  mkdirSync(instance);
  const set = (file, value) => writeFileSync(join(instance, file), value);
  const read = (file) => readFileSync(join(instance, file), 'utf8');
  const systems = ['sched', 'task', 'irq', 'timer', 'syscalls', 'block', 'net', 'power'];
  try {
    set('trace_clock', 'mono');
    set('options/overwrite', '0');
    set('buffer_size_kb', '49152');
    for (const system of systems) set(`events/${system}/enable`, '1');
    const load =
      'dd if=/dev/zero of=/dev/null bs=1 count=250000; find /usr -xdev; for i in $(seq 200); do /bin/true; done';
    spawnSync('bash', ['-c', load], { stdio: 'ignore' });
    set('tracing_on', '0');
    const files = readdirSync(join(instance, 'per_cpu')).map((cpu) => {
      drain(join(instance, 'per_cpu', cpu, 'trace_pipe_raw'), join(scratch, `${cpu}.raw`));
      return { id: Number(cpu.slice(3)), file: `${cpu}.raw` };
    });
    const events = systems.flatMap((system) =>
      readdirSync(join(instance, 'events', system), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${system}/${name}`),
    );
    const description = {
      format: 'sonde-ftrace-raw',
      version: 1,
      byteOrder: 'little-endian',
      subBufferBytes: 4096,
      headerPage: readFileSync(join(tracing, 'events/header_page'), 'utf8'),
      headerEvent: readFileSync(join(tracing, 'events/header_event'), 'utf8'),
      clock: { name: 'mono' },
      cpus: files,
      formats: Object.fromEntries(events.map((event) => [event, read(`events/${event}/format`)])),
    };
    writeFileSync(join(scratch, 'ftrace.json'), JSON.stringify(description));
  } finally {
    set('events/enable', '0');
    rmdirSync(instance);
  }
}

function drain(pipe, path) {
  const from = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const to = openSync(path, 'w');
  const buffer = Buffer.alloc(4096);
  for (;;) {
    let count = 0;
    try {
      count = readSync(from, buffer);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
    if (count === 0) break;
    buffer.fill(0, count);
    writeSync(to, buffer);
  }
  closeSync(from);
  closeSync(to);
}

function report() {
  const f = (value, digits = 0) => value.toFixed(digits);
  const rows = Object.entries(runs).map(([contexts, results]) => {
    const first = median(results.map(({ nsPerEvent }) => nsPerEvent[0]));
    const later = results.map(({ nsPerEvent }) => median(nsPerEvent.slice(1)));
    const { events, bytesPerEvent } = results[0];
    const peakMb = Math.max(...results.map((result) => result.peakMb));
    return {
      contexts,
      events,
      bytesPerEvent,
      first,
      steady: median(later),
      least: Math.min(...later),
      peakMb,
    };
  });
  const lines = [
    '# Conversion of ftrace records to CTF',
    '',
    `CPU time (user + system, of all threads of the process) for each event, files read from the page cache included, packets thrown away. Medians of ${options.rounds}`,
    `processes. First pass: with the compilation of everything. Steady: the median of ${passes - 1} further passes in the same process, as a`,
    `recorder runs; least: of the best process. Linux ${release()}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)} from other work.`,
    '',
    '| recording | contexts | events | bytes of CTF an event | first pass, ns | steady, ns | least, ns | events/s of one core | peak MB |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map(
      (r) =>
        `| ${r.contexts} | ${r.events} | ${f(r.bytesPerEvent, 1)} | ${f(r.first)} | **${f(r.steady)}** (bar: 150) | ${f(r.least)} | ${f(1000 / r.steady, 1)} M (bar: 1.5 M) | ${f(r.peakMb)} |`,
    ),
    '',
  ];
  console.log(lines.join('\n'));
  const folder = join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'ftrace.md'), lines.join('\n'));
  writeFileSync(join(folder, 'ftrace.json'), `${JSON.stringify(rows, null, 2)}\n`);
}
