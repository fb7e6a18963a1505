// `npm run bench:analyses [-- --rounds=3] [--only=REGEXP]`: whole processes of every analysis and of the report on the kernel benchmark trace, CPU time and peak
// memory, against the figures of the original scripts in ../shared/traces/analyses/throughput.md. Writes bench/results/analyses.{md,json}.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure, median } from './measure.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const shared = process.env.SONDE_SHARED ?? join(root, '../shared');
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, only: { type: 'string', default: '' } },
});
const scratch = mkdtempSync(join(tmpdir(), 'sonde-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const eventCount = 3_536_846;
const maxPeakMb = 300;
/** All analyses in one pass take at most so many times as long as the slowest one. */
const maxReportRatio = 2.5;
const period = ['--period', 'run : $evt.$name == "sched_switch" : $evt.$name == "sched_switch"'];
const analyses = [
  ['cputop', 4],
  ['memtop', 2],
  ['iousagetop', 2],
  ['iolatencytop', 2],
  ['iolatencystats', 2],
  ['iolatencyfreq', 2],
  ['iolog', 2],
  ['irqstats', 2],
  ['irqfreq', 2],
  ['irqlog', 2],
  ['schedtop', 4],
  ['schedstats', 4],
  ['schedfreq', 4],
  ['schedlog', 4],
  ['syscallstats', 2],
  ['memusage', 2],
  ['migrationtop', 2],
  ['migrationlog', 2],
  ['periodtop', 2, ...period],
  ['report', undefined],
].filter(([name]) => new RegExp(options.only).test(name));

execFileSync('tar', [
  '-xJf',
  join(shared, 'traces/benchmark/lttng-kernel-oltp.tar.xz'),
  '-C',
  scratch,
]);
execFileSync('node', [join(root, 'tools/build.mjs')], { stdio: 'inherit' });
const original = originalRates();
const command = ([name, , ...more]) => [
  'node',
  join(root, 'packages/cli/bin/sonde.js'),
  name,
  ...(name === 'report' ? [] : ['--no-progress']),
  ...more,
  scratch,
];
const loads = [loadavg()[0]];

const runs = new Map(analyses.map(([name]) => [name, []]));
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const analysis of analyses) {
    process.stderr.write(`\r\x1b[Kround ${round}: ${analysis[0]}`);
    runs.get(analysis[0]).push(await measure(command(analysis)));
  }
}
process.stderr.write('\r\x1b[K');
loads.push(loadavg()[0]);
report(analyses.map(summarise));

/** Events per second of CPU of the original, its fastest run. On the same trace only for cputop; the others on `io`. */
function originalRates() {
  const text = readFileSync(join(shared, 'traces/analyses/throughput.md'), 'utf8');
  const rates = new Map();
  for (const [, name, cells] of text.matchAll(/^\| (\w+) \| (.+) \|$/gm)) {
    const rate = cells.split(' | ').find((cell) => /^\d+,\d{3}$/.test(cell));
    if (rate !== undefined && !rates.has(name)) rates.set(name, Number(rate.replace(',', '')));
  }
  return rates;
}

function summarise([name, barMillions]) {
  const of = (key) => runs.get(name).map((run) => run[key]);
  const cpuS = median(of('cpuS'));
  const rate = eventCount / cpuS;
  const ratio = original.has(name) ? rate / original.get(name) : undefined;
  const peakMb = Math.max(...of('peakMb'));
  return { name, cpuS, wallS: median(of('wallS')), peakMb, rate, ratio, barMillions };
}

function report(results) {
  const f = (value, digits = 2) => value.toFixed(digits);
  const verdict = (isMet) => (isMet ? 'met' : 'missed');
  const slowestS = Math.max(0, ...results.filter((r) => r.name !== 'report').map((r) => r.cpuS));
  const bar = (r) => {
    if (r.barMillions !== undefined) {
      return `${r.barMillions}: ${verdict(r.rate >= r.barMillions * 1e6)}`;
    }
    if (slowestS <= 0) return '–';
    const ratio = r.cpuS / slowestS;
    return `${f(ratio)}× the slowest (${maxReportRatio}×): ${verdict(ratio <= maxReportRatio)}`;
  };
  const lines = [
    '# Speed of the analyses',
    '',
    `CPU time (user + system) of whole processes on the LTTng kernel trace of the benchmarks (${eventCount.toLocaleString('en')} events, 246 MB), text into /dev/null,`,
    `medians of ${options.rounds} rounds. Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}. Ratio: events per second of CPU against the original scripts' fastest run`,
    `(cputop on this trace, the others on a smaller one). Load average before and after: ${loads.map((load) => f(load, 1)).join(', ')}.`,
    '',
    '| analysis | CPU s | wall s | million events/s | bar | ratio to the original | peak MB (300) |',
    '|---|---|---|---|---|---|---|',
    ...results.map(
      (r) =>
        `| ${r.name} | ${f(r.cpuS)} | ${f(r.wallS)} | ${f(r.rate / 1e6)} | ${bar(r)} | ${r.ratio === undefined ? '–' : `${f(r.ratio, 0)}×`} | ${f(r.peakMb, 0)}: ${verdict(r.peakMb <= maxPeakMb)} |`,
    ),
    '',
  ];
  console.log(lines.join('\n'));
  if (options.only !== '') return;
  const folder = join(root, 'bench/results');
  writeFileSync(join(folder, 'analyses.md'), lines.join('\n'));
  writeFileSync(join(folder, 'analyses.json'), `${JSON.stringify(results, null, 2)}\n`);
}
