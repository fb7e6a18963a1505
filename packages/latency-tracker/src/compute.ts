import type { BinaryOperator } from './expression.ts';

const twoTo32 = 4_294_967_296;

/** An operator of an expression on two values; NaN where one is not there. */
export function compute(operator: BinaryOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '<':
      return Number(a < b);
    case '<=':
      return Number(a <= b);
    case '>':
      return Number(a > b);
    case '>=':
      return Number(a >= b);
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    default:
      return computeBits(operator, a, b);
  }
}

/** 32-bit operators where both values fit, bigints of 64 bits where not. */
export function computeBits(operator: '&' | '|' | '<<' | '>>', a: number, b: number): number {
  if ((operator === '&' || operator === '|') && a >= 0 && b >= 0 && a < twoTo32 && b < twoTo32) {
    return (operator === '&' ? a & b : a | b) >>> 0;
  }
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  const [x, y] = [BigInt(Math.trunc(a)), BigInt(Math.trunc(b))];
  if (operator === '&') return Number(BigInt.asIntN(64, x & y));
  if (operator === '|') return Number(BigInt.asIntN(64, x | y));
  const shift = BigInt.asUintN(6, y);
  if (operator === '<<') return Number(BigInt.asIntN(64, x << shift));
  return Number(BigInt.asIntN(64, BigInt.asUintN(64, x) >> shift));
}
