/**
 * The period language: `NAME(PARENT) : BEGIN : END` with expressions over events, and captures. Grammar: docs/periods.md.
 */
import { UsageError } from '@sonde/base';
import type { Scope } from '@sonde/trace-model';

/** Which event a reference looks at. */
export type ReferenceEvent = 'event' | 'begin' | 'parent-begin';

/** `$evt.$name`, `$begin.$evt.cpu_id`, `$parent.$begin.$evt.$ctx.tid`. */
export interface Reference {
  readonly kind: 'name' | 'field';
  readonly event: ReferenceEvent;
  /** Absent: the first scope that has the field. */
  readonly scope?: Scope;
  /** Empty for `$name`. */
  readonly field: string;
  /** As written, without spaces. */
  readonly text: string;
}

export type Comparison = '==' | '!=' | '<=' | '>=' | '<' | '>' | '=*';

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly left: Reference;
      readonly right: Reference | string | number;
    };

export interface Capture {
  readonly name: string;
  readonly reference: Reference;
}

export interface PeriodDefinition {
  /** Empty: unnamed. */
  readonly name: string;
  readonly parent: PeriodDefinition | undefined;
  readonly begin: Expression;
  readonly end: Expression;
  readonly beginCaptures: Capture[];
  readonly endCaptures: Capture[];
}

type TokenKind = 'identifier' | 'dollar' | 'number' | 'string' | 'symbol' | 'end';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

const tokenPattern =
  /\s*(?:(\$[A-Za-z_]+)|([A-Za-z_][A-Za-z0-9_]*)|([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|"((?:[^"\\]|\\.)*)"|(&&|\|\||==|!=|<=|>=|=\*|[!<>()=.,:/]))/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  for (;;) {
    const from = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (match === null) {
      const rest = text.slice(from).trimStart();
      const column = text.length - rest.length + 1;
      if (rest === '') return [...tokens, { kind: 'end', text: 'the end', column }];
      throw syntaxError(`unexpected \`${rest.slice(0, 10)}\``, column);
    }
    const [whole, dollar, identifier, number, string, symbol] = match;
    const column = from + (whole.length - whole.trimStart().length) + 1;
    if (dollar !== undefined) tokens.push({ kind: 'dollar', text: dollar, column });
    else if (identifier !== undefined)
      tokens.push({ kind: 'identifier', text: identifier, column });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, column });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, column });
    else tokens.push({ kind: 'string', text: (string ?? '').replace(/\\(.)/g, '$1'), column });
  }
}

function syntaxError(what: string, column: number): UsageError {
  return new UsageError('bad-period', `Cannot parse the period definition: ${what}.`, {
    line: 1,
    column,
  });
}

