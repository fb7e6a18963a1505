import type {
  BinaryNode,
  EqualityOperator,
  FieldNode,
  FilterExpression,
  FilterNode,
  LogicalOperator,
  OrderOperator,
  StringNode,
  UnaryNode,
} from './ast.ts';
import { checkTypes } from './check-types.ts';
import {
  allOf,
  anyOf,
  type Condition,
  constantCondition,
  equalityTest,
  type FilterRecord,
  generalEqualityTest,
  generalOrderTest,
  not,
  orderTest,
  outcomes,
  truthTest,
} from './condition.ts';
import {
  computedOperand,
  conditionOf,
  conditionOperand,
  constantOperand,
  missing,
  numericConstant,
  type Operand,
  smallLiteral,
  textOrLabelTest,
  withNumbers,
} from './operand.ts';
import {
  type FilterTarget,
  type RecordField,
  type ResolvedField,
  resolveField,
} from './resolve-field.ts';
import { type FilterDemand, SlotTable } from './slots.ts';
import { computeArithmetic, computeBits, computeUnary, simplify, toNumeric } from './values.ts';

/** An operand that has the wrong type in this event record class. */
export interface TypeMismatch {
  readonly node: FilterNode;
  /** A clause without a full stop. */
  readonly message: string;
}

/** A filter for the records of one class. */
export interface CompiledFilter {
  /** `never`, `always`: decided by the class alone, nothing has to be decoded. */
  readonly outcome: 'never' | 'always' | 'depends';
  /** What `test` reads. Empty unless `depends`. */
  readonly demands: readonly FilterDemand[];
  /** Whether the record passes. What depends on a value that is not there does not pass. */
  test(record: FilterRecord): boolean;
  /** Operands of a wrong type; they count as missing. */
  readonly mismatches: readonly TypeMismatch[];
}

/**
 * Compiles a filter for the event records of `target` into closures over slots. A missing field, a value of the wrong type, a
 * division by zero or a shift by more than 63 bits is *unknown*; `unknown && false` is false, `unknown || true` true, all
 * else with it unknown, and so the record does not pass.
 */
export function compileFilter(expression: FilterExpression, target: FilterTarget): CompiledFilter {
  const compiler = new FilterCompiler(expression, target);
  const { test, possible } = compiler.condition(expression.root);
  const { mismatches } = compiler;
  if ((possible & outcomes.true) === 0) {
    return { outcome: 'never', demands: [], test: () => false, mismatches };
  }
  if (possible === outcomes.true) {
    return { outcome: 'always', demands: [], test: () => true, mismatches };
  }
  const { demands } = compiler.slots;
  return { outcome: 'depends', demands, test: (record) => test(record) === true, mismatches };
}

interface ComparedOperand extends Operand {
  /** `===` with the number constant on the other side is the whole comparison. */
  readonly exactAgainstConstant: boolean;
}

const mirrored: Readonly<Record<OrderOperator, OrderOperator>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

class FilterCompiler {
  readonly slots = new SlotTable();
  readonly mismatches: TypeMismatch[] = [];
  readonly #target: FilterTarget;
  readonly #resolved = new Map<FieldNode, ResolvedField>();
  readonly #mistyped = new Set<FilterNode>();

  constructor(expression: FilterExpression, target: FilterTarget) {
    this.#target = target;
    checkTypes(
      expression.root,
      (node) => this.#resolve(node)?.kind ?? 'missing',
      (node, message) => {
        this.#mistyped.add(node);
        this.mismatches.push({ node, message });
      },
    );
  }

  condition(node: FilterNode): Condition {
    if (this.#mistyped.has(node)) return constantCondition(undefined);
    if (node.type === 'unary' && node.operator === '!') return not(this.condition(node.operand));
    if (node.type === 'binary') {
      switch (node.operator) {
        case '&&':
          return allOf(this.#terms(node, '&&'));
        case '||':
          return anyOf(this.#terms(node, '||'));
        case '==':
        case '!=':
          return this.#equality(node, node.operator);
        case '<':
        case '<=':
        case '>':
        case '>=':
          return this.#order(node, node.operator);
      }
    }
    const operand = this.#operand(node);
    return conditionOf([operand], truthTest(operand.get));
  }

  /** `a && b && c` in one list, so that long chains don't nest. */
  #terms(node: BinaryNode, operator: LogicalOperator): Condition[] {
    const terms: FilterNode[] = [];
    let current: FilterNode = node;
    while (current.type === 'binary' && current.operator === operator) {
      terms.push(current.right);
      current = current.left;
    }
    terms.push(current);
    return terms.reverse().map((term) => this.condition(term));
  }

  #order(node: BinaryNode, operator: OrderOperator): Condition {
    const [left, right] = this.#comparedOperands(node, false);
    const limit = numericConstant(right);
    if (left.isNumber && limit !== undefined) {
      return conditionOf([left, right], orderTest(operator, left.get, limit));
    }
    const mirroredLimit = numericConstant(left);
    if (right.isNumber && mirroredLimit !== undefined) {
      const test = orderTest(mirrored[operator], right.get, mirroredLimit);
      return conditionOf([left, right], test);
    }
    return conditionOf([left, right], generalOrderTest(operator, left.get, right.get));
  }

  #equality(node: BinaryNode, operator: EqualityOperator): Condition {
    const [left, right] = this.#comparedOperands(node, true);
    const operands = [left, right];
    const rightText = this.#literalOf(node.right);
    const leftText = this.#literalOf(node.left);
    if (rightText !== undefined) {
      return conditionOf(operands, textOrLabelTest(operator, left, rightText));
    }
    if (leftText !== undefined) {
      return conditionOf(operands, textOrLabelTest(operator, right, leftText));
    }
    for (const [field, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const wanted = numericConstant(other);
      if (field.isNumber && field.exactAgainstConstant && typeof wanted === 'number') {
        return conditionOf(operands, equalityTest(operator, field.get, wanted));
      }
    }
    return conditionOf(operands, generalEqualityTest(operator, left.get, right.get));
  }

  #literalOf(node: FilterNode): StringNode | undefined {
    return node.type === 'string' && !this.#mistyped.has(node) ? node : undefined;
  }

