import type { TimeFormat } from '@sonde/analyses';

interface DateParts {
  readonly date: string;
  readonly time: string;
}

const two = (value: number): string => String(value).padStart(2, '0');

function split(ns: bigint, isGmt: boolean): DateParts {
  const second = ns / 1_000_000_000n - (ns % 1_000_000_000n < 0n ? 1n : 0n);
  const fraction = String(ns - second * 1_000_000_000n).padStart(9, '0');
  const date = new Date(Number(second) * 1000);
  const [year, month, day, hour, minute, seconds] = isGmt
    ? [
        date.getUTCFullYear(),
        date.getUTCMonth(),
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
      ]
    : [
        date.getFullYear(),
        date.getMonth(),
        date.getDate(),
        date.getHours(),
        date.getMinutes(),
        date.getSeconds(),
      ];
  return {
    date: `${year}-${two(month + 1)}-${two(day)}`,
    time: `${two(hour)}:${two(minute)}:${two(seconds)}.${fraction}`,
  };
}

/**
 * Times as the analyses print them; with the date before each where the events span several days. Mostly a time lies in the second of the one
 * before it, and shares all but its fraction.
 */
export function timeFormat(isGmt: boolean, isMultiDay: boolean): TimeFormat {
  let second = 0n;
  let date = '';
  /** `12:34:56.`; empty: no second is known yet. */
  let clock = '';
  const fractionOf = (ns: bigint): string => {
    let rest = Number(ns - second);
    if (clock === '' || rest < 0 || rest >= 1e9) {
      const parts = split(ns, isGmt);
      date = `${parts.date} `;
      clock = parts.time.slice(0, -9);
      rest = Number(parts.time.slice(-9));
      second = ns - BigInt(rest);
    }
    return String(1e9 + rest).slice(1);
  };
  const timeOnly = (ns: bigint): string => {
    const fraction = fractionOf(ns);
    return clock + fraction;
  };
  const dateTime = (ns: bigint): string => {
    const fraction = fractionOf(ns);
    return date + clock + fraction;
  };
  return { dateTime, time: isMultiDay ? dateTime : timeOnly };
}

export function isSameDay(a: bigint, b: bigint, isGmt: boolean): boolean {
  return split(a, isGmt).date === split(b, isGmt).date;
}
