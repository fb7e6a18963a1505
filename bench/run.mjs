// `npm run bench [-- --rounds=5] [--only=REGEXP]`: CPU time of whole processes against the installed babeltrace2, on the benchmark traces
// under ../shared (SONDE_SHARED). Prints the table and writes bench/results/read.{json,md}
// and the ratios in README.md. Tools take turns within each round, so that
// a busy machine slows all of them; trust ratios, and no difference under some 20 %.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { bundleOptions } from '../tools/bundle-options.mjs';
import { measure, median } from './measure.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const shared = process.env.SONDE_SHARED ?? join(root, '../shared');
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, only: { type: 'string', default: '' } },
});
const scratch = mkdtempSync(join(tmpdir(), 'sonde-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const traces = unpackTraces();
const tools = await buildTools();
const output = join(scratch, 'output');
const babeltraceDummy = (trace) => ['babeltrace2', '-o', 'dummy', trace];
const babeltraceText = (trace) => ['babeltrace2', '--clock-gmt', '-w', output, trace];
const sonde = (...args) => ['node', tools.sonde, ...args];
const runner = join(root, 'bench/run-bundle.cjs');
const benchCase = (name) => (trace) => ['node', runner, tools.cases, name, trace];

/** `bar`: the least ratio for the kernel (K) and the user-space (U) trace. */
const work = [
  {
    name: 'count all events, merged',
    reference: babeltraceDummy,
    ours: (trace) => sonde('read', '-o', 'counter', trace),
    bar: { K: 12, U: 6 },
  },
  {
    name: 'one event class, three fields',
    reference: babeltraceDummy,
    ours: benchCase('sched-switch'),
    bar: { K: 12 },
  },
  {
    name: 'three fields of every event',
    reference: babeltraceDummy,
    ours: benchCase('three-fields'),
    bar: { K: 8, U: 4 },
  },
  {
    name: 'all fields of every event',
    reference: babeltraceDummy,
    ours: benchCase('all-fields'),
    bar: { K: 3.5, U: 3.5 },
  },
  {
    name: 'text into a file',
    reference: babeltraceText,
    ours: (trace) => sonde('read', '--clock-gmt', '-w', output, trace),
    bar: { K: 4, U: 5 },
  },
  {
    name: 'JSON lines, against text',
    reference: babeltraceText,
    ours: (trace) => sonde('read', '-o', 'json', '-w', output, trace),
    bar: { K: 3, U: 3 },
  },
];

const rows = work
  .flatMap(({ bar, ...row }) =>
    Object.entries(bar).map(([trace, least]) => ({ ...row, trace, least })),
  )
  .filter((row) => new RegExp(options.only).test(`${row.name} ${row.trace}`));

const samples = await takeSamples();
const results = rows.map(summariseRow);
const start = await startUp();
report();

function unpackTraces() {
  const archives = { K: 'lttng-kernel-oltp', U: 'lttng-ust-5M' };
  for (const [key, name] of Object.entries(archives)) {
    const archive = join(shared, 'traces/benchmark', `${name}.tar.xz`);
    if (!existsSync(archive)) throw new Error(`${archive} is missing: set SONDE_SHARED.`);
    mkdirSync(join(scratch, key));
    execFileSync('tar', ['-xJf', archive, '-C', join(scratch, key)]);
  }
  return Object.fromEntries(Object.keys(archives).map((key) => [key, join(scratch, key)]));
}

async function buildTools() {
  execFileSync('node', [join(root, 'tools/build.mjs')], { stdio: 'inherit' });
  const cases = join(scratch, 'cases.cjs');
  await build({
    ...bundleOptions,
    absWorkingDir: root,
    entryPoints: ['bench/cases/main.ts'],
    outfile: cases,
  });
  const tiny = join(root, 'fixtures/traces/user-clock-plugin');
  execFileSync('node', [join(root, 'tools/code-cache.mjs'), cases, 'all-fields', tiny]);
  return { sonde: join(root, 'packages/cli/bin/sonde.js'), cases };
}

/** Command line → measurements, one per round. Equal commands (the references) run once a round. */
async function takeSamples() {
  const commands = new Map();
  for (const { reference, ours, trace } of rows) {
    for (const make of [reference, ours]) {
      const command = make(traces[trace]);
      commands.set(command.join(' '), { command, runs: [] });
    }
  }
  for (let round = 1; round <= Number(options.rounds); round++) {
    for (const { command, runs } of commands.values()) {
      process.stderr.write(`\r\x1b[Kround ${round}: ${command.slice(0, 4).join(' ').slice(0, 70)}`);
      runs.push(await measure(command));
      rmSync(output, { force: true });
    }
  }
  process.stderr.write('\r\x1b[K');
  return commands;
}

function summariseRow({ name, trace, reference, ours, least }) {
  const runsOf = (make) => samples.get(make(traces[trace]).join(' ')).runs;
  const [theirRuns, ourRuns] = [runsOf(reference), runsOf(ours)];
  const ratios = ourRuns.map((run, i) => theirRuns[i].cpuS / run.cpuS);
  const medianOf = (runs, key) => median(runs.map((run) => run[key]));
  return {
    work: name,
    trace,
    referenceCpuS: medianOf(theirRuns, 'cpuS'),
    cpuS: medianOf(ourRuns, 'cpuS'),
    wallS: medianOf(ourRuns, 'wallS'),
    peakMb: Math.max(...ourRuns.map((run) => run.peakMb)),
    ratio: medianOf(theirRuns, 'cpuS') / medianOf(ourRuns, 'cpuS'),
    lowestRatio: Math.min(...ratios),
    highestRatio: Math.max(...ratios),
    bar: least,
  };
}

/** `sonde read` of the smallest trace at hand, wall time (ms). */
async function startUp() {
  const tiny = join(root, 'fixtures/traces/user-clock-plugin');
  const runs = [];
  for (let i = 0; i < 15; i++) runs.push((await measure(sonde('read', '-w', output, tiny))).wallS);
  return { ms: median(runs) * 1000, barMs: 150 };
}

function report() {
  const f = (value, digits = 2) => value.toFixed(digits);
  const lines = [
    '# Speed of reading',
    '',
    `CPU time (user + system, seconds) of whole processes, medians of ${options.rounds} rounds. Ratio: how many times less than babeltrace2`,
    `(${versionOf('babeltrace2')}), with the lowest and highest of the rounds. Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}.`,
    'K: LTTng kernel, 3,536,846 events, 246 MB. U: LTTng-UST, 5,400,000 events, 164 MB. Files in the page cache. The reference is',
    '`babeltrace2 -o dummy` (it decodes everything), for text and JSON `babeltrace2 --clock-gmt -w FILE`. Without NODE_EXTRA_CA_CERTS, which',
    'costs every Node process some 30 ms. The rows about fields are consumers over `openTrace` (bench/cases), bundled and started like the command.',
    '',
    '| work | trace | babeltrace2 | sonde | ratio (range) | bar | wall s | peak MB |',
    '|---|---|---|---|---|---|---|---|',
    ...results.map(
      (r) =>
        `| ${r.work} | ${r.trace} | ${f(r.referenceCpuS)} | ${f(r.cpuS)} | **${f(r.ratio, 1)}×** (${f(r.lowestRatio, 1)}–${f(r.highestRatio, 1)}) | ${r.bar}× ${r.ratio >= r.bar ? 'met' : 'missed'} | ${f(r.wallS)} | ${f(r.peakMb, 0)} |`,
    ),
    '',
    `Start-up: \`sonde read\` of a trace with 322 events takes ${f(start.ms, 0)} ms of wall time (bar: ${start.barMs} ms).`,
    `Load of the machine at the end: ${loadavg()[0].toFixed(1)} on ${cpus().length} processors; above that, wall times are those of a queue.`,
    '',
  ];
  console.log(lines.join('\n'));
  if (options.only !== '') return;
  const folder = join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'read.md'), lines.join('\n'));
  updateReadme();
  writeFileSync(join(folder, 'read.json'), `${JSON.stringify({ results, start }, null, 2)}\n`);
}

/** The ratios alone, one row for each kind of work. */
function updateReadme() {
  const path = join(root, 'README.md');
  const ratio = (name, trace) => {
    const row = results.find((r) => r.work === name && r.trace === trace);
    return row === undefined ? '–' : `${row.ratio.toFixed(1)}×`;
  };
  const table = [
    '| work | K | U |',
    '|---|---|---|',
    ...work.map(({ name }) => `| ${name} | ${ratio(name, 'K')} | ${ratio(name, 'U')} |`),
  ];
  const between = /(<!-- bench -->\n)[\s\S]*(<!-- \/bench -->)/;
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(between, (_, begin, end) => `${begin}${table.join('\n')}\n${end}`),
  );
}

function versionOf(command) {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown version';
}
