/** Writes bits one by one, straight from the definition of the formats: slow, and independent of what it tests. */
export type ByteOrder = 'le' | 'be';

export class Bits {
  #bytes: number[] = [];
  /** Offset (bits) of what comes next. */
  head = 0;

  align(bits: number): void {
    while (this.head % bits !== 0) this.#push(0, 'le');
  }

  /** The low `size` bits of `value`; with `isReversed`, their order turned round. */
  integer(value: bigint, size: number, order: ByteOrder, isReversed = false): void {
    for (let i = 0; i < size; i++) {
      const fromLow = (order === 'le') !== isReversed ? i : size - 1 - i;
      this.#push(Number((value >> BigInt(fromLow)) & 1n), order);
    }
  }

  bytes(bytes: Iterable<number>): void {
    this.align(8);
    for (const byte of bytes) this.integer(BigInt(byte), 8, 'le');
  }

  /** Puts another value where one was written. */
  patch(at: number, value: bigint, size: number, order: ByteOrder, isReversed: boolean): void {
    const { head } = this;
    for (let i = 0; i < size; i++) this.#clear(at + i, order);
    this.head = at;
    this.integer(value, size, order, isReversed);
    this.head = head;
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #push(bit: number, order: ByteOrder): void {
    const [index, mask] = place(this.head++, order);
    while (this.#bytes.length <= index) this.#bytes.push(0);
    if (bit === 1) this.#bytes[index]! |= mask;
  }

  #clear(at: number, order: ByteOrder): void {
    const [index, mask] = place(at, order);
    this.#bytes[index]! &= ~mask;
  }
}

function place(offset: number, order: ByteOrder): [index: number, mask: number] {
  const bit = offset % 8;
  return [Math.floor(offset / 8), order === 'le' ? 1 << bit : 0x80 >> bit];
}
