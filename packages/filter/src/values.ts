import type { ArithmeticOperator, BitOperator, OrderOperator, UnaryOperator } from './ast.ts';

/**
 * Exact arithmetic on filter values. An integer is a number where that is exact and a bigint above 2^53; a number with a fraction
 * is real, and so is everything computed from one. `undefined` is "unknown": what has no value (a missing field, a division by
 * zero, an operand of the wrong type).
 */
export type Numeric = number | bigint;

const twoTo63 = 2n ** 63n;
const twoTo64 = 2n ** 64n;

export function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Whether `value` is an integer to compute with bits: reals with a fraction are not. */
function isInteger(value: Numeric): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

/** The number, when it is exact. */
export function simplify(value: bigint): Numeric {
  const rounded = Number(value);
  return Number.isSafeInteger(rounded) ? rounded : value;
}

/** Booleans count as 0 and 1. */
export function toNumeric(value: unknown): Numeric | undefined {
  if (isNumeric(value)) return value;
  return typeof value === 'boolean' ? Number(value) : undefined;
}

/** As C sees a condition. Undefined: not a condition. */
export function toCondition(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  // `!=` and not `!==`: 0 and 0n alike.
  return isNumeric(value) ? value !== 0 && value !== 0n : undefined;
}

/** @param isReal - The type of an operand says that this is real arithmetic, even where the values are whole. */
export function computeArithmetic(
  operator: ArithmeticOperator,
  left: Numeric,
  right: Numeric,
  isReal: boolean,
): Numeric | undefined {
  if (isReal || !isInteger(left) || !isInteger(right)) {
    return operator === '%' ? undefined : computeReal(operator, Number(left), Number(right));
  }
  if ((operator === '/' || operator === '%') && (right === 0 || right === 0n)) return undefined;
  if (typeof left === 'number' && typeof right === 'number') {
    const result = computeSmall(operator, left, right);
    if (Number.isSafeInteger(result)) return result + 0;
  }
  return simplify(computeBig(operator, BigInt(left), BigInt(right)));
}

function computeReal(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      return left / right;
  }
}

function computeSmall(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '/':
      return Math.trunc(left / right);
    case '%':
      return left % right;
    default:
      return computeReal(operator, left, right);
  }
}

function computeBig(operator: ArithmeticOperator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return left % right;
  }
}

/**
 * Bits of 64-bit integers, as LTTng: both operands are taken as unsigned, `>>` fills with zeros, and a shift by less than 0 or more
 * than 63 has no value. The result is negative only when an operand was and its bit 63 is set.
 */
export function computeBits(
  operator: BitOperator,
  left: Numeric,
  right: Numeric,
): Numeric | undefined {
  if (!isInteger(left) || !isInteger(right)) return undefined;
  const isShift = operator === '<<' || operator === '>>';
  if (isShift && (right < 0 || right > 63)) return undefined;
  const a = BigInt.asUintN(64, BigInt(left));
  const b = BigInt.asUintN(64, BigInt(right));
  const bits = BigInt.asUintN(64, combineBits(operator, a, b));
  const isSigned = left < 0 || (right < 0 && !isShift);
  return simplify(isSigned ? BigInt.asIntN(64, bits) : bits);
}

function combineBits(operator: BitOperator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '<<':
      return left << right;
    case '>>':
      return left >> right;
    case '&':
      return left & right;
    case '^':
      return left ^ right;
    default:
      return left | right;
  }
}

/** `!` is not here: it is logic, not arithmetic. */
export function computeUnary(
  operator: Exclude<UnaryOperator, '!'>,
  value: Numeric,
): Numeric | undefined {
  if (operator === '+') return value;
  // `0 - x` and not `-x`: there is no negative zero among integers.
  if (operator === '-') return typeof value === 'bigint' ? simplify(-value) : 0 - value;
  if (!isInteger(value)) return undefined;
  return simplify(BigInt.asIntN(64, ~BigInt(value)));
}

/** Compares true values: an unsigned 2^64 - 1 is greater than -1. Exact for a bigint and a real, too. */
export function compareOrder(operator: OrderOperator, left: Numeric, right: Numeric): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left >= right;
  }
}

/** Integers are equal when their 64 bits are, as in LTTng and C: -1 equals 0xffffffffffffffff. */
export function numbersAreEqual(left: Numeric, right: Numeric): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: the one exact comparison between number and bigint
  if (left == right) return true;
  if (typeof left === 'number' && typeof right === 'number') return false;
  if (!isInteger(left) || !isInteger(right) || left < 0 === right < 0) return false;
  return unsignedBits(BigInt(left)) === unsignedBits(BigInt(right));
}

/** Values outside of 64 bits stay apart. */
function unsignedBits(value: bigint): bigint {
  return value < 0n && value >= -twoTo63 ? value + twoTo64 : value;
}
