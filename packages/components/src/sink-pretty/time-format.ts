import type { ClockSnapshot } from '@sonde/trace-model';
import type { PrettyOptions } from './pretty-options.ts';

const nsPerSecond = 1_000_000_000n;
const secondsPerDay = 86_400n;
/** Seconds that a JavaScript date can tell. */
const maxDateSeconds = 8_640_000_000_000n;

const two = (value: number) => String(value).padStart(2, '0');

/**
 * What stands before the fraction of the second: `HH:MM:SS`, with the date before it on demand, or seconds since the origin.
 * @param seconds - Not negative
 */
export function formatSecond(seconds: bigint, options: PrettyOptions): string {
  if (options.clockSeconds) return String(seconds);
  if (options.clockGmt || seconds > maxDateSeconds)
    return formatUtcSecond(seconds, options.clockDate);
  const date = new Date(Number(seconds) * 1000);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (!options.clockDate) return time;
  const year = String(date.getFullYear()).padStart(4, '0');
  return `${year}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

function formatUtcSecond(seconds: bigint, withDate: boolean): string {
  const ofDay = Number(seconds % secondsPerDay);
  const time = `${two(Math.floor(ofDay / 3600))}:${two(Math.floor(ofDay / 60) % 60)}:${two(ofDay % 60)}`;
  if (!withDate) return time;
  const { year, month, day } = civilDate(seconds / secondsPerDay);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${time}`;
}

/** Gregorian date of a day since 1970-01-01, in years that begin in March so that leap days come last. */
function civilDate(daysSince1970: bigint): { year: bigint; month: number; day: number } {
  const days = daysSince1970 + 719_468n;
  const era = days / 146_097n;
  const dayOfEra = Number(days % 146_097n);
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: BigInt(yearOfEra) + era * 400n + (month <= 2 ? 1n : 0n), month, day };
}

function fraction(ns: bigint): string {
  return String(ns % nsPerSecond).padStart(9, '0');
}

/** A time as in the lines, without brackets. Times before the origin are always in seconds. */
export function formatTime(nsFromOrigin: bigint, options: PrettyOptions): string {
  if (nsFromOrigin < 0n) return `-${-nsFromOrigin / nsPerSecond}.${fraction(-nsFromOrigin)}`;
  return `${formatSecond(nsFromOrigin / nsPerSecond, options)}.${fraction(nsFromOrigin)}`;
}

/** The exact time or cycles of a line, for the cases that are not fast. */
export function formatSnapshot(snapshot: ClockSnapshot, options: PrettyOptions): string {
  if (options.clockCycles) return String(snapshot.cycles).padStart(20, '0');
  return formatTime(snapshot.nsFromOrigin, options);
}

/** A step back by one. */
const minusOne = 0xffff_ffff_ffff_ffffn;

/**
 * Time since the line before; `undefined`: there is none. Going back in time is printed modulo 2^64, but a step back by one is
 * printed as unknown: Babeltrace does so.
 */
export function formatDelta(
  snapshot: ClockSnapshot,
  before: ClockSnapshot | undefined,
  options: PrettyOptions,
): string {
  if (options.clockCycles) {
    const cycles = before && BigInt.asUintN(64, snapshot.cycles - before.cycles);
    return cycles === undefined || cycles === minusOne
      ? '+????????????'
      : `+${String(cycles).padStart(12, '0')}`;
  }
  const ns = before && BigInt.asUintN(64, snapshot.nsFromOrigin - before.nsFromOrigin);
  return ns === undefined || ns === minusOne
    ? '+?.?????????'
    : `+${ns / nsPerSecond}.${fraction(ns)}`;
}
