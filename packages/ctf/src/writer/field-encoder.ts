/**
 * Writes fields. `CopyVisitor` takes them from a record that is being decoded, whose classes may be laid out otherwise; `encodeValue`
 * takes plain values.
 */
import { UsageError } from '@sonde/base';
import {
  alignmentBitsOf,
  type FieldClass,
  type IntegerFieldClass,
  isSigned,
  type StringFieldClass,
  type StructureFieldClass,
} from '@sonde/trace-model';
import type { FieldVisitor } from '../decoder/field-visitor.ts';
import type { BitWriter } from './bit-writer.ts';

function writeInteger(out: BitWriter, fc: IntegerFieldClass, value: number | bigint): void {
  if (fc.type === 'fixed-length-unsigned-integer' || fc.type === 'fixed-length-signed-integer') {
    out.align(fc.alignmentBits);
    out.integer(value, fc);
    return;
  }
  out.variableLength(BigInt(value), isSigned(fc));
}

/** Bytes of a character of each encoding, which is the length of the terminator. */
const unitBytes = { 'utf-8': 1, 'utf-16be': 2, 'utf-16le': 2, 'utf-32be': 4, 'utf-32le': 4 };

/** The text's bytes; padded with zeros to a static length, or ended by a terminator. */
function writeString(out: BitWriter, fc: StringFieldClass, bytes: Uint8Array): void {
  out.align(8);
  if (fc.type === 'null-terminated-string') {
    out.raw(bytes);
    out.raw(new Uint8Array(unitBytes[fc.encoding]));
  } else if (fc.type === 'static-length-string') {
    const padded = new Uint8Array(fc.lengthBytes);
    padded.set(bytes.subarray(0, fc.lengthBytes));
    out.raw(padded);
  } else {
    out.raw(bytes);
  }
}

/** Where each class of a tree stands in another tree of the same shape. */
export type ClassMap = ReadonlyMap<FieldClass, FieldClass>;

/** Pairs the classes of two trees that differ only in how a field is written (see `toCtf1`). */
export function pairClasses(
  from: FieldClass,
  to: FieldClass,
  pairs: Map<FieldClass, FieldClass>,
): void {
  pairs.set(from, to);
  if (from.type === 'structure' && to.type === 'structure') {
    from.members.forEach((member, i) => {
      const other = to.members[i];
      if (other !== undefined) pairClasses(member.fieldClass, other.fieldClass, pairs);
    });
  } else if (
    (from.type === 'static-length-array' || from.type === 'dynamic-length-array') &&
    (to.type === 'static-length-array' || to.type === 'dynamic-length-array')
  ) {
    pairClasses(from.elementFieldClass, to.elementFieldClass, pairs);
  } else if (from.type === 'variant' && to.type === 'variant') {
    from.options.forEach((option, i) => {
      const other = to.options[i];
      if (other !== undefined) pairClasses(option.fieldClass, other.fieldClass, pairs);
    });
  } else if (from.type === 'optional' && to.type === 'optional') {
    pairClasses(from.fieldClass, to.fieldClass, pairs);
  } else if (from.type === 'optional' && to.type === 'variant') {
    pairClasses(from.fieldClass, to.options.at(-1)!.fieldClass, pairs);
  }
}

/**
 * Copies a record field by field, each in the layout that the pairs give. A dynamic string's bytes after its terminator are lost, so
 * its length must be: those with such bytes are padded with zeros to their length.
 */
export class CopyVisitor implements FieldVisitor {
  readonly #out: BitWriter;
  readonly #pairs: ClassMap;
  /** Lengths of dynamic strings come from fields before them; the last integers written, by slot. */
  readonly #keys: number[] = [];

  constructor(out: BitWriter, pairs: ClassMap) {
    this.#out = out;
    this.#pairs = pairs;
  }

