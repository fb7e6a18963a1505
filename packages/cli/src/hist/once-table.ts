/** The table of latency-tracker's `/proc/block_hist_tracker`, for pipes and eyes that know it. */
import type { HistogramData } from '@sonde/latency-tracker';
import { formatTroubles, Histogram, type TrackerSnapshot } from '@sonde/latency-tracker';
import { type Column, fileColumns } from './columns.ts';

const rangeWidth = 16;
const cellWidth = 6;
/** Rows of the original: up to 2^40 ns. */
const rowCount = 41;
const units = ['ns', 'us', 'ms', 's'] as const;

/** A power of two of ns in units that are powers of 1024, as the original has them: 2^10 is `1us`. */
export function boundText(exponent: number): string {
  const unit = Math.min(units.length - 1, Math.floor(exponent / 10));
  return `${2 ** (exponent - 10 * unit)}${units[unit]}`;
}

/** Groups of neighbours: name and number of columns. */
function groupsOf(columns: readonly Column[]): [string, number][] {
  const groups: [string, number][] = [];
  for (const { group } of columns) {
    const last = groups.at(-1);
    if (last?.[0] === group) last[1]++;
    else groups.push([group, 1]);
  }
  return groups;
}

/** What the table does not say: `fs_read: 12 across lost events`. */
export function troubleNotes(snapshots: readonly TrackerSnapshot[]): string[] {
  return snapshots.flatMap(({ tracker, counters }) => {
    const troubles = formatTroubles(counters);
    return troubles === '' ? [] : [`${tracker.name}: NOT all is well: ${troubles}`];
  });
}

/** `histograms` by column; undefined ones (nothing can be measured) are columns of zeros, named below the table. */
export function onceTable(histogramOf: (column: Column) => HistogramData | undefined): string {
  const groups = groupsOf(fileColumns);
  const counts = fileColumns.map((column) => log2Of(histogramOf(column)));
  const rows = Array.from({ length: rowCount }, (_, i) => counts.map((each) => each[i] ?? 0));
  // As wide as the original's, unless a number needs more.
  const widths = counts.map((_, column) =>
    Math.max(cellWidth, ...rows.map((row) => String(row[column]).length + 1)),
  );
  // The last cell of a group is a column narrower: the bar takes its place.
  const split = (cells: readonly string[]): string[] => {
    let at = 0;
    return groups.map(([, count]) => {
      const from = at;
      at += count;
      const padded = cells.slice(from, at).map((cell, i) => cell.padEnd(widths[from + i]!));
      return padded.join('').slice(0, -1);
    });
  };
  const line = (range: string, parts: readonly string[]): string =>
    `${range.padEnd(rangeWidth)}|${parts.join('|')}`.trimEnd();
  const names = split(fileColumns.map(({ name }) => name));
  const head = groups.map(([name], i) => {
    const width = names[i]!.length;
    return name.padStart(Math.ceil((width + name.length) / 2)).padEnd(width);
  });
  const lines = [line('Latency range', head), line('', names)];
  for (const [i, row] of rows.entries()) {
    lines.push(line(`[${boundText(i)}, ${boundText(i + 1)}[`, split(row.map(String))));
  }
  return `${lines.join('\n')}\n`;
}

function log2Of(histogram: HistogramData | undefined): ArrayLike<number> {
  const folded = new Histogram(0);
  if (histogram !== undefined) folded.merge(histogram);
  return folded.counts;
}
