/** `sonde track-process TRACE…`: all that some threads did. */
import { formatFields, lossWarnings, safeText, type TrackedEvent, TrackRun } from '@sonde/analyses';
import { runIterator } from '@sonde/components';
import { openReading } from '../analysis-reading.ts';
import type { CommandIo } from '../command-io.ts';
import { defineCommand, flag, option, optionGroup, type ValuesOf } from '../define-command.ts';
import { findOperands } from '../find-operands.ts';
import { parseCount } from '../parse-values.ts';
import { inputOptions } from '../read-options.ts';

const trackOptions = {
  ...optionGroup('Selection', {
    procname: option(
      'Threads with these names',
      'NAME,...',
      (text): ReadonlySet<string> => new Set(text.split(',')),
      new Set<string>(),
      { short: 'n' },
    ),
    tid: option(
      'These threads',
      'TID,...',
      (text): ReadonlySet<number> =>
        new Set(text.split(',').map((part) => parseCount(part.trim()))),
      new Set<number>(),
      { short: 't' },
    ),
    follow: flag('Also the children of these', { short: 'f' }),
    filter: option('Only events for which EXPR is true', 'EXPR', String, undefined),
  }),
  ...optionGroup('Time', {
    begin: option('Leave out what is before TIME', 'TIME', String, undefined),
    end: option('Leave out what is after TIME', 'TIME', String, undefined),
    timerange: option('The same as --begin and --end', '[BEGIN,END]', String, undefined),
    gmt: flag('Read and print times in UTC, not local time'),
    noIntersection: flag('Use all events, not only the time that all streams of a trace cover'),
  }),
  json: flag('Print JSON: an object per event and line'),
  ...inputOptions,
};

const notes = `
An event is printed when one of the threads runs on its CPU, or when it names
one of them: a wakeup, a fork, the state dump. Without --procname and --tid all
events are. The first column is the thread that ran there, ? if none is known.

Example:
  sonde track-process --procname nginx --follow my-trace
`;

export const trackProcessCommand = defineCommand({
  name: 'track-process',
  summary: 'Every event of some threads, with all fields.',
  group: 'Analyses',
  operands: { usage: 'TRACE...', min: 1, max: Number.POSITIVE_INFINITY },
  options: trackOptions,
  abbreviates: new Set(['procname', 'tid', 'follow']),
  notes,
  run,
});

async function run(
  io: CommandIo,
  options: ValuesOf<typeof trackOptions>,
  operands: readonly string[],
): Promise<number> {
  const found = await findOperands(operands, options, io);
  try {
    const reading = openReading(
      io,
      options,
      found.folders.map(({ path }) => path),
    );
    const { traces, intersection, requested, filter, warn, times } = reading;
    const hosts = new Set(traces.traces.map(({ environment }) => environment.get('hostname')));
    const format = options.json
      ? jsonLine
      : (event: TrackedEvent): string => textLine(event, times.time(event.timeNs), hosts.size > 1);
    const trackRun = new TrackRun({
      tids: options.tid,
      names: options.procname,
      followsForks: options.follow,
      ...requested,
      ...(filter === undefined ? {} : { filter }),
      warn,
      write: (event) => io.stdout.writeText(`${format(event)}\n`),
    });
    trackRun.begin(traces.origin);
    await runIterator(traces.iterate(trackRun, intersection), io.signal, () => !trackRun.isDone);
    traces.close();
    lossWarnings(trackRun.losses).forEach(warn);
    return 0;
  } finally {
    found.close();
  }
}

/** `[   604] [21:36:31.785769332] sched_switch: { cpu_id = 0 }, { prev_comm = "fio", … }` */
function textLine(event: TrackedEvent, time: string, hasHosts: boolean): string {
  const { tid, host, name, cpuId, fields } = event;
  const who = String(tid ?? '?').padStart(6);
  const where = hasHosts ? ` ${safeText(host)}` : '';
  return `[${who}] [${time}]${where} ${safeText(name)}: { cpu_id = ${cpuId} }, ${formatFields(fields)}`;
}

function jsonLine(event: TrackedEvent): string {
  return JSON.stringify(event, (_key, value: unknown) =>
    typeof value === 'bigint'
      ? Number.isSafeInteger(Number(value))
        ? Number(value)
        : String(value)
      : value instanceof Uint8Array
        ? [...value]
        : value,
  );
}
