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

/** Splits times that mostly lie in the second of the one before. */
function splitter(isGmt: boolean): (ns: bigint) => DateParts & { readonly fraction: string } {
  let second: bigint | undefined;
  let known: DateParts = { date: '', time: '' };
  return (ns) => {
    let rest = second === undefined ? -1 : Number(ns - second);
    if (!(rest >= 0 && rest < 1e9)) {
      known = split(ns, isGmt);
      rest = Number(known.time.slice(-9));
      known = { date: known.date, time: known.time.slice(0, -9) };
      second = ns - BigInt(rest);
    }
    return { ...known, fraction: String(rest).padStart(9, '0') };
  };
}

/** Times as the analyses print them; with the date before each where the events span several days. */
export function timeFormat(isGmt: boolean, isMultiDay: boolean): TimeFormat {
  const splitOne = splitter(isGmt);
  const dateTime = (ns: bigint): string => {
    const { date, time, fraction } = splitOne(ns);
    return `${date} ${time}${fraction}`;
  };
  const timeOnly = (ns: bigint): string => {
    const { time, fraction } = splitOne(ns);
    return time + fraction;
  };
  return { dateTime, time: isMultiDay ? dateTime : timeOnly };
}

export function isSameDay(a: bigint, b: bigint, isGmt: boolean): boolean {
  return split(a, isGmt).date === split(b, isGmt).date;
}
