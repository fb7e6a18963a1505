import { MetadataError } from '@sonde/base';

/** How an array field of a record is found. */
export type ArrayKind =
  /** A number, a pointer, or bytes that are one value. */
  | 'scalar'
  /** `T f[n]`: in place, a fixed number of elements. */
  | 'static'
  /** `T f[]` of size 0: in place, to the end of the record. */
  | 'rest'
  /** `__data_loc T[] f`: a word says where, from the beginning of the record. */
  | 'data-loc'
  /** `__rel_loc T[] f`: a word says where, from the end of that word. */
  | 'rel-loc';

/** One field of an event, as a `format` file declares it. */
export interface EventField {
  readonly name: string;
  /** The C type of the field, or of an element of the array: `unsigned long`, `char`, `struct page *`. */
  readonly type: string;
  /** From the beginning of the record's payload. */
  readonly offsetBytes: number;
  /** Of the field in the record: of the location word where the array is elsewhere. */
  readonly lengthBytes: number;
  readonly isSigned: boolean;
  readonly arrayKind: ArrayKind;
  /** Of an element; of the whole where it is a scalar. */
  readonly elementBytes: number;
  readonly isPointer: boolean;
  /** Elements are characters of a text. */
  readonly isText: boolean;
}

/** Lengths of C types on the machine that traced. Others are found by the length of their field. */
const elementLengths: Readonly<Record<string, number>> = {
  char: 1,
  bool: 1,
  u8: 1,
  s8: 1,
  __u8: 1,
  __s8: 1,
  uint8_t: 1,
  int8_t: 1,
  'unsigned char': 1,
  'signed char': 1,
  short: 2,
  'unsigned short': 2,
  u16: 2,
  s16: 2,
  __u16: 2,
  __s16: 2,
  __be16: 2,
  uint16_t: 2,
  int16_t: 2,
  int: 4,
  unsigned: 4,
  'unsigned int': 4,
  u32: 4,
  s32: 4,
  __u32: 4,
  __s32: 4,
  __be32: 4,
  uint32_t: 4,
  int32_t: 4,
  pid_t: 4,
  'long long': 8,
  'unsigned long long': 8,
  u64: 8,
  s64: 8,
  __u64: 8,
  __s64: 8,
  uint64_t: 8,
  int64_t: 8,
};

const declaration = /^(?:(__data_loc|__rel_loc)\s+)?(.*?)\s*([A-Za-z_]\w*)(\[[^\]]*\])?$/;

export interface DeclaredField {
  readonly declaration: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly isSigned: boolean;
}

/**
 * Takes the C declaration of a field apart: `__data_loc char[] name`, `u8 gid[16]`, `const char * filename`.
 * @param longBytes - Length of `long` and of pointers on the machine that traced: 4 or 8.
 * @throws MetadataError `bad-event-format`
 */
export function parseField(field: DeclaredField, longBytes: number): EventField {
  const match = declaration.exec(field.declaration.trim());
  const [, location, typeText = '', name = '', dimension] = match ?? [];
  if (match === null || typeText === '') {
    throw new MetadataError(
      'bad-event-format',
      `The declaration "${field.declaration}" names no type and field.`,
    );
  }
  const type = typeText.replace(/\[[^\]]*\]$/, '').trim();
  const isPointer = type.endsWith('*');
  const { offsetBytes, lengthBytes, isSigned } = field;
  const arrayKind = arrayKindOf(location, dimension, lengthBytes);
  const elementBytes =
    arrayKind === 'scalar'
      ? lengthBytes
      : elementLengthOf(type, isPointer, dimension, lengthBytes, longBytes);
  if (arrayKind.endsWith('-loc') && lengthBytes !== 4) {
    throw new MetadataError(
      'bad-event-format',
      `The location of the array ${name} has ${lengthBytes} bytes, not 4.`,
    );
  }
  const isText =
    arrayKind !== 'scalar' && !isPointer && /(^|\s)char$/.test(type) && !/unsigned/.test(type);
  return {
    name,
    type,
    offsetBytes,
    lengthBytes,
    isSigned,
    arrayKind,
    elementBytes,
    isPointer,
    isText,
  };
}

function arrayKindOf(
  location: string | undefined,
  dimension: string | undefined,
  lengthBytes: number,
): ArrayKind {
  if (location !== undefined) return location === '__rel_loc' ? 'rel-loc' : 'data-loc';
  if (dimension === undefined) return 'scalar';
  return lengthBytes === 0 ? 'rest' : 'static';
}

/** A static array's length divided by its elements' number, where that number is in the text; else the type tells. */
function elementLengthOf(
  type: string,
  isPointer: boolean,
  dimension: string | undefined,
  lengthBytes: number,
  longBytes: number,
): number {
  const count = Number(dimension?.slice(1, -1) || Number.NaN);
  if (count > 0 && lengthBytes > 0 && lengthBytes % count === 0) return lengthBytes / count;
  if (isPointer || /^(unsigned )?long$/.test(type)) return longBytes;
  return elementLengths[type.replace(/^const /, '')] ?? 1;
}