  integer(fc: IntegerFieldClass, value: number | bigint): void {
    for (const slot of fc.keySlots ?? []) this.#keys[slot] = Number(value);
    const to = this.#target(fc);
    writeInteger(this.#out, to as IntegerFieldClass, value);
  }

  boolean(fc: FieldClass, value: boolean): void {
    this.#fixed(fc, value ? 1 : 0);
  }

  bitArray(fc: FieldClass, value: bigint): void {
    this.#fixed(fc, value);
  }

  float(fc: FieldClass, value: number): void {
    const to = this.#target(fc);
    if (to.type !== 'fixed-length-floating-point-number') return;
    this.#out.align(to.alignmentBits);
    this.#out.float(value, to);
  }

  string(fc: StringFieldClass, bytes: Uint8Array, begin: number, end: number): void {
    const to = this.#target(fc) as StringFieldClass;
    const text = bytes.subarray(begin, end);
    if (fc.type !== 'dynamic-length-string') {
      writeString(this.#out, to, text);
      return;
    }
    const length = this.#keys[fc.keySlot] ?? text.length;
    const padded = new Uint8Array(Math.max(length, text.length));
    padded.set(text);
    writeString(this.#out, to, padded);
  }

  blob(fc: FieldClass, bytes: Uint8Array, begin: number, end: number): void {
    this.#out.align(alignmentBitsOf(this.#target(fc)));
    this.#out.raw(bytes.subarray(begin, end));
  }

  beginStructure(fc: FieldClass): void {
    this.#out.align(alignmentBitsOf(this.#target(fc)));
  }

  beginArray(fc: FieldClass): void {
    this.#out.align(alignmentBitsOf(this.#target(fc)));
  }

  #fixed(fc: FieldClass, value: number | bigint): void {
    const to = this.#target(fc);
    if (!('lengthBits' in to)) return;
    if ('keySlots' in fc) for (const slot of fc.keySlots ?? []) this.#keys[slot] = Number(value);
    this.#out.align(to.alignmentBits);
    this.#out.integer(value, to);
  }

  #target(fc: FieldClass): FieldClass {
    return this.#pairs.get(fc) ?? fc;
  }
}

/** Values of fields in memory: structures are objects, arrays arrays; absent optionals undefined. */
export type PlainValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

const utf8 = new TextEncoder();

function encodeText(text: string, fc: StringFieldClass): Uint8Array {
  if (fc.encoding === 'utf-8') return utf8.encode(text);
  const units = fc.encoding.startsWith('utf-16')
    ? Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
    : Array.from(text, (c) => c.codePointAt(0)!);
  const size = unitBytes[fc.encoding];
  const bytes = new Uint8Array(units.length * size);
  const view = new DataView(bytes.buffer);
  const littleEndian = fc.encoding.endsWith('le');
  units.forEach((unit, i) => {
    if (size === 2) view.setUint16(i * 2, unit, littleEndian);
    else view.setUint32(i * 4, unit, littleEndian);
  });
  return bytes;
}

function wrongValue(path: string, wanted: string, value: unknown): UsageError {
  const shown = typeof value === 'string' ? `"${value.slice(0, 40)}"` : String(value);
  return new UsageError('bad-field-value', `Cannot write ${path}: ${shown} is no ${wanted}.`);
}

function asInteger(value: unknown, path: string): number | bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw wrongValue(path, 'integer', value);
}

/** What dependent fields of a record look at: values by slot. */
type Keys = (number | bigint)[];

function optionOf(
  fc: Extract<FieldClass, { type: 'variant' }>,
  keys: Keys,
  path: string,
): { readonly fieldClass: FieldClass } {
  const selector = BigInt(keys[fc.keySlot] ?? 0);
  const option = fc.options.find(({ ranges }) =>
    ranges.some((range) => selector >= range.lower && selector <= range.upper),
  );
  if (option !== undefined) return option;
  throw new UsageError(
    'no-variant-option',
    `Cannot write ${path}: no option is selected by the selector value ${selector}.`,
  );
}

function isPresent(fc: Extract<FieldClass, { type: 'optional' }>, keys: Keys): boolean {
  const selector = BigInt(keys[fc.keySlot] ?? 0);
  if (fc.selectorRanges === undefined) return selector !== 0n;
  return fc.selectorRanges.some(({ lower, upper }) => selector >= lower && selector <= upper);
}

