import type {
  DynamicLengthArrayFieldClass,
  DynamicLengthBlobFieldClass,
  FixedLengthBitArrayFieldClass,
  FixedLengthBitMapFieldClass,
  FixedLengthBooleanFieldClass,
  FixedLengthFloatingPointNumberFieldClass,
  IntegerFieldClass,
  OptionalFieldClass,
  StaticLengthArrayFieldClass,
  StaticLengthBlobFieldClass,
  StringFieldClass,
  StructureFieldClass,
  StructureMember,
  VariantFieldClass,
  VariantOption,
} from '@sonde/trace-model';

/**
 * Receives the fields of a record in decoding order: the closure back end's way out, for code that is not hot or runs where code
 * generation is forbidden. The twin of `CodeSink`. All methods are optional.
 */
export interface FieldVisitor {
  /**
   * A number when it is exact (|value| < 2^53), else a bigint. `lengthBits` is the width of this occurrence: for variable-length
   * integers 7 for each byte, at most 64.
   */
  integer?(fc: IntegerFieldClass, value: number | bigint, lengthBits: number): void;
  boolean?(fc: FixedLengthBooleanFieldClass, value: boolean): void;
  bitArray?(fc: FixedLengthBitArrayFieldClass | FixedLengthBitMapFieldClass, value: bigint): void;
  float?(fc: FixedLengthFloatingPointNumberFieldClass, value: number): void;
  /** `bytes[begin…end)`, terminator cut off, in `fc.encoding`. Valid during the call. */
  string?(fc: StringFieldClass, bytes: Uint8Array, begin: number, end: number): void;
  blob?(
    fc: StaticLengthBlobFieldClass | DynamicLengthBlobFieldClass,
    bytes: Uint8Array,
    begin: number,
    end: number,
  ): void;
  beginStructure?(fc: StructureFieldClass): void;
  beginMember?(member: StructureMember, index: number): void;
  endMember?(member: StructureMember, index: number): void;
  endStructure?(fc: StructureFieldClass): void;
  beginArray?(fc: StaticLengthArrayFieldClass | DynamicLengthArrayFieldClass, length: number): void;
  beginElement?(index: number): void;
  endElement?(index: number): void;
  endArray?(fc: StaticLengthArrayFieldClass | DynamicLengthArrayFieldClass, length: number): void;
  beginVariant?(fc: VariantFieldClass): void;
  beginOption?(option: VariantOption, index: number): void;
  endOption?(option: VariantOption, index: number): void;
  endVariant?(fc: VariantFieldClass): void;
  beginPresent?(fc: OptionalFieldClass): void;
  endPresent?(fc: OptionalFieldClass): void;
  absent?(fc: OptionalFieldClass): void;
}
