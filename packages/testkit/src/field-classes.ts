import type {
  DynamicLengthArrayFieldClass,
  DynamicLengthBlobFieldClass,
  DynamicLengthStringFieldClass,
  FieldClass,
  FixedLengthBitArrayFieldClass,
  FixedLengthBitMapFieldClass,
  FixedLengthBooleanFieldClass,
  FixedLengthFloatingPointNumberFieldClass,
  FixedLengthIntegerFieldClass,
  IntegerRange,
  Mapping,
  NullTerminatedStringFieldClass,
  OptionalFieldClass,
  StaticLengthArrayFieldClass,
  StaticLengthBlobFieldClass,
  StaticLengthStringFieldClass,
  StringEncoding,
  StructureFieldClass,
  VariableLengthIntegerFieldClass,
  VariantFieldClass,
} from '@sonde/trace-model';

/**
 * Field classes by hand, for tests that need no metadata. Defaults: little-endian, the natural bit order, alignment 8 for lengths
 * in whole bytes and 1 for others (CTF 1.8's rule). A field that others depend on is marked with `key(slot, …)`; its dependents
 * name the same slot.
 */

/** What fixed-length builders take beside the length. */
export type FixedLengthOptions = Partial<
  Pick<FixedLengthBitArrayFieldClass, 'byteOrder' | 'bitOrder' | 'alignmentBits'>
>;
export type IntegerOptions = FixedLengthOptions &
  Partial<
    Pick<FixedLengthIntegerFieldClass, 'preferredDisplayBase' | 'mappings' | 'roles' | 'attributes'>
  >;

/** `[5]`, `[1, 3]` or several of them: values and closed ranges. */
export type RangesText = readonly (number | bigint | readonly [number | bigint, number | bigint])[];

export function ranges(text: RangesText): IntegerRange[] {
  return text.map((range) => {
    const [lower, upper] = typeof range === 'object' ? range : [range, range];
    return { lower: BigInt(lower), upper: BigInt(upper) };
  });
}

/** `{ label: ranges }` as mappings of an enumeration or flags of a bit map. */
export function mappings(labels: Readonly<Record<string, RangesText>>): Mapping[] {
  return Object.entries(labels).map(([label, text]) => ({ label, ranges: ranges(text) }));
}

function layout(lengthBits: number, options: FixedLengthOptions) {
  const { byteOrder = 'little-endian' } = options;
  return {
    lengthBits,
    byteOrder,
    bitOrder:
      options.bitOrder ?? (byteOrder === 'little-endian' ? 'first-to-last' : 'last-to-first'),
    alignmentBits: options.alignmentBits ?? (lengthBits % 8 === 0 ? 8 : 1),
  } as const;
}

export function uint(
  lengthBits: number,
  options: IntegerOptions = {},
): FixedLengthIntegerFieldClass {
  const type = 'fixed-length-unsigned-integer';
  return { preferredDisplayBase: 10, ...options, type, ...layout(lengthBits, options) };
}

export function sint(
  lengthBits: number,
  options: IntegerOptions = {},
): FixedLengthIntegerFieldClass {
  const type = 'fixed-length-signed-integer';
  return { preferredDisplayBase: 10, ...options, type, ...layout(lengthBits, options) };
}

export function bool(
  lengthBits: number,
  options: FixedLengthOptions = {},
): FixedLengthBooleanFieldClass {
  return { type: 'fixed-length-boolean', ...layout(lengthBits, options) };
}

export function bitArray(
  lengthBits: number,
  options: FixedLengthOptions = {},
): FixedLengthBitArrayFieldClass {
  return { type: 'fixed-length-bit-array', ...layout(lengthBits, options) };
}

export function bitMap(
  lengthBits: number,
  flags: Readonly<Record<string, RangesText>>,
  options: FixedLengthOptions = {},
): FixedLengthBitMapFieldClass {
  return {
    type: 'fixed-length-bit-map',
    flags: mappings(flags),
    ...layout(lengthBits, options),
  };
}

export function float(
  lengthBits: 32 | 64,
  options: FixedLengthOptions = {},
): FixedLengthFloatingPointNumberFieldClass {
  return { type: 'fixed-length-floating-point-number', ...layout(lengthBits, options) };
}

type VariableLengthOptions = Omit<IntegerOptions, keyof FixedLengthOptions>;

