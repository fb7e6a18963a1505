/** Options of the analysis commands, and what they mean for `@sonde/analyses`. */
import type { AnalysisOptions, PeriodDefinition, PeriodOptions, TimeFormat } from '@sonde/analyses';
import { groupings, parseCaptures, parsePeriod } from '@sonde/analyses';
import { UsageError } from '@sonde/base';
import { flag, option, optionGroup, repeatedOption, type ValuesOf } from './define-command.ts';
import { oneOf, parseCount } from './parse-values.ts';
import { inputOptions } from './read-options.ts';

const unitNs: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, ns: 1 };

/** `2`, `1.5s`, `200ms` → ns; seconds without a unit. */
export function parseDurationNs(text: string): number {
  const match = /^(\d+(?:\.\d*)?|\.\d+)\s*(s|ms|us|µs|ns)?$/.exec(text.trim());
  if (match !== null) return Math.round(Number(match[1]) * unitNs[match[2] ?? 's']!);
  throw new UsageError('bad-duration', `"${text}" is no duration; write it like 500ms or 2s.`);
}

/** A number of microseconds, as the original's `--min` and `--max` have them; or a duration with its unit. */
function parseLatencyNs(text: string): number {
  return /[a-zµ]$/.test(text) ? parseDurationNs(text) : parseDurationNs(`${text}us`);
}

const sizePrefixes = 'KMGTPEZY';

/** `4096`, `4KiB`, `4K` (the same), `4KB` (of 1000 bytes) → bytes. */
export function parseSizeBytes(text: string): number {
  const match = /^(-?(?:\d+(?:\.\d*)?|\.\d+))\s*(?:([KMGTPEZY])(i?B)?|B)?$/.exec(text.trim());
  if (match === null) {
    throw new UsageError('bad-size', `"${text}" is no size; write it like 512, 4KiB or 1.5MB.`);
  }
  const [, number, prefix, ending] = match;
  const exponent = prefix === undefined ? 0 : sizePrefixes.indexOf(prefix) + 1;
  return Math.trunc(Number(number) * (ending === 'B' ? 1000 : 1024) ** exponent);
}

function parseNumbers(text: string): ReadonlySet<number> {
  return new Set(text.split(',').map((part) => parseCount(part.trim())));
}

const parseList = (text: string): readonly string[] => text.split(',');
const parseNames = (text: string): ReadonlySet<string> => new Set(text.split(','));

const rangeOptions = optionGroup('Time', {
  begin: option('Leave out what is before TIME', 'TIME', String, undefined),
  end: option('Leave out what is after TIME', 'TIME', String, undefined),
  timerange: option('The same as --begin and --end', '[BEGIN,END]', String, undefined),
  gmt: flag('Read and print times in UTC, not local time'),
  refresh: option(
    'A result every DURATION (s, ms, us, ns)',
    'DURATION',
    parseDurationNs,
    undefined,
    { short: 'r' },
  ),
  follow: flag('Go on with what is still being written, until Ctrl-C; a result every second'),
  noIntersection: flag('Use all events, not only the time that all streams of a trace cover'),
});

const selectionOptions = optionGroup('Selection', {
  cpu: option('Only these CPUs', 'N,...', parseNumbers, undefined),
  tid: option('Only these threads', 'TID,...', parseNumbers, undefined),
  procname: option('Only threads with these names', 'NAME,...', parseNames, undefined),
  limit: option('Rows of top lists; 0: all', 'N', parseCount, 10),
  min: option(
    'Leave out shorter durations (µs, or with unit)',
    'DURATION',
    parseLatencyNs,
    undefined,
  ),
  max: option('Leave out longer durations', 'DURATION', parseLatencyNs, undefined),
  minsize: option(
    'Leave out smaller sizes (bytes, or with unit)',
    'SIZE',
    parseSizeBytes,
    undefined,
  ),
  maxsize: option('Leave out greater sizes', 'SIZE', parseSizeBytes, undefined),
  irq: option('Only these interrupts', 'N,...', parseNumbers, undefined),
  softirq: option('Only these soft interrupts', 'N,...', parseNumbers, undefined),
  filter: option('Only what ends at an event for which EXPR is true', 'EXPR', String, undefined),
  sort: option('Sort tables by the column TITLE, greatest first', 'TITLE', String, undefined),
  groupBy: option(
    'A row for each: process, thread, comm, cgroup, container; of periods: PERIOD.CAPTURE,...',
    'WHAT',
    String,
    undefined,
  ),
});

