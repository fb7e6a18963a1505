/** What period expressions see of events, and their compilation to functions. */
import type { Expression, Reference } from './period-language.ts';

/** What expressions see of an event: its name and the fields that some expression names. */
export interface PeriodEvent {
  readonly name: string;
  readonly timeNs: number;
  /** By `fieldKey`; missing: the event has no such field. */
  readonly fields: ReadonlyMap<string, PeriodValue>;
}
export type PeriodValue = number | bigint | string;

/** Identity of a field reference, whatever event it looks at. */
export const fieldKey = (reference: Reference): string =>
  `${reference.scope ?? '*'}.${reference.field}`;

/** Where an expression looks: the current event, the begin event, the parent's begin event. */
type Look<T> = (event: PeriodEvent, begin: PeriodEvent, parentBegin: PeriodEvent | undefined) => T;
export type Predicate = Look<boolean>;
export type ReadReference = Look<PeriodValue | undefined>;

export function compileReference(reference: Reference): ReadReference {
  const key = fieldKey(reference);
  const read = (event: PeriodEvent | undefined): PeriodValue | undefined =>
    reference.kind === 'name' ? event?.name : event?.fields.get(key);
  switch (reference.event) {
    case 'event':
      return (event) => read(event);
    case 'begin':
      return (_event, begin) => read(begin);
    case 'parent-begin':
      return (_event, _begin, parentBegin) => read(parentBegin);
  }
}

/** `*`, `?`, `[set]`, `[!set]` over the whole string. */
function globPattern(glob: string): RegExp {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i]!;
    const close = c === '[' ? glob.indexOf(']', i + 2) : -1;
    if (c === '*') source += '.*';
    else if (c === '?') source += '.';
    else if (close > 0) {
      const set = glob.slice(i + 1, close).replace(/[\\\]]/g, '\\$&');
      source += `[${set.startsWith('!') ? `^${set.slice(1)}` : set.replace(/^\^/, '\\^')}]`;
      i = close;
    } else source += c.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 's');
}

const globs = new Map<string, RegExp>();
function matchesGlob(text: string, glob: string): boolean {
  let pattern = globs.get(glob);
  if (pattern === undefined) globs.set(glob, (pattern = globPattern(glob)));
  return pattern.test(text);
}

const isInteger = (value: PeriodValue): boolean =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));

/** Equality and order between values of one kind; different kinds never compare. */
function compare(
  left: PeriodValue | undefined,
  operator: Exclude<Extract<Expression, { kind: 'compare' }>['operator'], '!='>,
  right: PeriodValue | undefined,
): boolean {
  if (left === undefined || right === undefined) return false;
  if (operator === '=*') {
    return typeof left === 'string' && typeof right === 'string' && matchesGlob(left, right);
  }
  if (typeof left === 'string' || typeof right === 'string') {
    return operator === '==' && left === right;
  }
  // An integer compared with a fraction compares with its integer part, as the original does.
  const other = isInteger(left) && typeof right === 'number' ? Math.trunc(right) : right;
  switch (operator) {
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: numbers and bigints are equal by value only so
      return left == other;
    case '<=':
      return left <= other;
    case '>=':
      return left >= other;
    case '<':
      return left < other;
    case '>':
      return left > other;
  }
}

/** Once per definition: what an expression is made of is not looked at again for each event. */
export function compileExpression(expression: Expression): Predicate {
  switch (expression.kind) {
    case 'and': {
      const [left, right] = [
        compileExpression(expression.left),
        compileExpression(expression.right),
      ];
      return (event, begin, parent) => left(event, begin, parent) && right(event, begin, parent);
    }
    case 'or': {
      const [left, right] = [
        compileExpression(expression.left),
        compileExpression(expression.right),
      ];
      return (event, begin, parent) => left(event, begin, parent) || right(event, begin, parent);
    }
    case 'not': {
      const operand = compileExpression(expression.operand);
      return (event, begin, parent) => !operand(event, begin, parent);
    }
    case 'compare': {
      const { operator, right } = expression;
      const left = compileReference(expression.left);
      const other = typeof right === 'object' ? compileReference(right) : () => right;
      if (operator === '!=') {
        return (event, begin, parent) =>
          !compare(left(event, begin, parent), '==', other(event, begin, parent));
      }
      return (event, begin, parent) =>
        compare(left(event, begin, parent), operator, other(event, begin, parent));
    }
  }
}
