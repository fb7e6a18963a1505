import { compileStarGlob } from '@sonde/base';
import type { Mapping } from '@sonde/trace-model';
import type { EqualityOperator, FilterNode, StringNode } from './ast.ts';
import type { Kind } from './check-types.ts';
import {
  type Condition,
  constantCondition,
  type FilterRecord,
  type Getter,
  outcomes,
  type Test,
  textTest,
} from './condition.ts';
import { type Numeric, simplify, toNumeric } from './values.ts';

/** A value to compute with. `constant` is there when no record is needed for it. */
export interface Operand {
  readonly get: Getter;
  readonly kind: Kind;
  readonly constant?: { readonly value: unknown };
  readonly mappings?: readonly Mapping[];
  readonly mayBeMissing: boolean;
  readonly isNumber: boolean;
}

/** The value of what is not there. */
export const missing: Operand = {
  get: () => undefined,
  kind: 'missing',
  constant: { value: undefined },
  mayBeMissing: true,
  isNumber: false,
};

const noRecord: FilterRecord = {};

export function constantOperand(kind: Kind, value: unknown): Operand {
  return {
    get: () => value,
    kind,
    constant: { value },
    mayBeMissing: false,
    isNumber: false,
  };
}

export function computedOperand(
  operands: readonly Operand[],
  isReal: boolean,
  get: Getter,
): Operand {
  const kind: Kind = isReal ? 'real' : 'integer';
  if (operands.every((operand) => operand.constant !== undefined)) {
    const value = get(noRecord);
    return value === undefined ? missing : constantOperand(kind, value);
  }
  return { get, kind, mayBeMissing: true, isNumber: false };
}

export function conditionOperand(condition: Condition): Operand {
  const mayBeMissing = (condition.possible & outcomes.unknown) !== 0;
  return { get: condition.test, kind: 'integer', mayBeMissing, isNumber: false };
}

export function withNumbers(
  [left, right]: readonly [Operand, Operand],
  compute: (left: Numeric, right: Numeric) => Numeric | undefined,
): Getter {
  const getLeft = left.get;
  const getRight = right.get;
  return (record) => {
    const a = toNumeric(getLeft(record));
    const b = toNumeric(getRight(record));
    return a === undefined || b === undefined ? undefined : compute(a, b);
  };
}

/** The condition that `test` checks: constant when its operands are. */
export function conditionOf(operands: readonly Operand[], test: Test): Condition {
  if (operands.some((operand) => operand.kind === 'missing')) return constantCondition(undefined);
  if (operands.every((operand) => operand.constant !== undefined)) {
    return constantCondition(test(noRecord));
  }
  const isComplete = operands.every((operand) => !operand.mayBeMissing);
  const possible = isComplete ? outcomes.true | outcomes.false : outcomes.any;
  return { test, possible };
}

export function numericConstant(operand: Operand): Numeric | undefined {
  return operand.constant && toNumeric(operand.constant.value);
}

/** A literal, maybe negated, that is an exact number; of all constants only these, for simplicity. */
export function smallLiteral(node: FilterNode): number | undefined {
  if (node.type === 'unary' && node.operator === '-') {
    const magnitude = smallLiteral(node.operand);
    return magnitude === undefined ? undefined : 0 - magnitude;
  }
  if (node.type !== 'integer') return undefined;
  const value = simplify(node.value);
  return typeof value === 'number' ? value : undefined;
}

export function textOrLabelTest(
  operator: EqualityOperator,
  operand: Operand,
  literal: StringNode,
): Test {
  const glob = compileStarGlob(literal.glob);
  if (operand.kind !== 'enumeration') return textTest(operator, operand.get, glob.matches);
  const ranges = (operand.mappings ?? [])
    .filter((mapping) => glob.matches(mapping.label))
    .flatMap((mapping) => mapping.ranges)
    .map(({ lower, upper }) => ({ lower: simplify(lower), upper: simplify(upper) }));
  const wanted = operator === '==';
  const { get } = operand;
  return (record) => {
    const value = toNumeric(get(record));
    if (value === undefined) return undefined;
    for (const { lower, upper } of ranges) if (value >= lower && value <= upper) return wanted;
    return !wanted;
  };
}
