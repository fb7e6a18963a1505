import type { StructureMember } from '@sonde/trace-model';
import type { CodeWriter } from '../code-sink.ts';
import type { Wide } from '../demand-visitor.ts';

type Node =
  | { readonly kind: 'structure'; readonly entries: Map<string, string>; name: string }
  | { readonly kind: 'array'; readonly variable: string }
  | { readonly kind: 'choice'; readonly variable: string };

/** Writes the code that builds one plain compound value and stores it. The twin of `ValueCollector`. */
export class ValueBuilder {
  readonly wide: Wide;
  readonly #store: string;
  readonly #open: Node[] = [];

  /** @param store - What is assigned. */
  constructor(store: string, wide: Wide) {
    this.#store = store;
    this.wide = wide;
  }

  put(out: CodeWriter, expression: string): void {
    const node = this.#open.at(-1);
    if (node === undefined) {
      out.line(`${this.#store}=${expression};`);
    } else if (node.kind === 'array') {
      out.line(`${node.variable}.push(${expression});`);
    } else if (node.kind === 'choice') {
      out.line(`${node.variable}=${expression};`);
    } else {
      const variable = out.local('v');
      out.line(`const ${variable}=${expression};`);
      node.entries.set(node.name, variable);
    }
  }

  beginStructure(): void {
    this.#open.push({ kind: 'structure', entries: new Map(), name: '' });
  }

  beginMember(member: StructureMember): void {
    const node = this.#open.at(-1);
    if (node?.kind !== 'structure') return;
    const nameIsTaken = node.entries.has(member.name);
    node.name = nameIsTaken ? (member.originalName ?? member.name) : member.name;
  }

  endStructure(out: CodeWriter): void {
    const node = this.#open.pop();
    if (node?.kind !== 'structure') return;
    const variable = out.local('v');
    out.line(`const ${variable}=new ${out.constant(plainObjectClass())}();`);
    for (const [name, value] of node.entries) {
      out.line(`${variable}[${out.constant(internalized(name))}]=${value};`);
    }
    this.put(out, variable);
  }

  beginArray(out: CodeWriter): void {
    const variable = out.local('v');
    out.line(`const ${variable}=[];`);
    this.#open.push({ kind: 'array', variable });
  }

  /** A variant or optional: a value that is put in one of several branches. */
  beginChoice(out: CodeWriter): void {
    const variable = out.local('v');
    out.line(`let ${variable};`);
    this.#open.push({ kind: 'choice', variable });
  }

  endArrayOrChoice(out: CodeWriter): void {
    const node = this.#open.pop();
    if (node !== undefined && node.kind !== 'structure') this.put(out, node.variable);
  }
}

/** Objects without inherited members: no member name of a trace means anything else. Faster than those without a prototype. */
function plainObjectClass(): new () => object {
  const Structure = function Structure() {} as unknown as new () => object;
  Structure.prototype = Object.create(null);
  return Structure;
}

/**
 * The same text as the engine keeps it for names of properties. Texts cut out of others are none of these, and a store under such a name
 * takes ten times as long.
 */
function internalized(name: string): string {
  return Object.keys({ [name]: 0 })[0]!;
}
