import type { TimeFormat } from '@sonde/analyses';

/** Seconds since the epoch with nine digits: no time zone to think of. */
const seconds = (ns: bigint): string =>
  `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`;
export const times: TimeFormat = { time: seconds, dateTime: seconds };
