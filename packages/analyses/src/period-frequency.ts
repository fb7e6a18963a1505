import {
  type Bounds,
  bucketRows,
  distribute,
  frequencyBlock,
  joinBounds,
  percentileTable,
} from './frequency.ts';
import {
  byAppearance,
  durationsByPeriod,
  groupInstances,
  pairStatistics,
} from './period-collector.ts';
import type { PeriodReportContext } from './period-context.ts';
import type { PeriodInstance } from './period-engine.ts';
import * as tables from './period-tables.ts';
import { Samples } from './samples.ts';
import { numberCell, type ReportParts, type TableClass } from './table.ts';
import { lines } from './text-block.ts';

interface Distribution {
  readonly tableClass: TableClass;
  readonly title: string;
  readonly unit: string;
  readonly samples: Samples;
  /** Samples per unit of the graph. */
  readonly scale: number;
  /** Durations of the periods themselves: what --freq-uniform is about. */
  readonly isOfPeriod?: boolean;
}

const boundsIn = (samples: Samples, scale: number): Bounds => ({
  min: samples.min / scale,
  max: samples.max / scale,
});

function distributions(
  context: PeriodReportContext,
  instances: readonly PeriodInstance[],
  isGroup: boolean,
): Distribution[] {
  const all: Distribution[] = [];
  const durationTitle = 'Period duration frequency distribution';
  const byPeriod = durationsByPeriod(context.definitions, instances);
  const sorted = isGroup
    ? byAppearance(byPeriod, instances)
    : byPeriod.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
  for (const { definition, durations: samples } of sorted) {
    const title = `${durationTitle} - Duration of period: ${definition.name}`;
    all.push({
      tableClass: tables.freqDuration,
      title,
      unit: 'us',
      samples,
      scale: 1000,
      isOfPeriod: true,
    });
  }
  for (const globally of [false, true]) {
    const ancestors = globally ? context.collector.instances : undefined;
    for (const pair of pairStatistics(context.definitions, instances, ancestors)) {
      const of = (what: string): string => {
        const phrase = globally ? `Global ${what.toLowerCase()}` : what;
        return `${phrase} of ${pair.path} per ${pair.parentPath}`;
      };
      const { durations, ratios, counts } = pair;
      all.push(
        {
          tableClass: tables.freqDuration,
          title: `${durationTitle} - ${of('Duration')}`,
          unit: 'us',
          samples: durations,
          scale: 1000,
        },
        {
          tableClass: tables.freqRatio,
          title: `Period usage ratio frequency distribution - ${of('Usage ratio')}`,
          unit: '%',
          samples: ratios,
          scale: 1,
        },
        {
          tableClass: tables.freqCount,
          title: `Period count frequency distribution - ${of('Number')}`,
          unit: 'instances',
          samples: counts,
          scale: 1,
        },
      );
    }
  }
  return all;
}

/** periodfreq: distributions of durations, ratios and counts. */
export function addFrequencies(parts: ReportParts, context: PeriodReportContext): void {
  const { instances } = context.collector;
  const { frequencyResolution } = context.options;
  const add = (some: readonly PeriodInstance[], group: string | undefined): void => {
    const all = distributions(context, some, group !== undefined);
    const named = all
      .filter(({ isOfPeriod }) => isOfPeriod)
      .map(({ samples }) => boundsIn(samples, 1000));
    const uniform = context.options.frequencyIsUniform ? joinBounds(named) : undefined;
    for (const { tableClass, title, unit, samples, scale, isOfPeriod } of all) {
      // `distribute` takes ns and gives µs: bring plain numbers to the same scale.
      const scaled = new Samples();
      for (const value of samples.values) scaled.add((value * 1000) / scale);
      for (const value of samples.uncertain) scaled.doubt((value * 1000) / scale);
      const own = boundsIn(scaled, 1000);
      const bounds = isOfPeriod ? (uniform ?? own) : own;
      const buckets = distribute(scaled, bounds, frequencyResolution);
      const dash = title.indexOf(' - ');
      const what = title.slice(dash + 3);
      // Two dashes for pairs, as the original has them.
      const subtitle = group === undefined ? what : `'${group}' ${isOfPeriod ? '-' : '--'} ${what}`;
      const isDuration = tableClass === tables.freqDuration;
      parts.tables.push({
        tableClass,
        subtitle,
        rows: isDuration
          ? bucketRows(buckets)
          : buckets.map((b) =>
              [b.lowerBound, b.upperBound, b.count, b.uncertainCount].map(numberCell),
            ),
      });
      const caption = `${title.slice(0, dash)} - ${subtitle}`;
      parts.text.push({ ...frequencyBlock(caption, buckets), unit });
    }
    const periods = all.filter(({ isOfPeriod }) => isOfPeriod);
    const table = percentileTable(
      periods.map(({ title, samples }) => ({
        title: title.slice(title.indexOf(' - ') + 3),
        samples,
      })),
    );
    parts.tables.push(group === undefined ? table : { ...table, subtitle: `group: ${group}` });
  };
  add(instances, undefined);
  if (context.periods.groupBy.length === 0) return;
  for (const [group, members] of groupInstances(instances, context.periods.groupBy)) {
    parts.text.push(lines('', '', `### Group: ${group} ###`));
    add(members, group);
  }
}
