/** The screen of `sonde hist` as lines of text: from state to characters, nothing else. */
import {
  type Alert,
  alertText,
  formatDuration,
  type Histogram,
  quantileOf,
} from '@sonde/latency-tracker';
import type { ColumnView, HistState, Window } from './hist-state.ts';
import { boundText } from './once-table.ts';

export interface FrameOptions {
  readonly columnCount: number;
  readonly lineCount: number;
  readonly isUtf8: boolean;
  /** What is measured: `live, in the kernel`, or the trace. */
  readonly title: string;
  readonly isPaused: boolean;
  /** Asked below the table. */
  readonly prompt: string | undefined;
  /** Selected: index of the column, and of the row from the top. */
  readonly column: number;
  readonly row: number;
  /** Show the last alerts of the selected cell. */
  readonly showsAlerts: boolean;
  /** What to do to get some, where there are none. */
  readonly alertHint: string;
  readonly time: (ns: bigint) => string;
  readonly named: (alert: Alert) => Alert;
}

/** A line with one part in reverse video. */
export interface FrameLine {
  readonly text: string;
  /** `[begin, end)` in characters; undefined: nothing. */
  readonly reverse?: readonly [number, number];
  readonly isBold?: boolean;
}

/** A row of the table: delays of `[2^first, 2^end)` ns. */
export interface BucketRow {
  readonly first: number;
  readonly end: number;
}

const labelWidth = 8;
const shades = { utf8: ' ▁▂▃▄▅▆▇█', ascii: ' .:-=+*#%' } as const;
const statNames = ['count/s', 'p50', 'p99', 'max'] as const;
/** Title, two lines of names, statistics, rule; details and help below. */
const fixedLines = 3 + statNames.length + 1 + 3 + 1;

/** At most four characters, the last of them the unit's first: `99n`, `169u`, `17m`, `2s`; `-`: nothing. */
export function shortDuration(ns: number): string {
  if (!Number.isFinite(ns)) return '-';
  let value = ns;
  for (const unit of ['n', 'u', 'm', 's']) {
    if (value < 999.5) return `${Math.round(value)}${unit}`;
    value /= 1000;
  }
  return '>1ks';
}

/** At most four characters: `.5`, `999`, `12k`, `620k`, `2M`. */
export function shortCount(count: number): string {
  if (count === 0) return '0';
  if (count < 0.95) return `.${Math.max(1, Math.round(count * 10))}`;
  let value = count;
  for (const unit of ['', 'k', 'M']) {
    if (value < 999.5) return `${Math.round(value)}${unit}`;
    value /= 1000;
  }
  return '>1G';
}

/** The rows that show all delays in at most `maxRows`. */
export function bucketRows(views: readonly ColumnView[], maxRows: number): BucketRow[] {
  let first = 64;
  let last = -1;
  for (const { log2 } of views) {
    const own = log2.counts.findIndex((count) => count > 0);
    if (own < 0) continue;
    first = Math.min(first, own);
    last = Math.max(
      last,
      log2.counts.findLastIndex((count) => count > 0),
    );
  }
  if (last < 0) [first, last] = [9, 30];
  const step = Math.max(1, Math.ceil((last - first + 1) / Math.max(1, maxRows)));
  const rows: BucketRow[] = [];
  for (let at = first; at <= last; at += step) rows.push({ first: at, end: at + step });
  return rows;
}

function countIn(log2: Histogram, { first, end }: BucketRow): number {
  let sum = 0;
  for (let i = first; i < end; i++) sum += log2.counts[i] ?? 0;
  return sum;
}

export function rowsFor(state: HistState, lineCount: number): BucketRow[] {
  return bucketRows(state.view(), lineCount - fixedLines);
}

/** Characters of a column, with the space behind it. */
const leastCell = 4;

/** Where not all columns have room: those around the selected one, from the begin of a group. */
function shownFrom(
  views: readonly ColumnView[],
  column: number,
  columnCount: number,
): [from: number, end: number] {
  for (let from = 0; ; ) {
    let end = from + 1;
    while (end < views.length && tableWidth(views.slice(from, end + 1), leastCell) <= columnCount) {
      end++;
    }
    if (column < end) return [from, end];
    const next = views.findIndex((_, i) => i > from && startsGroup(views, i));
    // The last group is wider than the screen.
    if (next < 0 || next > column) return [column, Math.max(end, column + 1)];
    from = next;
  }
}