  /** A wide field compared with a small constant may be read as a rounded number: the rounding can't cross the constant. */
  #comparedOperands(
    node: BinaryNode,
    isEquality: boolean,
  ): readonly [ComparedOperand, ComparedOperand] {
    const left = this.#comparedOperand(node.left, node.right, isEquality);
    const right = this.#comparedOperand(node.right, node.left, isEquality);
    return [left, right];
  }

  #comparedOperand(node: FilterNode, other: FilterNode, isEquality: boolean): ComparedOperand {
    const field = node.type === 'field' ? this.#resolve(node) : undefined;
    if (field?.type !== 'record' || !field.isNumber || this.#mistyped.has(node)) {
      return { ...this.#operand(node), exactAgainstConstant: false };
    }
    const constant = smallLiteral(other);
    const exactAgainstConstant =
      constant !== undefined && (!isEquality || constant >= 0 || field.isSigned);
    // Where a number and a negative constant could have equal bits, the field is at least 64 bits wide.
    const isExact = exactAgainstConstant || (!field.isWide && constant !== undefined);
    const wide = field.isWide && !exactAgainstConstant ? 'bigint' : 'number';
    return { ...this.#recordOperand(field, wide), exactAgainstConstant: isExact };
  }

  #operand(node: FilterNode): Operand {
    if (this.#mistyped.has(node)) return missing;
    switch (node.type) {
      case 'integer':
        return constantOperand('integer', simplify(node.value));
      case 'real':
      case 'string':
        return constantOperand(node.type, node.value);
      case 'field':
        return this.#fieldOperand(node);
      case 'unary':
        return this.#unary(node);
      case 'binary':
        return this.#binary(node);
    }
  }

  #fieldOperand(node: FieldNode): Operand {
    const field = this.#resolve(node);
    if (field === undefined) return missing;
    if (field.type === 'record') {
      return this.#recordOperand(field, field.isWide ? 'bigint' : 'number');
    }
    const { kind, value, mappings } = field;
    const operand = constantOperand(kind, typeof value === 'bigint' ? simplify(value) : value);
    return mappings === undefined ? operand : { ...operand, mappings };
  }

  #recordOperand(field: RecordField, wide: 'number' | 'bigint'): Operand {
    const { kind, mappings, mayBeMissing, isNumber } = field;
    const get = this.slots.getter(field, wide);
    return { get, kind, mayBeMissing, isNumber, ...(mappings !== undefined && { mappings }) };
  }

  #unary(node: UnaryNode): Operand {
    const { operator } = node;
    if (operator === '!') return conditionOperand(this.condition(node));
    const operand = this.#operand(node.operand);
    const { get } = operand;
    const compute = (record: FilterRecord): unknown => {
      const value = toNumeric(get(record));
      return value === undefined ? undefined : computeUnary(operator, value);
    };
    return computedOperand([operand], operand.kind === 'real', compute);
  }

  #binary(node: BinaryNode): Operand {
    switch (node.operator) {
      case '+':
      case '-':
      case '*':
      case '/':
      case '%': {
        const { operator } = node;
        const operands = this.#bothOperands(node);
        const isReal = operands.some((operand) => operand.kind === 'real');
        return computedOperand(
          operands,
          isReal,
          withNumbers(operands, (left, right) => computeArithmetic(operator, left, right, isReal)),
        );
      }
      case '<<':
      case '>>':
      case '&':
      case '^':
      case '|': {
        const { operator } = node;
        const operands = this.#bothOperands(node);
        const compute = withNumbers(operands, (left, right) => computeBits(operator, left, right));
        return computedOperand(operands, false, compute);
      }
      default:
        return conditionOperand(this.condition(node));
    }
  }

  #bothOperands(node: BinaryNode): readonly [Operand, Operand] {
    return [this.#operand(node.left), this.#operand(node.right)];
  }

  #resolve(node: FieldNode): ResolvedField {
    if (!this.#resolved.has(node)) {
      this.#resolved.set(node, resolveField(node.reference, this.#target));
    }
    return this.#resolved.get(node);
  }
}
