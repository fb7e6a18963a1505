/** Which options an analysis heeds. All take all of them, as the original's programs may be called with any; but not all do something. */
import type { Analysis, AnalysisOptions, PeriodAnalysis } from '@sonde/analyses';
import { type AnalysisCommandOptions, analysisOptions, viewsOf } from './analysis-options.ts';
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
/** Options that only some views of a family heed, by family; `*`: all families. */
const heededIn: Readonly<Partial<Record<OptionName, Readonly<Record<string, readonly string[]>>>>> =
  {
    limit: {
      io: ['top', 'usage'],
      irq: ['top'],
      sched: ['top'],
      migration: ['top'],
      periods: ['top'],
    },
    groupBy: { io: ['usage'], sched: ['stats', 'freq'], migration: ['top'] },
    min: { io: ['top', 'stats', 'freq', 'log'] },
    max: { io: ['top', 'stats', 'freq', 'log'] },
    minsize: { io: ['top', 'stats', 'freq', 'log'] },
    maxsize: { io: ['top', 'stats', 'freq', 'log'] },
    total: { sched: ['stats', 'freq'] },
    perTid: { sched: ['stats', 'freq'] },
    perPrio: { sched: ['stats', 'freq'] },
    freqResolution: { '*': ['freq'] },
    freqUniform: { '*': ['freq'] },
    freqSeries: { '*': ['freq'] },
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
  const idle = new Set(idleOptions(analysis));
  const shown = viewsOf(options, analysis.defaultViews);
  for (const [name, families] of Object.entries(heededIn)) {
    const inViews = families[analysis.family] ?? families['*'];
    if (inViews?.some((view) => shown.has(view)) === false) idle.add(name as OptionName);
  }
  return [...idle]
    .filter((name) => options[name] !== analysisOptions[name].initial)
    .map((name) => `no effect of --${optionFlag(name)} on ${analysis.name}`);
}
