// `npm run bench:latency [-- --rounds=3]`: what a pair costs in a program, and how fast trackers go over the kernel benchmark trace.
// Each case is a process of its own; they take turns. Prints the table and writes bench/results/latency.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { median } from './measure.mjs';
import { snapshotDelays } from './snapshot-delay.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const shared = process.env.SONDE_SHARED ?? join(root, '../shared');
const traceEvents = 3_536_846;
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, trace: { type: 'string' } },
});
const scratch = mkdtempSync(join(tmpdir(), 'sonde-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const bundle = join(scratch, 'latency.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['bench/cases/latency.ts'],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['@sonde/source'],
  logLevel: 'warning',
});
const run = (...args) => JSON.parse(execFileSync('node', [bundle, ...args], { encoding: 'utf8' }));
const { api, stream } = run('--list');
const trace = options.trace ?? unpack();
const samples = new Map();
for (let round = 0; round < Number(options.rounds); round++) {
  for (const name of api) {
    const { ns, bytes } = run(name);
    add(name, ns);
    add(`${name} bytes`, bytes);
  }
  for (const name of trace === undefined ? [] : stream) add(name, run(name, trace).cpuS);
}
// As root, with the built command.
const delaysMs = process.getuid?.() === 0 ? await snapshotDelays() : [];
report();

function add(name, value) {
  samples.set(name, [...(samples.get(name) ?? []), value]);
}

function unpack() {
  const archive = join(shared, 'traces/benchmark/lttng-kernel-oltp.tar.xz');
  if (!existsSync(archive)) return undefined;
  execFileSync('tar', ['-xJf', archive, '-C', scratch]);
  return scratch;
}

function report() {
  const lines = [
    '# Speed of the latency tracker',
    '',
    `CPU time (user + system), medians of ${options.rounds} rounds. Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}.`,
    '',
    '| `eventIn` + `eventOut` in a program | ns a pair | bytes allocated a pair |',
    '|---|---|---|',
    ...api.map(
      (name) =>
        `| ${name} | ${median(samples.get(name)).toFixed(0)} | ${median(samples.get(`${name} bytes`)).toFixed(0)} |`,
    ),
    '',
    `| trackers over the kernel benchmark trace (${traceEvents.toLocaleString('en')} events) | CPU s | million events/s |`,
    '|---|---|---|',
    ...(trace === undefined ? [] : stream).map((name) => {
      const cpuS = median(samples.get(name));
      return `| ${name} | ${cpuS.toFixed(2)} | ${(traceEvents / cpuS / 1e6).toFixed(2)} |`;
    }),
    '',
    ...(delaysMs.length === 0 ? [] : delayLines()),
  ];
  console.log(lines.join('\n'));
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(join(root, 'bench/results/latency.md'), lines.join('\n'));
}

function delayLines() {
  const sorted = [...delaysMs].sort((a, b) => a - b);
  return [
    '`sonde latency --on-alert snapshot`: from an alert in the kernel to the first event that the flight recorder writes (`sonde record --snapshot`),',
    `${delaysMs.length} alerts: median ${median(delaysMs).toFixed(0)} ms, greatest ${sorted.at(-1).toFixed(0)} ms.`,
    '',
  ];
}
