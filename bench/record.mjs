// `node bench/record.mjs [--minutes=20] [--only=REGEXP]`, as root, with nothing else running: what recording costs. The same work is recorded
// by `sonde record` (CTF with and without the texts of system calls, and `--raw`), `trace-cmd record` and `perf record`, and done alone, in
// rounds until the time is up; all take turns within a round, in random order. Prints the tables and writes bench/results/record.md, and
// record.json with what was measured (`--report` makes the tables from it again). With `--only`, rows such as `fileio/everything` that match
// are measured, and the others stay as they were.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ControlGroup } from './record/control-groups.mjs';
import { recordOnce } from './record/one-recording.mjs';
import { countEvents, recorderCommand } from './record/recorders.mjs';
import { report } from './record/report.mjs';
import { shuffle } from './record/statistics.mjs';
import { workloads } from './record/workloads.mjs';

const results = join(dirname(fileURLToPath(import.meta.url)), 'results');
const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    report: { type: 'boolean', default: false },
  },
});

/** In a recording: once for warming up, then what is measured. */
const times = 4;
/** Rounds in which nothing is done, too: it takes long, and differs little. */
const fullRounds = 2;
const rows = [
  ['cpu', 'everything'],
  ['threads', 'scheduler'],
  ['threads', 'everything'],
  ['fileio', 'system calls'],
  ['fileio', 'everything'],
  ['oltp', 'scheduler'],
  ['oltp', 'system calls'],
  ['oltp', 'everything'],
  ['nothing', 'scheduler'],
  ['nothing', 'everything'],
];

if (options.report) {
  console.log(print(JSON.parse(readFileSync(join(results, 'record.json'), 'utf8'))));
} else {
  let text = '';
  // After each round: a run that is cut short has written what it knows.
  await measureAll((measured) => {
    writeFileSync(join(results, 'record.json'), `${JSON.stringify(measured)}\n`);
    text = print(measured);
  });
  console.log(text);
}
process.exit();

function print(measured) {
  const text = report(measured);
  writeFileSync(join(results, 'record.md'), text);
  return text;
}

/** perf opens each event for each CPU, and closes it: half a minute for all system calls. */
function isSlow(name, set) {
  return name === 'perf record' && set !== 'scheduler';
}

function recordersFor(work, set) {
  const names = ['trace-cmd', 'sonde --raw', 'sonde --no-contents'];
  const isSlowHere = isSlow('perf record', set);
  if (!isSlowHere || (work === 'oltp' && set === 'system calls')) names.push('perf record');
  // Two: what differs between them is chance.
  if (work !== 'nothing') names.push('alone', 'alone again');
  // Only system calls have texts.
  if (set !== 'scheduler') names.push('sonde');
  return names;
}

async function measureAll(tell) {
  const scratch = mkdtempSync(join(tmpdir(), 'sonde-bench-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }));
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  mkdirSync(results, { recursive: true });
  const groups = {
    work: new ControlGroup('sonde-bench-work'),
    recorder: new ControlGroup('sonde-bench-recorder'),
  };
  const wanted = rows.filter((words) => new RegExp(options.only).test(words.join('/')));
  const works = workloads(scratch);
  for (const name of new Set(wanted.map(([work]) => work))) {
    await works[name].prepare?.(groups.work);
  }
  const output = join(scratch, 'trace');
  const measured = { rows: options.only === '' ? {} : rowsOfLastTime() };
  for (const words of wanted) measured.rows[words.join('/')] = { times, rounds: [], counts: {} };
  const untilMs = performance.now() + Number(options.minutes) * 60_000;
  let roundMs = 0;
  for (let i = 0; i < fullRounds || performance.now() + roundMs < untilMs; i++) {
    const begin = performance.now();
    for (const [work, set] of wanted.filter(([name]) => i < fullRounds || name !== 'nothing')) {
      const row = measured.rows[`${work}/${set}`];
      const round = {};
      for (const name of shuffle(recordersFor(work, set))) {
        if (isSlow(name, set) && i > 0) continue;
        const command = recorderCommand(name.replace(' again', ''), set, output);
        const { command: words } = works[work];
        round[name] = await recordOnce(command, words, groups, times);
        if (command.length === 0) continue;
        if (i === 0) row.counts[name] = countEvents(name, output);
        if (i % 2 === 1 || isSlow(name, set)) continue;
        const again = recorderCommand(name, set, output);
        round[name].onceMs = (await recordOnce(again, words, groups, 1)).recorderMs;
      }
      row.rounds.push(round);
    }
    roundMs = performance.now() - begin;
    measured.load = loadavg()[0];
    const seconds = (roundMs / 1000).toFixed(0);
    console.error(`round ${i + 1}: ${seconds} s, load ${measured.load.toFixed(1)}`);
    tell(measured);
  }
}

function rowsOfLastTime() {
  return JSON.parse(readFileSync(join(results, 'record.json'), 'utf8')).rows;
}
