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

/** Collects generated JavaScript. Only numbers and constants of our own may ever be written to it. */
export interface CodeWriter {
  line(code: string): void;
  /** A new local variable name, unique in the function: `prefix` + number. */
  local(prefix: string): string;
  /**
   * Makes a value (a label table, a byte string…) available to the generated code and returns the expression for it. The way for
   * everything which is not a number: text from a trace goes through here, never into code.
   */
  constant(value: unknown): string;
}

/**
 * An integer in generated code, as expressions (side-effect free, cheap to repeat once: each may be used at most twice).
 * `lo`/`hi` are the halves of the 64-bit two's complement (hi is signed iff the field is: `int32`, else `uint32`; lo always `uint32`).
 */
export interface IntegerCode {
  /** Width (bits); 64 for variable-length integers. */
  readonly lengthBits: number;
  /** A JavaScript number: exact up to 2^53, rounded above. */
  readonly number: string;
  readonly lo: string;
  readonly hi: string;
  /** An exact bigint (slow). */
  readonly bigint: string;
  /** A number where that is exact, else a bigint. */
  readonly exact: string;
}

/**
 * The consumer's side of code generation: the walker calls these in the order of the fields, the sink writes code that uses the
 * value. Expressions hold at the place where they are given, not further on. A sink may be asked to write its code for a class
 * more than once (for records that begin on a byte, and for those which don't). In the generated code these names are in scope: `B` (Uint8Array of the packet), `D` (its DataView), `cursor`
 * (RecordCursor), and everything the sink declared in its prologue. All methods are optional: no method, no code; a sink
 * without any method is the length function.
 */
export interface CodeSink {
  /** True: nothing that is still to come is wanted. */
  readonly isDone?: boolean;
  /** False: step over this member (and all below it) without calling the sink for it. */
  wants?(member: StructureMember, fieldClass: StructureFieldClass): boolean;
  /** False: step over this option when it is selected. */
  wantsOption?(option: VariantOption, fieldClass: VariantFieldClass): boolean;
  integer?(out: CodeWriter, fc: IntegerFieldClass, value: IntegerCode): void;
  boolean?(out: CodeWriter, fc: FixedLengthBooleanFieldClass, expression: string): void;
  bitArray?(
    out: CodeWriter,
    fc: FixedLengthBitArrayFieldClass | FixedLengthBitMapFieldClass,
    value: IntegerCode,
  ): void;
  float?(out: CodeWriter, fc: FixedLengthFloatingPointNumberFieldClass, expression: string): void;
  /**
   * Offered before each string of bytes: the sink may write the code that finds the first zero byte in `B[begin…limit)` and give the
   * expression for its offset, or for `limit` where there is none. `string` follows when the string is known to be in the content.
   */
  findTerminator?(
    out: CodeWriter,
    fc: StringFieldClass,
    begin: string,
    limit: string,
  ): string | undefined;
  /** `begin`/`end`: byte offsets in `B`; the terminator and what follows it are already cut off (simple expressions). */
  string?(out: CodeWriter, fc: StringFieldClass, begin: string, end: string): void;
  blob?(
    out: CodeWriter,
    fc: StaticLengthBlobFieldClass | DynamicLengthBlobFieldClass,
    begin: string,
    end: string,
  ): void;
  beginStructure?(out: CodeWriter, fc: StructureFieldClass): void;
  beginMember?(out: CodeWriter, member: StructureMember, index: number): void;
  endMember?(out: CodeWriter, member: StructureMember, index: number): void;
  endStructure?(out: CodeWriter, fc: StructureFieldClass): void;
  beginArray?(
    out: CodeWriter,
    fc: StaticLengthArrayFieldClass | DynamicLengthArrayFieldClass,
    length: string,
  ): void;
  /** Inside the loop over the elements. */
  beginElement?(out: CodeWriter, index: string): void;
  endElement?(out: CodeWriter, index: string): void;
  endArray?(
    out: CodeWriter,
    fc: StaticLengthArrayFieldClass | DynamicLengthArrayFieldClass,
    length: string,
  ): void;
  beginVariant?(out: CodeWriter, fc: VariantFieldClass): void;
  /** Inside the branch of the option. */
  beginOption?(out: CodeWriter, option: VariantOption, index: number): void;
  endOption?(out: CodeWriter, option: VariantOption, index: number): void;
  endVariant?(out: CodeWriter, fc: VariantFieldClass): void;
  /** Around both branches of an optional field. */
  beginOptional?(out: CodeWriter, fc: OptionalFieldClass): void;
  endOptional?(out: CodeWriter, fc: OptionalFieldClass): void;
  /** Inside the branch of a present optional field: `beginPresent` … field … `endPresent`; else `absent`. */
  beginPresent?(out: CodeWriter, fc: OptionalFieldClass): void;
  endPresent?(out: CodeWriter, fc: OptionalFieldClass): void;
  absent?(out: CodeWriter, fc: OptionalFieldClass): void;
}
