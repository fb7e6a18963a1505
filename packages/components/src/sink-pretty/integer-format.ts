import { type IntegerFieldClass, isSigned } from '@sonde/trace-model';
import { binaryText, octalText } from '../sink-text/number-text.ts';

/** Bits that negative numbers are cut to when they are printed in another base than 10: whole digits. */
export function digitBits(fieldClass: IntegerFieldClass): number {
  const lengthBits = 'lengthBits' in fieldClass ? fieldClass.lengthBits : 64;
  const perDigit = { 2: 1, 8: 3, 10: 1, 16: 4 }[fieldClass.preferredDisplayBase];
  return Math.min(Math.ceil(lengthBits / perDigit) * perDigit, 64);
}

/** An integer in its preferred base, as Babeltrace prints it (spec §6.1). */
export function formatPrettyInteger(fieldClass: IntegerFieldClass, value: number | bigint): string {
  const base = fieldClass.preferredDisplayBase;
  if (base === 10) return String(value);
  const bits = isSigned(fieldClass)
    ? BigInt.asUintN(digitBits(fieldClass), BigInt(value))
    : BigInt(value);
  switch (base) {
    case 2:
      return binaryText(bits, digitBits(fieldClass));
    case 8:
      return octalText(bits);
    case 16:
      return `0x${bits.toString(16).toUpperCase()}`;
  }
}
