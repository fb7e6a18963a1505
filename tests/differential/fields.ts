/**
 * Field classes of random traces: each one writes its metadata in both versions, and its values as bits and as text. They share nothing with
 * the packages under test.
 */
import type { Bits, ByteOrder } from './bits.ts';
import type { Random } from './random.ts';
import { ctf2Order, type Json, tsdlNumber, tsdlString } from './syntax.ts';
import { integerText, labelsText, realText, stringText } from './text.ts';

/** What a field class needs to write a value. */
export interface Output {
  readonly bits: Bits;
  readonly random: Random;
}

export interface Field {
  readonly alignmentBits: number;
  /** TSDL of the type; what stands behind the name (dimensions) is in `tsdlSuffix`. */
  tsdl(): string;
  readonly tsdlSuffix?: () => string;
  json(): Json;
  /** Writes a random value; answers how it is printed. */
  write(output: Output): string;
}

export interface Mapping {
  readonly label: string;
  readonly ranges: readonly (readonly [bigint, bigint])[];
}

/** The member of a structure. `isHidden`: has a meaning in the format, and is not printed. */
export interface Member {
  readonly name: string;
  readonly field: Field;
  readonly isHidden?: boolean;
}

export class IntegerField implements Field {
  /** What dependent fields go by. */
  last = 0n;
  /** Bits from the packet's beginning where the last value is. */
  lastAt = 0;
  /** The values it may take; anything if absent. */
  choices: readonly bigint[] | undefined;
  /** Decided by whoever writes the trace. */
  next: (() => bigint) | undefined;
  mappings: readonly Mapping[] = [];
  role: string | undefined;
  /** Reference to a clock (CTF 1.8). */
  map: string | undefined;
  readonly attributes: (() => readonly string[]) | undefined;

  readonly size: number;
  readonly isSigned: boolean;
  readonly base: number;
  readonly order: ByteOrder;
  readonly alignmentBits: number;
  readonly isReversed: boolean;
  readonly random: Random;
  readonly nativeOrder: ByteOrder;

  constructor(
    size: number,
    isSigned: boolean,
    base: number,
    order: ByteOrder,
    alignmentBits: number,
    isReversed: boolean,
    random: Random,
    nativeOrder: ByteOrder,
  ) {
    this.size = size;
    this.isSigned = isSigned;
    this.base = base;
    this.order = order;
    this.alignmentBits = alignmentBits;
    this.isReversed = isReversed;
    this.random = random;
    this.nativeOrder = nativeOrder;
  }

  tsdl(): string {
    const { random } = this;
    const attributes = [`size = ${tsdlNumber(this.size, random)};`];
    const alignmentIsUsual = this.alignmentBits === (this.size % 8 === 0 ? 8 : 1);
    if (!alignmentIsUsual || random.chance(0.3)) attributes.push(`align = ${this.alignmentBits};`);
    if (this.isSigned) attributes.push(`signed = ${random.pick(['true', '1', 'TRUE'])};`);
    else if (random.chance(0.2)) attributes.push('signed = false;');
    if (this.order !== this.nativeOrder) {
      attributes.push(
        `byte_order = ${this.order === 'be' ? random.pick(['be', 'network']) : 'le'};`,
      );
    } else if (random.chance(0.2))
      attributes.push(`byte_order = ${random.pick(['native', this.order])};`);
    if (this.base !== 10) attributes.push(`base = ${random.pick(baseNames[this.base]!)};`);
    if (this.map !== undefined) attributes.push(`map = clock.${this.map}.value;`);
    const integer = `integer { ${shuffled(attributes, random).join(' ')} }`;
    if (this.mappings.length === 0) return integer;
    const entries = this.mappings.flatMap(({ label, ranges }) =>
      ranges.map(([first, last]) => {
        const name = /^[A-Za-z_]\w*$/.test(label) && random.chance(0.5) ? label : tsdlString(label);
        return `${name} = ${first}${first === last ? '' : ` ... ${last}`}`;
      }),
    );
    return `enum : ${integer} { ${entries.join(', ')}${random.chance(0.3) ? ',' : ''} }`;
  }

