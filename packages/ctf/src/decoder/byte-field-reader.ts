import { assertNever } from '@sonde/base';
import type {
  DynamicLengthBlobFieldClass,
  DynamicLengthStringFieldClass,
  NullTerminatedStringFieldClass,
  StaticLengthBlobFieldClass,
  StaticLengthStringFieldClass,
  StringEncoding,
  VariableLengthIntegerFieldClass,
} from '@sonde/trace-model';
import { toExact } from './bits.ts';
import { type DecodeRun, describe, type FieldPath } from './decode-state.ts';
import type { ReadField } from './field-reader.ts';

type ByteFieldClass =
  | VariableLengthIntegerFieldClass
  | NullTerminatedStringFieldClass
  | StaticLengthStringFieldClass
  | DynamicLengthStringFieldClass
  | StaticLengthBlobFieldClass
  | DynamicLengthBlobFieldClass;

/** Compiles the fields that are byte-aligned and consist of whole bytes. */
export function compileByteField(fc: ByteFieldClass, path: FieldPath | undefined): ReadField {
  switch (fc.type) {
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer':
      return compileVariableLength(fc, path);
    case 'null-terminated-string':
      return compileNullTerminated(fc, path);
    case 'static-length-string':
      return compileString(fc, path, () => fc.lengthBytes);
    case 'dynamic-length-string':
      return compileString(fc, path, (run) => Number(run.keys[fc.keySlot] ?? 0));
    case 'static-length-blob':
      return compileBlob(fc, path, () => fc.lengthBytes);
    case 'dynamic-length-blob':
      return compileBlob(fc, path, (run) => Number(run.keys[fc.keySlot] ?? 0));
    default:
      return assertNever(fc);
  }
}

/** Bytes in a code unit of `encoding`: the size of its terminator. */
export function unitBytesOf(encoding: StringEncoding): 1 | 2 | 4 {
  switch (encoding) {
    case 'utf-8':
      return 1;
    case 'utf-16be':
    case 'utf-16le':
      return 2;
    case 'utf-32be':
    case 'utf-32le':
      return 4;
  }
}

/**
 * Offset of the first code unit U+0000 in `bytes[begin…end)`, code units counted from `begin`; -1: none. Both byte orders have the
 * same terminator.
 */
export function indexOfTerminator(
  bytes: Uint8Array,
  begin: number,
  end: number,
  unitBytes: 1 | 2 | 4,
): number {
  if (unitBytes === 1) {
    const index = bytes.indexOf(0, begin);
    return index >= 0 && index < end ? index : -1;
  }
  for (let i = begin; i + unitBytes <= end; i += unitBytes) {
    if (bytes[i] === 0 && bytes[i + 1] === 0) {
      if (unitBytes === 2 || (bytes[i + 2] === 0 && bytes[i + 3] === 0)) return i;
    }
  }
  return -1;
}

function compileNullTerminated(
  fc: NullTerminatedStringFieldClass,
  path: FieldPath | undefined,
): ReadField {
  const unitBytes = unitBytesOf(fc.encoding);
  return (run, offsetBits, visitor) => {
    const beginBits = run.align(offsetBits, 8, path);
    const begin = beginBits / 8;
    const contentEnd = run.contentEndBits >>> 3;
    const end = indexOfTerminator(run.bytes, begin, contentEnd, unitBytes);
    if (end < 0) {
      const what = `${describe(path)} (no terminator)`;
      run.failBeyond(what, (contentEnd - begin + unitBytes) * 8, beginBits, true);
    }
    visitor.string?.(fc, run.bytes, begin, end);
    return (end + unitBytes) * 8;
  };
}

function compileString(
  fc: StaticLengthStringFieldClass | DynamicLengthStringFieldClass,
  path: FieldPath | undefined,
  lengthBytesOf: (run: DecodeRun) => number,
): ReadField {
  const unitBytes = unitBytesOf(fc.encoding);
  return (run, offsetBits, visitor) => {
    const beginBits = run.align(offsetBits, 8, path);
    const endBits = run.needBytes(beginBits, lengthBytesOf(run), path);
    const begin = beginBits / 8;
    const end = endBits / 8;
    const terminator = indexOfTerminator(run.bytes, begin, end, unitBytes);
    visitor.string?.(fc, run.bytes, begin, terminator < 0 ? end : terminator);
    return endBits;
  };
}

function compileBlob(
  fc: StaticLengthBlobFieldClass | DynamicLengthBlobFieldClass,
  path: FieldPath | undefined,
  lengthBytesOf: (run: DecodeRun) => number,
): ReadField {
  return (run, offsetBits, visitor) => {
    const beginBits = run.align(offsetBits, 8, path);
    const endBits = run.needBytes(beginBits, lengthBytesOf(run), path);
    visitor.blob?.(fc, run.bytes, beginBits / 8, endBits / 8);
    return endBits;
  };
}

/** LEB128 (CTF2-SPEC-2.0, "Variable-length integer field classes"), at most 64 bits of data. */
function compileVariableLength(
  fc: VariableLengthIntegerFieldClass,
  path: FieldPath | undefined,
): ReadField {
  const slots = fc.keySlots ?? [];
  const isSigned = fc.type === 'variable-length-signed-integer';
  return (run, offsetBits, visitor) => {
    const beginBits = run.align(offsetBits, 8, path);
    const count = countBytes(run, beginBits, isSigned, path);
    const value = readGroups(run.bytes, beginBits / 8, count, isSigned);
    for (const slot of slots) run.keys[slot] = value;
    visitor.integer?.(fc, value, Math.min(64, 7 * count));
    return beginBits + count * 8;
  };
}

/**
 * Number of bytes of the integer at `beginBits`. The tenth byte holds bit 63 and must be the last: 1 or, for signed integers, the
 * extension of that bit.
 */
function countBytes(
  run: DecodeRun,
  beginBits: number,
  isSigned: boolean,
  path: FieldPath | undefined,
): number {
  for (let count = 1; ; count++) {
    const offsetBits = beginBits + (count - 1) * 8;
    run.needBytes(offsetBits, 1, path);
    const byte = run.bytes[offsetBits / 8]!;
    const isTooWide = isSigned ? byte !== 0 && byte !== 0x7f : byte !== 1;
    if (count === 10 && isTooWide) {
      run.fail(
        'oversized-variable-length-integer',
        `Cannot read ${describe(path)}: a variable-length integer of more than 64 bits is not supported.`,
        offsetBits,
      );
    }
    if (byte < 0x80) return count;
  }
}

/** The value of a LEB128 integer of `count` bytes at `begin`: a number where exact, else a bigint. */
export function readGroups(
  bytes: Uint8Array,
  begin: number,
  count: number,
  isSigned: boolean,
): number | bigint {
  const last = bytes[begin + count - 1]!;
  const isNegative = isSigned && (last & 0x40) !== 0;
  if (count <= 7) {
    let value = isNegative ? -1 : 0;
    for (let i = count - 1; i >= 0; i--) value = value * 128 + (bytes[begin + i]! & 0x7f);
    return value;
  }
  let value = isNegative ? -1n : 0n;
  for (let i = count - 1; i >= 0; i--) value = value * 128n + BigInt(bytes[begin + i]! & 0x7f);
  return toExact(value);
}
