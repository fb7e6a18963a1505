import type { BitArrayLayout } from '../decoder/bits.ts';
import { isReversed } from '../decoder/bits.ts';

/** Room that a packet under construction begins with (bytes). */
const initialBytes = 4096;
/** The engine's copy takes about as long for any size as a loop does for so many bytes. */
const maxLoopBytes = 256;

/** Bits of `value` in reverse order. */
function reversed(value: bigint, lengthBits: number): bigint {
  let result = 0n;
  for (let i = 0n; i < BigInt(lengthBits); i++) result = (result << 1n) | ((value >> i) & 1n);
  return result;
}

/**
 * Builds one packet. Offsets are relative to its beginning; padding and alignment bits are zero.
 */
export class BitWriter {
  #bytes = new Uint8Array(initialBytes);
  #view = new DataView(this.#bytes.buffer);
  /** Where the next bit goes. */
  offsetBits = 0;

  /** What is written so far, up to the byte that the last bit is in. Valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, Math.ceil(this.offsetBits / 8));
  }

  /** Forgets everything, keeps the memory. */
  reset(): void {
    this.#bytes.fill(0, 0, Math.ceil(this.offsetBits / 8));
    this.offsetBits = 0;
  }

  /** Takes back what was written from `offsetBits` on. */
  rewind(offsetBits: number): void {
    const firstByte = Math.floor(offsetBits / 8);
    const kept = this.#bytes[firstByte]!;
    this.#bytes.fill(0, firstByte, Math.ceil(this.offsetBits / 8));
    this.offsetBits = offsetBits;
    if (offsetBits % 8 !== 0) this.#bytes[firstByte] = kept;
  }

  /** Moves to the next multiple of `alignmentBits`. */
  align(alignmentBits: number): void {
    const rest = this.offsetBits % alignmentBits;
    if (rest === 0) return;
    this.offsetBits += alignmentBits - rest;
    this.#ensure(0);
  }

  /** Writes the low bits of a two's complement value in the layout's orders. */
  integer(value: number | bigint, layout: BitArrayLayout): void {
    const { lengthBits } = layout;
    this.#ensure(lengthBits);
    const littleEndian = layout.byteOrder === 'little-endian';
    const plain = this.offsetBits % 8 === 0 && !isReversed(layout);
    if (plain && typeof value === 'number' && Number.isInteger(value)) {
      const at = this.offsetBits / 8;
      if (lengthBits === 8) this.#view.setUint8(at, value);
      else if (lengthBits === 16) this.#view.setUint16(at, value, littleEndian);
      else if (lengthBits === 32) this.#view.setUint32(at, value, littleEndian);
      else if (lengthBits === 64) this.patch64(at, BigInt(value), littleEndian);
      else this.#bits(BigInt(value), layout, littleEndian);
    } else if (plain && lengthBits === 64) {
      this.patch64(this.offsetBits / 8, BigInt(value), littleEndian);
    } else {
      this.#bits(BigInt(value), layout, littleEndian);
    }
    this.offsetBits += lengthBits;
  }

  float(value: number, layout: BitArrayLayout): void {
    const scratch = new DataView(new ArrayBuffer(8));
    if (layout.lengthBits === 32) {
      scratch.setFloat32(0, value);
      this.integer(scratch.getUint32(0), layout);
    } else {
      scratch.setFloat64(0, value);
      this.integer(scratch.getBigUint64(0), layout);
    }
  }

  /** A 64-bit integer at a byte, by the bits of its halves. */
  halves(high: number, low: number, littleEndian: boolean): void {
    this.#ensure(64);
    const at = this.offsetBits / 8;
    this.#view.setInt32(littleEndian ? at : at + 4, low | 0, littleEndian);
    this.#view.setInt32(littleEndian ? at + 4 : at, high | 0, littleEndian);
    this.offsetBits += 64;
  }

  /** Bytes `begin` to `end` of `source`, which `view` spans too, to the byte that is next. */
  copyBytes(source: Uint8Array, view: DataView, begin: number, end: number): void {
    const count = end - begin;
    this.#ensure(count * 8);
    const at = this.offsetBits / 8;
    if (count > maxLoopBytes) {
      this.#bytes.set(source.subarray(begin, end), at);
    } else {
      let i = 0;
      for (; i + 4 <= count; i += 4) {
        this.#view.setInt32(at + i, view.getInt32(begin + i, true), true);
      }
      for (; i < count; i++) this.#bytes[at + i] = source[begin + i]!;
    }
    this.offsetBits += count * 8;
  }

  /** Byte-aligned bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.align(8);
    this.#ensure(bytes.length * 8);
    this.#bytes.set(bytes, this.offsetBits / 8);
    this.offsetBits += bytes.length * 8;
  }

  /** LEB128, in the fewest bytes. */
  variableLength(value: bigint, signed: boolean): void {
    this.align(8);
    let rest = signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
    for (;;) {
      this.#ensure(8);
      const group = Number(rest & 0x7fn);
      rest >>= 7n;
      const isSignDone = signed && (group & 0x40 ? rest === -1n : rest === 0n);
      const isLast = signed ? isSignDone : rest === 0n;
      this.#view.setUint8(this.offsetBits / 8, isLast ? group : group | 0x80);
      this.offsetBits += 8;
      if (isLast) return;
    }
  }

  /** Overwrites a byte-aligned unsigned 64-bit field of an earlier place: sizes and times known at the end of a packet. */
  patch64(offsetBytes: number, value: bigint, littleEndian: boolean): void {
    this.#view.setBigUint64(offsetBytes, BigInt.asUintN(64, value), littleEndian);
  }

  #bits(value: bigint, layout: BitArrayLayout, littleEndian: boolean): void {
    const { lengthBits } = layout;
    let rest = BigInt.asUintN(lengthBits, value);
    if (isReversed(layout)) rest = reversed(rest, lengthBits);
    for (let i = 0; i < lengthBits; i++) {
      // Little-endian: least significant bit first; big-endian: most significant first.
      const shift = littleEndian ? i : lengthBits - 1 - i;
      if (((rest >> BigInt(shift)) & 1n) === 0n) continue;
      const at = this.offsetBits + i;
      const index = Math.floor(at / 8);
      this.#bytes[index]! |= littleEndian ? 1 << (at % 8) : 0x80 >> (at % 8);
    }
  }

  #ensure(moreBits: number): void {
    const needed = Math.ceil((this.offsetBits + moreBits) / 8);
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
