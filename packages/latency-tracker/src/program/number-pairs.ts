const firstCapacity = 512;
const firstShift = 23;
const free = Number.NaN;
const twoTo32 = 4_294_967_296;

/** 2^32 divided by the golden ratio: its products are spread well in their upper bits. */
const golden = 0x9e3779b1;

function hashOf(key: number): number {
  const low = key | 0;
  return Math.imul(low === key ? low : foldedLong(key), golden);
}

const foldedLong = (key: number): number =>
  (key | 0) ^ Math.imul((key / twoTo32) | 0, 0x2545f491) ^ (((key % 1) * twoTo32) | 0);

/**
 * A map from numbers (not NaN) to times, made for pairs: open addressing in typed arrays, so that nothing is allocated for a pair. At most
 * half of it is in use; what is removed leaves no gap behind. Places are valid until the next change.
 */
export class NumberPairs<P> {
  /** Bits of a hash that are no part of a place. */
  #shift = firstShift;
  /** NaN: free. */
  #keys = new Float64Array(firstCapacity).fill(free);
  #hashes = new Int32Array(firstCapacity);
  /** By place. */
  beginNs: Float64Array = new Float64Array(firstCapacity);
  /** By place, once there is any. */
  privs: (P | undefined)[] | undefined;
  count = 0;

  /** @returns the place of the key; of one that is not there `~place` for `insert`, which is below 0 */
  find(key: number): number {
    const keys = this.#keys;
    for (let place = hashOf(key) >>> this.#shift; ; place = (place + 1) & (keys.length - 1)) {
      const found = keys[place]!;
      if (found === key) return place;
      if (Number.isNaN(found)) return ~place;
    }
  }

  /** @param place - As `find` told. @returns where the key is now; the caller writes its time */
  insert(place: number, key: number): number {
    if (2 * this.count >= this.#keys.length) return this.#insertAndGrow(key);
    this.#keys[place] = key;
    this.#hashes[place] = hashOf(key);
    this.count++;
    return place;
  }

  #insertAndGrow(key: number): number {
    this.#grow();
    return this.insert(~this.find(key), key);
  }

  setPrivAt(place: number, priv: P | undefined): void {
    if (priv === undefined && this.privs === undefined) return;
    this.privs ??= new Array<P | undefined>(this.#keys.length).fill(undefined);
    this.privs[place] = priv;
  }

  removeAt(place: number): void {
    const keys = this.#keys;
    const next = (place + 1) & (keys.length - 1);
    const gap = Number.isNaN(keys[next]!) ? place : this.#moveUp(place);
    keys[gap] = free;
    if (this.privs !== undefined) this.privs[gap] = undefined;
    this.count--;
  }

  /** Moves those behind a place into the gap that would no longer be found. @returns where the gap is in the end */
  #moveUp(place: number): number {
    const keys = this.#keys;
    const hashes = this.#hashes;
    const mask = keys.length - 1;
    let gap = place;
    for (let at = (place + 1) & mask; !Number.isNaN(keys[at]!); at = (at + 1) & mask) {
      const home = hashes[at]! >>> this.#shift;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      keys[gap] = keys[at]!;
      hashes[gap] = hashes[at]!;
      this.beginNs[gap] = this.beginNs[at]!;
      if (this.privs !== undefined) this.privs[gap] = this.privs[at];
      gap = at;
    }
    return gap;
  }

  visit(each: (key: number, beginNs: number, priv: P | undefined) => void): void {
    for (const [place, key] of this.#keys.entries()) {
      if (!Number.isNaN(key)) each(key, this.beginNs[place]!, this.privs?.[place]);
    }
  }

  clear(): void {
    this.#keys.fill(free);
    this.privs = undefined;
    this.count = 0;
  }

  #grow(): void {
    const old = new Map<number, readonly [number, P | undefined]>();
    this.visit((key, beginNs, priv) => old.set(key, [beginNs, priv]));
    const capacity = 2 * this.#keys.length;
    this.#shift--;
    this.#keys = new Float64Array(capacity);
    this.#hashes = new Int32Array(capacity);
    this.beginNs = new Float64Array(capacity);
    this.clear();
    for (const [key, [beginNs, priv]] of old) {
      const place = this.insert(~this.find(key), key);
      this.beginNs[place] = beginNs;
      this.setPrivAt(place, priv);
    }
  }
}
