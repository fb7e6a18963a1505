import { alignmentBitsOf, type FieldClass } from '@sonde/trace-model';
import { childFieldClasses } from '../field-class-tree.ts';

/**
 * Whether fields of both classes are the same bits at the same places, if they begin at places of the same alignment: then their bytes
 * may be copied as they are. False where this is not certain.
 */
export function haveSameLayout(from: FieldClass, to: FieldClass): boolean {
  if (from === to) return true;
  if (alignmentBitsOf(from) !== alignmentBitsOf(to) || !isWrittenAlike(from, to)) return false;
  const theirs = childFieldClasses(to);
  const ours = childFieldClasses(from);
  return ours.length === theirs.length && ours.every((fc, i) => haveSameLayout(fc, theirs[i]!));
}

/** What is in them aside. */
function isWrittenAlike(from: FieldClass, to: FieldClass): boolean {
  switch (from.type) {
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'fixed-length-floating-point-number':
      return (
        to.type === from.type &&
        to.lengthBits === from.lengthBits &&
        to.byteOrder === from.byteOrder &&
        to.bitOrder === from.bitOrder
      );
    case 'null-terminated-string':
    case 'dynamic-length-string':
      return to.type === from.type && to.encoding === from.encoding;
    case 'static-length-string':
      return (
        to.type === from.type &&
        to.lengthBytes === from.lengthBytes &&
        to.encoding === from.encoding
      );
    case 'static-length-blob':
      return to.type === from.type && to.lengthBytes === from.lengthBytes;
    case 'static-length-array':
      return to.type === from.type && to.length === from.length;
    default:
      return to.type === from.type;
  }
}