export function frameLines(state: HistState, full: FrameOptions): FrameLine[] {
  const all = state.view();
  const rows = bucketRows(all, full.lineCount - fixedLines);
  const [from, end] = shownFrom(all, full.column, full.columnCount);
  const views = all.slice(from, end);
  const options: FrameOptions = {
    ...full,
    column: full.column - from,
    title:
      views.length === all.length
        ? full.title
        : `${views.length} of ${all.length} columns, ${full.title}`,
  };
  const cellWidth = cellWidthFor(views, options.columnCount);
  const row = rows[Math.min(options.row, rows.length - 1)]!;
  const lines: FrameLine[] = [
    titleLine(state, options),
    ...nameLines(views, cellWidth, options),
    ...statLines(views, cellWidth, state.hasBegun),
    { text: '-'.repeat(tableWidth(views, cellWidth)) },
  ];
  if (options.showsAlerts) lines.push(...alertLines(state, views, row, options));
  else {
    lines.push(...rows.map((each, i) => bucketLine(views, each, i, cellWidth, options)));
    lines.push(...(state.hasBegun ? detailLines(state, views, row, options) : beginLines));
  }
  const shown = lines.slice(0, options.lineCount - 1);
  while (shown.length < options.lineCount - 1) shown.push({ text: '' });
  shown.push({ text: options.prompt ?? helpLine });
  return shown.map((line) => ({ ...line, text: cut(line.text, options.columnCount) }));
}

const helpLine = 'arrows cell  Enter alerts  1 5 f a window  t threshold  r reset  p pause  q quit';

const cut = (text: string, width: number): string => [...text].slice(0, width).join('');

const windowNames = new Map<Window, string>([
  ['all', 'since the start'],
  [1, 'last minute'],
  [5, 'last 5 minutes'],
  [15, 'last 15 minutes'],
]);

function titleLine(state: HistState, { title, isPaused }: FrameOptions): FrameLine {
  const elapsed = formatDuration(state.elapsedS * 1e9);
  const paused = isPaused ? '  PAUSED' : '';
  const text = `sonde hist: ${title}, ${elapsed}  [${windowNames.get(state.window)}]${paused}`;
  return { text, isBold: true };
}

/** A separator before each group. */
const startsGroup = (views: readonly ColumnView[], i: number): boolean =>
  i === 0 || views[i - 1]!.column.group !== views[i]!.column.group;

function groupCount(views: readonly ColumnView[]): number {
  return views.filter((_, i) => startsGroup(views, i)).length;
}

function cellWidthFor(views: readonly ColumnView[], columnCount: number): number {
  const free = columnCount - labelWidth - groupCount(views);
  return Math.max(leastCell, Math.min(8, Math.floor(free / views.length)));
}

function tableWidth(views: readonly ColumnView[], cellWidth: number): number {
  return labelWidth + groupCount(views) + views.length * cellWidth;
}

/** Cells behind a label, with a bar before each group. */
function tableLine(
  views: readonly ColumnView[],
  label: string,
  cells: readonly string[],
  cellWidth: number,
  spaceCount = 1,
): string {
  const textWidth = cellWidth - spaceCount;
  let text = label.padEnd(labelWidth);
  cells.forEach((cell, i) => {
    if (startsGroup(views, i)) text += '|';
    text += cell.slice(0, textWidth).padStart(textWidth) + ' '.repeat(spaceCount);
  });
  return text;
}

/** Where a cell begins in a line. */
function cellOffset(views: readonly ColumnView[], index: number, cellWidth: number): number {
  const bars = views.filter((_, i) => i <= index && startsGroup(views, i)).length;
  return labelWidth + bars + index * cellWidth;
}

function nameLines(
  views: readonly ColumnView[],
  cellWidth: number,
  { column }: FrameOptions,
): FrameLine[] {
  let groups = ' '.repeat(labelWidth);
  views.forEach(({ column: { group } }, i) => {
    if (!startsGroup(views, i)) return;
    const size = views.filter((view) => view.column.group === group).length;
    groups += `|${group.slice(0, size * cellWidth).padEnd(size * cellWidth)}`;
  });
  const names = tableLine(
    views,
    '',
    views.map((view) => view.column.name),
    cellWidth,
  );
  const offset = cellOffset(views, column, cellWidth);
  return [
    { text: groups, isBold: true },
    { text: names, reverse: [offset, offset + cellWidth - 1] },
  ];
}

function statLines(
  views: readonly ColumnView[],
  cellWidth: number,
  hasBegun: boolean,
): FrameLine[] {
  const isWide = cellWidth >= 7;
  const duration = (ns: number): string =>
    isWide ? formatDuration(ns).replace(' ', '') : shortDuration(ns);
  return statNames.map((name) => {
    const cells = views.map(({ histogram, ratePerS }) => {
      if (histogram === undefined) return hasBegun ? 'n/a' : '';
      if (name === 'count/s') return shortCount(ratePerS);
      if (histogram.count === 0) return '-';
      if (name === 'max') return duration(histogram.maxNs);
      return duration(quantileOf(histogram, name === 'p50' ? 0.5 : 0.99));
    });
    // The narrowest have no space of their own: four characters end with a letter, so numbers stay apart.
    const pad = cellWidth === leastCell ? 0 : 1;
    return { text: tableLine(views, name, cells, cellWidth, pad) };
  });
}

