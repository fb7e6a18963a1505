/**
 * Field classes: what a field means and how it lies in the packet. One model for CTF 1.8 and CTF 2 (the names
 * are CTF 2's; CTF2-SPEC-2.0, "Field classes"); CTF 1.8 maps into it (enumerations are integers with mappings, text arrays
 * are strings with a length).
 *
 * Every *occurrence* of a field class in a scope is an object of its own (aliases are copied), so that an object stands for
 * exactly one place in the record, and maps keyed by it are sound.
 */

export type ByteOrder = 'little-endian' | 'big-endian';
export type BitOrder = 'first-to-last' | 'last-to-first';
export type DisplayBase = 2 | 8 | 10 | 16;

export type Scope =
  | 'packet-header'
  | 'packet-context'
  | 'event-record-header'
  | 'event-record-common-context'
  | 'event-record-specific-context'
  | 'event-record-payload';

/** The scopes behind the event record header, in decoding order. */
export const bodyScopes = [
  'event-record-common-context',
  'event-record-specific-context',
  'event-record-payload',
] as const satisfies readonly Scope[];

/** The six scopes, in decoding order. */
export const scopes: readonly Scope[] = [
  'packet-header',
  'packet-context',
  'event-record-header',
  ...bodyScopes,
];

/** CTF2-SPEC-2.0, "Roles". CTF 1.8's reserved member names become the same roles. */
export type Role =
  | 'packet-magic-number'
  | 'metadata-stream-uuid'
  | 'data-stream-class-id'
  | 'data-stream-id'
  | 'packet-total-length'
  | 'packet-content-length'
  | 'packet-end-default-clock-timestamp'
  | 'discarded-event-record-counter-snapshot'
  | 'packet-sequence-number'
  | 'default-clock-timestamp'
  | 'event-record-class-id';

/** JSON-like values of user attributes: namespace → anything. Integers are bigint. */
export type AttributeValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly AttributeValue[]
  | { readonly [name: string]: AttributeValue };
export type Attributes = { readonly [namespace: string]: AttributeValue };

/** Closed range `[lower, upper]`. */
export interface IntegerRange {
  readonly lower: bigint;
  readonly upper: bigint;
}

/** A label of an enumeration, or a flag of a bit map (there the ranges are bit indexes, 0 = least significant). */
export interface Mapping {
  readonly label: string;
  readonly ranges: readonly IntegerRange[];
}

/**
 * Where the length or selector of a dependent field is. `origin` given: `path` is absolute, member names from that scope's
 * root. Absent: relative to the structure that contains the dependent field, `null` goes to the parent structure.
 * Arrays, optionals and variants consume no path item.
 */
export interface FieldLocation {
  readonly origin?: Scope;
  readonly path: readonly (string | null)[];
}

interface FieldClassBase {
  readonly attributes?: Attributes;
}

/**
 * A field whose value other fields depend on saves it in its slots when it is decoded (most recent value wins).
 * Slot numbers are unique within a trace class; `undefined` or empty: nobody depends on it.
 * Set while the metadata is resolved, constant afterwards.
 */
interface KeyFieldClassBase extends FieldClassBase {
  keySlots?: readonly number[];
}

interface FixedLengthBase {
  /** 1 to 64. */
  readonly lengthBits: number;
  readonly byteOrder: ByteOrder;
  readonly bitOrder: BitOrder;
  /** Power of two, at least 1; relative to the beginning of the packet. */
  readonly alignmentBits: number;
}

export interface FixedLengthBitArrayFieldClass extends FieldClassBase, FixedLengthBase {
  readonly type: 'fixed-length-bit-array';
}

export interface FixedLengthBitMapFieldClass extends FieldClassBase, FixedLengthBase {
  readonly type: 'fixed-length-bit-map';
  readonly flags: readonly Mapping[];
}

export interface FixedLengthBooleanFieldClass extends KeyFieldClassBase, FixedLengthBase {
  readonly type: 'fixed-length-boolean';
}

interface IntegerBase extends KeyFieldClassBase {
  readonly preferredDisplayBase: DisplayBase;
  /** Present (maybe empty): an enumeration. Labels in source order, each once (ranges of equal labels are merged). */
  readonly mappings?: readonly Mapping[];
  /** Unsigned integers of packet header, packet context and event record header only (CTF 1.8: timestamps anywhere). */
  readonly roles?: readonly Role[];
}

export interface FixedLengthIntegerFieldClass extends IntegerBase, FixedLengthBase {
  readonly type: 'fixed-length-unsigned-integer' | 'fixed-length-signed-integer';
  /** CTF 1.8 only: `encoding` of an integer that is *not* the element of a text array (kept for the writer). */
  readonly encoding?: 'utf-8' | 'ascii';
}

/** LEB128, byte-aligned. */
export interface VariableLengthIntegerFieldClass extends IntegerBase {
  readonly type: 'variable-length-unsigned-integer' | 'variable-length-signed-integer';
}

/** 32 or 64 bits: IEEE 754 binary32, binary64 (16 and 128 are refused with the metadata). */
export interface FixedLengthFloatingPointNumberFieldClass extends FieldClassBase, FixedLengthBase {
  readonly type: 'fixed-length-floating-point-number';
}

export type StringEncoding = 'utf-8' | 'utf-16be' | 'utf-16le' | 'utf-32be' | 'utf-32le';

export interface NullTerminatedStringFieldClass extends FieldClassBase {
  readonly type: 'null-terminated-string';
  readonly encoding: StringEncoding;
}

