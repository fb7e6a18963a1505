import type { ByteOrder, FieldClass } from '@sonde/trace-model';
import { alignmentBitsOf } from '@sonde/trace-model';
import { unitBytesOf } from '../byte-field-reader.ts';

/**
 * What is known of a bit position while code is generated: position ≡ residue (mod modulus). The modulus is a power of two; 8 or
 * more means that the position within its byte is known.
 */
export interface KnownPosition {
  readonly modulus: number;
  readonly residue: number;
}

export const anyPosition: KnownPosition = { modulus: 1, residue: 0 };
export const bytePosition: KnownPosition = { modulus: 8, residue: 0 };

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** The greatest power of two that divides `value`; 2^52 for 0. */
function powerOfTwoIn(value: number): number {
  if (value === 0) return 2 ** 52;
  let power = 1;
  while (value % (power * 2) === 0) power *= 2;
  return power;
}

export function aligned(position: KnownPosition, alignmentBits: number): KnownPosition {
  const { modulus, residue } = position;
  if (alignmentBits > modulus) return { modulus: alignmentBits, residue: 0 };
  return { modulus, residue: roundUp(residue, alignmentBits) % modulus };
}

export function moved(position: KnownPosition, bits: number): KnownPosition {
  const { modulus, residue } = position;
  return { modulus, residue: (residue + (bits % modulus)) % modulus };
}

/** What holds wherever one of both holds. */
export function either(a: KnownPosition, b: KnownPosition): KnownPosition {
  let modulus = Math.min(a.modulus, b.modulus);
  while (a.residue % modulus !== b.residue % modulus) modulus /= 2;
  return { modulus, residue: a.residue % modulus };
}

function eitherOf(positions: readonly KnownPosition[], none: KnownPosition): KnownPosition {
  return positions.length === 0 ? none : positions.reduce(either);
}

const alignments = new WeakMap<FieldClass, number>();

/** As `alignmentBitsOf`, which looks at all that is below `fc`, once. */
export function alignmentOf(fc: FieldClass): number {
  if (fc.type !== 'structure' && !('elementFieldClass' in fc)) return alignmentBitsOf(fc);
  let alignmentBits = alignments.get(fc);
  if (alignmentBits === undefined) {
    alignmentBits = alignmentBitsOf(fc);
    alignments.set(fc, alignmentBits);
  }
  return alignmentBits;
}

/** What is known after a field of class `fc` that comes at `position` (before its alignment). */
export function after(fc: FieldClass, position: KnownPosition): KnownPosition {
  const sizeBits = staticSizeBits(fc, position);
  if (sizeBits !== undefined) return moved(position, sizeBits);
  const start = aligned(position, alignmentOf(fc));
  switch (fc.type) {
    case 'structure':
      return fc.members.reduce((at, member) => after(member.fieldClass, at), start);
    case 'static-length-array':
    case 'dynamic-length-array':
      return loopPosition(fc.elementFieldClass, start);
    case 'optional':
      return either(start, after(fc.fieldClass, start));
    case 'variant':
      return eitherOf(
        fc.options.map((option) => after(option.fieldClass, start)),
        start,
      );
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'fixed-length-floating-point-number':
      return moved(start, fc.lengthBits);
    case 'static-length-string':
    case 'static-length-blob':
      return moved(start, fc.lengthBytes * 8);
    default:
      return bytePosition;
  }
}

/** What holds before each element of an array of `element` that begins at `start`, and after the last. */
export function loopPosition(element: FieldClass, start: KnownPosition): KnownPosition {
  const alignmentBits = alignmentOf(element);
  const sizeBits = staticSizeBits(element, { modulus: alignmentBits, residue: 0 });
  if (sizeBits !== undefined && sizeBits % alignmentBits === 0) {
    const modulus = Math.min(start.modulus, powerOfTwoIn(sizeBits));
    if (modulus >= alignmentBits) return { modulus, residue: start.residue % modulus };
  }
  const modulus = Math.min(granularityBits(element), start.modulus, powerOfTwoIn(start.residue));
  return { modulus, residue: 0 };
}

/** A power of two that divides the length of each leaf below `fc`: positions stay multiples of it. */
function granularityBits(fc: FieldClass): number {
  switch (fc.type) {
    case 'structure':
      return fc.members.reduce((bits, m) => Math.min(bits, granularityBits(m.fieldClass)), 2 ** 52);
    case 'static-length-array':
    case 'dynamic-length-array':
      return granularityBits(fc.elementFieldClass);
    case 'optional':
      return granularityBits(fc.fieldClass);
    case 'variant':
      return fc.options.reduce((bits, o) => Math.min(bits, granularityBits(o.fieldClass)), 2 ** 52);
    case 'static-length-string':
    case 'static-length-blob':
      return powerOfTwoIn(fc.lengthBytes * 8);
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'fixed-length-floating-point-number':
      return powerOfTwoIn(fc.lengthBits);
    default:
      return 8;
  }
}