const scopesByName: Readonly<Record<string, Scope>> = {
  $pkt_header: 'packet-header',
  $pkt_ctx: 'packet-context',
  $header: 'event-record-header',
  $stream_ctx: 'event-record-common-context',
  $ctx: 'event-record-specific-context',
  $payload: 'event-record-payload',
};
const comparisons = new Set<string>(['==', '!=', '<=', '>=', '<', '>', '=*']);
/** Deeper nesting of parentheses and `!` is refused. */
const maxDepth = 100;

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  fail(what: string): never {
    throw syntaxError(what, this.#token.column);
  }

  is(symbol: string): boolean {
    const token = this.#token;
    return token.kind === 'symbol' && token.text === symbol;
  }

  accept(symbol: string): boolean {
    if (!this.is(symbol)) return false;
    this.#next++;
    return true;
  }

  expect(symbol: string): void {
    if (!this.accept(symbol)) this.fail(`expected \`${symbol}\`, got \`${this.#token.text}\``);
  }

  identifier(): string {
    const token = this.#token;
    if (token.kind !== 'identifier') this.fail(`expected a name, got \`${token.text}\``);
    this.#next++;
    return token.text;
  }

  get isAtIdentifier(): boolean {
    return this.#token.kind === 'identifier';
  }

  end(): void {
    if (this.#token.kind !== 'end') this.fail(`unexpected \`${this.#token.text}\``);
  }

  expression(): Expression {
    let left = this.#conjunction();
    while (this.accept('||')) left = { kind: 'or', left, right: this.#conjunction() };
    return left;
  }

  #conjunction(): Expression {
    let left = this.#unary();
    while (this.accept('&&')) left = { kind: 'and', left, right: this.#unary() };
    return left;
  }

  #unary(): Expression {
    if (++this.#depth > maxDepth) this.fail('too deeply nested');
    try {
      if (this.accept('!')) return { kind: 'not', operand: this.#unary() };
      if (!this.accept('(')) return this.#comparison();
      const inner = this.expression();
      this.expect(')');
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Expression {
    const left = this.reference();
    const token = this.#token;
    if (token.kind !== 'symbol' || !comparisons.has(token.text)) {
      this.fail(`expected a comparison, got \`${token.text}\``);
    }
    this.#next++;
    const operator = token.text as Comparison;
    const right = this.#operand();
    const isText = typeof right === 'string';
    if (operator === '=*' && !isText) this.fail('`=*` needs a string');
    if (isText && !['==', '!=', '=*'].includes(operator)) {
      this.fail(`strings can't be compared with \`${operator}\``);
    }
    if (left.kind === 'name' && typeof right === 'number') this.fail('a name is not a number');
    return { kind: 'compare', operator, left, right };
  }

  #operand(): Reference | string | number {
    const token = this.#token;
    if (token.kind === 'string') {
      this.#next++;
      return token.text;
    }
    if (token.kind === 'number') {
      this.#next++;
      return Number(token.text);
    }
    return this.reference();
  }

  /** `["$parent."] ["$begin."] "$evt." ("$name" | [SCOPE "."] IDENTIFIER)` */
  reference(): Reference {
    const parts: string[] = [];
    const path = (): void => {
      const token = this.#token;
      if (token.kind !== 'dollar') this.fail(`expected \`$evt\`, got \`${token.text}\``);
      parts.push(token.text);
      this.#next++;
      this.expect('.');
    };
    path();
    while (parts.at(-1) !== '$evt') path();
    const prefix = parts.join('.');
    const events: Readonly<Record<string, ReferenceEvent>> = {
      $evt: 'event',
      '$begin.$evt': 'begin',
      '$parent.$begin.$evt': 'parent-begin',
    };
    const event = events[prefix];
    if (event === undefined) this.fail(`\`${prefix}\` is no event (\`$parent\` needs \`$begin\`)`);
    return this.#member(event, prefix);
  }

  #member(event: ReferenceEvent, prefix: string): Reference {
    const token = this.#token;
    if (token.kind === 'dollar' && token.text === '$name') {
      this.#next++;
      return { kind: 'name', event, field: '', text: `${prefix}.$name` };
    }
    if (token.kind !== 'dollar') {
      const field = this.identifier();
      return { kind: 'field', event, field, text: `${prefix}.${field}` };
    }
    const scope = scopesByName[token.text];
    if (scope === undefined) this.fail(`\`${token.text}\` is no scope`);
    this.#next++;
    this.expect('.');
    const field = this.identifier();
    return { kind: 'field', event, scope, field, text: `${prefix}.${token.text}.${field}` };
  }

  captures(): Capture[] {
    const captures: Capture[] = [];
    if (this.is(':') || this.#token.kind === 'end') return captures;
    do {
      const name = this.isAtIdentifier ? this.identifier() : undefined;
      if (name !== undefined) this.expect('=');
      const reference = this.reference();
      captures.push({ name: name ?? reference.text, reference });
    } while (this.accept(','));
    return captures;
  }
}

function usesParent(expression: Expression): boolean {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return usesParent(expression.left) || usesParent(expression.right);
    case 'not':
      return usesParent(expression.operand);
    case 'compare':
      return [expression.left, expression.right].some(
        (side) => typeof side === 'object' && side.event === 'parent-begin',
      );
  }
}

/**
 * Parses one `--period` definition, known ones being its possible parents.
 * @throws UsageError
 */
export function parsePeriod(text: string, known: readonly PeriodDefinition[]): PeriodDefinition {
  const parser = new Parser(text);
  let name = '';
  let parent: PeriodDefinition | undefined;
  if (!parser.is(':')) {
    name = parser.identifier();
    // The old form names the parent first, as a path.
    while (parser.accept('/')) {
      parent = known.find((definition) => definition.name === name);
      name = parser.identifier();
    }
    if (parser.accept('(')) {
      const parentName = parser.identifier();
      parser.expect(')');
      parent = known.find((definition) => definition.name === parentName);
      if (parent === undefined) {
        throw new UsageError(
          'unknown-parent-period',
          `Cannot find parent period named "${parentName}" (as parent of period "${name}").`,
        );
      }
    }
  }
  if (name !== '' && known.some((definition) => definition.name === name)) {
    throw new UsageError('duplicate-period', `Cannot redefine period "${name}".`);
  }
  parser.expect(':');
  const begin = parser.expression();
  const end = parser.accept(':') ? parser.expression() : begin;
  parser.end();
  if (parent === undefined && (usesParent(begin) || usesParent(end))) {
    throw new UsageError(
      'no-parent-period',
      `Period "${name}" refers to \`$parent\`, but it has no parent: write \`${name || 'NAME'}(PARENT) : …\`.`,
    );
  }
  return { name, parent, begin, end, beginCaptures: [], endCaptures: [] };
}

/**
 * Parses `NAME : CAPTURE, … : CAPTURE, …` and adds the captures to that period.
 * @throws UsageError
 */
export function parseCaptures(text: string, known: readonly PeriodDefinition[]): void {
  const parser = new Parser(text);
  const name = parser.identifier();
  const definition = known.find((candidate) => candidate.name === name);
  if (definition === undefined) {
    throw new UsageError(
      'unknown-period',
      `Cannot find period named "${name}" for --period-captures argument.`,
    );
  }
  if (definition.beginCaptures.length > 0 || definition.endCaptures.length > 0) {
    throw new UsageError('duplicate-captures', `Period "${name}" has captures already.`);
  }
  parser.expect(':');
  definition.beginCaptures.push(...parser.captures());
  if (parser.accept(':')) definition.endCaptures.push(...parser.captures());
  parser.end();
}

/** All references of definitions, captures included. */
export function referencesOf(definitions: readonly PeriodDefinition[]): Reference[] {
  const references: Reference[] = [];
  const visit = (expression: Expression): void => {
    if (expression.kind === 'not') visit(expression.operand);
    else if (expression.kind === 'compare') {
      references.push(expression.left);
      if (typeof expression.right === 'object') references.push(expression.right);
    } else {
      visit(expression.left);
      visit(expression.right);
    }
  };
  for (const definition of definitions) {
    visit(definition.begin);
    visit(definition.end);
    for (const capture of [...definition.beginCaptures, ...definition.endCaptures]) {
      references.push(capture.reference);
    }
  }
  return references;
}
