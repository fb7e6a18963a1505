import type {
  FixedLengthFloatingPointNumberFieldClass,
  VariableLengthIntegerFieldClass,
} from '@sonde/trace-model';
import { type BitArrayLayout, isReversed, readFloat } from '../bits.ts';
import { readGroups } from '../byte-field-reader.ts';
import type { IntegerCode } from '../code-sink.ts';
import type { CodeBuffer } from './code-buffer.ts';
import type { PositionTracker } from './position-tracker.ts';
import { bitReader, exactSigned64, exactUnsigned64, highOf, lowOf } from './runtime.ts';

/** An integer in generated code. */
export interface FieldCode extends IntegerCode {
  /** True: `exact` is always a number. */
  readonly exactIsNumber: boolean;
}

/** The code that reads the fixed-length bit array at the current position. */
export function fixedLengthCode(
  out: CodeBuffer,
  at: PositionTracker,
  layout: BitArrayLayout,
  isSigned: boolean,
): FieldCode {
  const { lengthBits } = layout;
  if (lengthBits === 64 && at.bitInByte === 0 && !isReversed(layout)) {
    return wholeBytes64(out, at, layout, isSigned);
  }
  const number = inlineCode(at, layout, isSigned);
  return number === undefined
    ? callCode(out, at, layout, isSigned)
    : narrowCode(number, lengthBits, isSigned);
}

/** From an expression for a number of at most 32 bits. */
export function narrowCode(number: string, lengthBits: number, isSigned: boolean): FieldCode {
  return {
    lengthBits,
    number,
    lo: isSigned ? `(${number}>>>0)` : number,
    hi: isSigned ? `(${number}>>31)` : '0',
    bigint: `BigInt(${number})`,
    exact: number,
    exactIsNumber: true,
  };
}

function wholeBytes64(
  out: CodeBuffer,
  at: PositionTracker,
  layout: BitArrayLayout,
  isSigned: boolean,
): FieldCode {
  const isLittle = layout.byteOrder === 'little-endian';
  const lo = `D.getUint32(${at.byteAt(isLittle ? 0 : 4)},${isLittle})`;
  const hi = `D.get${isSigned ? 'Int' : 'Uint'}32(${at.byteAt(isLittle ? 4 : 0)},${isLittle})`;
  const begin = at.byteAt();
  return {
    lengthBits: 64,
    number: `(${hi}*4294967296+${lo})`,
    lo,
    hi,
    bigint: `D.getBig${isSigned ? 'Int' : 'Uint'}64(${begin},${isLittle})`,
    get exact() {
      return `${out.constant(isSigned ? exactSigned64 : exactUnsigned64)}(D,${begin},${isLittle})`;
    },
    exactIsNumber: false,
  };
}

/**
 * A number expression without calls, when the field has at most 32 bits, lies in at most 4 bytes at a known place in its byte and has
 * the natural bit order. Reads of 3 bytes read a fourth: there are more bytes behind the content.
 */
function inlineCode(
  at: PositionTracker,
  layout: BitArrayLayout,
  isSigned: boolean,
): string | undefined {
  const { lengthBits } = layout;
  const first = at.bitInByte;
  const isLittle = layout.byteOrder === 'little-endian';
  const byteCount = Math.ceil((first + lengthBits) / 8);
  if (first < 0 || byteCount > 4 || isReversed(layout)) return undefined;
  const readBits = byteCount === 3 ? 32 : byteCount * 8;
  const isWhole = first === 0 && lengthBits === readBits;
  if (isWhole && lengthBits > 8) {
    return `D.get${isSigned ? 'Int' : 'Uint'}${lengthBits}(${at.byteAt()},${isLittle})`;
  }
  if (isWhole && isSigned) return `D.getInt8(${at.byteAt()})`;
  const word =
    readBits === 8 ? `B[${at.byteAt()}]` : `D.getUint${readBits}(${at.byteAt()},${isLittle})`;
  if (isWhole) return word;
  const below = isLittle ? first : readBits - first - lengthBits;
  if (isSigned) return `(${word}<<${32 - lengthBits - below}>>${32 - lengthBits})`;
  const shifted = below === 0 ? word : `${word}>>>${below}`;
  if (below + lengthBits === readBits) return `(${shifted})`;
  return `(${below === 0 ? word : `(${shifted})`}&${2 ** lengthBits - 1})`;
}

/** Any place, width and bit order: a call for each use. */
function callCode(
  out: CodeBuffer,
  at: PositionTracker,
  layout: BitArrayLayout,
  isSigned: boolean,
): FieldCode {
  const { lengthBits } = layout;
  const read = out.constant(bitReader(isSigned));
  const value = `${read}(B,${at.bits()},${out.constant(layoutOf(layout))})`;
  if (lengthBits <= 32) return narrowCode(value, lengthBits, isSigned);
  return unionCode(out, value, lengthBits, lengthBits <= 53);
}

/** From an expression for a number or bigint. */
function unionCode(
  out: CodeBuffer,
  value: string,
  lengthBits: number,
  isNumber: boolean,
): FieldCode {
  return {
    lengthBits,
    number: isNumber ? value : `Number(${value})`,
    lo: `${out.constant(lowOf)}(${value})`,
    hi: `${out.constant(highOf)}(${value})`,
    bigint: `BigInt(${value})`,
    exact: value,
    exactIsNumber: isNumber,
  };
}

/** The code that reads the LEB128 integer in `B[begin…end)`. */
export function variableLengthCode(
  out: CodeBuffer,
  fc: VariableLengthIntegerFieldClass,
  begin: string,
  end: string,
): FieldCode {
  const isSigned = fc.type === 'variable-length-signed-integer';
  const value = `${out.constant(readGroups)}(B,${begin},${end}-${begin},${isSigned})`;
  return unionCode(out, value, 64, false);
}

/** The code that reads the binary32 or binary64 number at the current position. */
export function floatCode(
  out: CodeBuffer,
  at: PositionTracker,
  fc: FixedLengthFloatingPointNumberFieldClass,
): string {
  const { lengthBits, byteOrder } = fc;
  if (at.bitInByte === 0 && !isReversed(fc)) {
    return `D.getFloat${lengthBits}(${at.byteAt()},${byteOrder === 'little-endian'})`;
  }
  return `${out.constant(readFloat)}(B,${at.bits()},${out.constant(layoutOf(fc))})`;
}

const layouts = new Map<string, BitArrayLayout>();

/** The same object for equal layouts, so that equal code has equal constants. */
function layoutOf({ lengthBits, byteOrder, bitOrder }: BitArrayLayout): BitArrayLayout {
  const key = `${lengthBits} ${byteOrder} ${bitOrder}`;
  let layout = layouts.get(key);
  if (layout === undefined) {
    layout = { lengthBits, byteOrder, bitOrder };
    layouts.set(key, layout);
  }
  return layout;
}
