/**
 * The expressions of tracker declarations: keys, conditions, labels. Few operators, so that each compiles both to a closure over a
 * projected record and to a handful of eBPF instructions.
 *
 *     field   member.of.structure   $tid   42   0x1f   ( … )
 *     + -   << >>   < <= > >=   == !=   &   |          as in C, from the tightest
 *     FIELD startsWith "text"
 */
import { UsageError } from '@sonde/base';

/**
 * What is known of every event without one of its fields.
 * - `$tid`, `$tgid`, `$comm`: who runs when it happens; `$cgroup`: its control group
 * - `$cpu`: where
 * - `$syscall`: of a system call event, its number in the kernel, its name in a trace
 */
export const builtins = ['tid', 'tgid', 'comm', 'cpu', 'cgroup', 'syscall'] as const;
export type Builtin = (typeof builtins)[number];

export type BinaryOperator =
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&'
  | '|';

/** All arithmetic is that of 64-bit integers; comparisons give 1 or 0. */
export type Expression =
  | { readonly type: 'integer'; readonly value: number }
  /** A field of the event, or a member of one: `['rq', 'cmd_flags']`. */
  | { readonly type: 'field'; readonly path: readonly string[] }
  | { readonly type: 'builtin'; readonly name: Builtin }
  | {
      readonly type: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** 1 when a text begins so; the prefix has at most 16 bytes. */
  | { readonly type: 'starts-with'; readonly operand: Expression; readonly prefix: string };

/** `comm` in the kernel is no longer. */
const maxPrefixBytes = 16;
const maxLength = 1024;
const maxNesting = 32;

/** From the loosest. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['|'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
];

const token =
  /(?:(0[xX][0-9a-fA-F]+|\d+)|(\$[A-Za-z_]\w*)|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|"([^"\\]*)"|(<<|>>|<=|>=|==|!=|[-+<>&|()]))/y;

interface Token {
  readonly kind: 'integer' | 'builtin' | 'name' | 'text' | 'operator' | 'end';
  readonly text: string;
  readonly column: number;
}

/** @throws UsageError `bad-expression` with the column. */
export function parseExpression(text: string): Expression {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #position = 0;
  #depth = 0;
  #token: Token;

  constructor(text: string) {
    if (text.length > maxLength) {
      throw new UsageError('bad-expression', `An expression has at most ${maxLength} characters.`);
    }
    this.#text = text;
    this.#token = this.#scan();
  }

  parse(): Expression {
    const expression = this.#binary(0);
    if (this.#token.kind !== 'end') throw this.#unexpected('an operator');
    return expression;
  }

  #binary(level: number): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.#primary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find(
        (candidate) => this.#token.kind === 'operator' && candidate === this.#token.text,
      );
      if (operator === undefined) return left;
      this.#next();
      left = { type: 'binary', operator, left, right: this.#binary(level + 1) };
    }
  }

  #primary(): Expression {
    const { kind, text } = this.#token;
    if (kind === 'integer') return this.#integer();
    if (kind === 'operator' && text === '(') return this.#parenthesis();
    let operand: Expression;
    if (kind === 'builtin') operand = { type: 'builtin', name: this.#builtin() };
    else if (kind === 'name') operand = { type: 'field', path: text.split('.') };
    else throw this.#unexpected('a field, a $builtin or a number');
    this.#next();
    return this.#token.kind === 'name' && this.#token.text === 'startsWith'
      ? this.#startsWith(operand)
      : operand;
  }

  #integer(): Expression {
    const value = Number(this.#token.text);
    if (!Number.isSafeInteger(value)) throw this.#error(`${this.#token.text} is beyond 2^53`);
    this.#next();
    return { type: 'integer', value };
  }

  #parenthesis(): Expression {
    if (++this.#depth > maxNesting) throw this.#error('too many parentheses');
    this.#next();
    const inner = this.#binary(0);
    if (this.#token.text !== ')' || this.#token.kind !== 'operator') throw this.#unexpected('")"');
    this.#next();
    this.#depth--;
    return inner;
  }

  #builtin(): Builtin {
    const name = this.#token.text.slice(1);
    const builtin = builtins.find((candidate) => candidate === name);
    if (builtin !== undefined) return builtin;
    throw this.#error(`there is no $${name}; there are ${builtins.map((b) => `$${b}`).join(', ')}`);
  }

  #startsWith(operand: Expression): Expression {
    this.#next();
    const { kind, text } = this.#token;
    if (kind !== 'text') throw this.#unexpected('a text in double quotes after startsWith');
    if (new TextEncoder().encode(text).length > maxPrefixBytes) {
      throw this.#error(`a prefix has at most ${maxPrefixBytes} bytes`);
    }
    this.#next();
    return { type: 'starts-with', operand, prefix: text };
  }

  #next(): void {
    this.#token = this.#scan();
  }

  #scan(): Token {
    while (/\s/.test(this.#text[this.#position] ?? '')) this.#position++;
    const column = this.#position + 1;
    const first = this.#text[this.#position];
    if (first === undefined) return { kind: 'end', text: '', column };
    token.lastIndex = this.#position;
    const match = token.exec(this.#text);
    if (match === null) {
      throw this.#errorAt(column, `unexpected character ${JSON.stringify(first)}`);
    }
    this.#position = token.lastIndex;
    const kinds = ['integer', 'builtin', 'name', 'text', 'operator'] as const;
    const index = kinds.findIndex((_, i) => match[i + 1] !== undefined);
    return { kind: kinds[index]!, text: match[index + 1]!, column };
  }

  #unexpected(expected: string): UsageError {
    const { kind, text } = this.#token;
    return this.#error(`expecting ${expected}, not ${kind === 'end' ? 'the end' : `"${text}"`}`);
  }

  #error(message: string): UsageError {
    return this.#errorAt(this.#token.column, message);
  }

  #errorAt(column: number, message: string): UsageError {
    return new UsageError('bad-expression', `In "${this.#text}": ${message}.`, { line: 1, column });
  }
}

/** As it would be written: only the parentheses that are needed. */
export function formatExpression(expression: Expression): string {
  return format(expression, 0);
}

function format(expression: Expression, level: number): string {
  switch (expression.type) {
    case 'integer':
      return String(expression.value);
    case 'field':
      return expression.path.join('.');
    case 'builtin':
      return `$${expression.name}`;
    case 'starts-with':
      return `${format(expression.operand, levels.length)} startsWith "${expression.prefix}"`;
    case 'binary': {
      const { operator, left, right } = expression;
      const own = levels.findIndex((operators) => operators.includes(operator));
      const text = `${format(left, own)} ${operator} ${format(right, own + 1)}`;
      return own < level ? `(${text})` : text;
    }
  }
}

/** Every field and builtin that an expression reads, each once. */
export function readsOf(expression: Expression): Expression[] {
  const found = new Map<string, Expression>();
  const visit = (node: Expression): void => {
    if (node.type === 'binary') {
      visit(node.left);
      visit(node.right);
    } else if (node.type === 'starts-with') visit(node.operand);
    else if (node.type !== 'integer') found.set(formatExpression(node), node);
  };
  visit(expression);
  return [...found.values()];
}
