import {
  type BinaryOperator,
  type FieldNode,
  type FilterNode,
  parseFilter,
  type UnaryOperator,
} from '@sonde/filter';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate, sample } from './records.ts';

/**
 * A second, naive opinion about what filters mean: walks the tree for each record, integers always bigint, no types known before,
 * names looked up in the record.
 */
type Value = bigint | number | string | boolean | undefined;

const payload = sample['event-record-payload'] as Record<string, unknown>;
const commonContext = sample['event-record-common-context'] as Record<string, unknown>;
const names = [
  'prev_tid',
  'flags',
  'big',
  'signed',
  'ratio',
  'ok',
  'state',
  'prev_comm',
  'nothing',
];
const realFields = new Set(['ratio']);

function naive(node: FilterNode): Value {
  switch (node.type) {
    case 'integer':
      return node.value;
    case 'real':
    case 'string':
      return node.value;
    case 'field':
      return fieldValue(node);
    case 'unary':
      return naiveUnary(node.operator, naive(node.operand));
    case 'binary':
      if (node.operator === '&&' || node.operator === '||') {
        return naiveLogic(node.operator, truth(naive(node.left)), truth(naive(node.right)));
      }
      return naiveBinary(node.operator, naive(node.left), naive(node.right));
  }
}

function fieldValue({ reference }: FieldNode): Value {
  const name = String(reference.path[0]);
  const value = (reference.root === 'context' ? commonContext : payload)[name];
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') return realFields.has(name) ? value : BigInt(value);
  return value as Value;
}

function truth(value: Value): boolean | undefined {
  if (value === undefined || typeof value === 'string') return undefined;
  return typeof value === 'boolean' ? value : value !== 0 && value !== 0n;
}

function naiveLogic(operator: '&&' | '||', a: boolean | undefined, b: boolean | undefined): Value {
  const decisive = operator === '||';
  if (a === decisive || b === decisive) return decisive;
  return a === undefined || b === undefined ? undefined : !decisive;
}

function naiveUnary(operator: UnaryOperator, operand: Value): Value {
  if (operator === '!') {
    const condition = truth(operand);
    return condition === undefined ? undefined : !condition;
  }
  const value = typeof operand === 'boolean' ? BigInt(operand) : operand;
  if (value === undefined || typeof value === 'string') return undefined;
  if (operator === '-') return -value;
  if (operator === '+') return value;
  return typeof value === 'bigint' ? BigInt.asIntN(64, ~value) : undefined;
}

function naiveBinary(operator: BinaryOperator, left: Value, right: Value): Value {
  const a = typeof left === 'boolean' ? BigInt(left) : left;
  const b = typeof right === 'boolean' ? BigInt(right) : right;
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === 'string' || typeof b === 'string') {
    if (typeof a !== 'string' || typeof b !== 'string') return undefined;
    return operator === '==' ? a === b : operator === '!=' ? a !== b : undefined;
  }
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '==':
      return same(a, b);
    case '!=':
      return !same(a, b);
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return naiveInteger(operator, a, b);
  const [x, y] = [Number(a), Number(b)];
  if (operator === '+') return x + y;
  if (operator === '-') return x - y;
  if (operator === '*') return x * y;
  return operator === '/' ? x / y : undefined;
}

function same(a: bigint | number, b: bigint | number): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: bigint and number are compared exactly
  if (a == b) return true;
  if (typeof a !== 'bigint' || typeof b !== 'bigint') return false;
  const fits = (v: bigint) => v >= -(2n ** 63n) && v < 2n ** 64n;
  return fits(a) && fits(b) && BigInt.asUintN(64, a) === BigInt.asUintN(64, b);
}

