/** What of an analysis can be computed on traces, by their metadata alone. */
import type { AnalysisOptions } from '@sonde/analyses';
import { eventsOf, lacksOf, type SegmentKind } from '@sonde/linux-model';
import type { Trace } from '@sonde/trace-model';
import { timeFormat } from './time-format.ts';

/** All, some of its tables, or nothing. */
export type Answer = 'yes' | 'in part' | 'no';

/** What decides on kinds: the views. */
export function optionsOfViews(views: Iterable<string>): AnalysisOptions {
  return {
    limit: 10,
    frequencyResolution: 20,
    frequencyIsUniform: false,
    views: new Set(views),
    times: timeFormat(true, false),
  };
}

export function answerOf(
  kinds: readonly SegmentKind[],
  traces: readonly Trace[],
): { readonly answer: Answer; readonly lacks?: readonly string[] } {
  const lacks = lacksOf(kinds, traces);
  if (lacks.length === 0) return { answer: 'yes' };
  const isComputable = (kind: SegmentKind): boolean =>
    eventsOf([kind]).length > 0 && lacksOf([kind], traces).length === 0;
  return { answer: kinds.some(isComputable) ? 'in part' : 'no', lacks };
}
