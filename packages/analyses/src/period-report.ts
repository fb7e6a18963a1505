/** periodlog, periodtop, periodstats, periodfreq: what the completed periods looked like. */

import { limited } from './analysis.ts';
import { doubt } from './losses.ts';
import { formatFixed, formatRow, formatUs } from './number-format.ts';
import { addAggregated } from './period-aggregate.ts';
import {
  byAppearance,
  descendantsOf,
  durationOf,
  durationsByPeriod,
  groupInstances,
  type PairStatistics,
  pairStatistics,
  periodPath,
  treeOrder,
} from './period-collector.ts';
import {
  type PeriodReportContext,
  spreadCells,
  spreadTexts,
  timeRangeText,
} from './period-context.ts';
import type { PeriodInstance } from './period-engine.ts';
import type { PeriodValue } from './period-expression.ts';
import { addFrequencies } from './period-frequency.ts';
import type { PeriodDefinition } from './period-language.ts';
import * as tables from './period-tables.ts';
import { rowsOf } from './rows.ts';
import type { Samples } from './samples.ts';
import { percentileCells } from './statistics-columns.ts';
import {
  type Cell,
  durationCell,
  numberCell,
  type ReportParts,
  stringCell,
  type TableClass,
} from './table.ts';
import { lines, rowLines } from './text-block.ts';

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
    numberCell(instance.isCertain ? 0 : 1),
  ];
}

const eventWidths = [-15, 24, 35, 35];

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
  const text = [`${range} ${formatRow(first, eventWidths)}${doubt(!instance.isCertain)}`];
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
    rows: rowsOf(instances, (instance) => eventCells(instance, context, name(instance))),
  });
  const titles = ['Duration (us)', 'Name', 'Begin capture', 'End capture'];
  const header = `${formatRow(['Begin', 'End'], [20, 19])} ${formatRow(titles, eventWidths)}`;
  const line = (instance: PeriodInstance): string =>
    eventLines(instance, context, name(instance)).join('\n');
  parts.text.push(rowLines(['', tableClass.title, header], instances, line));
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
      ...rows.map(({ definition, durations }) => {
        const counts = [periodPath(definition), String(durations.count)];
        const row = format([...counts, ...spreadTexts(durations, 2), formatUs(durations.sum)]);
        return `${row}${doubt(durations.uncertainCount > 0)}`;
      }),
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
        numberCell(samples(pair).uncertainCount),
      ]),
    });
    const rows = pairs.map((pair) => {
      const values = isDuration ? spreadTexts(samples(pair), 3) : numberTexts(samples(pair));
      const mark = doubt(samples(pair).uncertainCount > 0);
      return `${format([pair.path, pair.parentPath, ...values])}${mark}`;
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

/** Adds what the views ask for. */
export function addPeriodReport(parts: ReportParts, context: PeriodReportContext): void {
  const { views } = context.options;
  if (views.has('stats')) addStatistics(parts, context);
  if (views.has('freq')) addFrequencies(parts, context);
  if (views.has('log')) addLog(parts, context);
  if (views.has('top')) addTop(parts, context);
}
