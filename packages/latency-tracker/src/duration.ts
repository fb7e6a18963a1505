import { UsageError } from '@sonde/base';

const unitNs: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, ns: 1 };

/** `1500` (ns), `'2ms'`, `'1.5s'` → ns; a text needs its unit. @throws UsageError `bad-duration` */
export function durationNs(duration: number | string): number {
  if (typeof duration === 'number') {
    if (duration >= 0) return duration;
  } else {
    const match = /^(\d+(?:\.\d*)?|\.\d+)\s*(s|ms|us|µs|ns)$/.exec(duration.trim());
    if (match !== null) return Math.round(Number(match[1]) * unitNs[match[2]!]!);
  }
  throw new UsageError(
    'bad-duration',
    `"${duration}" is no duration; write it with its unit, like 500us or 2ms.`,
  );
}

/** For people, with three figures: `1.28 ms`. */
export function formatDuration(ns: number): string {
  if (!Number.isFinite(ns)) return '-';
  for (const [unit, size] of [
    ['s', 1e9],
    ['ms', 1e6],
    ['us', 1e3],
  ] as const) {
    if (Math.abs(ns) >= size) return `${Number((ns / size).toPrecision(3))} ${unit}`;
  }
  return `${Number(ns.toPrecision(3))} ns`;
}
