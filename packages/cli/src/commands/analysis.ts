/** `sonde cputop TRACE…` and the other analyses: from arguments to a run, from reports to text. */
import {
  type Analysis,
  type AnalysisOptions,
  AnalysisRun,
  compareReports,
  findAnalysis,
  findPeriodAnalysis,
  formatCsv,
  formatJson,
  formatMarkdown,
  formatText,
  lamiError,
  lamiMetadata,
  lamiResults,
  lamiVersion,
  type PeriodAnalysis,
  PeriodRun,
  type Report,
} from '@sonde/analyses';
import { formatError, SondeError, UsageError } from '@sonde/base';
import {
  type OpenedTraces,
  openTrace,
  parseTimeBound,
  parseTimeRange,
  resolveTimeBound,
  runIterator,
  type TrimRange,
} from '@sonde/components';
import {
  type AnalysisCommandOptions,
  analysisOptions,
  periodDefinitionsOf,
  toAnalysisOptions,
  toPeriodOptions,
} from '../analysis-options.ts';
import type { CommandIo } from '../command-io.ts';
import { type Command, defineCommand } from '../define-command.ts';
import { findOperands } from '../find-operands.ts';
import { intersectionOf } from '../stream-intersection.ts';
import { isSameDay, timeFormat } from '../time-format.ts';
import { version } from '../version.ts';

type AnyAnalysis = Analysis | PeriodAnalysis;

/** The command of one analysis. */
export function analysisCommand(name: string): Command {
  const analysis = findAnalysis(name) ?? findPeriodAnalysis(name);
  if (analysis === undefined) throw new UsageError('no-analysis', `There is no analysis ${name}.`);
  return defineCommand({
    name,
    summary: analysis.summary,
    group: 'Analyses',
    operands: { usage: 'TRACE...', min: 0, max: Number.POSITIVE_INFINITY },
    options: analysisOptions,
    run: (io, options, operands) => runGuarded(io, analysis, options, operands),
  });
}

/** In the machine interface errors are a JSON document on standard output. */
async function runGuarded(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: AnalysisCommandOptions,
  operands: readonly string[],
): Promise<number> {
  if (!options.mi) return run(io, analysis, options, operands);
  try {
    return await run(io, analysis, options, operands);
  } catch (error) {
    if (!(error instanceof SondeError)) throw error;
    io.stdout.writeText(`${lamiError(`Error: ${formatError(error)}`)}\n`);
    return 1;
  }
}

async function run(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: AnalysisCommandOptions,
  operands: readonly string[],
): Promise<number> {
  if (options.miVersion) {
    io.stdout.writeText(`${lamiVersion}\n`);
    return 0;
  }
  if (options.metadata) {
    io.stdout.writeText(`${lamiMetadata(analysis, version)}\n`);
    return 0;
  }
  if (operands.length === 0) throw new UsageError('no-trace', 'Please specify a trace path.');
  const found = await findOperands(operands, options, io);
  try {
    const paths = found.folders.map(({ path }) => path);
    const reports = await analyse(io, analysis, options, paths);
    if (options.testCompatibility) return 0;
    if (options.compare !== undefined) {
      const others = await analyseOther(io, analysis, options, paths);
      print(
        io,
        analysis,
        options,
        reports.map((report, i) => compareReports(report, others[i]!)),
      );
    } else if (options.json || options.csv || options.markdown || options.mi) {
      print(io, analysis, options, reports);
    }
    return 0;
  } finally {
    found.close();
  }
}

/** The other side of `--compare`: another trace, or another time range of the same. */
async function analyseOther(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: AnalysisCommandOptions,
  paths: readonly string[],
): Promise<Report[]> {
  const other = options.compare!;
  if (other.includes(',')) {
    return analyse(io, analysis, { ...options, timerange: other }, paths);
  }
  const found = await findOperands([other], options, io);
  try {
    const otherPaths = found.folders.map(({ path }) => path);
    return await analyse(io, analysis, options, otherPaths);
  } finally {
    found.close();
  }
}

/** Whether reports are printed as text while the run goes on. */
const printsAtOnce = (options: AnalysisCommandOptions): boolean =>
  !(options.json || options.csv || options.markdown || options.mi) &&
  options.compare === undefined &&
  !options.testCompatibility;