/** CTF 1.8: also an array of encoded 8-bit integers. Ends at the first U+0000 or at the length. */
export interface StaticLengthStringFieldClass extends FieldClassBase {
  readonly type: 'static-length-string';
  readonly encoding: StringEncoding;
  readonly lengthBytes: number;
}

/** A field whose length comes from another field (or from the most recent of several). */
interface LengthDependentBase extends FieldClassBase {
  readonly lengthFieldLocation: FieldLocation;
  /** Slot that the length field saves its value in. Set while the metadata is resolved. */
  keySlot: number;
}

export interface DynamicLengthStringFieldClass extends LengthDependentBase {
  readonly type: 'dynamic-length-string';
  readonly encoding: StringEncoding;
}

export interface StaticLengthBlobFieldClass extends FieldClassBase {
  readonly type: 'static-length-blob';
  readonly lengthBytes: number;
  readonly mediaType: string;
  readonly roles?: readonly Role[];
}

export interface DynamicLengthBlobFieldClass extends LengthDependentBase {
  readonly type: 'dynamic-length-blob';
  readonly mediaType: string;
}

interface ArrayBase {
  readonly elementFieldClass: FieldClass;
  /** Power of two. The effective alignment is the greater of this and the element's. */
  readonly minimumAlignmentBits: number;
}

export interface StaticLengthArrayFieldClass extends FieldClassBase, ArrayBase {
  readonly type: 'static-length-array';
  /** Number of elements. */
  readonly length: number;
  /** CTF 1.8's `uuid` of the packet header is an array of 16 bytes. */
  readonly roles?: readonly Role[];
}

export interface DynamicLengthArrayFieldClass extends LengthDependentBase, ArrayBase {
  readonly type: 'dynamic-length-array';
}

export interface StructureMember {
  /** As displayed: CTF 1.8's leading underscore is removed. */
  readonly name: string;
  readonly fieldClass: FieldClass;
  readonly attributes?: Attributes;
  /** Name in the metadata text where it differs from `name` (CTF 1.8 only). */
  readonly originalName?: string;
}

export interface StructureFieldClass extends FieldClassBase {
  readonly type: 'structure';
  readonly members: readonly StructureMember[];
  /** Power of two. */
  readonly minimumAlignmentBits: number;
}

interface SelectorDependentBase extends FieldClassBase {
  readonly selectorFieldLocation: FieldLocation;
  /** Slot that the selector field saves its value in. Set while the metadata is resolved. */
  keySlot: number;
  /** What the selector is: its signedness decides how ranges are read. Set while the metadata is resolved. */
  selectorKind: 'boolean' | 'unsigned' | 'signed';
}

export interface OptionalFieldClass extends SelectorDependentBase {
  readonly type: 'optional';
  readonly fieldClass: FieldClass;
  /** Absent: the selector is a boolean field. */
  readonly selectorRanges?: readonly IntegerRange[];
}

export interface VariantOption {
  readonly name?: string;
  readonly fieldClass: FieldClass;
  readonly ranges: readonly IntegerRange[];
  readonly attributes?: Attributes;
  readonly originalName?: string;
}

export interface VariantFieldClass extends SelectorDependentBase {
  readonly type: 'variant';
  readonly options: readonly VariantOption[];
}

export type IntegerFieldClass = FixedLengthIntegerFieldClass | VariableLengthIntegerFieldClass;

export type StringFieldClass =
  | NullTerminatedStringFieldClass
  | StaticLengthStringFieldClass
  | DynamicLengthStringFieldClass;

export type FieldClass =
  | FixedLengthBitArrayFieldClass
  | FixedLengthBitMapFieldClass
  | FixedLengthBooleanFieldClass
  | FixedLengthIntegerFieldClass
  | VariableLengthIntegerFieldClass
  | FixedLengthFloatingPointNumberFieldClass
  | NullTerminatedStringFieldClass
  | StaticLengthStringFieldClass
  | DynamicLengthStringFieldClass
  | StaticLengthBlobFieldClass
  | DynamicLengthBlobFieldClass
  | StaticLengthArrayFieldClass
  | DynamicLengthArrayFieldClass
  | StructureFieldClass
  | OptionalFieldClass
  | VariantFieldClass;

/** True for integers and enumerations whose values are negative below zero (two's complement). */
export function isSigned(fieldClass: IntegerFieldClass): boolean {
  return (
    fieldClass.type === 'fixed-length-signed-integer' ||
    fieldClass.type === 'variable-length-signed-integer'
  );
}

/**
 * Effective alignment (bits), relative to the beginning of the packet. Structures: the greatest of the members and the
 * minimum; arrays: of the element and the minimum, whatever the length; variants and optionals: 1 (CTF 1.8.3 §4.2).
 */
export function alignmentBitsOf(fieldClass: FieldClass): number {
  switch (fieldClass.type) {
    case 'structure': {
      let alignmentBits = fieldClass.minimumAlignmentBits;
      for (const member of fieldClass.members) {
        alignmentBits = Math.max(alignmentBits, alignmentBitsOf(member.fieldClass));
      }
      return alignmentBits;
    }
    case 'static-length-array':
    case 'dynamic-length-array':
      return Math.max(
        fieldClass.minimumAlignmentBits,
        alignmentBitsOf(fieldClass.elementFieldClass),
      );
    case 'variant':
    case 'optional':
      return 1;
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'fixed-length-floating-point-number':
      return fieldClass.alignmentBits;
    default:
      return 8;
  }
}