/**
 * Size (bits) of a field of class `fc` that comes at `position`, with the padding before and inside it; `undefined` when it
 * depends on more than is known.
 */
export function staticSizeBits(fc: FieldClass, position: KnownPosition): number | undefined {
  const alignmentBits = alignmentOf(fc);
  if (alignmentBits > position.modulus) return undefined;
  const paddingBits = roundUp(position.residue, alignmentBits) - position.residue;
  const start = moved(position, paddingBits);
  switch (fc.type) {
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'fixed-length-floating-point-number':
      return paddingBits + fc.lengthBits;
    case 'static-length-string':
    case 'static-length-blob':
      return paddingBits + fc.lengthBytes * 8;
    case 'structure': {
      let sizeBits = paddingBits;
      let at = start;
      for (const member of fc.members) {
        const memberBits = staticSizeBits(member.fieldClass, at);
        if (memberBits === undefined) return undefined;
        sizeBits += memberBits;
        at = moved(at, memberBits);
      }
      return sizeBits;
    }
    case 'static-length-array': {
      if (fc.length === 0) return paddingBits;
      const elementBits = staticSizeBits(fc.elementFieldClass, start);
      if (elementBits === undefined) return undefined;
      const strideBits = roundUp(elementBits, alignmentOf(fc.elementFieldClass));
      return paddingBits + elementBits + (fc.length - 1) * strideBits;
    }
    default:
      return undefined;
  }
}

/** The least size (bits) a field of class `fc` can have, padding not counted. */
export function leastSizeBits(fc: FieldClass): number {
  switch (fc.type) {
    case 'structure':
      return fc.members.reduce((bits, member) => bits + leastSizeBits(member.fieldClass), 0);
    case 'static-length-array':
      return fc.length * leastSizeBits(fc.elementFieldClass);
    case 'variant':
      return leastOf(fc.options.map((option) => leastSizeBits(option.fieldClass)));
    case 'static-length-string':
    case 'static-length-blob':
      return fc.lengthBytes * 8;
    case 'null-terminated-string':
      return unitBytesOf(fc.encoding) * 8;
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer':
      return 8;
    case 'dynamic-length-array':
    case 'dynamic-length-string':
    case 'dynamic-length-blob':
    case 'optional':
      return 0;
    default:
      return fc.lengthBits;
  }
}

function leastOf(sizes: readonly number[]): number {
  return sizes.length === 0 ? 0 : sizes.reduce((a, b) => Math.min(a, b));
}

/** How many empty array elements are in each field of class `fc`, whose size is static. */
export function emptyElementsIn(fc: FieldClass): number {
  switch (fc.type) {
    case 'structure':
      return fc.members.reduce((count, member) => count + emptyElementsIn(member.fieldClass), 0);
    case 'static-length-array': {
      if (fc.length === 0) return 0;
      // An array is aligned as its elements are: there is no padding in those that have no bits of their own.
      const isEmpty = leastSizeBits(fc.elementFieldClass) === 0;
      return fc.length * (emptyElementsIn(fc.elementFieldClass) + (isEmpty ? 1 : 0));
    }
    default:
      return 0;
  }
}

/** Byte orders of the fixed-length fields below `fc`. */
export function byteOrdersOf(fc: FieldClass, orders: Set<ByteOrder> = new Set()): Set<ByteOrder> {
  if ('byteOrder' in fc) orders.add(fc.byteOrder);
  for (const child of childrenOf(fc)) byteOrdersOf(child, orders);
  return orders;
}

/** Whether some field below `fc` saves its value for others. */
export function savesKeys(fc: FieldClass): boolean {
  return ('keySlots' in fc && (fc.keySlots?.length ?? 0) > 0) || childrenOf(fc).some(savesKeys);
}

/** The field classes directly below `fc`, in order. */
export function childrenOf(fc: FieldClass): readonly FieldClass[] {
  switch (fc.type) {
    case 'structure':
      return fc.members.map((member) => member.fieldClass);
    case 'static-length-array':
    case 'dynamic-length-array':
      return [fc.elementFieldClass];
    case 'optional':
      return [fc.fieldClass];
    case 'variant':
      return fc.options.map((option) => option.fieldClass);
    default:
      return [];
  }
}
