import type { DisplayBase } from '@sonde/trace-model';

function grouped(digits: string, size: number, separator: string): string {
  let end = digits.length % size || size;
  let text = digits.slice(0, end);
  for (; end < digits.length; end += size) text += separator + digits.slice(end, end + size);
  return text;
}

/** `9999`, `10,000`, `-1,234,567`. */
export function formatDecimal(value: number | bigint): string {
  if (value > -10_000 && value < 10_000) return String(value);
  const digits = String(value < 0 ? -value : value);
  return (value < 0 ? '-' : '') + grouped(digits, 3, ',');
}

/** `0x1234:5678`, `017:777`, `-0x1`; binary numbers are printed as hexadecimal ones. */
export function formatInteger(value: number | bigint, base: DisplayBase): string {
  if (base === 10) return formatDecimal(value);
  const magnitude = value < 0 ? -value : value;
  const text =
    base === 8
      ? `0${grouped(magnitude.toString(8), 3, ':')}`
      : `0x${grouped(magnitude.toString(16), 4, ':')}`;
  return (value < 0 ? '-' : '') + text;
}
