import {
  alignmentBitsOf,
  type FieldClass,
  type RecordCursor,
  type StructureFieldClass,
} from '@sonde/trace-model';
import { ShortText } from '../sink-text/short-text.ts';

/** Contexts that are never the same twice (counters) are not worth comparing: so many tries tell. */
const trialCount = 4096;
const maxContextBytes = 1024;
const maxKeptBytes = 8192;
/** Elements of arrays in a context. */
const maxElements = 1024;

/** Contexts kept beside the last one, by a hash of their bytes. */
const entryCount = 64;

interface Entry {
  readonly words: Int32Array;
  readonly text: ShortText;
}

/**
 * The texts of the last common contexts of one data stream: as long as a context's bytes repeat, its text does. Only for contexts
 * that are whole bytes of a fixed number and depend on nothing else.
 */
export class ContextCache {
  /** Of the context that `matches` found or `keep` was told. */
  text = ShortText.of('');
  /** True: contexts hardly ever repeat here. */
  isUseless = false;
  readonly #sizeBytes: number;
  readonly #alignmentBytes: number;
  /** Contexts may begin within a byte: such ones are not compared. */
  readonly #mayBeginInByte: boolean;
  /** Whole words of the last context; the last word may overlap the one before it. */
  #words: Int32Array;
  readonly #entries: (Entry | undefined)[] = new Array(entryCount).fill(undefined);
  #isFilled = false;
  #tries = 0;
  #misses = 0;

  private constructor(sizeBytes: number, alignmentBits: number) {
    this.#sizeBytes = sizeBytes;
    this.#alignmentBytes = Math.max(1, alignmentBits / 8);
    this.#mayBeginInByte = alignmentBits < 8;
    this.#words = new Int32Array(Math.ceil(sizeBytes / 4));
  }

  /** Undefined: no such context. */
  static for(context: StructureFieldClass | undefined): ContextCache | undefined {
    if (context === undefined) return undefined;
    const sizeBits = staticSizeBits(context, 0);
    // Four bytes at least: one word.
    if (sizeBits === undefined || sizeBits < 32 || sizeBits > maxContextBytes * 8) return undefined;
    return new ContextCache(sizeBits / 8, alignmentBitsOf(context));
  }

  /** True: the context at the cursor has bytes whose text is kept. */
  matches(cursor: RecordCursor): boolean {
    if (this.#beginsInByte(cursor)) return false;
    const begin = this.#beginOf(cursor);
    if ((begin + this.#sizeBytes) * 8 > cursor.contentEndBits) return false;
    if (++this.#tries === trialCount) this.#judge();
    if (this.#isFilled && this.#difference(cursor.view, begin, this.#words) === 0) return true;
    const entry = this.#entries[this.#slotOf(cursor.view, begin)];
    if (entry === undefined || this.#difference(cursor.view, begin, entry.words) !== 0) {
      this.#misses++;
      return false;
    }
    this.#show(entry);
    return true;
  }

  /** Keeps the text of the context at the cursor. */
  keep(cursor: RecordCursor, text: Uint8Array): void {
    if (this.#beginsInByte(cursor)) {
      this.text = ShortText.of(text);
      this.#isFilled = false;
      return;
    }
    const begin = this.#beginOf(cursor);
    const words = this.#words.map((_, index) =>
      cursor.view.getInt32(this.#wordAt(begin, index), true),
    );
    const entry = { words, text: ShortText.of(text) };
    // Long texts are not worth their memory.
    if (text.length <= maxKeptBytes) this.#entries[this.#slotOf(cursor.view, begin)] = entry;
    this.#show(entry);
  }

  #show({ words, text }: Entry): void {
    this.#words = words;
    this.text = text;
    this.#isFilled = true;
  }

  #beginsInByte({ bodyOffsetBits }: RecordCursor): boolean {
    return this.#mayBeginInByte && (bodyOffsetBits & 7) !== 0;
  }

  #beginOf(cursor: RecordCursor): number {
    const begin = (cursor.bodyOffsetBits + 7) >>> 3;
    return (begin + this.#alignmentBytes - 1) & -this.#alignmentBytes;
  }

  #wordAt(begin: number, index: number): number {
    return begin + Math.min(index * 4, this.#sizeBytes - 4);
  }

  /** Zero: the bytes are the same. */
  #difference(view: DataView, begin: number, words: Int32Array): number {
    const last = words.length - 1;
    let difference = view.getInt32(begin + this.#sizeBytes - 4, true) ^ words[last]!;
    for (let i = 0; i < last; i++) difference |= view.getInt32(begin + i * 4, true) ^ words[i]!;
    return difference;
  }

  #slotOf(view: DataView, begin: number): number {
    let hash = 0;
    for (let i = 0; i < this.#words.length; i++) {
      hash = Math.imul(hash ^ view.getInt32(this.#wordAt(begin, i), true), 0x9e37_79b1);
    }
    return (hash >>> 16) % entryCount;
  }

  #judge(): void {
    this.isUseless = this.#misses > trialCount * 0.75;
    this.#tries = 0;
    this.#misses = 0;
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