function naiveInteger(operator: BinaryOperator, a: bigint, b: bigint): Value {
  const [x, y] = [BigInt.asUintN(64, a), BigInt.asUintN(64, b)];
  const signed = (bits: bigint, isSigned: boolean) =>
    isSigned ? BigInt.asIntN(64, bits) : BigInt.asUintN(64, bits);
  const isShift = operator === '<<' || operator === '>>';
  if (isShift && (b < 0n || b > 63n)) return undefined;
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? undefined : a / b;
    case '%':
      return b === 0n ? undefined : a % b;
    case '<<':
      return signed(x << y, a < 0n);
    case '>>':
      return signed(x >> y, a < 0n);
    case '&':
      return signed(x & y, a < 0n || b < 0n);
    case '|':
      return signed(x | y, a < 0n || b < 0n);
    default:
      return signed(x ^ y, a < 0n || b < 0n);
  }
}

/** Parenthesised everywhere: the tree is what was meant. */
const literal = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n).map(String),
  fc.bigInt(0n, 70n).map(String),
  fc.bigInt(2n ** 53n - 3n, 2n ** 53n + 3n).map((n) => `0x${n.toString(16)}`),
  fc.constantFrom('0.5', '2.5', '1e300', '9007199254740993.0', '0x8000000000000000'),
  fc.constantFrom('"swapper/0"', '"x"'),
);
const field = fc.oneof(fc.constantFrom(...names), fc.constantFrom('$ctx.vtid', '$ctx.procname'));
const binaries = fc.constantFrom(
  ...['+', '-', '*', '/', '%', '<<', '>>', '&', '^', '|', '<', '<=', '>', '>='],
  ...['==', '!=', '&&', '||', '&&', '||', '==', '!='],
);
const expressions = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    literal,
    field,
    fc.tuple(fc.constantFrom('!', '~', '-', '+'), tie('node')).map(([o, a]) => `${o}(${a})`),
    fc.tuple(tie('node'), binaries, tie('node')).map(([a, o, b]) => `(${a}) ${o} (${b})`),
  ),
})).node;

test('random expressions mean what the naive interpreter says', () => {
  let compared = 0;
  fc.assert(
    fc.property(expressions, (text) => {
      let root: FilterNode;
      try {
        root = parseFilter(text).root;
      } catch {
        return; // The types of its literals don't fit.
      }
      if (hasMistypedField(root)) return;
      compared++;
      expect(evaluate(text)).toBe(truth(naive(root)) === true);
    }),
    { numRuns: 20_000 },
  );
  expect(compared).toBeGreaterThan(4000);
});

/** Enumeration labels and mistyped fields are for the tables; here every string is compared with strings only. */
function hasMistypedField(node: FilterNode): boolean {
  if (node.type === 'unary') return hasMistypedField(node.operand);
  if (node.type !== 'binary') return false;
  const isLabel = [node.left, node.right].some(
    (side) => side.type === 'field' && side.reference.path[0] === 'state',
  );
  const isText = [node.left, node.right].some((side) => side.type === 'string');
  return (isLabel && isText) || hasMistypedField(node.left) || hasMistypedField(node.right);
}

test('precedence: without parentheses as with those of the table', () => {
  const levels = [
    ['||'],
    ['&&'],
    ['==', '!='],
    ['<', '>='],
    ['|'],
    ['^'],
    ['&'],
    ['<<', '>>'],
    ['+', '-'],
    ['*', '%'],
  ];
  const operator = fc.integer({ min: 0, max: levels.length - 1 });
  fc.assert(
    fc.property(operator, operator, fc.nat(1), fc.nat(1), (l, r, i, j) => {
      const first = levels[l]![i % levels[l]!.length]!;
      const second = levels[r]![j % levels[r]!.length]!;
      const grouped = l >= r ? `(a ${first} b) ${second} c` : `a ${first} (b ${second} c)`;
      expect(shape(parseFilter(`a ${first} b ${second} c`).root)).toBe(
        shape(parseFilter(grouped).root),
      );
    }),
  );
});

function shape(node: FilterNode): string {
  if (node.type === 'binary') return `(${shape(node.left)}${node.operator}${shape(node.right)})`;
  return node.type === 'field' ? String(node.reference.path[0]) : node.type;
}