const viewOptions = optionGroup('Views', {
  top: flag('The longest or greatest'),
  stats: flag('Statistics'),
  freq: flag('Frequency distributions'),
  log: flag('One line for each'),
  usage: flag('Sums of bytes'),
  total: flag('Over all threads'),
  perTid: flag('Per thread'),
  perPrio: flag('Per priority'),
  freqResolution: option('Buckets of a distribution', 'N', parseCount, 20),
  freqUniform: flag('The same bounds for all distributions'),
  percentiles: flag('Text with p50, p90, p99 and p99.9, in a layout of our own'),
  freqSeries: flag('Distributions side by side; implies --freq-uniform'),
});

const periodOptions = optionGroup('Periods', {
  period: repeatedOption('A result for each period: `NAME(PARENT) : BEGIN : END`', 'DEF', String),
  periodCaptures: repeatedOption('Fields to keep: `NAME : FIELDS : FIELDS`', 'DEF', String),
  periodBegin: option('The old form of --period: name of the event', 'NAME', String, undefined),
  periodEnd: option('The same for the end; else as it begins', 'NAME', String, undefined),
  periodBeginKey: option('Fields that tell periods apart', 'FIELD,...', parseList, ['cpu_id']),
  periodEndKey: option('Their names in the event at the end', 'FIELD,...', parseList, undefined),
  periodKeyValue: option('Only periods with these values', 'VALUE,...', parseList, undefined),
  minDuration: option('Leave out shorter periods', 'DURATION', parseLatencyNs, undefined),
  maxDuration: option('Leave out longer periods', 'DURATION', parseLatencyNs, undefined),
  select: option('Only these periods', 'NAME,...', parseNames, undefined),
  aggregateBy: option('Add up the selected periods inside each NAME', 'NAME', String, undefined),
  orderBy: option('time or hierarchy', 'ORDER', oneOf(['time', 'hierarchy'] as const), 'time'),
});

const outputOptions = optionGroup('Output', {
  json: flag('Print JSON'),
  csv: flag('Print CSV'),
  markdown: flag('Print Markdown tables'),
  mi: flag('Print the LAMI 1.0 machine interface'),
  metadata: flag('With --mi: describe the tables, read no trace'),
  testCompatibility: flag(
    'With --mi: only say by the exit status whether the trace can be analysed',
  ),
  miVersion: flag('Print the version of the machine interface'),
  compare: option(
    'Compare with the trace PATH (A is what is named first), or with the range BEGIN,END',
    'OTHER',
    String,
    undefined,
  ),
  noColor: flag('No colours'),
  noProgress: flag('No progress on standard error'),
  outputProgress: flag('With --mi: progress on standard output'),
  skipValidation: flag('Accepted for the original commands; nothing is validated apart'),
  progressUseSize: flag('Accepted for the original commands'),
  debug: flag('Accepted for the original commands'),
});

export const analysisOptions = {
  ...rangeOptions,
  ...selectionOptions,
  ...viewOptions,
  ...periodOptions,
  ...outputOptions,
  ...inputOptions,
};
export type AnalysisCommandOptions = ValuesOf<typeof analysisOptions>;

/** Views asked for by flags, with those that the command's name implies. */
export function viewsOf(
  options: AnalysisCommandOptions,
  implied: readonly string[],
): ReadonlySet<string> {
  const views = new Set(implied);
  for (const view of ['top', 'stats', 'freq', 'log', 'usage', 'total'] as const) {
    if (options[view]) views.add(view);
  }
  if (options.perTid) views.add('per-tid');
  if (options.perPrio) views.add('per-prio');
  return views;
}

