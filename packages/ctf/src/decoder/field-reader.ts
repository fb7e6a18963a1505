import type {
  DynamicLengthArrayFieldClass,
  FieldClass,
  FixedLengthBitArrayFieldClass,
  FixedLengthBitMapFieldClass,
  FixedLengthBooleanFieldClass,
  FixedLengthFloatingPointNumberFieldClass,
  FixedLengthIntegerFieldClass,
  OptionalFieldClass,
  StaticLengthArrayFieldClass,
  StructureFieldClass,
  VariantFieldClass,
} from '@sonde/trace-model';
import { alignmentBitsOf } from '@sonde/trace-model';
import { isReversed, readFloat, readSigned, readUnsigned } from './bits.ts';
import { compileByteField } from './byte-field-reader.ts';
import { type DecodeRun, describe, type FieldPath, maxEmptyElements } from './decode-state.ts';
import type { FieldVisitor } from './field-visitor.ts';
import { compileRanges } from './ranges.ts';

/** Reads one field at `offsetBits` (not yet aligned), tells the visitor, returns the end (bits). */
export type ReadField = (run: DecodeRun, offsetBits: number, visitor: FieldVisitor) => number;

/** Compiles `fieldClass` and all below it into closures. */
export function compileField(fieldClass: FieldClass, path: FieldPath | undefined): ReadField {
  switch (fieldClass.type) {
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'fixed-length-floating-point-number':
      return compileFixedLength(fieldClass, path);
    case 'structure':
      return compileStructure(fieldClass, path);
    case 'static-length-array':
      return compileArray(fieldClass, path, () => fieldClass.length);
    case 'dynamic-length-array':
      return compileArray(fieldClass, path, (run) => Number(run.keys[fieldClass.keySlot] ?? 0));
    case 'optional':
      return compileOptional(fieldClass, path);
    case 'variant':
      return compileVariant(fieldClass, path);
    default:
      return compileByteField(fieldClass, path);
  }
}

type FixedLengthFieldClass =
  | FixedLengthBitArrayFieldClass
  | FixedLengthBitMapFieldClass
  | FixedLengthBooleanFieldClass
  | FixedLengthIntegerFieldClass
  | FixedLengthFloatingPointNumberFieldClass;

function compileFixedLength(fc: FixedLengthFieldClass, path: FieldPath | undefined): ReadField {
  const { lengthBits, alignmentBits, byteOrder } = fc;
  const deliver = compileFixedLengthValue(fc);
  return (run, offsetBits, visitor) => {
    const beginBits = run.align(offsetBits, alignmentBits, path);
    if (
      (beginBits & 7) !== 0 &&
      run.lastByteOrder !== byteOrder &&
      run.lastByteOrder !== undefined
    ) {
      run.fail(
        'byte-order-change-in-byte',
        `Cannot read ${describe(path)}: the byte order changes within a byte from ${run.lastByteOrder} to ${byteOrder}.`,
        beginBits,
      );
    }
    const endBits = run.need(beginBits, lengthBits, path);
    run.lastByteOrder = byteOrder;
    deliver(run, beginBits, visitor);
    return endBits;
  };
}

/** The part of a fixed-length read that depends on the kind of value. */
function compileFixedLengthValue(
  fc: FixedLengthFieldClass,
): (run: DecodeRun, beginBits: number, visitor: FieldVisitor) => void {
  switch (fc.type) {
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
      return (run, beginBits, visitor) =>
        visitor.bitArray?.(fc, BigInt(readUnsigned(run.bytes, beginBits, fc)));
    case 'fixed-length-floating-point-number':
      return (run, beginBits, visitor) => visitor.float?.(fc, readFloat(run.bytes, beginBits, fc));
    case 'fixed-length-boolean': {
      const slots = fc.keySlots ?? [];
      return (run, beginBits, visitor) => {
        const value = Number(readUnsigned(run.bytes, beginBits, fc)) !== 0;
        for (const slot of slots) run.keys[slot] = value ? 1 : 0;
        visitor.boolean?.(fc, value);
      };
    }
    default: {
      const read = compileInteger(fc);
      const slots = fc.keySlots ?? [];
      const isKey = slots.length > 0;
      return (run, beginBits, visitor) => {
        if (!isKey && visitor.integer === undefined) return;
        const value = read(run, beginBits);
        for (const slot of slots) run.keys[slot] = value;
        visitor.integer?.(fc, value, fc.lengthBits);
      };
    }
  }
}

