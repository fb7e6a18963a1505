// `node bench/record.mjs [--minutes=14] [--only=REGEXP]`, as root, with nothing else running: what recording costs. The same work is recorded
// by `sonde record` (CTF with and without the texts of system calls, and `--raw`), `trace-cmd record` and `perf record`, and done alone, in
// rounds until the time is up; all take turns within a round, in random order. Prints the tables and writes bench/results/record.md, and
// record.json with what was measured (`--report` makes the tables from it again).
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
    minutes: { type: 'string', default: '14' },
    only: { type: 'string', default: '' },
    report: { type: 'boolean', default: false },
  },
});

/** Each recording: once for warming up, then what is measured. */
const times = 3;
/** Rounds in which nothing is done, too, and events are counted. */
const fullRounds = 2;
const rows = [
  ['cpu', 'scheduler'],
  ['cpu', 'everything'],
  ['threads', 'scheduler'],
  ['threads', 'everything'],
  ['fileio', 'system calls'],
  ['fileio', 'everything'],
  ['oltp', 'scheduler'],
  ['oltp', 'system calls'],
  ['oltp', 'everything'],
  ['nothing', 'scheduler'],
  ['nothing', 'system calls'],
  ['nothing', 'everything'],
];

if (options.report) {
  print(JSON.parse(readFileSync(join(results, 'record.json'), 'utf8')));
} else {
  const measured = await measureAll();
  writeFileSync(join(results, 'record.json'), `${JSON.stringify(measured)}\n`);
  print(measured);
}
process.exit();

function print(measured) {
  const text = report(measured);
  console.log(text);
  writeFileSync(join(results, 'record.md'), text);
}

function recordersFor(work, set) {
  const names = ['trace-cmd', 'perf record', 'sonde --raw', 'sonde --no-contents'];
  // Two: what differs between them is chance.
  if (work !== 'nothing') names.push('alone', 'alone again');
  // Only system calls have texts.
  if (set !== 'scheduler') names.push('sonde');
  return names;
}

async function measureAll() {
  const scratch = mkdtempSync(join(tmpdir(), 'sonde-bench-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
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
  /** Of all rounds: times by row and recorder. */
  const rounds = [];
  /** Of the first rounds: events by row and recorder. */
  const counts = {};
  const untilMs = performance.now() + Number(options.minutes) * 60_000;
  while (rounds.length < fullRounds || performance.now() < untilMs) {
    const isFull = rounds.length < fullRounds;
    const round = {};
    const begin = performance.now();
    for (const [work, set] of wanted.filter(([name]) => isFull || name !== 'nothing')) {
      const row = `${work}/${set}`;
      round[row] = {};
      for (const name of shuffle(recordersFor(work, set))) {
        const command = recorderCommand(name.replace(' again', ''), set, output);
        const { command: words } = works[work];
        round[row][name] = await recordOnce(command, words, groups, times);
        if (isFull && command.length > 0) {
          counts[row] ??= {};
          counts[row][name] = countEvents(name, output);
        }
      }
    }
    rounds.push(round);
    const seconds = (performance.now() - begin) / 1000;
    console.error(
      `round ${rounds.length}: ${seconds.toFixed(0)} s, load ${loadavg()[0].toFixed(1)}`,
    );
  }
  return { times, load: loadavg()[0], rounds, counts };
}
