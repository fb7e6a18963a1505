/** `sonde cputop TRACE…` and the other analyses: from arguments to a run, from reports to text. */
import {
  type Analysis,
  type AnalysisOptions,
  AnalysisRun,
  arrangeReport,
  compareReports,
  findAnalysis,
  findColumn,
  findPeriodAnalysis,
  lamiError,
  lamiMetadata,
  lamiVersion,
  lossWarnings,
  type PeriodAnalysis,
  PeriodRun,
  type Report,
  type ReportPrinter,
  type TableClass,
} from '@sonde/analyses';
import { formatError, SondeError, UsageError } from '@sonde/base';
import { filterIterator, openTrace, runIterator } from '@sonde/components';
import { OutputClosedError } from '@sonde/graph';
import { answerOf, optionsOfViews } from '../analysis-answer.ts';
import {
  type AnalysisCommandOptions,
  analysisOptions,
  periodDefinitionsOf,
  toAnalysisOptions,
  toPeriodOptions,
  viewsOf,
} from '../analysis-options.ts';
import { noEventsText, openReading, type Reading } from '../analysis-reading.ts';
import { idleOptions, idleOptionWarnings } from '../applicable-options.ts';
import type { CommandIo } from '../command-io.ts';
import { type Command, defineCommand, type Occurrence } from '../define-command.ts';
import { findOperands } from '../find-operands.ts';
import { followTraces, lateText, pollMs, staleMs } from '../follow-traces.ts';
import { originalOptions } from '../original-options.ts';
import { printerFor, printReports, printText, settled, writePieces } from '../print-reports.ts';
import { version } from '../version.ts';

type AnyAnalysis = Analysis | PeriodAnalysis;

interface Options extends AnalysisCommandOptions {
  /** `--compare OTHER` stood before the traces: OTHER is A. */
  readonly comparesFirst: boolean;
}

function isBeforeOperands(order: readonly Occurrence[], name: string): boolean {
  const at = order.findIndex(({ option }) => option === name);
  const operand = order.findIndex(({ option }) => option === undefined);
  return at >= 0 && operand >= 0 && at < operand;
}

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
    abbreviates: originalOptions(analysis.family),
    unlisted: idleOptions(analysis),
    run: (io, options, operands, order) => {
      const comparesFirst = isBeforeOperands(order, 'compare');
      return runGuarded(io, analysis, { ...options, comparesFirst }, operands);
    },
  });
}

/** In the machine interface errors are a JSON document on standard output. */
async function runGuarded(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: Options,
  operands: readonly string[],
): Promise<number> {
  if (!options.mi) return run(io, analysis, options, operands);
  try {
    return await run(io, analysis, options, operands);
  } catch (error) {
    if (!(error instanceof SondeError) || error instanceof OutputClosedError) throw error;
    io.stdout.writeText(`${lamiError(`Error: ${formatError(error)}`)}\n`);
    return 1;
  }
}

async function run(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: Options,
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
  for (const warning of idleOptionWarnings(analysis, options)) {
    io.stderr.writeText(`Warning: ${warning}\n`);
  }
  const found = await findOperands(operands, options, io);
  try {
    const paths = found.folders.map(({ path }) => path);
    if (options.testCompatibility) {
      testCompatibility(analysis, options, paths);
      return 0;
    }
    if (options.compare !== undefined) {
      await compare(io, analysis, options, paths);
      return 0;
    }
    const printer = printerFor(analysis, options);
    const reports = await analyse(io, analysis, options, paths, printer);
    const isShown = printsAtOnce(options) || options.follow;
    if (!isShown) printReports(io, options, reports, printer);
    return 0;
  } finally {
    found.close();
  }
}

/** @throws UsageError where nothing of the analysis can be computed; what opening the traces throws */
function testCompatibility(
  analysis: AnyAnalysis,
  options: Options,
  paths: readonly string[],
): void {
  checkFollow(analysis, options);
  using traces = openTrace(paths);
  if (!('kinds' in analysis)) return;
  const shown = optionsOfViews(viewsOf(options, analysis.defaultViews));
  const { answer, lacks = [] } = answerOf(analysis.kinds(shown), traces.traces);
  if (answer !== 'no') return;
  const why = lacks.join('; ');
  throw new UsageError('incompatible', `Nothing of ${analysis.name} can be computed: ${why}.`);
}