async function analyse(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: AnalysisCommandOptions,
  paths: readonly string[],
): Promise<Report[]> {
  const warn = (message: string): void => io.stderr.writeText(`Warning: ${message}\n`);
  const traces = openTrace(paths, { onFault: (error) => warn(formatError(error)) });
  const intersection = options.noIntersection ? undefined : intersectionOf(traces);
  const requested = requestedRange(options, traces);
  const isMultiDay = spansDays(traces, options.gmt);
  const times = timeFormat(options.gmt, isMultiDay);
  const resolved = toAnalysisOptions(options, analysis.defaultViews, times, requested);
  if (!('kinds' in analysis)) {
    const report = await runPeriods(io, options, { traces, intersection, resolved, requested });
    if (printsAtOnce(options)) io.stdout.writeText(formatText(report, resolved));
    return [report];
  }
  const reports: Report[] = [];
  const analysisRun = new AnalysisRun({
    analyses: [{ analysis, options: resolved }],
    plan: {
      definitions: periodDefinitionsOf(options),
      ...requested,
      ...(options.refresh === undefined ? {} : { refreshNs: options.refresh }),
    },
    warn,
    onReport: (_analysis, report) => {
      reports.push(report);
      if (printsAtOnce(options)) io.stdout.writeText(formatText(report, resolved));
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
  reportLosses(analysisRun, warn);
  return reports;
}

async function runPeriods(
  io: CommandIo,
  options: AnalysisCommandOptions,
  reading: {
    readonly traces: OpenedTraces;
    readonly intersection: TrimRange | undefined;
    readonly resolved: AnalysisOptions;
    readonly requested: { begin?: bigint; end?: bigint } | undefined;
  },
): Promise<Report> {
  const { traces, intersection, resolved, requested } = reading;
  const definitions = periodDefinitionsOf(options);
  if (definitions.length === 0) {
    throw new UsageError('no-period', "Say what a period is: --period 'NAME : BEGIN : END'.");
  }
  const periods = toPeriodOptions(options);
  const run = new PeriodRun({ definitions, periods, options: resolved, ...requested });
  run.begin(traces.origin);
  const iterator = traces.iterate(run, intersection);
  await runIterator(iterator, io.signal, () => !run.isDone);
  traces.close();
  return run.finish(iterator.lastEventNs ?? Number.NaN);
}

function reportLosses(run: AnalysisRun, warn: (message: string) => void): void {
  const { discardedEventCount } = run;
  if (discardedEventCount === 0n) return;
  warn(
    `the tracer discarded ${discardedEventCount} events; what they would have changed is uncertain.`,
  );
}

function requestedRange(
  options: AnalysisCommandOptions,
  traces: OpenedTraces,
): { begin?: bigint; end?: bigint } | undefined {
  const { timerange } = options;
  const bounds =
    timerange === undefined
      ? {
          begin: options.begin === undefined ? undefined : parseBound(options.begin),
          end: options.end === undefined ? undefined : parseBound(options.end),
        }
      : parseRange(timerange);
  const reference = traces.origin.nsFromOrigin;
  const resolve = (bound: ReturnType<typeof parseTimeBound> | undefined): bigint | undefined =>
    bound === undefined ? undefined : resolveTimeBound(bound, options.gmt, reference);
  const [begin, end] = [resolve(bounds.begin), resolve(bounds.end)];
  if (begin === undefined && end === undefined) return undefined;
  return {
    ...(begin === undefined ? {} : { begin }),
    ...(end === undefined ? {} : { end }),
  };
}

/** Plain integers of the original's options are nanoseconds. */
function parseBound(text: string): ReturnType<typeof parseTimeBound> {
  return /^\d{12,}$/.test(text.trim())
    ? { kind: 'absolute', nsFromOrigin: BigInt(text.trim()) }
    : parseTimeBound(text);
}

function parseRange(text: string): ReturnType<typeof parseTimeRange> {
  const integers = /^\s*\[\s*(\d{12,})\s*,\s*(\d{12,})\s*\]\s*$/.exec(text);
  if (integers === null) return parseTimeRange(text);
  return { begin: parseBound(integers[1]!), end: parseBound(integers[2]!) };
}

function spansDays(traces: OpenedTraces, isGmt: boolean): boolean {
  const { begin, end } = traces.timeSpan;
  return begin !== undefined && end !== undefined && !isSameDay(begin, end, isGmt);
}

function print(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: AnalysisCommandOptions,
  reports: readonly Report[],
): void {
  if (options.mi) io.stdout.writeText(`${lamiResults(reports)}\n`);
  else if (options.csv) io.stdout.writeText(formatCsv(reports));
  else if (options.json) io.stdout.writeText(`${formatJson(analysis, reports, {})}\n`);
  else io.stdout.writeText(formatMarkdown(reports));
}
