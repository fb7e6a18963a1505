import {
  alignmentBitsOf,
  type FieldClass,
  type RecordCursor,
  type StructureFieldClass,
} from '@sonde/trace-model';

/** Contexts that are never the same twice (counters) are not worth comparing: so many tries tell. */
const trialCount = 4096;
const maxContextBytes = 1024;
/** Elements of arrays in a context. */
const maxElements = 1024;

/**
 * The text of the last common context of one data stream: as long as the context's bytes repeat, its text does. Only for contexts
 * that are whole bytes of a fixed number and depend on nothing else.
 */
export class ContextCache {
  /** Of the context that `matches` found or `keep` was told. */
  text: Uint8Array = new Uint8Array(0);
  /** True: contexts hardly ever repeat here. */
  isUseless = false;
  readonly #sizeBytes: number;
  readonly #alignmentBytes: number;
  readonly #raw: DataView;
  #isFilled = false;
  #tries = 0;
  #hits = 0;

  private constructor(sizeBytes: number, alignmentBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#alignmentBytes = alignmentBytes;
    this.#raw = new DataView(new ArrayBuffer(sizeBytes));
  }

  /** Undefined: no such context. */
  static for(context: StructureFieldClass | undefined): ContextCache | undefined {
    if (context === undefined) return undefined;
    const sizeBits = staticSizeBits(context, 0);
    if (sizeBits === undefined || sizeBits === 0 || sizeBits > maxContextBytes * 8)
      return undefined;
    return new ContextCache(sizeBits / 8, Math.max(1, alignmentBitsOf(context) / 8));
  }

  /** True: the context at the cursor has the bytes whose text is kept. */
  matches(cursor: RecordCursor): boolean {
    if (++this.#tries === trialCount) this.#judge();
    const begin = this.#beginOf(cursor);
    const size = this.#sizeBytes;
    if (!this.#isFilled || (begin + size) * 8 > cursor.contentEndBits) return false;
    const { view } = cursor;
    const raw = this.#raw;
    let i = 0;
    for (; i + 4 <= size; i += 4) {
      if (view.getInt32(begin + i, true) !== raw.getInt32(i, true)) return false;
    }
    for (; i < size; i++) {
      if (view.getInt8(begin + i) !== raw.getInt8(i)) return false;
    }
    this.#hits++;
    return true;
  }

  /** Keeps the text of the context at the cursor. */
  keep(cursor: RecordCursor, text: Uint8Array): void {
    const begin = this.#beginOf(cursor);
    for (let i = 0; i < this.#sizeBytes; i++) this.#raw.setUint8(i, cursor.bytes[begin + i]!);
    this.text = text;
    this.#isFilled = true;
  }

  #beginOf(cursor: RecordCursor): number {
    const begin = (cursor.bodyOffsetBits + 7) >>> 3;
    return (begin + this.#alignmentBytes - 1) & -this.#alignmentBytes;
  }

  #judge(): void {
    this.isUseless = this.#hits < trialCount / 8;
    this.#tries = 0;
    this.#hits = 0;
  }
}

/** Bits from `beginBits` to the end of the field; undefined: they depend on data, or are not whole bytes all along. */
function staticSizeBits(fieldClass: FieldClass, beginBits: number): number | undefined {
  if ('keySlots' in fieldClass && (fieldClass.keySlots?.length ?? 0) > 0) return undefined;
  const alignmentBits = alignmentBitsOf(fieldClass);
  const paddingBits = Math.ceil(beginBits / alignmentBits) * alignmentBits - beginBits;
  switch (fieldClass.type) {
    case 'fixed-length-bit-array':
    case 'fixed-length-bit-map':
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'fixed-length-floating-point-number':
      if ((beginBits + paddingBits) % 8 !== 0 || fieldClass.lengthBits % 8 !== 0) return undefined;
      return paddingBits + fieldClass.lengthBits;
    case 'static-length-string':
    case 'static-length-blob':
      return paddingBits + fieldClass.lengthBytes * 8;
    case 'static-length-array':
      if (fieldClass.length > maxElements) return undefined;
      return sumOfSizes(
        Array<FieldClass>(fieldClass.length).fill(fieldClass.elementFieldClass),
        beginBits,
        paddingBits,
      );
    case 'structure':
      return sumOfSizes(
        fieldClass.members.map((member) => member.fieldClass),
        beginBits,
        paddingBits,
      );
    default:
      return undefined;
  }
}

function sumOfSizes(
  fieldClasses: readonly FieldClass[],
  beginBits: number,
  paddingBits: number,
): number | undefined {
  let sizeBits = paddingBits;
  for (const fieldClass of fieldClasses) {
    const size = staticSizeBits(fieldClass, beginBits + sizeBits);
    if (size === undefined || size + sizeBits > maxContextBytes * 8) return undefined;
    sizeBits += size;
  }
  return sizeBits;
}
