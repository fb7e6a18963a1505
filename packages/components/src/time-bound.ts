/** Moments as people type them: `2026-11-22 21:36:14.5`, `21:36:14`, `1795383374.416677246`. */
import { UsageError } from '@sonde/base';

/** A bound of a time range. Without a date it means the date of the first message. */
export type TimeBound =
  | { readonly kind: 'absolute'; readonly nsFromOrigin: bigint }
  | {
      readonly kind: 'date-time';
      /** Undefined: that of the first message. */
      readonly date:
        | { readonly year: number; readonly month: number; readonly day: number }
        | undefined;
      /** Since midnight (ns). */
      readonly timeNs: bigint;
    };

const nsPerSecond = 1_000_000_000n;
const pattern =
  /^(?:(\d{4})-(\d{2})-(\d{2})(?:[ T]+|$))?(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?$/;

const fractionNs = (digits: string | undefined): bigint => BigInt((digits ?? '').padEnd(9, '0'));

/** @throws UsageError `bad-time` */
export function parseTimeBound(text: string): TimeBound {
  const trimmed = text.trim();
  const seconds = /^(-)?(\d+)(?:\.(\d{1,9}))?$/.exec(trimmed);
  if (seconds !== null) {
    const ns = BigInt(seconds[2]!) * nsPerSecond + fractionNs(seconds[3]);
    return { kind: 'absolute', nsFromOrigin: seconds[1] === undefined ? ns : -ns };
  }
  const match = trimmed === '' ? null : pattern.exec(trimmed);
  if (match === null) throw badTime(text);
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) throw badTime(text);
  const time = BigInt(Number(hour) * 3600 + Number(minute) * 60 + Number(second));
  const date =
    year === undefined ? undefined : { year: Number(year), month: Number(month), day: Number(day) };
  if (date !== undefined && !isDate(date)) throw badTime(text);
  return { kind: 'date-time', date, timeNs: time * nsPerSecond + fractionNs(fraction) };
}

function badTime(text: string): UsageError {
  return new UsageError(
    'bad-time',
    `Invalid date/time format: "${text}". Write it as YYYY-MM-DD hh:mm:ss.nnnnnnnnn, hh:mm:ss.nnnnnnnnn, or seconds from the origin.`,
  );
}

/** Not the 30th of February. */
function isDate({ year, month, day }: { year: number; month: number; day: number }): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** `BEGIN,END`, perhaps in brackets. @throws UsageError */
export function parseTimeRange(text: string): { begin: TimeBound; end: TimeBound } {
  const inner = text.trim().replace(/^\[(.*)\]$/, '$1');
  const parts = inner.split(',');
  if (parts.length !== 2) {
    throw new UsageError('bad-time-range', `Invalid time range: "${text}". Write BEGIN,END.`);
  }
  return { begin: parseTimeBound(parts[0]!), end: parseTimeBound(parts[1]!) };
}

/**
 * The moment in ns from the Unix epoch.
 * @param referenceNs - Any moment of the first message's day; needed for bounds without a date.
 */
export function resolveTimeBound(bound: TimeBound, isGmt: boolean, referenceNs: bigint): bigint {
  if (bound.kind === 'absolute') return bound.nsFromOrigin;
  const reference = new Date(Number(referenceNs / 1_000_000n));
  const date = bound.date ?? {
    year: isGmt ? reference.getUTCFullYear() : reference.getFullYear(),
    month: (isGmt ? reference.getUTCMonth() : reference.getMonth()) + 1,
    day: isGmt ? reference.getUTCDate() : reference.getDate(),
  };
  const wholeSeconds = Number(bound.timeNs / nsPerSecond);
  const { year, month, day } = date;
  const ms = isGmt
    ? Date.UTC(year, month - 1, day, 0, 0, wholeSeconds)
    : new Date(year, month - 1, day, 0, 0, wholeSeconds).getTime();
  return BigInt(ms) * 1_000_000n + (bound.timeNs % nsPerSecond);
}
