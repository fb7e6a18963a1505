/**
 * LTTng's filters as tracefs's. An event's records pass LTTng's filter when it is true; a part of it that tracefs can't say has to be left
 * to the recorder, which sees the whole record. So a filter becomes, per event, a part for the kernel and a rest, both of which must hold.
 */

import { compileStarGlob } from '@sonde/base';
import type { BinaryNode, FieldNode, FilterExpression, FilterNode } from '@sonde/filter';
import type { EventFormat, KernelTraceLayout } from '@sonde/ftrace';

type RecordPlan = KernelTraceLayout['events'][number]['plan'];

/** What of a filter the kernel does for one event. */
export interface TracefsFilter {
  /** `never`: no record can pass, the event stays off. `always`: nothing to be done. */
  readonly outcome: 'never' | 'always' | 'depends';
  /** For `events/…/filter`; undefined: nothing of it can be done there. */
  readonly text: string | undefined;
  /** What the kernel can't do, and has to hold as well; undefined: nothing is left. */
  readonly rest: FilterExpression | undefined;
}

/** True, false or unknown whatever the record is; else a text, or not to be said. */
type Part =
  | { readonly kind: 'constant'; readonly value: boolean | undefined }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'other' };

const other: Part = { kind: 'other' };
const unknown: Part = { kind: 'constant', value: undefined };

/** What tracefs can compare: a field's name there, and how its numbers differ from LTTng's. */
interface Comparable {
  readonly name: string;
  readonly isText: boolean;
  readonly addend: number;
  readonly isSigned: boolean;
  /** LTTng's field is narrower than the kernel's: only equal small numbers are sure to mean the same. */
  readonly isNarrowed: boolean;
}

export function compileTracefsFilter(
  { root, text: whole }: FilterExpression,
  event: RecordPlan,
  format: EventFormat,
): TracefsFilter {
  const compiler = new Compiler(event, format);
  const texts: string[] = [];
  const rests: FilterNode[] = [];
  for (const conjunct of conjuncts(root)) {
    const part = compiler.part(conjunct);
    if (part.kind === 'constant') {
      if (part.value !== true) return { outcome: 'never', text: undefined, rest: undefined };
    } else if (part.kind === 'text') texts.push(part.text);
    else rests.push(conjunct);
  }
  const text = texts.length === 0 ? undefined : texts.join(' && ');
  const rest = rests.length === 0 ? undefined : { text: whole, root: conjunctionOf(rests) };
  const outcome = text === undefined && rest === undefined ? 'always' : 'depends';
  return { outcome, text, rest };
}

function conjunctionOf(nodes: readonly FilterNode[]): FilterNode {
  return nodes.reduce((left, right) => ({
    type: 'binary',
    operator: '&&',
    left,
    right,
    begin: left.begin,
    end: right.end,
    operatorRange: { begin: left.end, end: right.begin },
  }));
}

/** `a`, `b`, `c` of `a && b && c`. */
export function conjuncts(root: FilterNode): FilterNode[] {
  const found: FilterNode[] = [];
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.type === 'binary' && node.operator === '&&') waiting.push(node.right, node.left);
    else found.push(node);
  }
  return found;
}

const mirrored = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const;
type Comparison = keyof typeof mirrored;

function isComparison(operator: string): operator is Comparison {
  return Object.hasOwn(mirrored, operator);
}

class Compiler {
  readonly #event: RecordPlan;
  readonly #format: EventFormat;

  constructor(event: RecordPlan, format: EventFormat) {
    this.#event = event;
    this.#format = format;
  }

  part(node: FilterNode): Part {
    if (node.type === 'unary' && node.operator === '!') return this.#not(this.part(node.operand));
    if (node.type !== 'binary') return other;
    if (node.operator === '&&') return this.#both(this.part(node.left), this.part(node.right));
    if (node.operator === '||') return this.#either(this.part(node.left), this.part(node.right));
    return isComparison(node.operator) ? this.#comparison(node, node.operator) : other;
  }

