/** `sonde report TRACE…`: all that is worth knowing about the system, in one pass. */
import {
  type AnalysisOptions,
  type ReportTextStyle,
  reportHtmlPieces,
  reportJsonPieces,
  reportTextPieces,
  type SystemReport,
  startSystemReport,
} from '@sonde/analyses';
import { runIterator } from '@sonde/components';
import { openReading, type Reading } from '../analysis-reading.ts';
import type { CommandIo } from '../command-io.ts';
import { defineCommand, flag, option, optionGroup, type ValuesOf } from '../define-command.ts';
import { FdOutput } from '../fd-output.ts';
import { findOperands } from '../find-operands.ts';
import { writePieces } from '../print-reports.ts';
import { Progress, readingProgress } from '../progress.ts';
import { inputOptions } from '../read-options.ts';
import { shellWord } from '../shell-word.ts';
import { terminalColumns } from '../terminal-columns.ts';

const reportOptions = {
  ...optionGroup('Output', {
    brief: flag('Only what stands out, and a line per section'),
    html: option(
      'Write a page for browsers to FILE, complete in itself',
      'FILE',
      String,
      undefined,
    ),
    json: flag('Print JSON'),
    noColor: flag('No colours'),
  }),
  ...optionGroup('Time', {
    begin: option('Leave out what is before TIME', 'TIME', String, undefined),
    end: option('Leave out what is after TIME', 'TIME', String, undefined),
    timerange: option('The same as --begin and --end', '[BEGIN,END]', String, undefined),
    gmt: flag('Read and print times in UTC, not local time'),
    noIntersection: flag('Use all events, not only the time that all streams of a trace cover'),
  }),
  ...optionGroup('Selection', {
    filter: option('Only what ends at an event for which EXPR is true', 'EXPR', String, undefined),
  }),
  ...inputOptions,
};
type ReportOptions = ValuesOf<typeof reportOptions>;

const notes = `
The report reads the trace once: CPUs, scheduling, system calls, files, disks,
network, interrupts and memory. What the trace has no events for is said, and
left out; so are durations across lost events or switches. Each table and
finding names the command that shows more.

Examples:
  sonde report my-trace
  sonde report --brief --timerange '[12:00:00,12:00:10]' my-trace
  sonde report --html report.html my-trace
`;

export const reportCommand = defineCommand({
  name: 'report',
  summary: 'Everything worth knowing about the system in a kernel trace, in one pass.',
  group: 'Analyses',
  operands: { usage: 'TRACE...', min: 1, max: Number.POSITIVE_INFINITY },
  options: reportOptions,
  notes,
  run,
});

export const takesColors = ({ stdout, env }: CommandIo): boolean =>
  stdout.isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';

async function run(
  io: CommandIo,
  options: ReportOptions,
  operands: readonly string[],
): Promise<number> {
  const found = await findOperands(operands, options, io);
  try {
    const paths = found.folders.map(({ path }) => path);
    const reading = openReading(io, options, paths);
    const report = await readReport(io, options, reading, paths);
    const trace = operands.map(shellWord).join(' ');
    const style: ReportTextStyle = {
      times: reading.times,
      columns: terminalColumns(io, 100),
      hasColors: takesColors(io) && !options.noColor,
      trace,
      isBrief: options.brief,
    };
    if (options.html !== undefined) {
      const file = FdOutput.create(options.html);
      writePieces(file, reportHtmlPieces(report, { times: reading.times, trace }));
      file.close();
    }
    if (options.json) writePieces(io.stdout, reportJsonPieces(report));
    else if (options.html === undefined || options.brief) {
      writePieces(io.stdout, reportTextPieces(report, style));
    }
    return 0;
  } finally {
    found.close();
  }
}

async function readReport(
  io: CommandIo,
  options: ReportOptions,
  reading: Reading,
  paths: readonly string[],
): Promise<SystemReport> {
  const { traces, intersection, requested, filter, warn, times } = reading;
  using progress = new Progress(io, options.html === undefined, readingProgress(paths));
  const analysisOptions: AnalysisOptions = {
    limit: 10,
    frequencyResolution: 20,
    frequencyIsUniform: false,
    views: new Set(),
    times,
  };
  const { run: analysisRun, result } = startSystemReport(traces.traces, analysisOptions, {
    ...requested,
    ...(filter === undefined ? {} : { filter }),
    warn: (message) => {
      progress.hide();
      warn(message);
    },
  });
  analysisRun.begin(traces.origin);
  const iterator = traces.iterate(analysisRun, intersection);
  try {
    await runIterator(iterator, io.signal, () => !analysisRun.isDone);
  } finally {
    analysisRun.finish(iterator.lastEventNs ?? Number.NaN);
    traces.close();
  }
  return result();
}
