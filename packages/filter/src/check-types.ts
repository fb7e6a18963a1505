import type { BinaryNode, BinaryOperator, FieldNode, FilterNode, UnaryNode } from './ast.ts';

/**
 * What a value is, as far as it is known before a record is read: `enumeration`: an integer with labels; `dynamic`: known at run
 * time only; `compound`: a structure, array or blob, which no operator takes; `missing`: the event record class has no such field.
 */
export type Kind =
  | 'integer'
  | 'enumeration'
  | 'real'
  | 'string'
  | 'dynamic'
  | 'compound'
  | 'missing';

/** `node` is the operand to blame, `message` a clause without a full stop. */
export type ReportMismatch = (node: FilterNode, message: string) => void;

/** Checks that each operator can take its operands; calls `report` for each that cannot. */
export function checkTypes(
  root: FilterNode,
  kindOfField: (node: FieldNode) => Kind,
  report: ReportMismatch,
): void {
  const checker = new TypeChecker(kindOfField, report);
  checker.requireCondition(root, checker.kindOf(root));
}

/** What ordinary operators want, in words. */
const wanted = { number: 'a number', integer: 'an integer', condition: 'a condition' } as const;

class TypeChecker {
  readonly #kindOfField: (node: FieldNode) => Kind;
  readonly #report: ReportMismatch;

  constructor(kindOfField: (node: FieldNode) => Kind, report: ReportMismatch) {
    this.#kindOfField = kindOfField;
    this.#report = report;
  }

  kindOf(node: FilterNode): Kind {
    switch (node.type) {
      case 'field':
        return this.#kindOfField(node);
      case 'unary':
        return this.#unary(node);
      case 'binary':
        return this.#binary(node);
      default:
        return node.type;
    }
  }

  requireCondition(node: FilterNode, kind: Kind): void {
    if (kind === 'string' || kind === 'compound') this.#mismatch(node, kind, 'condition');
  }

  #unary(node: UnaryNode): Kind {
    const kind = this.kindOf(node.operand);
    if (node.operator === '!') this.requireCondition(node.operand, kind);
    else if (node.operator === '~') this.#requireInteger(node.operand, kind);
    else this.#requireNumber(node.operand, kind);
    const staysReal = kind === 'real' && node.operator !== '!';
    return staysReal ? 'real' : resultOf(kind, kind);
  }

  #binary(node: BinaryNode): Kind {
    const { operator, left, right } = node;
    const leftKind = this.kindOf(left);
    const rightKind = this.kindOf(right);
    const both = (check: (node: FilterNode, kind: Kind) => void): void => {
      check.call(this, left, leftKind);
      check.call(this, right, rightKind);
    };
    if (operator === '&&' || operator === '||') both(this.requireCondition);
    else if (operator === '==' || operator === '!=') this.#requireSame(node, leftKind, rightKind);
    else if (takesIntegersOnly(operator)) both(this.#requireInteger);
    else both(this.#requireNumber);
    const isArithmetic =
      operator === '+' || operator === '-' || operator === '*' || operator === '/';
    if (isArithmetic && (leftKind === 'real' || rightKind === 'real')) return 'real';
    return resultOf(leftKind, rightKind);
  }

  #requireNumber(node: FilterNode, kind: Kind): void {
    if (kind === 'string' || kind === 'compound') this.#mismatch(node, kind, 'number');
  }

  #requireInteger(node: FilterNode, kind: Kind): void {
    if (kind === 'string' || kind === 'compound' || kind === 'real') {
      this.#mismatch(node, kind, 'integer');
    }
  }

  #requireSame(node: BinaryNode, left: Kind, right: Kind): void {
    for (const [operand, kind] of [
      [node.left, left],
      [node.right, right],
    ] as const) {
      if (kind === 'compound') {
        this.#report(operand, `${phrase(kind)} can't be compared`);
        return;
      }
    }
    if ((left === 'string') === (right === 'string')) return;
    const [other, otherNode, text] =
      left === 'string' ? [right, node.right, node.left] : [left, node.left, node.right];
    if (other === 'dynamic' || other === 'missing') return;
    if (other === 'enumeration' && text.type === 'string') return;
    const hint = other === 'enumeration' ? '; only a literal can be compared with a label' : '';
    this.#report(
      text,
      `a string can't be compared with ${phrase(other)} (${sourceHint(otherNode)})${hint}`,
    );
  }

  #mismatch(node: FilterNode, kind: Kind, want: keyof typeof wanted): void {
    const hint =
      kind === 'string' && want === 'number' ? '; strings can only be compared with == and !=' : '';
    this.#report(node, `${phrase(kind)} can't be used as ${wanted[want]}${hint}`);
  }
}

function takesIntegersOnly(operator: BinaryOperator): boolean {
  return ['%', '<<', '>>', '&', '^', '|'].includes(operator);
}

function resultOf(left: Kind, right: Kind): Kind {
  return left === 'missing' || right === 'missing' ? 'missing' : 'integer';
}

function phrase(kind: Kind): string {
  switch (kind) {
    case 'string':
      return 'a string';
    case 'real':
      return 'a real number';
    case 'compound':
      return 'a structure, array or blob';
    case 'enumeration':
      return 'an enumeration';
    default:
      return 'a number';
  }
}

function sourceHint(node: FilterNode): string {
  switch (node.type) {
    case 'integer':
    case 'real':
      return String(node.value);
    case 'field':
      return String(node.reference.path.at(-1));
    default:
      return 'an expression';
  }
}
