/** periodlog, periodtop, periodstats, periodfreq: what the completed periods looked like. */
import { type AnalysisOptions, limited } from './analysis.ts';
import {
  type Bounds,
  bucketRows,
  distribute,
  frequencyBlock,
  joinBounds,
  percentileTable,
} from './frequency.ts';
import type { ReportParts } from './io-usage.ts';
import { formatFixed, formatRow, formatUs } from './number-format.ts';
import {
  byAppearance,
  descendantsOf,
  durationOf,
  durationsByPeriod,
  groupInstances,
  type PairStatistics,
  type PeriodCollector,
  type PeriodOptions,
  pairStatistics,
  periodPath,
  treeOrder,
} from './period-collector.ts';
import type { PeriodInstance } from './period-engine.ts';
import type { PeriodValue } from './period-expression.ts';
import type { PeriodDefinition } from './period-language.ts';
import * as tables from './period-tables.ts';
import { Samples } from './samples.ts';
import { percentileCells } from './statistics-columns.ts';
import { type Cell, durationCell, numberCell, stringCell, type TableClass } from './table.ts';
import { lines } from './text-block.ts';

export interface PeriodReportContext {
  readonly collector: PeriodCollector;
  readonly definitions: readonly PeriodDefinition[];
  readonly periods: PeriodOptions;
  readonly options: AnalysisOptions;
  toAbsoluteNs(timeNs: number): bigint;
}

type Captures = ReadonlyMap<string, PeriodValue | undefined>;

const captureTexts = (captures: Captures): string[] =>
  [...captures]
    .map(([name, value]) => `${name} = ${value ?? 'None'}`)
    .sort((a, b) => (a > b ? -1 : 1));

