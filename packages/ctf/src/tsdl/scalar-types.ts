import type {
  DisplayBase,
  FixedLengthFloatingPointNumberFieldClass,
  FixedLengthIntegerFieldClass,
  NullTerminatedStringFieldClass,
} from '@sonde/trace-model';
import {
  alignmentValue,
  booleanValue,
  byteOrderValue,
  identifierValue,
  invalidValue,
  missingAttribute,
  readAttributeBlock,
  unsignedValue,
} from './attributes.ts';
import type { TsdlContext } from './context.ts';
import { copyFieldClass } from './copy-field-class.ts';
import { punctuation, type ValueKind } from './scanner.ts';

const displayBases: Readonly<Record<string, DisplayBase>> = {
  2: 2,
  8: 8,
  10: 10,
  16: 16,
  b: 2,
  binary: 2,
  o: 8,
  oct: 8,
  octal: 8,
  d: 10,
  dec: 10,
  decimal: 10,
  i: 10,
  u: 10,
  x: 16,
  X: 16,
  hex: 16,
  hexadecimal: 16,
  p: 16,
};

type Encoding = 'utf-8' | 'ascii' | undefined;

/** By bit order: the only one each byte order has in CTF 1.8. */
const naturalBitOrder = {
  'little-endian': 'first-to-last',
  'big-endian': 'last-to-first',
} as const;

/** `integer { … }` (CTF 1.8.3 §4.1.5), after the keyword at `position`. */
export function parseInteger(context: TsdlContext, position: number): FixedLengthIntegerFieldClass {
  const { scanner } = context;
  scanner.skipSpace();
  const start = scanner.position;
  const end = scanner.text.indexOf('}', start) + 1;
  const text = scanner.text.slice(start, end);
  const prototype = context.integerPrototypes.get(text);
  if (prototype) {
    scanner.position = end;
    return copyFieldClass(context, prototype, position) as FixedLengthIntegerFieldClass;
  }
  const fieldClass = parseNewInteger(context, position);
  if (scanner.position === end) {
    context.integerPrototypes.set(text, copyFieldClass(context, fieldClass));
  }
  return fieldClass;
}

function parseNewInteger(context: TsdlContext, position: number): FixedLengthIntegerFieldClass {
  let isSigned = false;
  let lengthBits: number | undefined;
  let alignmentBits: number | undefined;
  let byteOrder = context.nativeByteOrder;
  let preferredDisplayBase: DisplayBase = 10;
  let encoding: Encoding;
  let clockName: string | undefined;
  readAttributeBlock(context, (name, kind) => {
    switch (name) {
      case 'signed':
        isSigned = booleanValue(context, name, kind);
        return true;
      case 'size':
        lengthBits = sizeValue(context, kind);
        return true;
      case 'align':
        alignmentBits = alignmentValue(context, name, unsignedValue(context, name, kind));
        return true;
      case 'byte_order':
        byteOrder = byteOrderValue(context, kind, context.nativeByteOrder);
        return true;
      case 'base':
        preferredDisplayBase = displayBaseValue(context, kind);
        return true;
      case 'encoding':
        encoding = encodingValue(context, kind);
        return true;
      case 'map':
        clockName = clockNameValue(context, kind);
        return true;
      default:
        return false;
    }
  });
  if (lengthBits === undefined) throw missingAttribute(context, 'size', position);
  const fieldClass = context.place<FixedLengthIntegerFieldClass>(
    {
      type: isSigned ? 'fixed-length-signed-integer' : 'fixed-length-unsigned-integer',
      lengthBits,
      byteOrder,
      bitOrder: naturalBitOrder[byteOrder],
      alignmentBits: alignmentBits ?? (lengthBits % 8 === 0 ? 8 : 1),
      preferredDisplayBase,
      ...(encoding && { encoding }),
    },
    position,
  );
  if (clockName !== undefined) context.mappedClocks.set(fieldClass, clockName);
  return fieldClass;
}

function sizeValue(context: TsdlContext, kind: ValueKind): number {
  const size = unsignedValue(context, 'size', kind);
  if (size < 1n) throw invalidValue(context, 'size', 'must be greater than 0');
  if (size > 64n) throw invalidValue(context, 'size', 'must not be greater than 64');
  return Number(size);
}

