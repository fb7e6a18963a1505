/**
 * BTF: the types of the running kernel. One pass notes where each type is; names are looked up in the string section when they are
 * asked for, which for the few that a program needs is far cheaper than an index of all 130,000.
 */
import { readFileSync } from 'node:fs';
import { SondeError } from '@sonde/base';

const kinds = {
  integer: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  function: 12,
  prototype: 13,
  typeTag: 18,
  enum64: 19,
} as const;

const headBytes = 12;
/** What follows the head of a type, by kind: bytes once, and bytes per member (`vlen`). */
const tails: readonly (readonly [number, number])[] = [];
const tailOf = (kind: number): readonly [number, number] => tails[kind] ?? [0, 0];
Object.assign(tails, {
  [kinds.integer]: [4, 0],
  [kinds.array]: [12, 0],
  [kinds.struct]: [0, 12],
  [kinds.union]: [0, 12],
  [kinds.enum]: [0, 8],
  [kinds.prototype]: [0, 8],
  14: [4, 0], // variable
  15: [0, 12], // data section
  17: [4, 0], // declaration tag
  [kinds.enum64]: [0, 12],
});

/** What a value is, without typedefs and qualifiers. */
export type BtfType =
  | { readonly kind: 'integer'; readonly lengthBytes: number; readonly isSigned: boolean }
  | { readonly kind: 'pointer'; readonly targetId: number }
  | { readonly kind: 'array'; readonly elementId: number; readonly length: number }
  | { readonly kind: 'struct'; readonly id: number; readonly lengthBytes: number }
  | { readonly kind: 'other' };

export interface BtfMember {
  readonly name: string;
  readonly typeId: number;
  /** From the beginning of the structure. */
  readonly offsetBits: number;
  /** 0: not a bit field. */
  readonly widthBits: number;
}

export interface BtfArgument {
  readonly name: string;
  readonly typeId: number;
}

export class Btf {
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;
  /** Index of each type in `#words`; [0] is `void`. */
  readonly #places: Uint32Array;
  readonly #stringsAt: number;
  readonly #stringsEnd: number;
  readonly #found = new Map<string, number | undefined>();
  #count = 1;

  /** @throws SondeError `bad-btf` */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    if (bytes.length < 24 || bytes.readUInt16LE(0) !== 0xeb9f) {
      throw new SondeError('bad-btf', 'These are no BTF types: their magic number is not there.');
    }
    const header = bytes.readUInt32LE(4);
    const typesAt = header + bytes.readUInt32LE(8);
    const typesBytes = bytes.readUInt32LE(12);
    this.#stringsAt = header + bytes.readUInt32LE(16);
    this.#stringsEnd = this.#stringsAt + bytes.readUInt32LE(20);
    if (typesAt + typesBytes > bytes.length || this.#stringsEnd > bytes.length) {
      throw new SondeError('bad-btf', 'The BTF types end before their header says.');
    }
    // A copy: sections need not be aligned in the file.
    this.#words = new Uint32Array(typesBytes >>> 2);
    bytes.copy(new Uint8Array(this.#words.buffer), 0, typesAt, typesAt + typesBytes);
    this.#places = this.#findPlaces();
  }

  /**
   * Of the running kernel.
   * @throws SondeError `no-btf`
   */
  static ofKernel(path = '/sys/kernel/btf/vmlinux'): Btf {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (cause) {
      const message = 'This kernel does not tell its types (CONFIG_DEBUG_INFO_BTF is off).';
      throw new SondeError('no-btf', message, { path }, { cause });
    }
    return new Btf(bytes);
  }

  #findPlaces(): Uint32Array {
    const words = this.#words;
    const places = new Uint32Array((words.length / 3 + 2) | 0);
    let count = 1;
    for (let at = 0; at + 2 < words.length; ) {
      places[count++] = at;
      const info = words[at + 1]!;
      const [once, each] = tailOf((info >>> 24) & 0x1f);
      at += (headBytes + once + each * (info & 0xffff)) >>> 2;
    }
    this.#count = count;
    return places;
  }

  /** Number of types, `void` among them. */
  get typeCount(): number {
    return this.#count;
  }

  /** Id of a type by its name; undefined: there is none. */
  find(kind: 'struct' | 'typedef' | 'function', name: string): number | undefined {
    const key = `${kind} ${name}`;
    if (!this.#found.has(key)) this.#found.set(key, this.#search(kinds[kind], name));
    return this.#found.get(key);
  }

  #search(kind: number, name: string): number | undefined {
    const pattern = Buffer.from(`\0${name}\0`, 'latin1');
    let from = this.#stringsAt;
    for (;;) {
      const at = this.#bytes.indexOf(pattern, from);
      if (at === -1 || at >= this.#stringsEnd) return undefined;
      const id = this.#searchOffset(kind, at + 1 - this.#stringsAt);
      if (id !== undefined) return id;
      from = at + 1;
    }
  }

  #searchOffset(kind: number, nameOffset: number): number | undefined {
    const words = this.#words;
    for (let id = 1; id < this.#count; id++) {
      const at = this.#places[id]!;
      if (words[at] === nameOffset && ((words[at + 1]! >>> 24) & 0x1f) === kind) return id;
    }
    return undefined;
  }