/** As the machine interface has them: a dictionary in Python's notation, in the order of the definition. */
function dictionary(captures: Captures): string {
  const quote = (text: string): string =>
    text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replace(/['\\]/g, '\\$&')}'`;
  const show = (value: PeriodValue | undefined): string =>
    value === undefined ? 'None' : typeof value === 'string' ? quote(value) : String(value);
  return `{${[...captures].map(([name, value]) => `${quote(name)}: ${show(value)}`).join(', ')}}`;
}

function eventCells(instance: PeriodInstance, context: PeriodReportContext, name: string): Cell[] {
  return [
    { class: 'timestamp', value: context.toAbsoluteNs(instance.begin.timeNs) },
    { class: 'timestamp', value: context.toAbsoluteNs(instance.endNs) },
    durationCell(durationOf(instance)),
    stringCell(name),
    stringCell(dictionary(instance.beginCaptures)),
    stringCell(dictionary(instance.endCaptures)),
  ];
}

const eventWidths = [-15, 24, 35, 35];

function timeRangeText(instance: PeriodInstance, context: PeriodReportContext): string {
  const { times } = context.options;
  const begin = times.time(context.toAbsoluteNs(instance.begin.timeNs));
  const end = times.time(context.toAbsoluteNs(instance.endNs));
  return `[${formatRow([begin, end], [18, 18], ', ')}]`;
}

function eventLines(
  instance: PeriodInstance,
  context: PeriodReportContext,
  name: string,
): string[] {
  const begins = captureTexts(instance.beginCaptures);
  const ends = captureTexts(instance.endCaptures);
  const range = timeRangeText(instance, context);
  const duration = formatUs(durationOf(instance));
  const first = [duration, name, begins[0] ?? '', ends[0] ?? ''];
  const text = [`${range} ${formatRow(first, eventWidths)}`];
  for (let i = 1; i < Math.max(begins.length, ends.length); i++) {
    const rest = ['', '', '', '', begins[i] ?? '', ends[i] ?? ''];
    text.push(formatRow(rest, [18, 18, -18, 24, 35, 35]));
  }
  return text;
}

function addEvents(
  parts: ReportParts,
  context: PeriodReportContext,
  tableClass: TableClass,
  instances: readonly PeriodInstance[],
  name: (instance: PeriodInstance) => string,
): void {
  parts.tables.push({
    tableClass,
    rows: instances.map((instance) => eventCells(instance, context, name(instance))),
  });
  const titles = ['Duration (us)', 'Name', 'Begin capture', 'End capture'];
  const header = `${formatRow(['Begin', 'End'], [20, 19])} ${formatRow(titles, eventWidths)}`;
  const rows = instances.flatMap((instance) => eventLines(instance, context, name(instance)));
  parts.text.push(lines('', tableClass.title, header, ...rows));
}

function addLog(parts: ReportParts, context: PeriodReportContext): void {
  const { collector, periods } = context;
  if (periods.aggregateBy !== undefined && periods.orderBy !== 'hierarchy') {
    addAggregated(parts, context);
    return;
  }
  const path = (instance: PeriodInstance): string => periodPath(instance.definition);
  let { instances } = collector;
  if (periods.orderBy === 'hierarchy') {
    const kept = new Set(instances);
    const roots = instances.filter((instance) => instance.parent === undefined);
    instances = roots.flatMap((root) => [root, ...descendantsOf(root)]).filter((i) => kept.has(i));
  }
  addEvents(parts, context, tables.log, instances, path);
}

function addTop(parts: ReportParts, context: PeriodReportContext): void {
  const shown = limited(context.collector.longest, context.options.limit);
  addEvents(parts, context, tables.top, shown, (instance) => instance.definition.name);
}

const spreadTexts = (samples: Samples, minimum: number): string[] => [
  formatUs(samples.min),
  formatUs(samples.mean),
  formatUs(samples.max),
  samples.count >= minimum ? formatUs(samples.standardDeviation ?? 0) : '?',
];
const spreadCells = (samples: Samples, minimum = 2): Cell[] => [
  durationCell(samples.min),
  durationCell(samples.mean),
  durationCell(samples.max),
  durationCell(samples.count >= minimum ? samples.standardDeviation : undefined),
];

function treeText(definitions: readonly PeriodDefinition[]): string[] {
  const depth = (definition: PeriodDefinition): number =>
    definition.parent === undefined ? 0 : 1 + depth(definition.parent);
  return treeOrder(definitions).map((definition) => {
    const level = depth(definition);
    return level === 0 ? definition.name : `${' '.repeat(4 * (level - 1))}|-- ${definition.name}`;
  });
}

function addPeriodStatistics(
  parts: ReportParts,
  context: PeriodReportContext,
  instances: readonly PeriodInstance[],
  subtitle: string | undefined,
): void {
  const all = durationsByPeriod(context.definitions, instances);
  const rows = subtitle === undefined ? all : byAppearance(all, instances);
  const titled = subtitle === undefined ? {} : { subtitle };
  parts.tables.push({
    tableClass: tables.perPeriodStats,
    ...titled,
    rows: rows.map(({ definition, durations }) => [
      stringCell(periodPath(definition)),
      numberCell(durations.count),
      ...spreadCells(durations),
      durationCell(durations.sum),
      ...percentileCells(durations),
    ]),
  });
  const format = (cells: string[]): string =>
    `${formatRow(cells.slice(0, 2), [25, -8])}  ${formatRow(cells.slice(2, 6), [-12, -12, -12, -12], '  ')} ${cells[6]!.padStart(12)}`;
  parts.text.push(
    lines(
      'Period tree:',
      ...treeText(context.definitions),
      '',
      'Period statistics (us)',
      format(['Period', 'Count', 'Min', 'Avg', 'Max', 'Stdev', 'Runtime']),
      ...rows.map(({ definition, durations }) =>
        format([
          periodPath(definition),
          String(durations.count),
          ...spreadTexts(durations, 2),
          formatUs(durations.sum),
        ]),
      ),
    ),
  );
}

interface PairTable {
  readonly tableClass: TableClass;
  readonly title: string;
  readonly samples: (pair: PairStatistics) => Samples;
  readonly isDuration: boolean;
}

const pairTables: readonly PairTable[] = [
  {
    tableClass: tables.perParentStats,
    title: 'Per-parent period duration statistics (us)',
    samples: (pair) => pair.durations,
    isDuration: true,
  },
  {
    tableClass: tables.perParentPercentage,
    title: 'Per-parent duration ratio (%)',
    samples: (pair) => pair.ratios,
    isDuration: false,
  },
  {
    tableClass: tables.perParentCount,
    title: 'Per-parent period count statistics',
    samples: (pair) => pair.counts,
    isDuration: false,
  },
];

function numberTexts(samples: Samples): string[] {
  const { standardDeviation } = samples;
  return [
    String(Math.trunc(samples.min)),
    formatFixed(samples.mean, 3),
    String(Math.trunc(samples.max)),
    samples.count > 2 && standardDeviation !== undefined ? formatFixed(standardDeviation, 3) : '?',
  ];
}

function numberCells(samples: Samples): Cell[] {
  const { standardDeviation } = samples;
  return [
    numberCell(samples.min),
    numberCell(samples.mean),
    numberCell(samples.max),
    samples.count < 3 || standardDeviation === undefined
      ? { class: 'unknown' }
      : numberCell(standardDeviation),
  ];
}

function addPairs(
  parts: ReportParts,
  context: PeriodReportContext,
  instances: readonly PeriodInstance[],
  ancestors: readonly PeriodInstance[] | undefined,
  group: string | undefined,
): void {
  const pairs = pairStatistics(context.definitions, instances, ancestors);
  if (pairs.length === 0) return;
  const what = ancestors !== undefined ? 'Globally' : 'With active children';
  const scope = group === undefined ? what : `'${group}' - ${what}`;
  const format = (cells: string[]): string =>
    `${formatRow(cells.slice(0, 2), [25, 25])}  ${formatRow(cells.slice(2), [-12, -12, -12, -12], '  ')}`;
  for (const { tableClass, title, samples, isDuration } of pairTables) {
    parts.tables.push({
      tableClass,
      subtitle: scope,
      rows: pairs.map((pair) => [
        stringCell(pair.path),
        stringCell(pair.parentPath),
        ...(isDuration ? spreadCells(samples(pair), 3) : numberCells(samples(pair))),
      ]),
    });
    const rows = pairs.map((pair) => {
      const values = isDuration ? spreadTexts(samples(pair), 3) : numberTexts(samples(pair));
      return format([pair.path, pair.parentPath, ...values]);
    });
    const header = format(['Period', 'Parent', 'Min', 'Avg', 'Max', 'Stdev']);
    parts.text.push(lines('', title, scope, header, ...rows));
  }
}

function addStatistics(parts: ReportParts, context: PeriodReportContext): void {
  const { instances } = context.collector;
  const one = (some: readonly PeriodInstance[], group: string | undefined): void => {
    addPeriodStatistics(parts, context, some, group);
    addPairs(parts, context, some, undefined, group);
    addPairs(parts, context, some, instances, group);
  };
  one(instances, undefined);
  if (context.periods.groupBy.length === 0) return;
  for (const [group, members] of groupInstances(instances, context.periods.groupBy)) {
    parts.text.push(lines('', '', `### Group: ${group} ###`));
    one(members, group);
  }
}

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

function addFrequencies(parts: ReportParts, context: PeriodReportContext): void {
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
          : buckets.map((b) => [b.lowerBound, b.upperBound, b.count].map(numberCell)),
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

function namedCaptures(instance: PeriodInstance): string {
  const { name } = instance.definition;
  const all = [...instance.beginCaptures, ...instance.endCaptures];
  return all.map(([key, value]) => `${name}.${key} = ${value ?? 'None'}`).join(', ');
}

const aggregateWidths = {
  parent: [0, -18, 15],
  child: [24, -12],
  durations: [-10, -12, -12, -12, -13],
};

function addAggregated(parts: ReportParts, context: PeriodReportContext): void {
  const { periods, collector } = context;
  const all = collector.instances;
  const groups: [string | undefined, PeriodInstance[]][] =
    periods.groupBy.length === 0 ? [[undefined, all]] : [...groupInstances(all, periods.groupBy)];
  const selected = periods.select ?? new Set(context.definitions.map((d) => d.name));
  for (const [group, members] of groups) {
    const kept = new Set(members);
    const parents = new Set<PeriodInstance>();
    for (const member of members) {
      for (let up: PeriodInstance | undefined = member; up !== undefined; up = up.parent) {
        if (up.definition.name === periods.aggregateBy) parents.add(up);
      }
    }
    const rows = [...parents]
      .filter((parent) => parent.isComplete)
      .sort((a, b) => a.begin.timeNs - b.begin.timeNs)
      .flatMap((parent) => aggregateRows(parent, kept, selected));
    const title = `Aggregation of (${[...selected].join(', ')}) by ${periods.aggregateBy}`;
    const subtitle = group === undefined ? title : `${title}, group: ${group}`;
    addAggregateTable(parts, context, rows, subtitle);
  }
}

interface AggregateRow {
  readonly parent: PeriodInstance;
  readonly path: string;
  readonly durations: Samples;
}

function aggregateRows(
  parent: PeriodInstance,
  kept: ReadonlySet<PeriodInstance>,
  selected: ReadonlySet<string>,
): AggregateRow[] {
  const byPath = new Map<string, Samples>();
  for (const child of descendantsOf(parent)) {
    if (!kept.has(child) || !selected.has(child.definition.name)) continue;
    const path = periodPath(child.definition);
    let samples = byPath.get(path);
    if (samples === undefined) byPath.set(path, (samples = new Samples()));
    samples.add(durationOf(child));
  }
  return [...byPath].map(([path, durations]) => ({ parent, path, durations }));
}

function addAggregateTable(
  parts: ReportParts,
  context: PeriodReportContext,
  rows: readonly AggregateRow[],
  subtitle: string,
): void {
  parts.tables.push({
    tableClass: tables.aggregatedStats,
    subtitle,
    rows: rows.map(({ parent, path, durations }) => [
      stringCell(periodPath(parent.definition)),
      { class: 'timestamp', value: context.toAbsoluteNs(parent.begin.timeNs) },
      { class: 'timestamp', value: context.toAbsoluteNs(parent.endNs) },
      stringCell(path),
      numberCell(durations.count),
      ...spreadCells(durations),
      durationCell(durations.sum),
      stringCell(namedCaptures(parent)),
    ]),
  });
  const { parent: left, child, durations: right } = aggregateWidths;
  const heading = `${' '.repeat(36)}Parent ${' '.repeat(32)} | ${' '.repeat(35)} | ${' '.repeat(25)} Durations (us) ${' '.repeat(22)} |`;
  const names = formatRow(['| Child name', 'Count'], child);
  const titles = formatRow(['Min', 'Avg', 'Max', 'Stdev', 'Runtime'], [-10, -12, -12, -13, -12]);
  const header = `${formatRow(['Begin', 'End', 'Duration (us)', 'Name'], [20, 19, -18, 15])} ${names} | ${titles} | Parent captures`;
  const texts = rows.map(({ parent, path, durations }) => {
    const range = timeRangeText(parent, context);
    const first = [range, formatUs(durationOf(parent)), periodPath(parent.definition)];
    const middle = formatRow([`| ${path}`, String(durations.count)], child);
    const last = formatRow([...spreadTexts(durations, 2), formatUs(durations.sum)], right);
    return `${formatRow(first, left)} ${middle} | ${last} | ${namedCaptures(parent)}`;
  });
  parts.text.push(lines('', tables.aggregatedStats.title, subtitle, heading, header, ...texts));
}

/** Adds what the views ask for. */
export function addPeriodReport(parts: ReportParts, context: PeriodReportContext): void {
  const { views } = context.options;
  if (views.has('stats')) addStatistics(parts, context);
  if (views.has('freq')) addFrequencies(parts, context);
  if (views.has('log')) addLog(parts, context);
  if (views.has('top')) addTop(parts, context);
}