/** LEB128, unsigned. */
export function vuint(options: VariableLengthOptions = {}): VariableLengthIntegerFieldClass {
  return { preferredDisplayBase: 10, ...options, type: 'variable-length-unsigned-integer' };
}

/** LEB128, signed. */
export function vsint(options: VariableLengthOptions = {}): VariableLengthIntegerFieldClass {
  return { preferredDisplayBase: 10, ...options, type: 'variable-length-signed-integer' };
}

/** Null-terminated string. */
export function str(encoding: StringEncoding = 'utf-8'): NullTerminatedStringFieldClass {
  return { type: 'null-terminated-string', encoding };
}

export function staticStr(
  lengthBytes: number,
  encoding: StringEncoding = 'utf-8',
): StaticLengthStringFieldClass {
  return { type: 'static-length-string', lengthBytes, encoding };
}

// Places of key fields are for people and writers; decoders only look at slots.
const lengthFieldLocation = { path: ['length'] };
const selectorFieldLocation = { path: ['selector'] };

export function dynamicStr(
  keySlot: number,
  encoding: StringEncoding = 'utf-8',
): DynamicLengthStringFieldClass {
  return { type: 'dynamic-length-string', lengthFieldLocation, keySlot, encoding };
}

export function staticBlob(
  lengthBytes: number,
  options: Partial<Pick<StaticLengthBlobFieldClass, 'mediaType' | 'roles'>> = {},
): StaticLengthBlobFieldClass {
  const type = 'static-length-blob';
  return { mediaType: 'application/octet-stream', ...options, type, lengthBytes };
}

export function dynamicBlob(keySlot: number): DynamicLengthBlobFieldClass {
  const mediaType = 'application/octet-stream';
  return { type: 'dynamic-length-blob', lengthFieldLocation, keySlot, mediaType };
}

export function array(
  elementFieldClass: FieldClass,
  length: number,
  options: Partial<Pick<StaticLengthArrayFieldClass, 'minimumAlignmentBits' | 'roles'>> = {},
): StaticLengthArrayFieldClass {
  const type = 'static-length-array';
  return { minimumAlignmentBits: 1, ...options, type, elementFieldClass, length };
}

export function dynamicArray(
  elementFieldClass: FieldClass,
  keySlot: number,
  minimumAlignmentBits = 1,
): DynamicLengthArrayFieldClass {
  return {
    type: 'dynamic-length-array',
    elementFieldClass,
    lengthFieldLocation,
    keySlot,
    minimumAlignmentBits,
  };
}

export function struct(
  members: Readonly<Record<string, FieldClass>>,
  minimumAlignmentBits = 1,
): StructureFieldClass {
  return {
    type: 'structure',
    members: Object.entries(members).map(([name, fieldClass]) => ({ name, fieldClass })),
    minimumAlignmentBits,
  };
}

/** `selects` absent: the selector is a boolean. */
export function optional(
  fieldClass: FieldClass,
  keySlot: number,
  selects?: RangesText,
  selectorKind: 'unsigned' | 'signed' = 'unsigned',
): OptionalFieldClass {
  return {
    type: 'optional',
    fieldClass,
    selectorFieldLocation,
    keySlot,
    selectorKind: selects === undefined ? 'boolean' : selectorKind,
    ...(selects !== undefined && { selectorRanges: ranges(selects) }),
  };
}

/** Options in order: name → [selecting ranges, field class]. */
export function variant(
  keySlot: number,
  options: Readonly<Record<string, readonly [RangesText, FieldClass]>>,
  selectorKind: 'unsigned' | 'signed' = 'unsigned',
): VariantFieldClass {
  return {
    type: 'variant',
    selectorFieldLocation,
    keySlot,
    selectorKind,
    options: Object.entries(options).map(([name, [text, fieldClass]]) => ({
      name,
      ranges: ranges(text),
      fieldClass,
    })),
  };
}

type KeyFieldClass =
  | FixedLengthIntegerFieldClass
  | VariableLengthIntegerFieldClass
  | FixedLengthBooleanFieldClass;

/** Makes `fieldClass` save its value in `slot`. */
export function key<T extends KeyFieldClass>(slot: number, fieldClass: T): T {
  fieldClass.keySlots = [...(fieldClass.keySlots ?? []), slot];
  return fieldClass;
}