  /** What a type is, behind typedefs and qualifiers. */
  typeOf(typeId: number): BtfType {
    const id = this.#bare(typeId);
    const at = this.#place(id);
    const words = this.#words;
    switch (id === 0 ? 0 : this.#kind(id)) {
      case kinds.integer:
        return {
          kind: 'integer',
          lengthBytes: words[at + 2]!,
          isSigned: ((words[at + 3]! >>> 24) & 1) === 1,
        };
      case kinds.enum:
      case kinds.enum64:
        return {
          kind: 'integer',
          lengthBytes: words[at + 2]!,
          isSigned: words[at + 1]! >>> 31 === 1,
        };
      case kinds.pointer:
        return { kind: 'pointer', targetId: words[at + 2]! };
      case kinds.array:
        return { kind: 'array', elementId: words[at + 3]!, length: words[at + 5]! };
      case kinds.struct:
      case kinds.union:
        return { kind: 'struct', id, lengthBytes: words[at + 2]! };
      default:
        return { kind: 'other' };
    }
  }

  /** A member of a structure or union, those of unnamed ones within it among them. */
  member(structId: number, name: string): BtfMember | undefined {
    for (const member of this.members(structId)) {
      if (member.name === name) return member;
      if (member.name !== '') continue;
      const inner = this.typeOf(member.typeId);
      const found = inner.kind === 'struct' ? this.member(inner.id, name) : undefined;
      if (found) return { ...found, offsetBits: found.offsetBits + member.offsetBits };
    }
    return undefined;
  }

  members(structId: number): BtfMember[] {
    const at = this.#place(structId);
    const info = this.#words[at + 1]!;
    const hasWidths = info >>> 31 === 1;
    return Array.from({ length: info & 0xffff }, (_, index) => {
      const [name, typeId, offset] = this.#words.subarray(at + 3 + index * 3, at + 6 + index * 3);
      return {
        name: this.#string(name!),
        typeId: typeId!,
        offsetBits: hasWidths ? offset! & 0xffffff : offset!,
        widthBits: hasWidths ? offset! >>> 24 : 0,
      };
    });
  }

  /**
   * Offset of a member of a structure, by its path through structures within it.
   * @throws SondeError `no-member`
   */
  offsetBytes(struct: string, ...path: readonly string[]): number {
    let structId = this.find('struct', struct);
    let offsetBits = 0;
    for (const name of path) {
      const member = structId === undefined ? undefined : this.member(structId, name);
      if (member === undefined) {
        const text = [struct, ...path].join('.');
        throw new SondeError('no-member', `The types of this kernel have no ${text}.`);
      }
      offsetBits += member.offsetBits;
      const type = this.typeOf(member.typeId);
      structId = type.kind === 'struct' ? type.id : undefined;
    }
    return offsetBits >>> 3;
  }

  /** Arguments of a function; undefined: the kernel has no such function. */
  functionArguments(name: string): readonly BtfArgument[] | undefined {
    const id = this.find('function', name);
    if (id === undefined) return undefined;
    const at = this.#place(this.#words[this.#place(id) + 2]!);
    const count = this.#words[at + 1]! & 0xffff;
    return Array.from({ length: count }, (_, index) => ({
      name: this.#string(this.#words[at + 3 + index * 2]!),
      typeId: this.#words[at + 4 + index * 2]!,
    }));
  }

  /** Arguments of a tracepoint, as typed programs see them: a word each; undefined: there is no such tracepoint. */
  tracepointArguments(name: string): readonly BtfArgument[] | undefined {
    if (this.find('typedef', `btf_trace_${name}`) === undefined) return undefined;
    // The typedef's own arguments have no names; those of the function that calls the probes do. Its first is no argument of the event.
    return this.functionArguments(`__traceiter_${name}`)?.slice(1);
  }

  #kind(id: number): number {
    return (this.#words[this.#place(id) + 1]! >>> 24) & 0x1f;
  }

  #bare(typeId: number): number {
    let id = typeId;
    // Bounded, should types ever go in a circle.
    for (let depth = 0; depth < 32 && id !== 0; depth++) {
      const kind = this.#kind(id);
      const isNameOnly =
        (kind >= kinds.typedef && kind <= kinds.restrict) || kind === kinds.typeTag;
      if (!isNameOnly) return id;
      id = this.#words[this.#place(id) + 2]!;
    }
    return 0;
  }

  #place(id: number): number {
    if (id < this.#count) return this.#places[id]!;
    throw new SondeError('bad-btf', `The BTF types have no type ${id}.`);
  }

  #string(offset: number): string {
    const at = this.#stringsAt + offset;
    const end = this.#bytes.indexOf(0, at);
    return this.#bytes.toString('latin1', at, end === -1 ? this.#stringsEnd : end);
  }
}