/** The grouping of threads. @throws UsageError */
function groupingOf({ groupBy }: AnalysisCommandOptions): AnalysisOptions['groupBy'] {
  // A dot: captures of periods.
  if (groupBy === undefined || groupBy.includes('.')) return undefined;
  return oneOf(groupings)(groupBy);
}

type Requested = { readonly begin?: bigint; readonly end?: bigint };

export function toAnalysisOptions(
  options: AnalysisCommandOptions,
  implied: readonly string[],
  times: TimeFormat,
  requestedRange: Requested | undefined,
): AnalysisOptions {
  const optional = {
    cpuIds: options.cpu,
    tids: options.tid,
    processNames: options.procname,
    minDurationNs: options.min,
    maxDurationNs: options.max,
    minSizeBytes: options.minsize,
    maxSizeBytes: options.maxsize,
    irqs: options.irq,
    softIrqs: options.softirq,
    sortColumn: options.sort,
    groupBy: groupingOf(options),
    showsTables: options.percentiles || undefined,
    requestedRange,
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(given) as Partial<AnalysisOptions>),
    limit: options.limit,
    frequencyResolution: Math.max(1, options.freqResolution),
    frequencyIsUniform: options.freqUniform || options.freqSeries,
    frequencyIsSeries: options.freqSeries,
    views: viewsOf(options, implied),
    times,
  };
}

/** The deprecated options as a definition; undefined: not used. `--period-end` alone does nothing. */
function oldPeriodText(options: AnalysisCommandOptions): string | undefined {
  const { periodBegin: begin, periodEnd, periodBeginKey: beginKeys, periodKeyValue } = options;
  if (begin === undefined) return undefined;
  const endKeys = options.periodEndKey ?? beginKeys;
  const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const literal = (text: string): string =>
    text.trim() !== '' && Number.isFinite(Number(text)) ? text.trim() : quote(text);
  const values = (periodKeyValue ?? []).map(
    (value, i) => `$evt.${beginKeys[i] ?? ''} == ${literal(value)}`,
  );
  const keys = endKeys.map((key, i) => `$evt.${key} == $begin.$evt.${beginKeys[i] ?? key}`);
  const beginText = [`$evt.$name == ${quote(begin)}`, ...values].join(' && ');
  const endText = [`$evt.$name == ${quote(periodEnd ?? begin)}`, ...keys].join(' && ');
  return `: ${beginText} : ${endText}`;
}

/** @throws UsageError */
export function periodDefinitionsOf(options: AnalysisCommandOptions): PeriodDefinition[] {
  const definitions: PeriodDefinition[] = [];
  const old = oldPeriodText(options);
  if (old !== undefined && options.period.length + options.periodCaptures.length > 0) {
    throw new UsageError('conflict', '--period-begin and --period exclude each other.');
  }
  for (const text of old === undefined ? options.period : [old]) {
    definitions.push(parsePeriod(text, definitions));
  }
  for (const text of options.periodCaptures) parseCaptures(text, definitions);
  if (definitions.length > 0 && options.refresh !== undefined) {
    throw new UsageError('conflict', '--refresh and --period exclude each other.');
  }
  return definitions;
}

export function toPeriodOptions(options: AnalysisCommandOptions): PeriodOptions {
  const groupBy = (options.groupBy ?? '')
    .split(',')
    .filter((text) => text !== '')
    .map((text) => {
      const dot = text.indexOf('.');
      if (dot <= 0) {
        throw new UsageError('bad-group', `"${text}" is no PERIOD.CAPTURE for --group-by.`);
      }
      return { period: text.slice(0, dot), capture: text.slice(dot + 1) };
    });
  return {
    groupBy,
    orderBy: options.orderBy,
    ...(options.minDuration === undefined ? {} : { minDurationNs: options.minDuration }),
    ...(options.maxDuration === undefined ? {} : { maxDurationNs: options.maxDuration }),
    ...(options.select === undefined ? {} : { select: options.select }),
    ...(options.aggregateBy === undefined ? {} : { aggregateBy: options.aggregateBy }),
  };
}
