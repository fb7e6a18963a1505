const firstCount = 1 << 12;
const firstTextBytes = 1 << 16;
const maxNameBytes = 0xffff;

/**
 * Names by address, in memory of its own: what they were read from may go. Addresses of 64 bits are kept as two numbers. Names are bytes of
 * Latin-1.
 */
export class SymbolTable {
  #highs = new Uint32Array(firstCount);
  #lows = new Uint32Array(firstCount);
  #names = new Uint32Array(firstCount);
  #lengths = new Uint16Array(firstCount);
  #sizes = new Uint32Array(firstCount);
  #count = 0;
  #text = Buffer.alloc(firstTextBytes);
  #textBytes = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** What it takes in memory. */
  get bytes(): number {
    return 4 * this.#highs.byteLength + this.#lengths.byteLength + this.#text.length;
  }

  /** The name is `from` its byte `at` on. `sizeBytes`: how much has this name; 0: all to the next name. */
  add(high: number, low: number, from: Buffer, at: number, nameBytes: number, sizeBytes = 0): void {
    if (this.#count === this.#highs.length) this.#resize(this.#count * 2);
    const length = Math.min(nameBytes, maxNameBytes);
    if (this.#textBytes + length > this.#text.length) {
      this.#resizeText(Math.max(this.#text.length * 2, this.#textBytes + length));
    }
    const [text, textAt] = [this.#text, this.#textBytes];
    // Names are short: `copy` would take longer to begin.
    for (let i = 0; i < length; i++) text[textAt + i] = from[at + i]!;
    const index = this.#count++;
    this.#highs[index] = high;
    this.#lows[index] = low;
    this.#names[index] = textAt;
    this.#lengths[index] = length;
    this.#sizes[index] = Math.min(sizeBytes, 0xffff_ffff);
    this.#textBytes += length;
  }

  #resize(count: number): void {
    const resized = <T extends Uint32Array | Uint16Array>(from: T, to: T): T => {
      to.set(from.subarray(0, to.length));
      return to;
    };
    this.#highs = resized(this.#highs, new Uint32Array(count));
    this.#lows = resized(this.#lows, new Uint32Array(count));
    this.#names = resized(this.#names, new Uint32Array(count));
    this.#lengths = resized(this.#lengths, new Uint16Array(count));
    this.#sizes = resized(this.#sizes, new Uint32Array(count));
  }

  #resizeText(bytes: number): void {
    const text = Buffer.alloc(bytes);
    this.#text.copy(text, 0, 0, this.#textBytes);
    this.#text = text;
  }

  /** To be called once, when all are added. Where addresses are equal, the name that was added first wins. */
  finish(): void {
    this.#resize(this.#count);
    this.#resizeText(this.#textBytes);
    if (!this.#isSorted()) this.#sort();
  }

  #isSorted(): boolean {
    const [highs, lows] = [this.#highs, this.#lows];
    for (let i = 1; i < this.#count; i++) {
      const isInOrder =
        highs[i - 1]! < highs[i]! || (highs[i - 1] === highs[i] && lows[i - 1]! <= lows[i]!);
      if (!isInOrder) return false;
    }
    return true;
  }

  #sort(): void {
    const [highs, lows] = [this.#highs, this.#lows];
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i);
    order.sort((a, b) => highs[a]! - highs[b]! || lows[a]! - lows[b]! || a - b);
    const inOrder = <T extends Uint32Array | Uint16Array>(from: T, to: T): T => {
      for (const [i, index] of order.entries()) to[i] = from[index]!;
      return to;
    };
    this.#highs = inOrder(this.#highs, new Uint32Array(this.#count));
    this.#lows = inOrder(this.#lows, new Uint32Array(this.#count));
    this.#names = inOrder(this.#names, new Uint32Array(this.#count));
    this.#lengths = inOrder(this.#lengths, new Uint16Array(this.#count));
    this.#sizes = inOrder(this.#sizes, new Uint32Array(this.#count));
  }

  #isSame(index: number, other: number): boolean {
    return this.#lows[index] === this.#lows[other] && this.#highs[index] === this.#highs[other];
  }

  /** `name+0x1c`: the last symbol at or before the address; undefined: there is none, or it ends before. */
  find(address: bigint): string | undefined {
    const high = Number(address >> 32n);
    const low = Number(address & 0xffff_ffffn);
    let first = 0;
    let end = this.#count;
    while (first < end) {
      const middle = (first + end) >>> 1;
      const isAfter =
        this.#highs[middle]! > high || (this.#highs[middle] === high && this.#lows[middle]! > low);
      if (isAfter) end = middle;
      else first = middle + 1;
    }
    if (first === 0) return undefined;
    let index = first - 1;
    while (index > 0 && this.#isSame(index, index - 1)) index--;
    const base = (BigInt(this.#highs[index]!) << 32n) | BigInt(this.#lows[index]!);
    const offsetBytes = address - base;
    const sizeBytes = this.#sizes[index]!;
    if (sizeBytes > 0 && offsetBytes >= BigInt(sizeBytes)) return undefined;
    const at = this.#names[index]!;
    const name = this.#text.toString('latin1', at, at + this.#lengths[index]!);
    return `${name}+0x${offsetBytes.toString(16)}`;
  }
}
