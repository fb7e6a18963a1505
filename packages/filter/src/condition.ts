import type { EqualityOperator, OrderOperator } from './ast.ts';
import { compareOrder, type Numeric, numbersAreEqual, toCondition, toNumeric } from './values.ts';

/** The demanded fields of a record, by slot. */
export type FilterRecord = FirstSlots & { readonly [slot: `f${number}`]: unknown };

/** Named, so that code may say `record.f0`. */
interface FirstSlots {
  readonly f0?: unknown;
  readonly f1?: unknown;
  readonly f2?: unknown;
  readonly f3?: unknown;
  readonly f4?: unknown;
  readonly f5?: unknown;
  readonly f6?: unknown;
  readonly f7?: unknown;
}

/** Reads a value; `undefined`: the record has none. */
export type Getter = (record: FilterRecord) => unknown;

/** Three-valued: `undefined` when it depends on a value that is not there. */
export type Test = (record: FilterRecord) => boolean | undefined;

/** What a condition may turn out to be, as a set of bits. */
export const outcomes = { true: 1, false: 2, unknown: 4, any: 7 } as const;

export interface Condition {
  readonly test: Test;
  /** A sum of `outcomes`. */
  readonly possible: number;
}

export function constantCondition(value: boolean | undefined): Condition {
  const possible = value === undefined ? outcomes.unknown : value ? outcomes.true : outcomes.false;
  return { test: () => value, possible };
}

export function not(condition: Condition): Condition {
  const { test, possible } = condition;
  const swapped =
    (possible & outcomes.unknown) |
    (possible & outcomes.true ? outcomes.false : 0) |
    (possible & outcomes.false ? outcomes.true : 0);
  return settle({
    test: (record) => {
      const value = test(record);
      return value === undefined ? undefined : !value;
    },
    possible: swapped,
  });
}

/** `&&` of all: false beats unknown, which beats true. */
export function allOf(conditions: readonly Condition[]): Condition {
  const [decides, passes] = [outcomes.false, outcomes.true];
  const possible = combine(conditions, decides, passes);
  const tests = conditions.filter((c) => c.possible !== passes).map((c) => c.test);
  return settle({ test: chain(tests, false), possible });
}

/** `||` of all: true beats unknown, which beats false. */
export function anyOf(conditions: readonly Condition[]): Condition {
  const [decides, passes] = [outcomes.true, outcomes.false];
  const possible = combine(conditions, decides, passes);
  const tests = conditions.filter((c) => c.possible !== passes).map((c) => c.test);
  return settle({ test: chain(tests, true), possible });
}

/** All that can come of all combinations. */
function combine(conditions: readonly Condition[], decides: number, passes: number): number {
  let possible: number = passes;
  for (const condition of conditions) {
    let next = 0;
    for (const a of outcomesIn(possible)) {
      for (const b of outcomesIn(condition.possible)) {
        if (a === decides || b === decides) next |= decides;
        else next |= a === passes ? b : a;
      }
    }
    possible = next;
  }
  return possible;
}

function outcomesIn(possible: number): number[] {
  return [outcomes.true, outcomes.false, outcomes.unknown].filter((bit) => possible & bit);
}

/** Evaluates from the left until a test gives `decisive`. */
function chain(tests: readonly Test[], decisive: boolean): Test {
  const [first, second] = tests;
  if (first !== undefined && tests.length === 1) return first;
  if (first !== undefined && second !== undefined && tests.length === 2) {
    return (record) => {
      const left = first(record);
      if (left === decisive) return decisive;
      const right = second(record);
      if (right === decisive) return decisive;
      return left === undefined ? undefined : right;
    };
  }
  return (record) => {
    let result: boolean | undefined = !decisive;
    for (const test of tests) {
      const value = test(record);
      if (value === decisive) return decisive;
      if (value === undefined) result = undefined;
    }
    return result;
  };
}

/** What can only be one thing is that thing, and reads no field. */
function settle(condition: Condition): Condition {
  switch (condition.possible) {
    case outcomes.true:
      return constantCondition(true);
    case outcomes.false:
      return constantCondition(false);
    case outcomes.unknown:
      return constantCondition(undefined);
    default:
      return condition;
  }
}

/** A value as a condition: a number is true unless it is 0. */
export function truthTest(get: Getter): Test {
  return (record) => toCondition(get(record));
}

/** A number field against a constant: the common case, without any conversion. `get` gives numbers, bigints or undefined. */
export function orderTest(operator: OrderOperator, get: Getter, limit: Numeric): Test {
  const read = get as (record: FilterRecord) => Numeric | undefined;
  switch (operator) {
    case '<':
      return (record) => {
        const value = read(record);
        return value === undefined ? undefined : value < limit;
      };
    case '<=':
      return (record) => {
        const value = read(record);
        return value === undefined ? undefined : value <= limit;
      };
    case '>':
      return (record) => {
        const value = read(record);
        return value === undefined ? undefined : value > limit;
      };
    default:
      return (record) => {
        const value = read(record);
        return value === undefined ? undefined : value >= limit;
      };
  }
}

/** A number field against a number which no other number or bigint of the field can be equal to (see `numbersAreEqual`). */
export function equalityTest(operator: EqualityOperator, get: Getter, wanted: number): Test {
  if (operator === '==') {
    return (record) => {
      const value = get(record);
      return value === undefined ? undefined : value === wanted;
    };
  }
  return (record) => {
    const value = get(record);
    return value === undefined ? undefined : value !== wanted;
  };
}

/** Two values of any type; unknown when they can't be ordered. */
export function generalOrderTest(operator: OrderOperator, left: Getter, right: Getter): Test {
  return (record) => {
    const a = toNumeric(left(record));
    const b = toNumeric(right(record));
    return a === undefined || b === undefined ? undefined : compareOrder(operator, a, b);
  };
}

/** Two values of any type; unknown when they can't be compared. */
export function generalEqualityTest(operator: EqualityOperator, left: Getter, right: Getter): Test {
  const wanted = operator === '==';
  return (record) => {
    const areEqual = valuesAreEqual(left(record), right(record));
    return areEqual === undefined ? undefined : areEqual === wanted;
  };
}

/** A string against a pattern or text; unknown when it is no string. */
export function textTest(
  operator: EqualityOperator,
  get: Getter,
  matches: (text: string) => boolean,
): Test {
  const wanted = operator === '==';
  return (record) => {
    const value = get(record);
    return typeof value === 'string' ? matches(value) === wanted : undefined;
  };
}

function valuesAreEqual(left: unknown, right: unknown): boolean | undefined {
  if (typeof left === 'string' || typeof right === 'string') {
    return typeof left === typeof right ? left === right : undefined;
  }
  const a = toNumeric(left);
  const b = toNumeric(right);
  return a === undefined || b === undefined ? undefined : numbersAreEqual(a, b);
}
