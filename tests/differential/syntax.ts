import type { ByteOrder } from './bits.ts';
import type { Random } from './random.ts';

export type Json = { readonly [name: string]: unknown };

export function ctf2Order(order: ByteOrder): string {
  return order === 'le' ? 'little-endian' : 'big-endian';
}

export function tsdlNumber(value: number, random: Random): string {
  return random.pick([
    `${value}`,
    `${value}`,
    `0x${value.toString(16)}`,
    `0${value.toString(8)}`,
    `${value}ULL`,
  ]);
}

export function tsdlString(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}"`;
}

/** JSON with exact integers. */
export function jsonText(value: unknown): string {
  if (typeof value === 'bigint') return `${value}`;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([name, item]) => `${JSON.stringify(name)}: ${jsonText(item)}`,
    );
    return `{${entries.join(', ')}}`;
  }
  return JSON.stringify(value);
}