  #not(part: Part): Part {
    if (part.kind === 'constant') {
      return { kind: 'constant', value: part.value === undefined ? undefined : !part.value };
    }
    return part.kind === 'text' ? textPart(`!(${part.text})`) : other;
  }

  #both(left: Part, right: Part): Part {
    for (const [one, two] of [
      [left, right],
      [right, left],
    ] as const) {
      if (one.kind !== 'constant') continue;
      if (one.value === false) return one;
      if (one.value === true) return two;
      // Unknown and false is false, else unknown: neither passes, but behind a `!` it would matter.
      return two.kind === 'constant' && two.value === false ? two : unknownUnlessFalse(two);
    }
    return left.kind === 'text' && right.kind === 'text'
      ? textPart(`(${left.text} && ${right.text})`)
      : other;
  }

  #either(left: Part, right: Part): Part {
    for (const [one, two] of [
      [left, right],
      [right, left],
    ] as const) {
      if (one.kind !== 'constant') continue;
      if (one.value === true) return one;
      if (one.value === false) return two;
      if (two.kind === 'constant') return two.value === true ? two : one;
      return other;
    }
    return left.kind === 'text' && right.kind === 'text'
      ? textPart(`(${left.text} || ${right.text})`)
      : other;
  }

  #comparison(node: BinaryNode, operator: Comparison): Part {
    const { left, right } = node;
    if (left.type === 'field') return this.#compare(left, operator, right);
    if (right.type === 'field') return this.#compare(right, mirrored[operator], left);
    return other;
  }

  #compare(field: FieldNode, operator: Comparison, literal: FilterNode): Part {
    const { root, path } = field.reference;
    if (root === 'event' && path[0] === 'name' && literal.type === 'string') {
      return this.#nameIs(operator, literal.glob);
    }
    const comparable = this.#comparable(field);
    if (comparable === 'missing') return unknown;
    if (comparable === undefined) return other;
    if (literal.type === 'string') {
      return comparable.isText ? textComparison(comparable.name, operator, literal.glob) : other;
    }
    const value = integerOf(literal);
    return value === undefined || comparable.isText
      ? other
      : numberComparison(comparable, operator, value);
  }

  #nameIs(operator: Comparison, glob: string): Part {
    if (operator !== '==' && operator !== '!=') return unknown;
    const isNamed = compileStarGlob(glob).matches(this.#event.name);
    return { kind: 'constant', value: isNamed === (operator === '==') };
  }

  #isOfAddress(name: string): boolean {
    const address = this.#event.fields.find(({ kind }) => kind === 'user-address');
    return address?.kind === 'user-address' && [address.portName, ...addressFields].includes(name);
  }

  #comparable({ reference: { root, path } }: FieldNode): Comparable | 'missing' | undefined {
    const [name] = path;
    if (path.length !== 1 || typeof name !== 'string') return undefined;
    if (root === 'context') return contextFields[name];
    if (root !== 'payload') return undefined;
    const field = this.#event.fields.find((candidate) => candidate.name === name);
    if (field === undefined) return this.#isOfAddress(name) ? undefined : 'missing';
    const offsetBytes = 'source' in field ? field.source.offsetBytes : undefined;
    const source = this.#format.fields.find((candidate) => candidate.offsetBytes === offsetBytes);
    if (source === undefined) return undefined;
    switch (field.kind) {
      case 'integer': {
        const { addend, shape } = field;
        const { isSigned, lengthBytes } = field.source;
        const isNarrowed = shape.lengthBits < lengthBytes * 8;
        return { name: source.name, isText: false, addend, isSigned, isNarrowed };
      }
      case 'text':
      case 'string':
        return { name: source.name, isText: true, addend: 0, isSigned: false, isNarrowed: false };
      default:
        return undefined;
    }
  }
}

function unknownUnlessFalse(part: Part): Part {
  return part.kind === 'constant' ? unknown : other;
}

/** Beside the family and the port. */
const addressFields = ['v4addr', 'v6addr', 'sun_path'];

function textPart(text: string): Part {
  return { kind: 'text', text };
}

/** Contexts that tracefs can compare, too: these need not be recorded. */
export const contextFields: Readonly<Record<string, Comparable | undefined>> = {
  procname: { name: 'COMM', isText: true, addend: 0, isSigned: false, isNarrowed: false },
  tid: { name: 'common_pid', isText: false, addend: 0, isSigned: true, isNarrowed: false },
  cpu_id: { name: 'CPU', isText: false, addend: 0, isSigned: false, isNarrowed: false },
};

/** The kernel takes a text between quotes as it is: quotes and line ends can't be said. Its globs have more signs than ours. */
function textComparison(name: string, operator: Comparison, glob: string): Part {
  if (operator !== '==' && operator !== '!=') return unknown;
  if (/["\\?[\]\n\0]/.test(glob)) return other;
  // Our star within a literal without one is written \*: excluded above.
  const sign = glob.includes('*') ? '~' : '==';
  const text = `${name} ${sign} "${glob}"`;
  return textPart(operator === '==' ? text : `!(${text})`);
}

const largest = 2n ** 31n;

function numberComparison(
  { name, addend, isSigned, isNarrowed }: Comparable,
  operator: Comparison,
  value: bigint,
): Part {
  const limit = value - BigInt(addend);
  // Beyond these, the two would have to agree on more than is worth knowing.
  if (limit < -largest || limit >= largest || (!isSigned && limit < 0n)) return other;
  const isEquality = operator === '==' || operator === '!=';
  if (isNarrowed && (!isEquality || limit < 0n)) return other;
  if (name === 'CPU' && !isEquality) return other;
  return textPart(`${name} ${operator} ${limit}`);
}

function integerOf(node: FilterNode): bigint | undefined {
  if (node.type === 'integer') return node.value;
  if (node.type !== 'unary' || node.operand.type !== 'integer') return undefined;
  if (node.operator === '-') return -node.operand.value;
  return node.operator === '+' ? node.operand.value : undefined;
}
