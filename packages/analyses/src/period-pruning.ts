/** Which event record classes can matter to period expressions: the others need not be decoded. */
import type { Expression, PeriodDefinition, Reference } from './period-language.ts';

/** What is known of an expression from the class of the current event alone. */
type Verdict = 'true' | 'false' | 'maybe';

interface ClassFacts {
  readonly name: string;
  has(reference: Reference): boolean;
}

function ofText(operator: string, name: string, text: string): Verdict {
  if (operator === '==') return name === text ? 'true' : 'false';
  if (operator === '!=') return name === text ? 'false' : 'true';
  // A glob: only its literal beginning is looked at here.
  const prefix = /^[^*?[]*/.exec(text)![0];
  return name.startsWith(prefix) ? 'maybe' : 'false';
}

function verdictOf(expression: Expression, facts: ClassFacts, isBegin: boolean): Verdict {
  switch (expression.kind) {
    case 'not': {
      const inner = verdictOf(expression.operand, facts, isBegin);
      return inner === 'maybe' ? 'maybe' : inner === 'true' ? 'false' : 'true';
    }
    case 'and':
    case 'or': {
      const [left, right] = [expression.left, expression.right].map((side) =>
        verdictOf(side, facts, isBegin),
      );
      const decisive = expression.kind === 'and' ? 'false' : 'true';
      if (left === decisive || right === decisive) return decisive;
      return left === right ? left! : 'maybe';
    }
    case 'compare': {
      const { left, right, operator } = expression;
      // In a begin expression `$begin` is the event itself.
      const isOwn = (reference: Reference): boolean =>
        reference.event === 'event' || (isBegin && reference.event === 'begin');
      if (left.kind === 'name' && isOwn(left) && typeof right === 'string') {
        return ofText(operator, facts.name, right);
      }
      const misses =
        (isOwn(left) && left.kind === 'field' && !facts.has(left)) ||
        (typeof right === 'object' && isOwn(right) && right.kind === 'field' && !facts.has(right));
      if (misses) return operator === '!=' ? 'true' : 'false';
      return 'maybe';
    }
  }
}

/** False: no event of the class begins or ends any of the periods. */
export function classMatters(
  definitions: readonly PeriodDefinition[],
  name: string,
  has: (reference: Reference) => boolean,
): boolean {
  const facts = { name, has };
  return definitions.some(
    ({ begin, end }) =>
      verdictOf(begin, facts, true) !== 'false' || verdictOf(end, facts, false) !== 'false',
  );
}
