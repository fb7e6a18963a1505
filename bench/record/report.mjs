import { cpus, release } from 'node:os';
import { recorderNames } from './recorders.mjs';
import { medianOf, withConfidence } from './statistics.mjs';

/** What LTTng cost in the talk that this is measured against: MariaDB under sysbench's OLTP. */
const talk = { 'oltp/scheduler': '0.61', 'oltp/system calls': '2.66', 'oltp/everything': '11' };
const recorders = recorderNames.filter((name) => name !== 'alone');
/** They use the same buffers of the kernel in the same way. */
const sameKernelPart = ['trace-cmd', 'sonde --raw', 'sonde --no-contents'];
const none = '–';

/** @param measured - As `record.json` has it. @returns Markdown */
export function report(measured) {
  const rows = Object.entries(measured.rows).map(([name, row]) => rowOf(name, row));
  const works = rows.filter(({ work }) => work !== 'nothing');
  const idle = rows.filter(({ work }) => work === 'nothing');
  const times = [...new Set(rows.map((row) => row.times))].join(' or ');
  return `# What recording costs

CPU time, user and system, of the work and of the recorder, beyond that of the work alone; in per cent of that. The amount of work is fixed. A
recording has it ${times} times: once for warming up, then to be measured. Work (with the database server) and recorder (with all its processes) are each
in a control group, which counts their time to the microsecond. The recorder's part is what a recording of ${times} times takes, to its end, beyond one of
1 time: what it takes once, however long a recording is, falls out and is told below. Writing the file after the work is in it. Medians of
the rounds, in which all take turns in random order, and in brackets where the figure lies with 90 % confidence (bootstrap). "Alone again" is a
second run of the work alone, against the first: what is smaller than its range is not told from nothing. All have buffers of 16 MiB a CPU and write to a disk.
CTF is with the contexts procname, pid and tid, which the others don't have. All work is on one CPU: what threads on two CPUs do to each other
varies more than what recording costs. Recorders run where they like. MariaDB does not wait for the disk in each transaction. \`perf record\` takes
half a minute to open and close the system calls, and had one turn there, in \`oltp\`, with its end included.
Linux ${release()}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}; load at the end ${measured.load.toFixed(1)}.
\`node bench/record.mjs\` makes these tables, on a machine that does nothing else.

${table(
  [
    ...['work', 'events', 'rounds', 'alone, CPU ms', ...recorders],
    ...['alone again', "2015 talk's LTTng"],
  ],
  works.map((row) => [
    ...[row.work, row.set, row.rounds.length, row.aloneMs.toFixed(0)],
    ...[...recorders, 'alone again'].map((name) => percentText(row, name)),
    talk[row.name] ? `${talk[row.name]} %` : none,
  ]),
)}

## Ratios to trace-cmd

Of the whole costs above; none where trace-cmd's own cost is not told from nothing. "Same kernel": of sums in which the part that is spent
within the work is the same for all (the median of theirs), as it is the kernel's and not the recorder's; the next table shows it. The bars: raw 1.1, CTF 1.5.

${table(
  [
    ...['work', 'events', 'raw ÷ trace-cmd', 'CTF ÷ trace-cmd'],
    ...['raw ÷ trace-cmd, same kernel', 'CTF ÷ trace-cmd, same kernel'],
  ],
  works.map((row) => [
    row.work,
    row.set,
    ratioText(row, 'sonde --raw', costOf),
    ratioText(row, 'sonde --no-contents', costOf),
    ratioText(row, 'sonde --raw', costWithSameKernel),
    ratioText(row, 'sonde --no-contents', costWithSameKernel),
  ]),
)}

## Where it goes

For the work once: thousands of events; CPU ms added to the work (the kernel's part, switches and caches included) + CPU ms of the recorder. Each
counts its own events: what recorders do is recorded, too.

${table(
  ['work', 'events', ...recorders],
  works.map((row) => [row.work, row.set, ...recorders.map((name) => partsText(row, name))]),
)}

## Once, and always

CPU ms of the recorder: until the work begins / the end, after nothing / each second in which nothing happens.

${table(
  ['events', ...recorders],
  idle.map((row) => [row.set, ...recorders.map((name) => fixedText(row, name))]),
)}
`;
}