/** The read of a fixed-length integer; whole bytes at byte offsets have shortcuts. */
function compileInteger(
  fc: FixedLengthIntegerFieldClass,
): (run: DecodeRun, beginBits: number) => number | bigint {
  const isSigned = fc.type === 'fixed-length-signed-integer';
  const isLittle = fc.byteOrder === 'little-endian';
  const isWholeBytes = fc.alignmentBits >= 8 && !isReversed(fc);
  switch (isWholeBytes ? fc.lengthBits : 0) {
    case 8:
      if (isSigned) return (run, beginBits) => run.view.getInt8(beginBits / 8);
      return (run, beginBits) => run.view.getUint8(beginBits / 8);
    case 16:
      if (isSigned) return (run, beginBits) => run.view.getInt16(beginBits / 8, isLittle);
      return (run, beginBits) => run.view.getUint16(beginBits / 8, isLittle);
    case 32:
      if (isSigned) return (run, beginBits) => run.view.getInt32(beginBits / 8, isLittle);
      return (run, beginBits) => run.view.getUint32(beginBits / 8, isLittle);
    default:
      if (isSigned) return (run, beginBits) => readSigned(run.bytes, beginBits, fc);
      return (run, beginBits) => readUnsigned(run.bytes, beginBits, fc);
  }
}

function compileStructure(fc: StructureFieldClass, path: FieldPath | undefined): ReadField {
  const alignmentBits = alignmentBitsOf(fc);
  const members = fc.members.map((member) => ({
    member,
    read: compileField(member.fieldClass, { parent: path, name: member.name }),
  }));
  return (run, offsetBits, visitor) => {
    let posBits = run.align(offsetBits, alignmentBits, path);
    visitor.beginStructure?.(fc);
    for (let i = 0; i < members.length; i++) {
      const { member, read } = members[i]!;
      visitor.beginMember?.(member, i);
      posBits = read(run, posBits, visitor);
      visitor.endMember?.(member, i);
    }
    visitor.endStructure?.(fc);
    return posBits;
  };
}

const nobody: FieldVisitor = {};

function compileArray(
  fc: StaticLengthArrayFieldClass | DynamicLengthArrayFieldClass,
  path: FieldPath | undefined,
  lengthOf: (run: DecodeRun) => number,
): ReadField {
  const alignmentBits = alignmentBitsOf(fc);
  const read = compileField(fc.elementFieldClass, { parent: path, name: '[]' });
  return (run, offsetBits, visitor) => {
    let posBits = run.align(offsetBits, alignmentBits, path);
    const length = lengthOf(run);
    const leftBits = run.contentEndBits - posBits;
    // More elements than bits: it fails further on, or has many empty elements. Nobody is told such a length before it is checked.
    const isSound = length <= leftBits + run.emptyElementsLeft;
    const heard = isSound ? visitor : nobody;
    heard.beginArray?.(fc, length);
    for (let i = 0; i < length; i++) {
      const beginBits = posBits;
      heard.beginElement?.(i);
      posBits = read(run, posBits, heard);
      heard.endElement?.(i);
      if (posBits === beginBits && --run.emptyElementsLeft < 0) {
        run.fail(
          'too-many-empty-elements',
          `Cannot read ${describe(path)}: more than ${maxEmptyElements} array elements take no space.`,
          posBits,
        );
      }
    }
    heard.endArray?.(fc, length);
    return posBits;
  };
}

function compileOptional(fc: OptionalFieldClass, path: FieldPath | undefined): ReadField {
  const read = compileField(fc.fieldClass, path);
  const selects =
    fc.selectorRanges === undefined
      ? (value: number | bigint) => value !== 0
      : compileRanges(fc.selectorRanges);
  return (run, offsetBits, visitor) => {
    if (!selects(run.keys[fc.keySlot] ?? 0)) {
      visitor.absent?.(fc);
      return offsetBits;
    }
    visitor.beginPresent?.(fc);
    const endBits = read(run, offsetBits, visitor);
    visitor.endPresent?.(fc);
    return endBits;
  };
}

function compileVariant(fc: VariantFieldClass, path: FieldPath | undefined): ReadField {
  const options = fc.options.map((option) => ({
    option,
    selects: compileRanges(option.ranges),
    read: compileField(
      option.fieldClass,
      option.name === undefined ? path : { parent: path, name: option.name },
    ),
  }));
  return (run, offsetBits, visitor) => {
    const selector = run.keys[fc.keySlot] ?? 0;
    const index = options.findIndex((candidate) => candidate.selects(selector));
    if (index < 0) {
      run.fail(
        'no-variant-option',
        `Cannot read ${describe(path)}: the selector value ${selector} selects no option of the variant.`,
        offsetBits,
      );
    }
    const { option, read } = options[index]!;
    visitor.beginVariant?.(fc);
    visitor.beginOption?.(option, index);
    const endBits = read(run, offsetBits, visitor);
    visitor.endOption?.(option, index);
    visitor.endVariant?.(fc);
    return endBits;
  };
}
