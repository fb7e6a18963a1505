import type {
  BinaryOperator,
  FieldNode,
  FilterExpression,
  FilterNode,
  ReferenceRoot,
  UnaryOperator,
} from './ast.ts';
import { checkTypes } from './check-types.ts';
import { defaultFilterLimits, type FilterLimits, filterError } from './filter-error.ts';
import { Scanner, type Token } from './tokens.ts';

/**
 * Binary operators by precedence, the loosest first; all associate to the left. As in LTTng, and unlike in C, the bitwise operators
 * bind tighter than comparisons: `flags & 2 == 2` is `(flags & 2) == 2`.
 */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const precedence = new Map<string, number>(
  levels.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);

const unaryOperators: ReadonlySet<string> = new Set<UnaryOperator>(['!', '~', '-', '+']);

const roots = new Map<string, ReferenceRoot>([
  ['payload', 'payload'],
  ['ctx', 'context'],
  ['app', 'app-context'],
  ['event', 'event'],
  ['header', 'event-header'],
  ['packet', 'packet-context'],
  ['packet_header', 'packet-header'],
  ['stream', 'stream'],
  ['trace', 'trace'],
  ['env', 'environment'],
]);

/** What the roots that are not fields know. */
const properties: Partial<Record<ReferenceRoot, readonly string[]>> = {
  event: ['name', 'id', 'loglevel'],
  stream: ['id', 'name', 'class_id', 'class_name'],
  trace: ['name', 'path', 'uid'],
};

const greatestIndex = 2 ** 32 - 1;

/**
 * Parses a filter in LTTng's syntax (lttng-event-rule(7)) with the additions of this package's README, and checks the types of
 * what is known without a trace (a string literal is never less than a number).
 * @throws UsageError `bad-filter` with line and column, for any text that is not a filter.
 */
export function parseFilter(text: string, limits: Partial<FilterLimits> = {}): FilterExpression {
  const parser = new FilterParser(text, { ...defaultFilterLimits, ...limits });
  const root = parser.parse();
  checkTypes(
    root,
    () => 'dynamic',
    (node, message) => {
      throw filterError(text, node.begin, message);
    },
  );
  return { text, root };
}

class FilterParser {
  readonly #text: string;
  readonly #limits: FilterLimits;
  readonly #scanner: Scanner;
  #token: Token;
  #nodeCount = 0;
  #depth = 0;

  constructor(text: string, limits: FilterLimits) {
    this.#text = text;
    this.#limits = limits;
    this.#scanner = new Scanner(text);
    if (text.length > limits.textLength) {
      throw filterError(text, 0, `longer than ${limits.textLength} characters`);
    }
    this.#token = this.#scanner.next();
  }

