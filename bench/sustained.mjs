// `node bench/sustained.mjs [--seconds=10] [--rates=1,1.5,2,3]`, as root: how many events a second (millions) `sonde record` takes with its
// default buffers and contexts, and without loss. Two processes make system calls, each of which is two events. Prints the table and writes
// bench/results/sustained.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure } from './measure.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rates: { type: 'string', default: '1,1.5,2,3' },
  },
});
const seconds = Number(options.seconds);
const scratch = mkdtempSync(join(tmpdir(), 'sonde-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

const output = join(scratch, 'trace');
const generator = join(root, 'bench/cases/system-calls.mjs');
const rows = [];
for (const rate of options.rates.split(',').map(Number)) {
  for (const [mode, flags] of Object.entries({ CTF: '', raw: '--raw' })) {
    const { bavail, bsize } = statfsSync(scratch);
    if (bavail * bsize < rate * 1e6 * seconds * 100) throw new Error(`${scratch} has no room.`);
    rows.push(await run(rate, mode, flags));
    console.log(rows.at(-1).join('  '));
  }
}
report();

async function run(rate, mode, flags) {
  rmSync(output, { recursive: true, force: true });
  const one = `nice -n -10 node ${generator} ${(rate * 1e6) / 2 / 2} ${seconds}`;
  const record = `node ${root}/packages/cli/bin/sonde.js record ${flags} -o ${output} -e 'raw_syscalls:*'`;
  const script = `${record} -- sh -c '${one} & ${one} & wait' 2>${scratch}/told`;
  // A shell that stays: it is asked for the peak memory of its child.
  const { peakMb } = await measure(['sh', '-c', `exec ${script}`]);
  const told = execFileSync('cat', [join(scratch, 'told')], { encoding: 'utf8' });
  const number = (pattern) => Number(pattern.exec(told)?.[1]?.replaceAll(',', '') ?? 0);
  const elapsed = number(/Recorded ([\d.]+) s/);
  const lost = number(/([\d,]+) LOST/);
  const cpuSeconds = number(/used ([\d.]+) s of CPU time/);
  const events = mode === 'raw' ? countRaw() : number(/([\d,]+) events/);
  return [
    rate,
    mode,
    (events / elapsed / 1e6).toFixed(2),
    lost,
    ((cpuSeconds * 1e9) / events).toFixed(0),
    peakMb.toFixed(0),
  ];
}

function countRaw() {
  const sonde = ['packages/cli/bin/sonde.js', 'read', '-o', 'counter', output];
  const text = execFileSync('node', sonde, { cwd: root, encoding: 'utf8' });
  return Number(/(\d[\d,]*)/.exec(text)[1].replaceAll(',', ''));
}

function report() {
  const head = [
    'asked for, M events/s',
    'mode',
    'recorded, M events/s',
    'lost',
    'recorder, ns an event (bars: CTF 150, raw 40)',
    'peak MB (bar: 150)',
  ];
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  const text = `# Events that a recorder takes without loss

Two processes make system calls for ${seconds} s (\`raw_syscalls:*\`: two events each), recorded with the default buffers, and for CTF with the
default contexts (procname, pid, tid). The bar: 1.5 million events a second on 2 CPUs, nothing lost. CPU time of the recorder is all
threads', user and system, the state dump included. Where less is recorded than was asked for and nothing is lost, the machine did not make
more. Linux ${release()}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}; load ${loadavg()[0].toFixed(1)}, that of this benchmark included.
\`node bench/sustained.mjs\` makes this table.

${lines.join('\n')}
`;
  writeFileSync(join(root, 'bench/results/sustained.md'), text);
}
