/** Random field classes, with lengths and selectors in any place from which a field can depend on them. */
import type { ByteOrder } from './bits.ts';
import { BlobField, type Encoding, type Length, StringField } from './byte-fields.ts';
import { ArrayField, OptionalField, StructureField, VariantField } from './compound-fields.ts';
import {
  BitsField,
  type Field,
  IntegerField,
  type Mapping,
  type Member,
  RealField,
  VariableLengthField,
} from './fields.ts';
import type { Random } from './random.ts';
import type { Json } from './syntax.ts';

export type Version = 1 | 2;
type KeyField = IntegerField | VariableLengthField | BitsField;

interface Key {
  readonly path: readonly string[];
  readonly field: KeyField;
}

/** A structure on the way to the field that is being made. */
interface Frame {
  readonly keys: Key[];
  readonly members: Member[];
  /** Where it is in its scope. */
  readonly path: readonly string[];
  /** Nothing but structures above it. */
  readonly isPlain: boolean;
}

export interface Scope {
  readonly tsdlPrefix: string;
  readonly origin: string;
  readonly keys: readonly Key[];
}

export interface TraceFacts {
  readonly version: Version;
  readonly order: ByteOrder;
  /** Integers of the environment which are good as lengths (CTF 1.8). */
  readonly environment: ReadonlyMap<string, number>;
}

const maxLength = 4;
const lengthChoices = [0n, 1n, 2n, 3n, BigInt(maxLength)];
const hardNames = ['int', 'event', 'stream', 'a b', 'é', '', '$x', '__proto__', 'constructor', '0'];

export class FieldBuilder {
  #count = 0;
  #frames: Frame[] = [];
  #current: { readonly tsdlPrefix: string; readonly origin: string } | undefined;

  readonly random: Random;
  readonly facts: TraceFacts;

  constructor(random: Random, facts: TraceFacts) {
    this.random = random;
    this.facts = facts;
  }

  /** The structure of a scope, which begins with `first`; fields in it may depend on `earlier` scopes. */
  scope(
    where: { readonly tsdlPrefix: string; readonly origin: string },
    earlier: readonly Scope[],
    first: readonly Member[],
    count: number,
    last: readonly Member[] = [],
  ): { readonly field: StructureField; readonly scope: Scope } {
    this.#current = where;
    this.#earlier = earlier;
    const { field, keys } = this.#structure(3, [], true, count, first, last);
    return { field, scope: { ...where, keys } };
  }

  #earlier: readonly Scope[] = [];

  name(): string {
    const { random, facts } = this;
    const plain = `${random.pick(['a', 'len', 'Field', 'x_y', 'v'])}${this.#count++}`;
    if (facts.version === 1) return random.pick([plain, plain, `_${plain}`, `__${plain}`]);
    return random.chance(0.1)
      ? `${random.pick(hardNames)}${this.#count++}`
      : random.pick([plain, `_${plain}`]);
  }

  integer(size: number, isSigned = false): IntegerField {
    const { random, facts } = this;
    const isForeign = size % 8 === 0 && random.chance(0.15);
    const order = isForeign ? (facts.order === 'le' ? 'be' : 'le') : facts.order;
    const usual = size % 8 === 0 ? 8 : 1;
    const alignment = isForeign
      ? random.pick([8, 8, 16])
      : random.pick([usual, usual, 1, 1, 2, 4, 8, 32, 64]);
    const isReversed = facts.version === 2 && random.chance(0.1);
    const base = random.pick([10, 10, 10, 16, 8, 2]);
    return new IntegerField(
      size,
      isSigned,
      base,
      order,
      alignment,
      isReversed,
      random,
      facts.order,
    );
  }

