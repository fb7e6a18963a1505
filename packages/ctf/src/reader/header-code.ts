import type {
  FieldClass,
  FixedLengthBooleanFieldClass,
  FixedLengthIntegerFieldClass,
  IntegerRange,
  OptionalFieldClass,
  StructureFieldClass,
  VariantFieldClass,
} from '@sonde/trace-model';
import { alignmentBitsOf } from '@sonde/trace-model';
import { isReversed } from '../decoder/bits.ts';
import { rootFacts } from '../decoder/generated/root-facts.ts';

/**
 * Generated code which decodes one event record header at byte `s` of `B`/`D`. It sets `p` (first byte after the header), `id`,
 * `idHigh` (upper half of 64-bit ids), `chi` and `lo` (clock: multiple of 2^32, and the low half as int32), and `fault` when no
 * option of a variant is selected.
 */
export interface HeaderCode {
  readonly text: string;
  /** Variables that live as long as the loop. */
  readonly variables: readonly string[];
  /** The code reads no byte at or after `s + maxLengthBytes`. */
  readonly maxLengthBytes: number;
  /** Headers may take no space. */
  readonly canBeEmpty: boolean;
  /** False: all records have the same class, and `id` is never set. */
  readonly hasId: boolean;
  readonly idIsWide: boolean;
  readonly hasTimestamp: boolean;
}

/** The header has something which only closures read: the reason, for explanations. */
export class UnsupportedHeader extends Error {}

/** What happens on one path through the header. */
interface Path {
  /** Static offset from `p` (bits). */
  offsetBits: number;
  /** Upper bound of the bytes from `s` to `p`. */
  baseBytes: number;
  hasId: boolean;
  lastByteOrder: string | undefined;
}

const maxAlignmentBits = 2 ** 20;
const maxHeaderBytes = 4096;
/** V8 parses blocks that are inside one another by recursion, and its stack has an end. */
const maxNesting = 500;

/**
 * Generates the code for headers of fixed-length fields, with variants and optionals selected by up to 32 bits within the header,
 * which begin and end at a byte: all that LTTng, barectf and Babeltrace write.
 * @throws UnsupportedHeader
 */
export function generateHeaderCode(header: StructureFieldClass | undefined): HeaderCode {
  if (header !== undefined && rootFacts(header).nesting > maxNesting) {
    throw new UnsupportedHeader('a header with too many options');
  }
  const generator = new HeaderGenerator();
  if (header !== undefined) generator.root(header);
  return generator.code();
}

class HeaderGenerator {
  readonly #lines: string[] = [];
  readonly #selectors = new Map<number, string>();
  readonly #innerSlots = new Set<number>();
  #locals = 0;
  #path: Path = { offsetBits: 0, baseBytes: 0, hasId: false, lastByteOrder: undefined };
  #maxLengthBytes = 0;
  #idIsWide = false;
  #hasTimestamp = false;
  #canBeEmpty = true;
  /** Variants and optionals around the current field. */
  #conditions = 0;

  root(header: StructureFieldClass): void {
    collectSlots(header, this.#innerSlots);
    this.#field(header);
    this.#flush();
  }

  code(): HeaderCode {
    return {
      text: this.#lines.join('\n'),
      variables: [...this.#selectors.values()],
      maxLengthBytes: this.#maxLengthBytes,
      canBeEmpty: this.#canBeEmpty,
      hasId: this.#path.hasId,
      idIsWide: this.#idIsWide,
      hasTimestamp: this.#hasTimestamp,
    };
  }

  #line(code: string): void {
    this.#lines.push(code);
  }

  #field(fc: FieldClass): void {
    switch (fc.type) {
      case 'structure':
        this.#align(alignmentBitsOf(fc));
        for (const member of fc.members) this.#field(member.fieldClass);
        break;
      case 'variant':
        this.#variant(fc);
        break;
      case 'optional':
        this.#optional(fc);
        break;
      case 'fixed-length-unsigned-integer':
      case 'fixed-length-signed-integer':
      case 'fixed-length-boolean':
        this.#fixedLength(fc, () => this.#keyField(fc));
        break;
      case 'fixed-length-bit-array':
      case 'fixed-length-bit-map':
      case 'fixed-length-floating-point-number':
        this.#fixedLength(fc, () => {});
        break;
      default:
        throw new UnsupportedHeader(`a ${fc.type} in the header`);
    }
  }

