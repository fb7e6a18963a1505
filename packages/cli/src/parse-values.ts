import { UsageError } from '@sonde/base';

/** A whole number from 0. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new UsageError('bad-number', `"${text}" is no count.`);
}

/** Of a process or thread. */
export function parseProcessId(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new UsageError('bad-process-id', `"${text}" is no process ID.`);
}

/** A signed 64-bit integer. */
export function parseInt64(text: string): bigint {
  if (/^[+-]?\d+$/.test(text)) {
    const value = BigInt(text);
    if (BigInt.asIntN(64, value) === value) return value;
  }
  throw new UsageError('bad-number', `"${text}" is no signed 64-bit integer.`);
}

const unitBytes: { readonly [unit: string]: number } = {
  '': 1,
  k: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** A size such as `800`, `64M` or `2G`. */
export function parseBytes(text: string): number {
  const [, digits, unit] = /^(\d+)([kMGT]?)$/.exec(text) ?? [];
  const bytes = Number(digits) * (unitBytes[unit ?? ''] ?? Number.NaN);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError('bad-size', `"${text}" is no size; write it like 64M or 2G.`);
}

/** A value out of a list. */
export function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    throw new UsageError('bad-choice', `"${text}" is none of ${choices.join(', ')}.`);
  };
}
