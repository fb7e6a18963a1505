/**
 * Fixed-point text as C's printf gives it: correctly rounded, exact ties to even (`toFixed` rounds them up).
 */
export function formatFixed(value: number, digits: number): string {
  const scaled = value * 2 ** (digits + 1);
  // A double is a tie at `digits` decimals only if it is an odd multiple of 2^-(digits + 1).
  if (!Number.isInteger(scaled) || scaled % 2 === 0) return value.toFixed(digits);
  const floor = Math.floor(value * 10 ** digits);
  const even = floor % 2 === 0 ? floor : floor + 1;
  return (even / 10 ** digits).toFixed(digits);
}

/** Microseconds with three decimals. */
export function formatUs(durationNs: number): string {
  // A whole number of ns is what the three decimals show: nothing to round.
  if (Number.isSafeInteger(durationNs) && durationNs >= 0) {
    const us = Math.floor(durationNs / 1000);
    return `${us}.${String(1000 + (durationNs - us * 1000)).slice(1)}`;
  }
  return formatFixed(durationNs / 1000, 3);
}

const sizeUnits = ['  B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** `100   B`, `5.00 KiB`: base 1024, aligned units. */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1) return `${formatFixed(sizeBytes, 0)}   B`;
  const exponent = Math.min(Math.trunc(Math.log(sizeBytes) / Math.log(1024)), sizeUnits.length - 1);
  const value = sizeBytes / 1024 ** exponent;
  return `${formatFixed(value, exponent === 0 ? 0 : 2)} ${sizeUnits[exponent]}`;
}

/** The shortest text of a number rounded to three decimals, always with a decimal point: `0.0`, `10.013`. */
export function formatShortest(value: number): string {
  const text = String(Number(formatFixed(value, 3)));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Of a thread, in the order of appearance. Mostly there is one. */
export type Priorities = undefined | number | number[];

export function addPriority(priorities: Priorities, priority: number): Priorities {
  if (priorities === undefined) return priority;
  if (typeof priorities === 'number') return [priorities, priority];
  priorities.push(priority);
  return priorities;
}

/** `[20, 120 (2 times)]`: ascending, each once. */
export function formatPriorities(priorities: Priorities): string {
  const counts = new Map<number, number>();
  const all = typeof priorities === 'number' ? [priorities] : (priorities ?? []);
  for (const priority of all) counts.set(priority, (counts.get(priority) ?? 0) + 1);
  const parts = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([priority, count]) => (count > 1 ? `${priority} (${count} times)` : `${priority}`));
  return `[${parts.join(', ')}]`;
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Width of a text in terminal cells, as far as the field needs it: one per code point. */
export function cellWidth(text: string): number {
  let width = text.length;
  // A code point beyond the first 65,536 takes two units.
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(i + 1))) width--;
  }
  return width;
}

export function padStart(text: string, width: number): string {
  const missing = width - cellWidth(text);
  return missing > 0 ? ' '.repeat(missing) + text : text;
}

export function padEnd(text: string, width: number): string {
  const missing = width - cellWidth(text);
  return missing > 0 ? text + ' '.repeat(missing) : text;
}

/** A row of cells with fixed widths; negative widths align right. */
export function formatRow(cells: readonly string[], widths: readonly number[], gap = ' '): string {
  let row = '';
  for (let i = 0; i < cells.length; i++) {
    const width = widths[i] ?? 0;
    if (i > 0) row += gap;
    row += width < 0 ? padStart(cells[i]!, -width) : padEnd(cells[i]!, width);
  }
  return row;
}