/** Prints both sides of `--compare`, and what differs. Threads are told by name: their ids differ from run to run. */
async function compare(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: Options,
  paths: readonly string[],
): Promise<void> {
  if (options.mi) throw new UsageError('conflict', '--mi and --compare exclude each other.');
  const grouped = {
    ...options,
    limit: 0,
    groupBy: options.groupBy ?? ('kinds' in analysis ? 'comm' : undefined),
  };
  const reports = await analyse(io, analysis, grouped, paths);
  const others = await analyseOther(io, analysis, grouped, paths);
  // A is what was named first. Ranges are no traces: that of --timerange is A.
  const swaps = options.comparesFirst && !options.compare!.includes(',');
  const [first, second] = swaps ? [others, reports] : [reports, others];
  const none = ({ timeRange }: Report): Report => ({ timeRange, tables: [], text: [] });
  const compared = Array.from({ length: Math.max(first.length, second.length) }, (_, i) => {
    const [a, b] = [first[i] ?? none(second[i]!), second[i] ?? none(first[i]!)];
    return compareReports(a, b, options.limit);
  });
  printReports(io, options, compared, printerFor(analysis, options));
}

/** The other side of `--compare`: another trace, or another time range of the same. */
async function analyseOther(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: Options,
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
const printsAtOnce = (options: Options): boolean =>
  !(options.json || options.csv || options.markdown || options.mi) && options.compare === undefined;

/**
 * @param printer - Gets the reports where there are several, as soon as each is known.
 * @returns those that are not printed.
 */
async function analyse(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: Options,
  paths: readonly string[],
  printer?: ReportPrinter,
): Promise<Report[]> {
  checkFollow(analysis, options);
  const whole = { ...options, noIntersection: options.noIntersection || options.follow };
  const reading = openReading(io, whole, paths);
  const { requested, filter, warn, times } = reading;
  const resolved = toAnalysisOptions(options, analysis.defaultViews, times, requested);
  checkColumn(analysis, options.sort);
  if (!('kinds' in analysis)) {
    const report = await runPeriods(io, options, reading, resolved);
    checkShown(report, options.sort);
    if (printsAtOnce(options)) printText(io, report, resolved);
    return [report];
  }
  const reports: Report[] = [];
  let isChecked = false;
  const definitions = periodDefinitionsOf(options);
  const isSeveral = definitions.length > 0 || options.refresh !== undefined;
  const analysisRun = new AnalysisRun({
    analyses: [{ analysis, options: resolved }],
    plan: {
      definitions,
      ...requested,
      ...refreshOf(options),
    },
    ...(filter === undefined ? {} : { filter }),
    warn,
    onReport: (_analysis, report) => {
      if (!isChecked) isChecked = checkShown(report, options.sort);
      if (options.follow) show(io, analysis, options, report, resolved);
      else if (printsAtOnce(options)) printText(io, report, resolved);
      else if (isSeveral && printer !== undefined) writePieces(io.stdout, printer.report(report));
      else reports.push(isSeveral ? settled(report) : report);
    },
  });
  if (options.follow) await follow(io, paths, analysisRun, reading);
  else await read(io, analysisRun, reading);
  if (requested !== undefined && !analysisRun.hasBegun && reading.isInSpan) warn(noEventsText);
  lossWarnings(analysisRun.losses).forEach(warn);
  analysisRun.untoldOperations.forEach(warn);
  return reports;
}

/** @throws UsageError */
function refreshOf({ refresh, follow: follows }: Options): { refreshNs?: number } {
  if (refresh === 0) throw new UsageError('bad-duration', '--refresh takes more than 0 s.');
  if (refresh !== undefined) return { refreshNs: refresh };
  return follows ? { refreshNs: 1e9 } : {};
}

async function read(
  io: CommandIo,
  analysisRun: AnalysisRun,
  { traces, intersection }: Reading,
): Promise<void> {
  analysisRun.begin(traces.origin, traces.traces);
  const iterator = traces.iterate(analysisRun, intersection);
  try {
    await runIterator(iterator, io.signal, () => !analysisRun.isDone);
  } finally {
    try {
      analysisRun.finish(iterator.lastEventNs ?? Number.NaN);
    } finally {
      traces.close();
    }
  }
}

async function follow(
  io: CommandIo,
  paths: readonly string[],
  analysisRun: AnalysisRun,
  { traces, warn }: Reading,
): Promise<void> {
  traces.close();
  let lateCount = 0;
  let toldCount = 0;
  const lastEventNs = await followTraces(paths, analysisRun, {
    signal: io.signal,
    pollMs,
    staleMs,
    begin: (origin, opened) => analysisRun.begin(origin, opened.traces),
    onPiece: () => io.stdout.flush(),
    onLate: (count) => {
      lateCount += count;
      if (toldCount > 0) return;
      warn(lateText(count));
      toldCount = count;
    },
    wantsMore: () => !analysisRun.isDone,
  });
  if (lateCount > toldCount) warn(`in all, ${lateText(lateCount)}`);
  analysisRun.finish(lastEventNs);
}

const clearScreen = '\x1b[H\x1b[2J';

/** One result of `--follow`: on a terminal in the place of the one before. */
function show(
  io: CommandIo,
  analysis: AnyAnalysis,
  options: Options,
  report: Report,
  resolved: AnalysisOptions,
): void {
  if (!printsAtOnce(options)) {
    printReports(io, options, [report], printerFor(analysis, options));
    return;
  }
  if (io.stdout.isTerminal) io.stdout.writeText(clearScreen);
  printText(io, report, resolved);
}

/** @throws UsageError */
function checkFollow(analysis: AnyAnalysis, options: Options): void {
  if (!options.follow) return;
  if (!('kinds' in analysis)) {
    throw new UsageError(
      'conflict',
      `${analysis.name} looks at whole periods: it takes no --follow.`,
    );
  }
  if (options.compare !== undefined || options.testCompatibility) {
    throw new UsageError(
      'conflict',
      '--follow goes with neither --compare nor --test-compatibility.',
    );
  }
}

/** @throws UsageError when no table has the column to sort by. */
function checkColumn(analysis: AnyAnalysis, word: string | undefined): void {
  if (word === undefined) return;
  const { tableClasses } = analysis;
  if (tableClasses.some((tableClass) => hasColumn(tableClass, word))) return;
  throw noColumn(`No table of ${analysis.name}`, word, tableClasses);
}

/**
 * False: no tables are shown yet.
 * @throws UsageError when tables are shown, and the column to sort by is in others only.
 */
function checkShown({ tables }: Report, word: string | undefined): boolean {
  // The rows of long lists are made when they are looked at: text needs none.
  if (word === undefined) return true;
  const shown = tables
    .filter(({ tableClass, rows }) => tableClass.name !== 'summary' && rows.length > 0)
    .map(({ tableClass }) => tableClass);
  if (shown.length === 0) return false;
  if (shown.some((tableClass) => hasColumn(tableClass, word))) return true;
  throw noColumn('None of the tables shown', word, shown);
}

const hasColumn = ({ columns }: TableClass, word: string): boolean =>
  findColumn(columns, word) !== undefined;

function noColumn(what: string, word: string, tableClasses: readonly TableClass[]): UsageError {
  const titles = new Set(tableClasses.flatMap(({ columns }) => columns.map(({ title }) => title)));
  return new UsageError(
    'no-column',
    `${what} has one column "${word}"; there are: ${[...titles].join(', ')}.`,
  );
}

async function runPeriods(
  io: CommandIo,
  options: Options,
  { traces, intersection, requested, filter, warn }: Reading,
  resolved: AnalysisOptions,
): Promise<Report> {
  const definitions = periodDefinitionsOf(options);
  if (definitions.length === 0) {
    throw new UsageError('no-period', "Say what a period is: --period 'NAME : BEGIN : END'.");
  }
  const periods = toPeriodOptions(options);
  // Rows are cut after they were sorted.
  const whole = options.sort === undefined ? resolved : { ...resolved, limit: 0 };
  const run = new PeriodRun({ definitions, periods, options: whole, ...requested });
  run.begin(traces.origin);
  const selection = { names: [], expression: filter, limit: Number.POSITIVE_INFINITY };
  const iterator =
    filter === undefined
      ? traces.iterate(run, intersection)
      : filterIterator((target) => traces.iterate(target, intersection), selection, run, warn);
  await runIterator(iterator, io.signal, () => !run.isDone);
  traces.close();
  lossWarnings(run.losses).forEach(warn);
  return arrangeReport(run.finish(iterator.lastEventNs ?? Number.NaN), resolved);
}