function displayBaseValue(context: TsdlContext, kind: ValueKind): DisplayBase {
  const { integer, valuePosition } = context.scanner;
  const name = identifierValue(context, 'base', kind) ?? String(integer);
  if (Object.hasOwn(displayBases, name)) return displayBases[name]!;
  throw context.error(
    'Attribute `base`: expecting 2, 8, 10, 16, or a name such as `decimal` or `hex`.',
    valuePosition,
    'tsdl-bad-attribute',
  );
}

function encodingValue(context: TsdlContext, kind: ValueKind): Encoding {
  // Only as a string can it have a hyphen.
  if (kind === 'string' && /^utf-8$/i.test(context.scanner.string)) return 'utf-8';
  switch (identifierValue(context, 'encoding', kind)) {
    case 'none':
      return undefined;
    case 'UTF8':
    case 'utf8':
      return 'utf-8';
    case 'ASCII':
    case 'ascii':
      return 'ascii';
  }
  throw context.error(
    'Attribute `encoding`: expecting `none`, `UTF8`, or `ASCII`.',
    context.scanner.valuePosition,
    'tsdl-bad-attribute',
  );
}

/** `clock.NAME.value`: the value is already read as one dotted identifier. Undefined: no clock. */
function clockNameValue(context: TsdlContext, kind: ValueKind): string | undefined {
  const { scanner } = context;
  const parts = kind === 'integer' ? [] : scanner.string.split('.');
  if (parts.length === 3 && parts[0] === 'clock' && parts[2] === 'value') return parts[1];
  // The place is where the pattern breaks.
  const isShort = kind === 'identifier' && parts[0] === 'clock' && parts.length < 3;
  const position = isShort ? scanner.position : scanner.valuePosition;
  context.tolerate(
    'Attribute `map`: expecting `clock.NAME.value`.',
    position,
    'tsdl-bad-attribute',
  );
  return undefined;
}

/** `floating_point { … }` (CTF 1.8.3 §4.1.7), after the keyword at `position`. */
export function parseFloatingPoint(
  context: TsdlContext,
  position: number,
): FixedLengthFloatingPointNumberFieldClass {
  let exponentBits: bigint | undefined;
  let mantissaBits: bigint | undefined;
  let alignmentBits = 8;
  let byteOrder = context.nativeByteOrder;
  readAttributeBlock(context, (name, kind) => {
    switch (name) {
      case 'exp_dig':
        exponentBits = unsignedValue(context, name, kind);
        return true;
      case 'mant_dig':
        mantissaBits = unsignedValue(context, name, kind);
        return true;
      case 'align':
        alignmentBits = alignmentValue(context, name, unsignedValue(context, name, kind));
        return true;
      case 'byte_order':
        byteOrder = byteOrderValue(context, kind, context.nativeByteOrder);
        return true;
      default:
        return false;
    }
  });
  if (exponentBits === undefined) throw missingAttribute(context, 'exp_dig', position);
  if (mantissaBits === undefined) throw missingAttribute(context, 'mant_dig', position);
  const isSingle = exponentBits === 8n && mantissaBits === 24n;
  if (!isSingle && (exponentBits !== 11n || mantissaBits !== 53n)) {
    throw context.error(
      'Unsupported `exp_dig` and `mant_dig`: only 8 and 24 (single precision), 11 and 53 (double precision) are.',
      position,
      'tsdl-bad-attribute',
    );
  }
  return context.place(
    {
      type: 'fixed-length-floating-point-number',
      lengthBits: isSingle ? 32 : 64,
      byteOrder,
      bitOrder: naturalBitOrder[byteOrder],
      alignmentBits,
    },
    position,
  );
}

/** `string` or `string { … }` (CTF 1.8.3 §4.2.5), after the keyword at `position`. */
export function parseString(
  context: TsdlContext,
  position: number,
): NullTerminatedStringFieldClass {
  if (context.scanner.peek() === punctuation.openBrace) {
    readAttributeBlock(context, (name, kind) => {
      if (name !== 'encoding') return false;
      encodingValue(context, kind);
      return true;
    });
  }
  return context.place({ type: 'null-terminated-string', encoding: 'utf-8' }, position);
}
