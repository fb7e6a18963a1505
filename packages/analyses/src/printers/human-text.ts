/** Cells as people read them: units that fit, control characters gone. */
import type { TimeFormat } from '../analysis.ts';
import { formatFixed, formatSize } from '../number-format.ts';
import type { Cell } from '../table.ts';
import { plainValue } from './cell-text.ts';

const durationUnits: readonly [ns: number, unit: string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

/** Three digits and a unit: `18.2 ms`; whole ns below 1 µs. */
export function formatDuration(durationNs: number): string {
  const size = Math.abs(durationNs);
  for (const [ns, unit] of durationUnits) {
    // What would round up to 1000 belongs to the unit above.
    if (size < ns * 0.9995) continue;
    return `${threeDigits(durationNs / ns)} ${unit}`;
  }
  return `${Math.round(durationNs)} ns`;
}

/** `7.26`, `12.3`, `123` */
export function threeDigits(value: number): string {
  const size = Math.abs(value);
  return formatFixed(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

/** `259,811`; fractions with up to three digits. */
export function formatCount(value: number): string {
  if (!Number.isInteger(value)) return threeDigits(value);
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 call`, `16,261 calls` */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : several}`;
}

/** `12.3 %` */
export function formatPercent(ratio: number): string {
  return `${formatFixed(ratio * 100, 1)} %`;
}

/** Size in bytes, one blank before the unit. */
export function formatBytes(bytes: number): string {
  const text = formatSize(Math.abs(bytes)).replace(/ +/, ' ');
  return bytes < 0 ? `-${text}` : text;
}

const blankBeforeUnit = /(\d) (?=(?:[nµm]?s|B|[KMGTPE]iB(?:\/s)?|%)(?!\w))/g;

/** Keeps values and their units on one line: the blank between becomes one that is not broken at. */
export function joinUnits(text: string): string {
  return text.replace(blankBeforeUnit, '$1\u00a0');
}

/** Names in a trace are anybody's text: what would steer a terminal or break a line is shown as `?`. */
export function safeText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
}

export function humanText(cell: Cell | undefined, times: TimeFormat): string {
  if (cell === null || cell === undefined) return '';
  switch (cell.class) {
    case 'unknown':
      return '?';
    case 'duration':
      return formatDuration(cell.value);
    case 'size':
      return formatBytes(cell.value);
    case 'ratio':
      return formatPercent(cell.value);
    case 'number':
      return formatCount(cell.value);
    case 'timestamp':
      return times.time(cell.value);
    case 'time-range':
      return `${times.time(cell.begin)} to ${times.time(cell.end)}`;
    case 'bool':
      return cell.value === null ? '' : cell.value ? 'yes' : 'no';
    default:
      return safeText(String(plainValue(cell) ?? ''));
  }
}