  parse(): FilterNode {
    if (this.#token.type === 'end') throw filterError(this.#text, 0, 'the expression is empty');
    const root = this.#binary(0);
    this.#expectEnd();
    return root;
  }

  #expectEnd(): void {
    if (this.#token.type !== 'end') throw this.#unexpected('an operator or the end');
  }

  /** Operators of at least `level`: precedence climbing, so that recursion is bounded by nesting alone. */
  #binary(level: number): FilterNode {
    let left = this.#unary();
    for (;;) {
      const token = this.#token;
      if (token.type !== 'punctuator') return left;
      const operatorLevel = precedence.get(token.text);
      if (operatorLevel === undefined || operatorLevel < level) return left;
      this.#advance();
      const right = this.#binary(operatorLevel + 1);
      left = this.#count({
        type: 'binary',
        operator: token.text as BinaryOperator,
        left,
        right,
        operatorRange: { begin: token.begin, end: token.end },
        begin: left.begin,
        end: right.end,
      });
    }
  }

  #unary(): FilterNode {
    const token = this.#token;
    if (token.type !== 'punctuator' || !unaryOperators.has(token.text)) return this.#primary();
    this.#enter();
    this.#advance();
    const operand = this.#unary();
    this.#depth--;
    const operator = token.text as UnaryOperator;
    return this.#count({ type: 'unary', operator, operand, begin: token.begin, end: operand.end });
  }

  #primary(): FilterNode {
    const token = this.#token;
    switch (token.type) {
      case 'integer':
      case 'real':
      case 'string':
        this.#advance();
        return this.#count(token);
      case 'name':
        this.#advance();
        return this.#field('payload', token, [token.name]);
      case 'root':
        return this.#rootedField(token, token.name);
      default:
        if (this.#isPunctuator('(')) return this.#parenthesised();
        throw this.#unexpected('a field, a literal or "("');
    }
  }

  #parenthesised(): FilterNode {
    const { begin } = this.#token;
    this.#enter();
    this.#advance();
    const inner = this.#binary(0);
    if (!this.#isPunctuator(')')) {
      const { line, column } = filterError(this.#text, begin, '').place;
      const opener = line === 1 ? `column ${column}` : `line ${line}, column ${column}`;
      throw this.#unexpected(`")" for the "(" at ${opener}, or an operator`);
    }
    this.#depth--;
    this.#advance();
    return inner;
  }

  #rootedField(token: Token, name: string): FieldNode {
    const root = roots.get(name);
    if (root === undefined) {
      const known = [...roots.keys()].map((r) => `$${r}`).join(', ');
      throw filterError(this.#text, token.begin, `unknown root $${name}; there are ${known}`);
    }
    this.#advance();
    const known = properties[root];
    const begin = this.#token;
    const first = this.#isPunctuator('[') ? this.#index() : this.#member(root);
    if (typeof first === 'number') {
      throw filterError(this.#text, begin.begin, `expecting a name after $${name}`);
    }
    if (known !== undefined && !known.includes(first)) {
      const list = known.map((property) => `$${name}.${property}`).join(', ');
      throw filterError(this.#text, begin.begin, `unknown property; there are ${list}`);
    }
    return this.#field(root, token, [first], known === undefined && root !== 'environment');
  }

  /** `.NAME`; contexts may have colons: `perf:cpu:cycles`, `PROVIDER:TYPE`. */
  #member(root: ReferenceRoot): string {
    if (!this.#isPunctuator('.')) throw this.#unexpected('"." and a name');
    this.#advance();
    let name = this.#name();
    if (root !== 'context' && root !== 'app-context') return name;
    while (this.#isPunctuator(':')) {
      this.#advance();
      name += `:${this.#name()}`;
    }
    return name;
  }

  #field(root: ReferenceRoot, token: Token, path: (string | number)[], mayGoOn = true): FieldNode {
    let { end } = token;
    const take = (item: string | number): void => {
      path.push(item);
      this.#countOne();
    };
    while (mayGoOn) {
      if (this.#isPunctuator('.')) take(this.#member('payload'));
      else if (this.#isPunctuator('[')) take(this.#index());
      else break;
    }
    end = Math.max(end, this.#previousEnd);
    return this.#count({ type: 'field', reference: { root, path }, begin: token.begin, end });
  }

  /** `[N]`, or `["NAME"]` for members whose name is no identifier. */
  #index(): string | number {
    this.#advance();
    const token = this.#token;
    if (token.type !== 'integer' && token.type !== 'string') {
      throw this.#unexpected('a constant index');
    }
    if (token.type === 'integer' && token.value > greatestIndex) {
      throw filterError(this.#text, token.begin, 'this index is too great');
    }
    this.#advance();
    if (!this.#isPunctuator(']')) throw this.#unexpected('"]"');
    this.#advance();
    return token.type === 'integer' ? Number(token.value) : token.value;
  }

  #name(): string {
    const token = this.#token;
    if (token.type !== 'name') throw this.#unexpected('a name');
    this.#advance();
    return token.name;
  }

  #previousEnd = 0;

  #advance(): void {
    this.#previousEnd = this.#token.end;
    this.#token = this.#scanner.next();
  }

  #isPunctuator(text: string): boolean {
    return this.#token.type === 'punctuator' && this.#token.text === text;
  }

  #enter(): void {
    if (++this.#depth <= this.#limits.nesting) return;
    const message = `nested more than ${this.#limits.nesting} levels deep`;
    throw filterError(this.#text, this.#token.begin, message);
  }

  #count<Node extends FilterNode>(node: Node): Node {
    this.#countOne();
    return node;
  }

  #countOne(): void {
    if (++this.#nodeCount <= this.#limits.nodes) return;
    const message = `more than ${this.#limits.nodes} operands and operators`;
    throw filterError(this.#text, this.#token.begin, message);
  }

  #unexpected(expected: string): Error {
    const { begin, end } = this.#token;
    const got =
      this.#token.type === 'end' ? 'the end' : JSON.stringify(this.#text.slice(begin, end));
    return filterError(this.#text, begin, `expecting ${expected}, got ${got}`);
  }
}
