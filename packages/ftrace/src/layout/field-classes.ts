/** Field classes as LTTng's kernel tracer declares them: byte-aligned, fields named with an underscore in TSDL. */
import type {
  ByteOrder,
  DisplayBase,
  FieldClass,
  FixedLengthIntegerFieldClass,
  Mapping,
  Role,
  StructureFieldClass,
  StructureMember,
} from '@sonde/trace-model';

export interface IntegerShape {
  /** 8, 16, 32 or 64, but for the parts of LTTng's compact header. */
  readonly lengthBits: number;
  readonly isSigned: boolean;
  readonly base: DisplayBase;
}

export interface IntegerExtras {
  readonly alignmentBits?: number;
  readonly roles?: readonly Role[];
  readonly mappings?: readonly Mapping[];
}

/** Makes the field classes of one trace class: slots of key fields are numbered over all of them. */
export class FieldClassFactory {
  readonly byteOrder: ByteOrder;
  #slots = 0;

  constructor(byteOrder: ByteOrder) {
    this.byteOrder = byteOrder;
  }

  /** Slots that key fields have got so far. */
  get slotCount(): number {
    return this.#slots;
  }

  newSlot(): number {
    return this.#slots++;
  }

  integer(
    shape: IntegerShape,
    extras: IntegerExtras = {},
    byteOrder: ByteOrder = this.byteOrder,
  ): FixedLengthIntegerFieldClass {
    const { alignmentBits = 8, roles, mappings } = extras;
    return {
      type: shape.isSigned ? 'fixed-length-signed-integer' : 'fixed-length-unsigned-integer',
      lengthBits: shape.lengthBits,
      byteOrder,
      bitOrder: byteOrder === 'little-endian' ? 'first-to-last' : 'last-to-first',
      alignmentBits,
      preferredDisplayBase: shape.base,
      ...(roles !== undefined && { roles }),
      ...(mappings !== undefined && { mappings }),
    };
  }

  unsigned(lengthBits: number, extras: IntegerExtras = {}): FixedLengthIntegerFieldClass {
    return this.integer({ lengthBits, isSigned: false, base: 10 }, extras);
  }

  /** A length field `_NAME_length` and the array behind it, as LTTng writes sequences. */
  sequence(name: string, lengthShape: IntegerShape, element: FieldClass): StructureMember[] {
    const slot = this.newSlot();
    const length = this.integer(lengthShape);
    length.keySlots = [slot];
    const lengthName = `_${name}_length`;
    const array: FieldClass = {
      type: 'dynamic-length-array',
      elementFieldClass: element,
      minimumAlignmentBits: 1,
      lengthFieldLocation: { path: [lengthName] },
      keySlot: slot,
    };
    return [member(lengthName, length), member(name, array)];
  }
}

export const utf8String: FieldClass = { type: 'null-terminated-string', encoding: 'utf-8' };

export function textArray(lengthBytes: number): FieldClass {
  return { type: 'static-length-string', encoding: 'utf-8', lengthBytes };
}

/** Named as LTTng names fields: with an underscore more in TSDL, so that no name is a keyword. */
export function member(name: string, fieldClass: FieldClass): StructureMember {
  return { name, fieldClass, originalName: `_${name}` };
}

/** A field whose name means something in CTF 1.8. */
export function plainMember(name: string, fieldClass: FieldClass): StructureMember {
  return { name, fieldClass };
}

export function structure(
  members: readonly StructureMember[],
  minimumAlignmentBits = 1,
): StructureFieldClass {
  return { type: 'structure', members, minimumAlignmentBits };
}