  json(): Json {
    return {
      type: `fixed-length-${this.isSigned ? '' : 'un'}signed-integer`,
      length: this.size,
      'byte-order': ctf2Order(this.order),
      ...(this.isReversed && {
        'bit-order': this.order === 'le' ? 'last-to-first' : 'first-to-last',
      }),
      ...(this.alignmentBits !== 1 && { alignment: this.alignmentBits }),
      ...(this.base !== 10 && { 'preferred-display-base': this.base }),
      ...(this.mappings.length > 0 && { mappings: jsonMappings(this.mappings) }),
      ...(this.role !== undefined && { roles: [this.role] }),
    };
  }

  /** Puts another value where the last one was written. */
  patch(bits: Bits, value: bigint): void {
    bits.patch(this.lastAt, value, this.size, this.order, this.isReversed);
  }

  write({ bits, random }: Output): string {
    const value = this.next?.() ?? (this.choices ? random.pick(this.choices) : undefined);
    const raw = BigInt.asUintN(this.size, value ?? random.bits(this.size));
    bits.align(this.alignmentBits);
    this.lastAt = bits.head;
    bits.integer(raw, this.size, this.order, this.isReversed);
    this.last = this.isSigned ? BigInt.asIntN(this.size, raw) : raw;
    const text = integerText(raw, this.size, this.isSigned, this.base);
    return this.mappings.length === 0 ? text : enumerationText(this.mappings, this.last, text);
  }
}

const baseNames: { readonly [base: number]: readonly string[] } = {
  2: ['2', 'b', 'binary'],
  8: ['8', 'o', 'oct', 'octal'],
  16: ['16', 'x', 'X', 'hex', 'hexadecimal', '0x10'],
};

function enumerationText(mappings: readonly Mapping[], value: bigint, text: string): string {
  const labels = mappings
    .filter(({ ranges }) => ranges.some(([first, last]) => value >= first && value <= last))
    .map(({ label }) => label);
  return labelsText(labels, text);
}

