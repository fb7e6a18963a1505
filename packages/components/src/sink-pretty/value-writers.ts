import type { IntegerFieldClass } from '@sonde/trace-model';
import { formatGeneral } from '../sink-text/float-text.ts';
import { writeUint32 } from '../sink-text/number-text.ts';
import { formatPrettyInteger } from './integer-format.ts';

/** Writes a text of ASCII characters. @returns the offset after it */
export function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** A floating point number as C's `%g`. */
export function writeFloat(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  if (value > 0 && value < 1_000_000 && Math.floor(value) === value) {
    return writeUint32(view, at, value);
  }
  return writeAscii(bytes, at, formatGeneral(value));
}

/** An integer in a base that is rarely used. */
export function writeOtherBase(
  bytes: Uint8Array,
  at: number,
  fieldClass: IntegerFieldClass,
  value: bigint,
): number {
  return writeAscii(bytes, at, formatPrettyInteger(fieldClass, value));
}