  #fixedLength(
    fc: { lengthBits: number; alignmentBits: number; byteOrder: string },
    use: () => void,
  ): void {
    const path = this.#path;
    this.#align(fc.alignmentBits);
    if ((path.offsetBits & 7) !== 0 && path.lastByteOrder !== fc.byteOrder) {
      throw new UnsupportedHeader('a change of byte order within a byte');
    }
    path.lastByteOrder = fc.byteOrder;
    if (this.#conditions === 0) this.#canBeEmpty = false;
    use();
    path.offsetBits += fc.lengthBits;
    this.#reach(path);
  }

  /** Code for what a field means. Its offset is aligned, not yet passed. */
  #keyField(fc: FixedLengthIntegerFieldClass | FixedLengthBooleanFieldClass): void {
    const roles = fc.type === 'fixed-length-boolean' ? [] : (fc.roles ?? []);
    const slots = fc.keySlots ?? [];
    const isId = roles.includes('event-record-class-id');
    const isTimestamp = roles.includes('default-clock-timestamp');
    if (slots.length === 0 && !isId && !isTimestamp) return;
    if (isReversed(fc)) throw new UnsupportedHeader('an unnatural bit order');
    if (fc.type === 'fixed-length-signed-integer') throw new UnsupportedHeader('a signed key');
    if (fc.lengthBits > 32) {
      if (slots.length > 0) throw new UnsupportedHeader('a key of more than 32 bits');
      this.#wide(fc, isId, isTimestamp);
      return;
    }
    const value = this.#local('v');
    const { offsetBits } = this.#path;
    const isWord = isTimestamp && !isId && slots.length === 0 && fc.lengthBits === 32;
    const code = readCode(offsetBits, fc);
    this.#line(`const ${value} = ${isWord ? signedWordCode(offsetBits, fc.byteOrder) : code};`);
    for (const slot of slots) this.#save(slot, fc, value);
    if (isId) {
      this.#path.hasId = true;
      this.#line(`id = ${value};${this.#idIsWide ? ' idHigh = 0;' : ''}`);
    }
    if (isTimestamp) this.#timestamp(value, fc.lengthBits);
  }

  #save(
    slot: number,
    fc: FixedLengthIntegerFieldClass | FixedLengthBooleanFieldClass,
    value: string,
  ): void {
    const key = fc.type === 'fixed-length-boolean' ? `(${value} === 0 ? 0 : 1)` : value;
    if (!this.#innerSlots.has(slot)) {
      this.#line(`keys[${slot}] = ${key};`);
      return;
    }
    // The selector may be in another branch than the field it selects: a variable of the function.
    const selector = `k${slot}`;
    this.#selectors.set(slot, selector);
    this.#line(`${selector} = ${key};`);
  }

  #wide(
    fc: FixedLengthIntegerFieldClass | FixedLengthBooleanFieldClass,
    isId: boolean,
    isTimestamp: boolean,
  ): void {
    const { offsetBits } = this.#path;
    if (fc.lengthBits !== 64 || (offsetBits & 7) !== 0) {
      throw new UnsupportedHeader('a field of 33 to 63 bits');
    }
    const isLittle = fc.byteOrder === 'little-endian';
    const low = this.#local('v');
    const high = this.#local('v');
    this.#line(`const ${low} = D.getInt32(${at(offsetBits + (isLittle ? 0 : 32))}, ${isLittle});`);
    this.#line(
      `const ${high} = D.getUint32(${at(offsetBits + (isLittle ? 32 : 0))}, ${isLittle});`,
    );
    if (isId) {
      this.#path.hasId = true;
      this.#idIsWide = true;
      this.#line(`id = ${low} >>> 0; idHigh = ${high};`);
    }
    if (isTimestamp) {
      this.#hasTimestamp = true;
      this.#line(`chi = ${high} * 4294967296; lo = ${low};`);
    }
  }

  /** The update rule for up to 32 bits: as much later as the low bits say; a carry goes to the high half. */
  #timestamp(value: string, lengthBits: number): void {
    this.#hasTimestamp = true;
    const next = this.#local('l');
    const mask = 2 ** lengthBits - 1;
    const later = lengthBits === 32 ? value : `lo + ((${value} - lo) & ${mask})`;
    this.#line(`const ${next} = (${later}) | 0;`);
    // Nothing that happens at carries only, or below 2^31 only: V8 would take it for granted that it doesn't, and compile anew.
    this.#line(`chi += (${next} ^ -2147483648) < (lo ^ -2147483648) ? 4294967296 : 0;`);
    this.#line('if (chi === 18446744073709551616) chi = 0;');
    this.#line(`lo = ${next};`);
  }

  #variant(fc: VariantFieldClass): void {
    const selector = this.#selectorOf(fc);
    const before = this.#path;
    const after: Path[] = [];
    this.#conditions++;
    for (const option of fc.options) {
      this.#line(`if (${rangesCode(selector, option.ranges)}) {`);
      this.#path = { ...before };
      this.#field(option.fieldClass);
      this.#flush();
      after.push(this.#path);
      this.#line('} else');
    }
    this.#line('{ fault = 1; }');
    this.#conditions--;
    this.#join(after);
  }

  #optional(fc: OptionalFieldClass): void {
    const selector = this.#selectorOf(fc);
    const condition =
      fc.selectorRanges === undefined
        ? `${selector} !== 0`
        : rangesCode(selector, fc.selectorRanges);
    const absent = { ...this.#path };
    this.#line(`if (${condition}) {`);
    this.#conditions++;
    this.#field(fc.fieldClass);
    this.#conditions--;
    this.#flush();
    const present = this.#path;
    this.#line('} else {');
    this.#path = absent;
    this.#flush();
    this.#line('}');
    this.#join([present, this.#path]);
  }

  #selectorOf(fc: VariantFieldClass | OptionalFieldClass): string {
    const selector = this.#selectors.get(fc.keySlot);
    if (selector === undefined) throw new UnsupportedHeader('a selector outside the header');
    return selector;
  }

  #join(paths: readonly Path[]): void {
    const hasId = paths.every((path) => path.hasId);
    if (!hasId && paths.some((path) => path.hasId)) {
      throw new UnsupportedHeader('an id in some headers only');
    }
    const baseBytes = Math.max(...paths.map((path) => path.baseBytes));
    this.#path = { offsetBits: 0, baseBytes, hasId, lastByteOrder: undefined };
  }

  #align(alignmentBits: number): void {
    const path = this.#path;
    if (alignmentBits <= 8) {
      path.offsetBits = Math.ceil(path.offsetBits / alignmentBits) * alignmentBits;
      return;
    }
    if (alignmentBits > maxAlignmentBits) throw new UnsupportedHeader('a huge alignment');
    path.offsetBits = Math.ceil(path.offsetBits / 8) * 8;
    this.#flush();
    const bytes = alignmentBits / 8;
    this.#line(`p = (p + ${bytes - 1}) & ${-bytes};`);
    path.baseBytes += bytes - 1;
    this.#reach(path);
  }

  /** Moves `p` to the current offset. */
  #flush(): void {
    const path = this.#path;
    if ((path.offsetBits & 7) !== 0) throw new UnsupportedHeader('a part that ends within a byte');
    if (path.offsetBits !== 0) this.#line(`p += ${path.offsetBits / 8};`);
    path.baseBytes += path.offsetBits / 8;
    path.offsetBits = 0;
    path.lastByteOrder = undefined;
  }

  #reach(path: Path): void {
    // Three bytes are read as four.
    const bytes = path.baseBytes + Math.ceil(path.offsetBits / 8) + 1;
    if (bytes > maxHeaderBytes) throw new UnsupportedHeader('a long header');
    this.#maxLengthBytes = Math.max(this.#maxLengthBytes, bytes);
  }

  #local(prefix: string): string {
    return `${prefix}${this.#locals++}`;
  }
}

