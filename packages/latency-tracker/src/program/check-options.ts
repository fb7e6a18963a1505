/** What a JavaScript program may get wrong, said where the tracker is made, not at its first event. */
import { UsageError } from '@sonde/base';
import type { LatencyTrackerOptions } from './options.ts';

type Check = (value: unknown) => string | undefined;

const wholeFrom =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `a whole number from ${least} to ${most}`;

const isFunction: Check = (value) => (typeof value === 'function' ? undefined : 'a function');
const isFlag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const modes: readonly unknown[] = ['unique', 'keepFirst', 'duplicates'];

/** `durationNs` says more of numbers and texts. */
const isDuration: Check = (value) =>
  typeof value === 'number' || typeof value === 'string'
    ? undefined
    : 'ns as a number, or a text such as 2ms';

const checks: { readonly [K in keyof Required<LatencyTrackerOptions<unknown>>]: Check } = {
  threshold: isDuration,
  timeout: isDuration,
  gc: isDuration,
  max: wholeFrom(1, 2 ** 24),
  mode: (value) => (modes.includes(value) ? undefined : modes.join(', ')),
  bits: wholeFrom(0, 7),
  rate: (value) => (typeof value === 'number' && value > 0 ? undefined : 'a number above 0'),
  worst: isFlag,
  now: isFunction,
  onAlert: isFunction,
  onTimeout: isFunction,
  onGc: isFunction,
  onOverwrite: isFunction,
};

/** @throws UsageError `bad-option` */
export function checkOptions(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(checks, name)) {
      const known = Object.keys(checks).join(', ');
      throw new UsageError('bad-option', `There is no option ${name}; there are ${known}.`);
    }
    const wanted = checks[name as keyof typeof checks](value);
    if (wanted === undefined) continue;
    throw new UsageError('bad-option', `${name} is ${shown(value)}; it takes ${wanted}.`);
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  return typeof value === 'number' || value === null ? String(value) : `a ${typeof value}`;
}