function saveKey(fc: FieldClass, value: number | bigint, keys: Keys): void {
  if ('keySlots' in fc) for (const slot of fc.keySlots ?? []) keys[slot] = value;
}

function arrayValues(value: PlainValue, path: string): readonly PlainValue[] {
  if (Array.isArray(value)) return value;
  throw wrongValue(path, 'array', value);
}

function requireLength(actual: number, wanted: number, path: string): void {
  if (actual === wanted) return;
  throw new UsageError(
    'wrong-length',
    `Cannot write ${path}: it has ${actual} elements, its length says ${wanted}.`,
  );
}

function encodeCompound(
  out: BitWriter,
  fc: FieldClass,
  value: PlainValue,
  keys: Keys,
  path: string,
): void {
  switch (fc.type) {
    case 'structure': {
      out.align(alignmentBitsOf(fc));
      const members = (value ?? {}) as { readonly [name: string]: PlainValue };
      for (const { name, fieldClass } of fc.members) {
        const own = Object.hasOwn(members, name) ? members[name] : undefined;
        encodeField(out, fieldClass, own, keys, path === '' ? name : `${path}.${name}`);
      }
      return;
    }
    case 'static-length-array':
    case 'dynamic-length-array': {
      out.align(alignmentBitsOf(fc));
      const elements = arrayValues(value, path);
      const length = fc.type === 'static-length-array' ? fc.length : Number(keys[fc.keySlot] ?? 0);
      requireLength(elements.length, length, path);
      elements.forEach((element, i) => {
        encodeField(out, fc.elementFieldClass, element, keys, `${path}[${i}]`);
      });
      return;
    }
    case 'variant':
      encodeField(out, optionOf(fc, keys, path).fieldClass, value, keys, path);
      return;
    case 'optional':
      if (isPresent(fc, keys)) encodeField(out, fc.fieldClass, value, keys, path);
      return;
  }
}

function encodeField(
  out: BitWriter,
  fc: FieldClass,
  value: PlainValue,
  keys: Keys,
  path: string,
): void {
  switch (fc.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer': {
      const integer = asInteger(value, path);
      saveKey(fc, integer, keys);
      writeInteger(out, fc, integer);
      return;
    }
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean': {
      const integer = asInteger(value, path);
      saveKey(fc, integer, keys);
      out.align(fc.alignmentBits);
      out.integer(integer, fc);
      return;
    }
    case 'fixed-length-floating-point-number':
      if (typeof value !== 'number') throw wrongValue(path, 'number', value);
      out.align(fc.alignmentBits);
      out.float(value, fc);
      return;
    case 'null-terminated-string':
    case 'static-length-string':
    case 'dynamic-length-string': {
      if (typeof value !== 'string') throw wrongValue(path, 'string', value);
      const bytes = encodeText(value, fc);
      if (fc.type === 'dynamic-length-string') {
        requireLength(bytes.length, Number(keys[fc.keySlot] ?? 0), path);
      }
      writeString(out, fc, bytes);
      return;
    }
    case 'static-length-blob':
    case 'dynamic-length-blob':
      if (!(value instanceof Uint8Array)) throw wrongValue(path, 'blob (Uint8Array)', value);
      requireLength(
        value.length,
        fc.type === 'static-length-blob' ? fc.lengthBytes : Number(keys[fc.keySlot] ?? 0),
        path,
      );
      out.raw(value);
      return;
    default:
      encodeCompound(out, fc, value, keys, path);
  }
}

/**
 * Writes one scope from plain values. `keys` carries lengths and selectors from scope to scope of one record.
 * @throws UsageError naming the field whose value does not fit.
 */
export function encodeValue(
  out: BitWriter,
  fieldClass: StructureFieldClass,
  value: PlainValue,
  keys: (number | bigint)[],
): void {
  encodeField(out, fieldClass, value, keys, '');
}
