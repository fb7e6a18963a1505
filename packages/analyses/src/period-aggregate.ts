import { doubt } from './losses.ts';
import { formatRow, formatUs } from './number-format.ts';
import { descendantsOf, durationOf, groupInstances, periodPath } from './period-collector.ts';
import {
  type PeriodReportContext,
  spreadCells,
  spreadTexts,
  timeRangeText,
} from './period-context.ts';
import type { PeriodInstance } from './period-engine.ts';
import * as tables from './period-tables.ts';
import { rowsOf } from './rows.ts';
import { Samples } from './samples.ts';
import type { Cell } from './table.ts';
import { durationCell, numberCell, type ReportParts, stringCell } from './table.ts';
import { rowLines } from './text-block.ts';

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

/** periodlog with `--aggregate-by`: a line per parent and kind of child. */
export function addAggregated(parts: ReportParts, context: PeriodReportContext): void {
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
    samples.add(durationOf(child), child.isCertain);
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
    rows: rowsOf(rows, ({ parent, path, durations }): Cell[] => [
      stringCell(periodPath(parent.definition)),
      { class: 'timestamp', value: context.toAbsoluteNs(parent.begin.timeNs) },
      { class: 'timestamp', value: context.toAbsoluteNs(parent.endNs) },
      stringCell(path),
      numberCell(durations.count),
      ...spreadCells(durations),
      durationCell(durations.sum),
      stringCell(namedCaptures(parent)),
      numberCell(durations.uncertainCount),
    ]),
  });
  const { parent: left, child, durations: right } = aggregateWidths;
  const heading = `${' '.repeat(36)}Parent ${' '.repeat(32)} | ${' '.repeat(35)} | ${' '.repeat(25)} Durations (us) ${' '.repeat(22)} |`;
  const names = formatRow(['| Child name', 'Count'], child);
  const titles = formatRow(['Min', 'Avg', 'Max', 'Stdev', 'Runtime'], [-10, -12, -12, -13, -12]);
  const header = `${formatRow(['Begin', 'End', 'Duration (us)', 'Name'], [20, 19, -18, 15])} ${names} | ${titles} | Parent captures`;
  const text = ({ parent, path, durations }: AggregateRow): string => {
    const range = timeRangeText(parent, context);
    const first = [range, formatUs(durationOf(parent)), periodPath(parent.definition)];
    const middle = formatRow([`| ${path}`, String(durations.count)], child);
    const last = formatRow([...spreadTexts(durations, 2), formatUs(durations.sum)], right);
    const mark = doubt(durations.uncertainCount > 0);
    return `${formatRow(first, left)} ${middle} | ${last} | ${namedCaptures(parent)}${mark}`;
  };
  const head = ['', tables.aggregatedStats.title, subtitle, heading, header];
  parts.text.push(rowLines(head, rows, text));
}