function jsonMappings(mappings: readonly Mapping[]): Json {
  return Object.fromEntries(mappings.map(({ label, ranges }) => [label, ranges]));
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, key: random.below(1000) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

export class VariableLengthField implements Field {
  readonly alignmentBits = 8;
  last = 0n;
  /** Bits of payload of the last value: seven for each byte. */
  lastSize = 7;
  choices: readonly bigint[] | undefined;
  next: (() => bigint) | undefined;
  mappings: readonly Mapping[] = [];
  role: string | undefined;

  readonly isSigned: boolean;
  readonly base: number;

  constructor(isSigned: boolean, base: number) {
    this.isSigned = isSigned;
    this.base = base;
  }

  tsdl(): string {
    throw new Error('not in CTF 1.8');
  }

  json(): Json {
    return {
      type: `variable-length-${this.isSigned ? '' : 'un'}signed-integer`,
      ...(this.base !== 10 && { 'preferred-display-base': this.base }),
      ...(this.mappings.length > 0 && { mappings: jsonMappings(this.mappings) }),
      ...(this.role !== undefined && { roles: [this.role] }),
    };
  }

  write({ bits, random }: Output): string {
    const drawn = this.next?.() ?? (this.choices ? random.pick(this.choices) : random.bits(64));
    this.last = this.isSigned ? BigInt.asIntN(64, drawn) : BigInt.asUintN(64, drawn);
    const bytes: number[] = [];
    let rest = this.last;
    const isEnd = () =>
      this.isSigned
        ? (rest === 0n && (bytes.at(-1)! & 0x40) === 0) ||
          (rest === -1n && (bytes.at(-1)! & 0x40) !== 0)
        : rest === 0n;
    do {
      bytes.push(Number(rest & 0x7fn));
      rest >>= 7n;
    } while (!isEnd());
    // Longer than needed is right, too.
    while (bytes.length < 9 && random.chance(0.1)) bytes.push(Number(rest & 0x7fn));
    bits.bytes(bytes.map((byte, i) => (i < bytes.length - 1 ? byte | 0x80 : byte)));
    this.lastSize = Math.min(64, bytes.length * 7);
    const text = integerText(BigInt.asUintN(64, this.last), 64, this.isSigned, this.base);
    return this.mappings.length === 0 ? text : enumerationText(this.mappings, this.last, text);
  }
}

export class RealField implements Field {
  readonly size: 32 | 64;
  readonly order: ByteOrder;
  readonly alignmentBits: number;
  readonly nativeOrder: ByteOrder;

  constructor(size: 32 | 64, order: ByteOrder, alignmentBits: number, nativeOrder: ByteOrder) {
    this.size = size;
    this.order = order;
    this.alignmentBits = alignmentBits;
    this.nativeOrder = nativeOrder;
  }

  tsdl(): string {
    const [exponent, mantissa] = this.size === 32 ? [8, 24] : [11, 53];
    const order = this.order === this.nativeOrder ? '' : ` byte_order = ${this.order};`;
    const align = this.alignmentBits === 8 ? '' : ` align = ${this.alignmentBits};`;
    return `floating_point { exp_dig = ${exponent};${align} mant_dig = ${mantissa};${order} }`;
  }

  json(): Json {
    return {
      type: 'fixed-length-floating-point-number',
      length: this.size,
      'byte-order': ctf2Order(this.order),
      alignment: this.alignmentBits,
    };
  }

  write({ bits, random }: Output): string {
    const view = new DataView(new ArrayBuffer(8));
    const value = random.chance(0.3)
      ? random.pick([0, -0, 1.5, -2.25, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-5])
      : (random.below(2_000_000) - 1_000_000) * 10 ** random.between(-12, 12);
    if (this.size === 32) view.setFloat32(0, value);
    else view.setFloat64(0, value);
    const pattern = this.size === 32 ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
    bits.align(this.alignmentBits);
    bits.integer(pattern, this.size, this.order);
    return realText(this.size === 32 ? view.getFloat32(0) : value);
  }
}

/** What only CTF 2 has of a fixed length: opaque bits, flags, true or false. */
export class BitsField implements Field {
  isTrue = false;

  readonly kind: 'bit-array' | 'bit-map' | 'boolean';
  readonly size: number;
  readonly order: ByteOrder;
  readonly alignmentBits: number;
  readonly isReversed: boolean;
  readonly flags: readonly Mapping[];

  constructor(
    kind: 'bit-array' | 'bit-map' | 'boolean',
    size: number,
    order: ByteOrder,
    alignmentBits: number,
    isReversed: boolean,
    flags: readonly Mapping[],
  ) {
    this.kind = kind;
    this.size = size;
    this.order = order;
    this.alignmentBits = alignmentBits;
    this.isReversed = isReversed;
    this.flags = flags;
  }

  tsdl(): string {
    throw new Error('not in CTF 1.8');
  }

  json(): Json {
    return {
      type: `fixed-length-${this.kind}`,
      length: this.size,
      'byte-order': ctf2Order(this.order),
      ...(this.isReversed && {
        'bit-order': this.order === 'le' ? 'last-to-first' : 'first-to-last',
      }),
      alignment: this.alignmentBits,
      ...(this.kind === 'bit-map' && { flags: jsonMappings(this.flags) }),
    };
  }

  write({ bits, random }: Output): string {
    const value = random.bits(this.size);
    bits.align(this.alignmentBits);
    bits.integer(value, this.size, this.order, this.isReversed);
    this.isTrue = value !== 0n;
    if (this.kind === 'boolean') return `${this.isTrue}`;
    const text = `0x${value.toString(16).toUpperCase()}`;
    if (this.kind === 'bit-array') return text;
    const active = this.flags
      .filter(({ ranges }) =>
        ranges.some(([first, last]) => {
          for (let i = first; i <= last; i++) if ((value >> i) & 1n) return true;
          return false;
        }),
      )
      .map(({ label }) => stringText(label))
      .sort();
    return active.length === 0 ? text : `${text} { ${active.join(', ')} }`;
  }
}
