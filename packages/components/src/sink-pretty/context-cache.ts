import {
  alignmentBitsOf,
  type FieldClass,
  type RecordCursor,
  type StructureFieldClass,
} from '@sonde/trace-model';

/** Contexts that are never the same twice (counters) are not worth comparing: after this many tries the cache gives up. */
const trialCount = 4096;
const maxTextBytes = 4096;

/**
 * The text of the last common context of one data stream: as long as the context's bytes repeat, its text does. Only for contexts
 * that are whole bytes of a fixed number and depend on nothing else.
 */
export class ContextCache {
  readonly #sizeBytes: number;
  readonly #alignmentBytes: number;
  readonly #raw: DataView;
  /** False: there is nothing in it, or it is of no use. */
  #isFilled = false;
  #isOff = false;
  #tries = 0;
  #hits = 0;
  readonly #text = new DataView(new ArrayBuffer(maxTextBytes));
  #textBytes = 0;

  private constructor(sizeBytes: number, alignmentBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#alignmentBytes = alignmentBytes;
    this.#raw = new DataView(new ArrayBuffer((sizeBytes + 3) & ~3));
  }

  /** Undefined: no such context. */
  static for(context: StructureFieldClass | undefined): ContextCache | undefined {
    if (context === undefined) return undefined;
    const sizeBits = staticSizeBits(context, 0);
    if (sizeBits === undefined || sizeBits === 0 || sizeBits % 8 !== 0) return undefined;
    return new ContextCache(sizeBits / 8, Math.max(1, alignmentBitsOf(context) / 8));
  }

  /** True: the context at the cursor has the bytes whose text is kept. */
  matches(cursor: RecordCursor): boolean {
    if (this.#isOff) return false;
    const begin = this.#beginOf(cursor);
    if (++this.#tries === trialCount) this.#judge();
    if (!this.#isFilled || (begin + this.#sizeBytes) * 8 > cursor.contentEndBits) return false;
    if (!this.#equals(cursor.view, begin)) return false;
    this.#hits++;
    return true;
  }

  /** Keeps the text `bytes[from…to)` of the context at the cursor. */
  keep(cursor: RecordCursor, bytes: Uint8Array, from: number, to: number): void {
    const textBytes = to - from;
    this.#isFilled = !this.#isOff && textBytes <= maxTextBytes;
    if (!this.#isFilled) return;
    const begin = this.#beginOf(cursor);
    for (let i = 0; i < this.#sizeBytes; i++) {
      this.#raw.setUint8(i, cursor.bytes[begin + i]!);
    }
    for (let i = 0; i < textBytes; i++) this.#text.setUint8(i, bytes[from + i]!);
    this.#textBytes = textBytes;
  }

  /** Writes the text that is kept; some bytes after it are overwritten too. @returns the offset after it */
  write(view: DataView, at: number): number {
    const source = this.#text;
    const length = this.#textBytes;
    for (let i = 0; i < length; i += 4) {
      view.setInt32(at + i, source.getInt32(i, true), true);
    }
    return at + length;
  }

  #beginOf(cursor: RecordCursor): number {
    const begin = (cursor.bodyOffsetBits + 7) >>> 3;
    return (begin + this.#alignmentBytes - 1) & -this.#alignmentBytes;
  }

  #equals(view: DataView, begin: number): boolean {
    const raw = this.#raw;
    const size = this.#sizeBytes;
    let i = 0;
    for (; i + 4 <= size; i += 4) {
      if (view.getInt32(begin + i, true) !== raw.getInt32(i, true)) return false;
    }
    for (; i < size; i++) {
      if (view.getInt8(begin + i) !== raw.getInt8(i)) return false;
    }
    return true;
  }

  #judge(): void {
    this.#isOff = this.#hits < trialCount / 8;
    this.#tries = 0;
    this.#hits = 0;
  }
}

/** Bits from `beginBits` to the end of the field; undefined: they depend on data, or it is not whole bytes all along. */
function staticSizeBits(fieldClass: FieldClass, beginBits: number): number | undefined {
  if ('keySlots' in fieldClass && (fieldClass.keySlots?.length ?? 0) > 0) return undefined;
  const alignmentBits = alignmentBitsOf(fieldClass);
  const alignedBits = Math.ceil(beginBits / alignmentBits) * alignmentBits;
  const paddingBits = alignedBits - beginBits;
  switch (fieldClass.type) {
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'fixed-length-floating-point-number':
      if (alignedBits % 8 !== 0 || fieldClass.lengthBits % 8 !== 0) return undefined;
      return paddingBits + fieldClass.lengthBits;
    case 'static-length-string':
    case 'static-length-blob':
      return paddingBits + fieldClass.lengthBytes * 8;
    case 'static-length-array': {
      let sizeBits = paddingBits;
      for (let i = 0; i < Math.min(fieldClass.length, 1025); i++) {
        const size = staticSizeBits(fieldClass.elementFieldClass, beginBits + sizeBits);
        if (size === undefined || i === 1024) return undefined;
        sizeBits += size;
      }
      return sizeBits;
    }
    case 'structure': {
      let sizeBits = paddingBits;
      for (const member of fieldClass.members) {
        const size = staticSizeBits(member.fieldClass, beginBits + sizeBits);
        if (size === undefined) return undefined;
        sizeBits += size;
      }
      return sizeBits;
    }
    default:
      return undefined;
  }
}
