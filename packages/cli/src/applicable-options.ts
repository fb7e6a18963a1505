/** Which options an analysis heeds. All take all of them, as the original's programs may be called with any; but not all do something. */
import type { Analysis, AnalysisOptions, PeriodAnalysis } from '@sonde/analyses';
import { type AnalysisCommandOptions, analysisOptions } from './analysis-options.ts';
import { optionFlag } from './parse-arguments.ts';

type OptionName = keyof AnalysisCommandOptions;

/** Options of the command, and what of the analysis' options they set. */
const setBy: Readonly<Partial<Record<OptionName, keyof AnalysisOptions>>> = {
  cpu: 'cpuIds',
  tid: 'tids',
  procname: 'processNames',
  limit: 'limit',
  min: 'minDurationNs',
  max: 'maxDurationNs',
  minsize: 'minSizeBytes',
  maxsize: 'maxSizeBytes',
  irq: 'irqs',
  softirq: 'softIrqs',
  groupBy: 'groupBy',
  freqResolution: 'frequencyResolution',
  freqUniform: 'frequencyIsUniform',
  freqSeries: 'frequencyIsUniform',
};
const viewNames = ['top', 'stats', 'freq', 'log', 'usage', 'total', 'perTid', 'perPrio'] as const;
/** By family; others have one view. */
const views: Readonly<Record<string, readonly (typeof viewNames)[number][]>> = {
  cputop: ['top'],
  memtop: ['top'],
  io: ['top', 'stats', 'freq', 'log', 'usage'],
  irq: ['top', 'stats', 'freq', 'log'],
  sched: ['top', 'stats', 'freq', 'log', 'total', 'perTid', 'perPrio'],
  migration: ['top', 'log'],
  periods: ['top', 'stats', 'freq', 'log'],
};
const ofPeriodAnalyses: readonly OptionName[] = [
  'minDuration',
  'maxDuration',
  'select',
  'aggregateBy',
  'orderBy',
];
const heededByPeriods: ReadonlySet<keyof AnalysisOptions> = new Set([
  'limit',
  'minDurationNs',
  'maxDurationNs',
  'groupBy',
  'frequencyResolution',
  'frequencyIsUniform',
]);

/** Options that change nothing with this analysis. */
export function idleOptions(analysis: Analysis | PeriodAnalysis): ReadonlySet<OptionName> {
  const isOfPeriods = !('kinds' in analysis);
  const heeded = isOfPeriods ? heededByPeriods : new Set(analysis.options);
  const own = views[analysis.family] ?? [];
  const settings = Object.entries(setBy).flatMap(([name, sets]) =>
    heeded.has(sets) ? [] : [name as OptionName],
  );
  return new Set([
    ...settings,
    ...viewNames.filter((view) => !own.includes(view)),
    ...(isOfPeriods ? (['refresh', 'follow'] as const) : ofPeriodAnalyses),
  ]);
}

/** What to tell about options that were given and change nothing. */
export function idleOptionWarnings(
  analysis: Analysis | PeriodAnalysis,
  options: AnalysisCommandOptions,
): string[] {
  return [...idleOptions(analysis)]
    .filter((name) => options[name] !== analysisOptions[name].initial)
    .map((name) => `--${optionFlag(name)} changes nothing with ${analysis.name}.`);
}