function at(offsetBits: number): string {
  return offsetBits === 0 ? 'p' : `p + ${offsetBits >>> 3}`;
}

/** An unsigned integer of up to 32 bits at a static bit offset from `p`, as an expression. */
function readCode(
  offsetBits: number,
  fc: { readonly lengthBits: number; readonly byteOrder: string },
): string {
  const shift = offsetBits & 7;
  const coveredBytes = (shift + fc.lengthBits + 7) >> 3;
  if (coveredBytes > 4) throw new UnsupportedHeader('a field across five bytes');
  const isLittle = fc.byteOrder === 'little-endian';
  const wordBytes = coveredBytes === 3 ? 4 : coveredBytes;
  const word =
    wordBytes === 1
      ? `B[${at(offsetBits)}]`
      : `D.getUint${wordBytes * 8}(${at(offsetBits)}, ${isLittle})`;
  const down = isLittle ? shift : wordBytes * 8 - shift - fc.lengthBits;
  const shifted = down === 0 ? word : `(${word} >>> ${down})`;
  return fc.lengthBits + down === wordBytes * 8
    ? shifted
    : `(${shifted} & ${2 ** fc.lengthBits - 1})`;
}

/** 32 bits at a byte, as int32. */
function signedWordCode(offsetBits: number, byteOrder: string): string {
  return `D.getInt32(${at(offsetBits)}, ${byteOrder === 'little-endian'})`;
}

function rangesCode(value: string, ranges: readonly IntegerRange[]): string {
  const tests: string[] = [];
  for (const { lower, upper } of ranges) {
    if (upper < 0n || lower > 0xffff_ffffn || lower > upper) continue;
    const low = Number(lower < 0n ? 0n : lower);
    const high = Number(upper > 0xffff_ffffn ? 0xffff_ffffn : upper);
    tests.push(
      low === high ? `${value} === ${low}` : `(${value} >= ${low} && ${value} <= ${high})`,
    );
  }
  return tests.length === 0 ? 'false' : tests.join(' || ');
}

/** The slots that variants and optionals within the header read. */
function collectSlots(fc: FieldClass, slots: Set<number>): void {
  switch (fc.type) {
    case 'structure':
      for (const member of fc.members) collectSlots(member.fieldClass, slots);
      break;
    case 'variant':
      slots.add(fc.keySlot);
      for (const option of fc.options) collectSlots(option.fieldClass, slots);
      break;
    case 'optional':
      slots.add(fc.keySlot);
      collectSlots(fc.fieldClass, slots);
      break;
    default:
  }
}