function rowOf(name, { rounds, counts, times }) {
  const [work, set] = name.split('/');
  const aloneMs = rounds[0].alone && medianOf(rounds, (round) => round.alone.workMs);
  return { name, work, set, rounds, counts, times, aloneMs };
}

/** Rounds in which a recorder had its turn. */
function roundsOf(rounds, name) {
  return rounds.filter((round) => round[name] !== undefined);
}

function kernelMs(round, name) {
  const { workMs } = round[name];
  if (name === 'alone again') return workMs - round.alone.workMs;
  return workMs - (round.alone.workMs + round['alone again'].workMs) / 2;
}

/** Of a recording with the work done once (ms): all that is not for ever. */
function onceMs(rounds, name) {
  return medianOf(
    rounds.filter((round) => round[name]?.onceMs !== undefined),
    (round) => round[name].onceMs,
  );
}

/** For the work once: what a recording with more of it takes more; of recorders that had one turn, a share of all. */
function recorderMs({ times }, rounds, round, name) {
  if (name === 'alone again') return 0;
  if (rounds.every((other) => other[name]?.onceMs === undefined)) {
    return rounds.length === 1 ? round[name].recorderMs / times : Number.NaN;
  }
  return (round[name].recorderMs - onceMs(rounds, name)) / (times - 1);
}

/** The medians of both parts (ms). */
function costOf(row, rounds, name) {
  const own = roundsOf(rounds, name);
  const recorder = medianOf(own, (round) => recorderMs(row, own, round, name));
  return medianOf(own, (round) => kernelMs(round, name)) + recorder;
}

function costWithSameKernel(row, rounds, name) {
  const kernel = medianOf(
    rounds.flatMap((round) => sameKernelPart.map((other) => kernelMs(round, other))),
    (value) => value,
  );
  return kernel + medianOf(rounds, (round) => recorderMs(row, rounds, round, name));
}

function percentText(row, name) {
  if (row.rounds[0][name] === undefined) return none;
  const { value, low, high } = withConfidence(
    roundsOf(row.rounds, name),
    (rounds) => (100 * costOf(row, rounds, name)) / row.aloneMs,
  );
  if (roundsOf(row.rounds, name).length === 1) return `${value.toFixed(1)} % (once)`;
  return `${value.toFixed(1)} % (${low.toFixed(1)}…${high.toFixed(1)})`;
}

function ratioText(row, name, cost) {
  const base = withConfidence(row.rounds, (rounds) => cost(row, rounds, 'trace-cmd'));
  if (row.rounds.length === 1 || base.low <= 0) return none;
  const { value, low, high } = withConfidence(
    row.rounds,
    (rounds) => cost(row, rounds, name) / cost(row, rounds, 'trace-cmd'),
  );
  return `${value.toFixed(2)} (${low.toFixed(2)}…${high.toFixed(2)})`;
}

function partsText(row, name) {
  if (row.rounds[0][name] === undefined) return none;
  const rounds = roundsOf(row.rounds, name);
  const kernel = medianOf(rounds, (round) => kernelMs(round, name));
  const own = medianOf(rounds, (round) => recorderMs(row, rounds, round, name));
  const count = row.counts[name];
  const lost = count?.lost > 0 ? `, ${count.lost} lost` : '';
  const events =
    count === undefined ? '' : `${(count.events / row.times / 1000).toFixed(0)} k${lost}: `;
  return `${events}${kernel.toFixed(1)} + ${own.toFixed(1)}`;
}

function fixedText(row, name) {
  if (row.rounds[0][name] === undefined) return none;
  const rounds = roundsOf(row.rounds, name);
  const idle = medianOf(rounds, (round) => recorderMs(row, rounds, round, name));
  const start = medianOf(rounds, (round) => round[name].startMs);
  return `${start.toFixed(0)} / ${(onceMs(rounds, name) - idle).toFixed(0)} / ${idle.toFixed(1)}`;
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