  #structure(
    depth: number,
    path: readonly string[],
    isPlain: boolean,
    count: number,
    first: readonly Member[] = [],
    last: readonly Member[] = [],
  ): { readonly field: StructureField; readonly keys: readonly Key[] } {
    const { random, facts } = this;
    const frame: Frame = { keys: [], members: [...first], path, isPlain };
    this.#frames.push(frame);
    for (let i = 0; i < count; i++) {
      const name = this.name();
      const field = this.#field(depth, name);
      frame.members.push({ name, field });
    }
    frame.members.push(...last);
    this.#frames.pop();
    const alignment = random.pick([1, 1, 1, 1, 2, 8, 16, 64]);
    const display = (name: string) => (facts.version === 1 ? name.replace(/^_/, '') : name);
    return { field: new StructureField(frame.members, alignment, display), keys: frame.keys };
  }

  #field(depth: number, name: string, isInner = false): Field {
    const { random, facts } = this;
    const isLeaf = depth === 0 || random.chance(0.45);
    if (isLeaf) return this.#leaf();
    switch (random.between(isInner ? 1 : 0, facts.version === 1 ? 4 : 6)) {
      case 0: {
        const frame = this.#frames.at(-1)!;
        const structure = this.#structure(
          depth - 1,
          [...frame.path, name],
          frame.isPlain,
          random.below(4),
        );
        frame.keys.push(...structure.keys.map((key) => ({ ...key, path: [name, ...key.path] })));
        return structure.field;
      }
      case 1:
      case 2: {
        const length = this.#length();
        const minimum = facts.version === 2 ? random.pick([1, 1, 1, 8, 32]) : 1;
        return new ArrayField(this.#inner(depth - 1, name), length, minimum);
      }
      case 3:
        return this.#variant(depth, name);
      case 4:
        return new StringField(this.#encoding(), this.#length(), random);
      case 5:
        return new BlobField(this.#length());
      default:
        return this.#optional(depth, name);
    }
  }

  /** What is in an array, variant or optional. */
  #inner(depth: number, name: string): Field {
    if (depth > 0 && this.random.chance(0.4)) {
      const path = [...this.#frames.at(-1)!.path, name];
      return this.#structure(depth - 1, path, false, this.random.below(4)).field;
    }
    return this.#field(depth, name, true);
  }

  #encoding(): Encoding {
    if (this.facts.version === 1) return 'utf-8';
    return this.random.pick([
      'utf-8',
      'utf-8',
      'utf-16be',
      'utf-16le',
      'utf-32be',
      'utf-32le',
    ] as const);
  }

  #leaf(): Field {
    const { random, facts } = this;
    const size = random.chance(0.4) ? random.pick([8, 16, 32, 64]) : random.between(1, 64);
    const kind = random.below(facts.version === 1 ? 10 : 14);
    if (kind < 4) return this.integer(size, random.chance(0.5));
    if (kind < 6) return this.#enumeration(size);
    if (kind < 8) return new StringField(this.#encoding(), undefined, random);
    if (kind < 10) {
      const alignment = random.pick([8, 8, 1, 4, 32]);
      return new RealField(random.pick([32, 64]), facts.order, alignment, facts.order);
    }
    if (kind < 12) {
      const field = new VariableLengthField(random.chance(0.5), random.pick([10, 16, 8]));
      if (random.chance(0.3)) field.mappings = this.#mappings(64, field.isSigned);
      return field;
    }
    const alignment = random.pick([1, 1, 8, 16]);
    const what = random.pick(['bit-array', 'bit-map', 'boolean'] as const);
    return new BitsField(what, size, facts.order, alignment, random.chance(0.2), this.#flags(size));
  }

  #enumeration(size: number): IntegerField {
    const field = this.integer(size, this.random.chance(0.5));
    field.mappings = this.#mappings(size, field.isSigned);
    return field;
  }

  #mappings(size: number, isSigned: boolean): Mapping[] {
    const { random } = this;
    const value = () => {
      const bits = random.bits(size);
      return isSigned ? BigInt.asIntN(size, bits) : bits;
    };
    return Array.from({ length: random.between(1, 4) }, (_, i) => {
      const ranges = Array.from({ length: random.between(1, 2) }, () => {
        const [a, b] = [value(), value()];
        return a < b ? ([a, b] as const) : ([b, a] as const);
      });
      return { label: `${random.pick(['RUN', '_x', 'a b', '"', 'é\\', 'struct'])}${i}`, ranges };
    });
  }

  #flags(size: number): Mapping[] {
    return Array.from({ length: this.random.between(1, 3) }, (_, i) => {
      const [a, b] = [this.random.below(size), this.random.below(size)];
      return {
        label: `flag ${i}`,
        ranges: [[BigInt(Math.min(a, b)), BigInt(Math.max(a, b))]] as const,
      };
    });
  }

  /** A new member before the one that is being made. */
  #addKey<F extends KeyField>(field: F): { readonly key: Key; readonly field: F } {
    const frame = this.#frames.at(-1)!;
    const key = { path: [this.name()], field };
    frame.members.push({ name: key.path[0]!, field });
    frame.keys.push(key);
    if (this.random.chance(0.3)) frame.members.push({ name: this.name(), field: this.#leaf() });
    return { key, field };
  }

  #length(): Length {
    const { random, facts } = this;
    const fixed = random.below(maxLength + 1);
    if (random.chance(0.25)) return { tsdl: `${fixed}`, json: undefined, value: () => fixed };
    if (facts.version === 1 && facts.environment.size > 0 && random.chance(0.1)) {
      const [name, value] = random.pick([...facts.environment]);
      return { tsdl: `env.${name}`, json: undefined, value: () => value };
    }
    const isLength = (field: KeyField) =>
      !(field instanceof BitsField) && !field.isSigned && field.choices === lengthChoices;
    const found = this.#findKey(isLength) ?? this.#newLength();
    const field = found.field as IntegerField;
    return { ...found, value: () => Number(field.last) };
  }

  #newLength(): Found {
    const { random, facts } = this;
    const field =
      facts.version === 2 && random.chance(0.25)
        ? new VariableLengthField(false, 10)
        : this.integer(random.chance(0.5) ? random.pick([8, 16, 32, 64]) : random.between(3, 64));
    field.choices = lengthChoices;
    if (random.chance(0.2)) field.mappings = this.#mappings(3, false);
    const { key } = this.#addKey(field);
    return { field, tsdl: key.path.join('.'), json: { path: key.path } };
  }

  #findKey(suits: (field: KeyField) => boolean): Found | undefined {
    const { random, facts } = this;
    const found: Found[] = [];
    const frames = this.#frames;
    for (let level = 0; level < frames.length; level++) {
      const frame = frames[frames.length - 1 - level]!;
      for (const { path, field } of frame.keys.filter((key) => suits(key.field))) {
        const relative = { path: [...Array.from({ length: level }, () => null), ...path] };
        found.push({ field, tsdl: path.join('.'), json: relative });
        if (facts.version === 1 && !frame.isPlain) continue;
        const absolute = [...frame.path, ...path];
        const { tsdlPrefix, origin } = this.#current!;
        found.push({
          field,
          tsdl: tsdlPrefix + absolute.join('.'),
          json: { origin, path: absolute },
        });
      }
    }
    for (const { keys, tsdlPrefix, origin } of this.#earlier) {
      for (const { path, field } of keys.filter((key) => suits(key.field))) {
        found.push({ field, tsdl: tsdlPrefix + path.join('.'), json: { origin, path } });
      }
    }
    return found.length > 0 && random.chance(0.7) ? random.pick(found) : undefined;
  }

  #variant(depth: number, name: string): Field {
    const { random, facts } = this;
    const count = random.between(1, 3);
    if (facts.version === 2 && random.chance(0.3)) {
      // By a length that is there for something else.
      const found = this.#findKey(
        (field) => !(field instanceof BitsField) && field.choices === lengthChoices,
      );
      if (found !== undefined) {
        const field = found.field as IntegerField;
        const ranges = [
          [[0n, 1n]],
          [
            [2n, 2n],
            [4n, (1n << 64n) - 1n],
          ],
          [[3n, 3n]],
        ] as const;
        const options = ranges.map((r) => ({
          name: this.name(),
          field: this.#inner(depth - 1, name),
          ranges: r,
        }));
        return new VariantField(options, { ...found, value: () => field.last });
      }
    }
    const isVariable = facts.version === 2 && random.chance(0.3);
    const size = random.pick([4, 5, 8, 16, 33, 64]);
    const isSigned = random.chance(0.4);
    const tag = isVariable ? new VariableLengthField(isSigned, 10) : this.integer(size, isSigned);
    const names = Array.from({ length: count }, () => this.name());
    const first = isSigned ? -4n : 0n;
    const ranges = names.map(
      (_, i) => [[first + BigInt(i * 3), first + BigInt(i * 3 + random.below(3))]] as const,
    );
    tag.choices = ranges.flatMap(([[a, b]]) => [a, b]);
    tag.mappings = names.map((label, i) => ({ label, ranges: ranges[i]! }));
    if (facts.version === 2 && random.chance(0.5)) tag.mappings = [];
    const { key, field } = this.#addKey(tag);
    const options = names.map((option, i) => ({
      name: option,
      field: this.#inner(depth - 1, name),
      ranges: ranges[i]!,
    }));
    const selector = {
      tsdl: key.path.join('.'),
      json: { path: key.path },
      value: () => field.last,
    };
    return new VariantField(options, selector);
  }

  #optional(depth: number, name: string): Field {
    const { random, facts } = this;
    if (random.chance(0.5)) {
      const key = new BitsField('boolean', random.between(1, 33), facts.order, 1, false, []);
      const found = this.#findKey((field) => field instanceof BitsField) ?? {
        json: { path: this.#addKey(key).key.path },
        field: key,
      };
      const field = found.field as BitsField;
      return new OptionalField(
        this.#inner(depth - 1, name),
        found.json,
        undefined,
        () => field.isTrue,
      );
    }
    const found =
      this.#findKey((f) => !(f instanceof BitsField) && f.choices === lengthChoices) ??
      this.#newLength();
    const field = found.field as IntegerField;
    const isPresent = () => field.last >= 1n && field.last <= 2n;
    return new OptionalField(this.#inner(depth - 1, name), found.json, [[1n, 2n]], isPresent);
  }
}

interface Found {
  readonly field: KeyField;
  readonly tsdl: string;
  readonly json: Json;
}
