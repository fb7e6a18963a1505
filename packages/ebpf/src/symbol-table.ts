/** Names by address. Addresses of 64 bits are kept as two numbers, names as places in the bytes they came from. */
export class SymbolTable {
  readonly #text: Buffer;
  #highs = new Uint32Array(1 << 16);
  #lows = new Uint32Array(1 << 16);
  #names = new Uint32Array(1 << 16);
  #lengths = new Uint16Array(1 << 16);
  #order = new Uint32Array(0);
  #count = 0;

  constructor(text: Buffer) {
    this.#text = text;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(high: number, low: number, nameOffset: number, nameBytes: number): void {
    if (this.#count === this.#highs.length) this.#grow();
    const index = this.#count++;
    this.#highs[index] = high;
    this.#lows[index] = low;
    this.#names[index] = nameOffset;
    this.#lengths[index] = Math.min(nameBytes, 0xffff);
  }

  #grow(): void {
    const grown = <T extends Uint32Array | Uint16Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const length = this.#highs.length * 2;
    this.#highs = grown(this.#highs, new Uint32Array(length));
    this.#lows = grown(this.#lows, new Uint32Array(length));
    this.#names = grown(this.#names, new Uint32Array(length));
    this.#lengths = grown(this.#lengths, new Uint16Array(length));
  }

  /** To be called once, when all are added. */
  finish(): void {
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i);
    const highs = this.#highs;
    const lows = this.#lows;
    let isSorted = true;
    for (let i = 1; i < this.#count && isSorted; i++) {
      isSorted =
        highs[i - 1]! < highs[i]! || (highs[i - 1] === highs[i] && lows[i - 1]! <= lows[i]!);
    }
    // By index where addresses are equal: the first name wins.
    if (!isSorted) order.sort((a, b) => highs[a]! - highs[b]! || lows[a]! - lows[b]! || a - b);
    this.#order = order;
  }

  /** `name+0x1c`: the last symbol at or before the address; undefined: there is none. */
  find(address: bigint): string | undefined {
    const high = Number(address >> 32n);
    const low = Number(address & 0xffff_ffffn);
    let first = 0;
    let end = this.#count;
    while (first < end) {
      const middle = (first + end) >>> 1;
      const index = this.#order[middle]!;
      const isAfter =
        this.#highs[index]! > high || (this.#highs[index] === high && this.#lows[index]! > low);
      if (isAfter) end = middle;
      else first = middle + 1;
    }
    if (first === 0) return undefined;
    const index = this.#order[first - 1]!;
    const base = (BigInt(this.#highs[index]!) << 32n) | BigInt(this.#lows[index]!);
    const at = this.#names[index]!;
    const name = this.#text.toString('latin1', at, at + this.#lengths[index]!);
    return `${name}+0x${(address - base).toString(16)}`;
  }
}