function bucketLine(
  views: readonly ColumnView[],
  row: BucketRow,
  index: number,
  cellWidth: number,
  options: FrameOptions,
): FrameLine {
  const steps = options.isUtf8 ? shades.utf8 : shades.ascii;
  const cells = views.map(({ log2 }) => {
    const count = countIn(log2, row);
    if (count === 0) return '';
    // On a logarithmic scale a single slow one among millions is still seen.
    const most = Math.log2(1 + log2.count);
    const shade = Math.max(1, Math.ceil((Math.log2(1 + count) / most) * (steps.length - 1)));
    return steps[shade]!.repeat(cellWidth - 1);
  });
  const label = `>${boundText(row.first)}`;
  const text = tableLine(views, label, cells, cellWidth);
  const isSelected = index === options.row;
  const offset = cellOffset(views, options.column, cellWidth);
  return isSelected ? { text, reverse: [offset, offset + cellWidth - 1] } : { text };
}

/** Before the first figures, which are a second in the coming. */
const beginLines: readonly FrameLine[] = [{ text: 'measuring ...' }];

/** The selected column in full. */
function detailLines(
  state: HistState,
  views: readonly ColumnView[],
  row: BucketRow,
  { column }: FrameOptions,
): FrameLine[] {
  const view = views[column]!;
  const { group, name, tracker } = view.column;
  const title = `${group} ${name} (${tracker})`;
  if (view.histogram === undefined) return [{ text: '' }, { text: `${title}: not measured here` }];
  const { histogram, ratePerS, troubles, leftOut } = view;
  const alerts = alertsIn(state, view, row).length;
  const quantile = (q: number): string => formatDuration(quantileOf(histogram, q));
  const inCell = countIn(view.log2, row);
  const kept = [
    `${grouped(alerts)} ${alerts === 1 ? 'alert' : 'alerts'} kept`,
    // Of the whole tracker: the rate limit.
    ...(leftOut > 0 ? [`${grouped(leftOut)} left out`] : []),
  ].join(', ');
  const trouble = troubles > 0 ? `   ${grouped(troubles)} lost or uncertain` : '';
  const quantiles = ([0.5, 0.9, 0.99, 0.999] as const)
    .map((q) => `p${100 * q} ${quantile(q)}`)
    .join('  ');
  return [
    {
      text: `${title}: ${grouped(histogram.count)} (${grouped(Number(ratePerS.toPrecision(3)))}/s)`,
    },
    { text: `${quantiles}  max ${formatDuration(histogram.maxNs)}` },
    {
      text: `cell ${boundText(row.first)} to ${boundText(row.end)}: ${grouped(inCell)}   ${kept}${trouble}`,
    },
  ];
}

const alertsIn = (
  state: HistState,
  { column }: ColumnView,
  { first, end }: BucketRow,
): readonly Alert[] => state.alertsOf(column, 2 ** first, 2 ** end);

const grouped = (count: number): string => count.toLocaleString('en');

function alertLines(
  state: HistState,
  views: readonly ColumnView[],
  row: BucketRow,
  { column, time, named, alertHint }: FrameOptions,
): FrameLine[] {
  const view = views[column]!;
  const title = `${view.column.group} ${view.column.name}, ${boundText(row.first)} to ${boundText(row.end)}`;
  const alerts = alertsIn(state, view, row);
  if (alerts.length === 0) {
    return [{ text: `${title}: no alerts. Enter closes.` }, { text: `  ${alertHint}.` }];
  }
  return [
    { text: `${title}: the last alerts. Enter closes.`, isBold: true },
    ...alerts.flatMap((alert: Alert) =>
      shortStacks(alertText(named(alert), time(alert.endNs)).trimEnd().split('\n')).map((text) => ({
        text,
      })),
    ),
  ];
}

/** So much of a stack is shown: the next alert is to be seen, too. */
const shownFrames = 8;
const frameIndent = '      ';

/** The innermost frames of each stack; how many more there are. */
function shortStacks(lines: readonly string[]): string[] {
  const shown: string[] = [];
  let frames = 0;
  const closeStack = (): void => {
    if (frames > shownFrames) shown.push(`${frameIndent}… ${frames - shownFrames} more`);
    frames = 0;
  };
  for (const line of lines) {
    if (!line.startsWith(frameIndent)) closeStack();
    else if (++frames > shownFrames) continue;
    shown.push(line);
  }
  closeStack();
  return shown;
}
