import type { Place, UsageError } from '@sonde/base';
import type { DataStream, DataStreamClass } from '@sonde/trace-model';
import {
  type FieldNode,
  type FieldReference,
  type FilterExpression,
  type FilterNode,
  formatReference,
} from './ast.ts';
import { compileFilter } from './compile-filter.ts';
import { filterError } from './filter-error.ts';
import { type FilterTarget, resolveField } from './resolve-field.ts';

/** The fields a filter names, each once, whatever the event record class: its demand on everything upstream. */
export function demandsOf(expression: FilterExpression): readonly FieldReference[] {
  const references = new Map<string, FieldReference>();
  for (const { reference } of fieldNodes(expression.root)) {
    references.set(JSON.stringify([reference.root, ...reference.path]), reference);
  }
  return [...references.values()];
}

/** A field that a filter names and no event has. */
export interface UnknownField {
  /** As in `formatReference`. */
  readonly name: string;
  readonly place: Place;
  /** There is a context of that name: `$ctx.NAME` may be meant. */
  readonly isContext: boolean;
}

/**
 * Holds a filter against everything that the metadata of some streams declares: a typing error in a name or a comparison that
 * makes no sense in any event record class would otherwise only show as missing output.
 */
export class FilterCheck {
  readonly #expression: FilterExpression;
  readonly #unknown: Set<FieldNode>;
  /** Fields that are missing, but there is a context of that name. */
  readonly #contexts = new Set<FieldNode>();
  readonly #seen = new Set<DataStreamClass>();
  /** By operand: what is wrong with it somewhere. */
  readonly #mismatches = new Map<FilterNode, string>();
  /** Operands that are right somewhere. */
  readonly #fitting = new Set<FilterNode>();
  /** Operand → the fields that decide about it: its own, and those of the operand it is compared with. */
  readonly #deciders: ReadonlyMap<FilterNode, readonly FieldNode[]>;

  constructor(expression: FilterExpression) {
    this.#expression = expression;
    this.#unknown = new Set(fieldNodes(expression.root));
    this.#deciders = decidersOf(expression.root);
  }

  addStream(stream: DataStream): void {
    const { dataStreamClass } = stream;
    if (this.#seen.has(dataStreamClass)) return;
    this.#seen.add(dataStreamClass);
    for (const eventRecordClass of dataStreamClass.eventRecordClasses.values()) {
      this.#addClass({ eventRecordClass, stream });
    }
  }

  /** Fields that no event record class has, in text order. */
  get unknownFields(): readonly UnknownField[] {
    const { text } = this.#expression;
    return [...this.#unknown].map((node) => {
      const { place } = filterError(text, node.begin, '');
      const name = formatReference(node.reference);
      return { name, place, isContext: this.#contexts.has(node) };
    });
  }

  /** The first operand whose type is wrong wherever it exists. */
  get typeError(): UsageError | undefined {
    for (const [node, message] of this.#mismatches) {
      if (!this.#fitting.has(node)) return filterError(this.#expression.text, node.begin, message);
    }
    return undefined;
  }

  #addClass(target: FilterTarget): void {
    const { root } = this.#expression;
    const present = new Set<FieldNode>();
    for (const node of fieldNodes(root)) {
      if (resolveField(node.reference, target) === undefined) {
        const context: FieldReference = { ...node.reference, root: 'context' };
        if (resolveField(context, target) !== undefined) this.#contexts.add(node);
        continue;
      }
      present.add(node);
      this.#unknown.delete(node);
    }
    const { mismatches } = compileFilter(this.#expression, target);
    const blamed = new Map(mismatches.map(({ node, message }) => [node, message]));
    for (const [node, message] of blamed) {
      if (!this.#mismatches.has(node)) this.#mismatches.set(node, message);
    }
    for (const [node, fields] of this.#deciders) {
      if (!blamed.has(node) && fields.every((field) => present.has(field))) this.#fitting.add(node);
    }
  }
}

function decidersOf(root: FilterNode): Map<FilterNode, readonly FieldNode[]> {
  const deciders = new Map<FilterNode, readonly FieldNode[]>([[root, fieldNodes(root)]]);
  for (const node of allNodes(root)) {
    const isChain = node.type === 'binary' && (node.operator === '&&' || node.operator === '||');
    for (const child of childrenOf(node)) {
      deciders.set(child, fieldNodes(isChain ? child : node));
    }
  }
  return deciders;
}

/** All field nodes below `root`, in text order. Iterative: chains are deep. */
function fieldNodes(root: FilterNode): FieldNode[] {
  const fields: FieldNode[] = [];
  for (const node of allNodes(root)) if (node.type === 'field') fields.push(node);
  return fields.sort((a, b) => a.begin - b.begin);
}

function allNodes(root: FilterNode): FilterNode[] {
  const nodes: FilterNode[] = [];
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    nodes.push(node);
    stack.push(...childrenOf(node));
  }
  return nodes;
}

function childrenOf(node: FilterNode): readonly FilterNode[] {
  if (node.type === 'unary') return [node.operand];
  return node.type === 'binary' ? [node.left, node.right] : [];
}
