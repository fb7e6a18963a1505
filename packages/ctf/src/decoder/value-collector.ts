import type { IntegerFieldClass, StringFieldClass, StructureMember } from '@sonde/trace-model';
import type { FieldVisitor } from './field-visitor.ts';
import { decodeText } from './text.ts';

/**
 * A field as a plain value: integers are numbers where exact, else bigint; bit arrays and bit maps bigint; blobs copied bytes;
 * structures objects without a prototype, in member order; a variant is the value of its option; an absent optional `undefined`.
 */
export type FieldValue =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | undefined
  | readonly FieldValue[]
  | { readonly [member: string]: FieldValue };

type Compound =
  | { readonly kind: 'structure'; readonly value: { [member: string]: FieldValue }; member: string }
  | { readonly kind: 'array'; readonly value: FieldValue[] };

/** Builds the plain value of one root structure. */
export class ValueCollector implements FieldVisitor {
  /** The value, when the walk is over. */
  root: FieldValue;
  readonly #open: Compound[] = [];

  #put(value: FieldValue): void {
    const parent = this.#open.at(-1);
    if (parent === undefined) this.root = value;
    else if (parent.kind === 'array') parent.value.push(value);
    else parent.value[parent.member] = value;
  }

  integer(_fc: IntegerFieldClass, value: number | bigint): void {
    this.#put(value);
  }

  boolean(_fc: unknown, value: boolean): void {
    this.#put(value);
  }

  bitArray(_fc: unknown, value: bigint): void {
    this.#put(value);
  }

  float(_fc: unknown, value: number): void {
    this.#put(value);
  }

  string(fc: StringFieldClass, bytes: Uint8Array, begin: number, end: number): void {
    this.#put(decodeText(fc.encoding, bytes, begin, end));
  }

  blob(_fc: unknown, bytes: Uint8Array, begin: number, end: number): void {
    this.#put(bytes.slice(begin, end));
  }

  beginStructure(): void {
    this.#open.push({ kind: 'structure', value: Object.create(null), member: '' });
  }

  beginMember(member: StructureMember): void {
    const parent = this.#open.at(-1);
    if (parent?.kind !== 'structure') return;
    // CTF 1.8: `x` and `_x` in one structure have the same name.
    const nameIsTaken = member.name in parent.value;
    parent.member = nameIsTaken ? (member.originalName ?? member.name) : member.name;
  }

  endStructure(): void {
    this.#close();
  }

  beginArray(): void {
    this.#open.push({ kind: 'array', value: [] });
  }

  endArray(): void {
    this.#close();
  }

  absent(): void {
    this.#put(undefined);
  }

  #close(): void {
    const compound = this.#open.pop();
    this.#put(compound?.value);
  }
}
