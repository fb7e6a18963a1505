/**
 * The operations that have begun and not ended: a chained hash table in typed arrays, so that a begin and an end allocate nothing. Where
 * operations may be given up (timeouts, collection), all are on one list by age too, the oldest first: only its head need be looked at.
 */
const none = -1;
const firstCapacity = 256;

/** Links of a slot, side by side: next in its bucket (or free), its bucket. */
const linkCount = 2;
const bucketLink = 1;

/** The same of the list by age. */
const older = 0;
const newer = 1;

/** @returns a hash of all 32 bits; whole numbers up to 2^53 and addresses spread well. */
function hashOf(key: number): number {
  let h = key | 0;
  if (h !== key) h ^= Math.imul((key / 4_294_967_296) | 0, 0x2545f491);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  return h ^ (h >>> 15);
}

export class PendingTable {
  readonly #parts: number;
  readonly #max: number;
  #capacity = 0;
  #mask = 0;
  #free = none;
  #isByAge = false;
  #oldest = none;
  #newest = none;
  #heads = new Int32Array(0);
  #links = new Int32Array(0);
  /** Empty without the list by age. */
  #ages = new Int32Array(0);
  #keys0 = new Float64Array(0);
  #keys1 = new Float64Array(0);
  #keys2 = new Float64Array(0);
  #keys3 = new Float64Array(0);
  count = 0;
  /** By slot, as the caller likes it; 0 at insertion. */
  beginNs: Float64Array = new Float64Array(0);
  tags: Int32Array = new Int32Array(0);
  flags: Uint8Array = new Uint8Array(0);
  /** By slot, what the caller attaches; undefined after a removal. */
  readonly data: unknown[] = [];

  /** @param parts - Numbers in a key, 1 to 4. */
  constructor(parts: number, max: number) {
    this.#parts = parts;
    this.#max = max;
    this.#grow(Math.min(firstCapacity, max));
  }

  /** With the list by age; -1: there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  newerThan(slot: number): number {
    return this.#ages[slot * linkCount + newer]!;
  }

  keyPart(slot: number, part: number): number {
    return [this.#keys0, this.#keys1, this.#keys2, this.#keys3][part]![slot]!;
  }

  /** All slots in use; those of one key from the newest. */
  slots(): Int32Array {
    const slots = new Int32Array(this.count);
    let i = 0;
    for (const head of this.#heads) {
      for (let slot = head; slot !== none; slot = this.#links[slot * linkCount]!) slots[i++] = slot;
    }
    return slots;
  }

  /** Whether to keep the list by age from now on. */
  set isByAge(isByAge: boolean) {
    if (isByAge === this.#isByAge) return;
    this.#isByAge = isByAge;
    this.#oldest = none;
    this.#newest = none;
    this.#ages = new Int32Array(isByAge ? this.#capacity * linkCount : 0);
    if (!isByAge) return;
    const { beginNs } = this;
    for (const slot of this.slots().sort((a, b) => beginNs[a]! - beginNs[b]!)) {
      this.#linkByAge(slot, beginNs[slot]!);
    }
  }

  /** Where operations with this key are, for `find` and `insert`. Valid until the next `insert`. */
  bucketOf(k0: number, k1: number, k2: number, k3: number): number {
    const parts = this.#parts;
    if (parts === 1) return hashOf(k0) & this.#mask;
    let h = Math.imul(hashOf(k0), 31) + hashOf(k1);
    if (parts > 2) h = Math.imul(h, 31) + hashOf(k2);
    if (parts > 3) h = Math.imul(h, 31) + hashOf(k3);
    return h & this.#mask;
  }

  /** The slot of the newest operation with this key; -1: there is none. */
  find(bucket: number, k0: number, k1: number, k2: number, k3: number): number {
    return this.#search(this.#heads[bucket]!, k0, k1, k2, k3);
  }

  /** An older one with the same key. */
  findOlder(slot: number): number {
    const parts = this.#parts;
    const k1 = parts > 1 ? this.#keys1[slot]! : 0;
    const k2 = parts > 2 ? this.#keys2[slot]! : 0;
    const k3 = parts > 3 ? this.#keys3[slot]! : 0;
    return this.#search(this.#links[slot * linkCount]!, this.#keys0[slot]!, k1, k2, k3);
  }

  #search(first: number, k0: number, k1: number, k2: number, k3: number): number {
    const keys0 = this.#keys0;
    const links = this.#links;
    let slot = first;
    while (slot !== none && !(keys0[slot] === k0 && this.#hasRest(slot, k1, k2, k3))) {
      slot = links[slot * linkCount]!;
    }
    return slot;
  }

  #hasRest(slot: number, k1: number, k2: number, k3: number): boolean {
    const parts = this.#parts;
    return (
      parts === 1 ||
      (this.#keys1[slot] === k1 &&
        (parts === 2 || (this.#keys2[slot] === k2 && (parts === 3 || this.#keys3[slot] === k3))))
    );
  }

  /** Adds an operation, whether or not the key is there. @returns its slot; -1: the table is full */
  insert(bucket: number, k0: number, k1: number, k2: number, k3: number, beginNs: number): number {
    let at = bucket;
    if (this.#free === none) {
      if (!this.#growMore()) return none;
      at = this.bucketOf(k0, k1, k2, k3);
    }
    const slot = this.#free;
    const links = this.#links;
    const base = slot * linkCount;
    this.#free = links[base]!;
    this.#keys0[slot] = k0;
    const parts = this.#parts;
    if (parts > 1) {
      this.#keys1[slot] = k1;
      if (parts > 2) this.#keys2[slot] = k2;
      if (parts > 3) this.#keys3[slot] = k3;
    }
    const heads = this.#heads;
    links[base + bucketLink] = at;
    links[base] = heads[at]!;
    heads[at] = slot;
    this.beginNs[slot] = beginNs;
    this.tags[slot] = 0;
    this.flags[slot] = 0;
    if (this.#isByAge) this.#linkByAge(slot, beginNs);
    this.count++;
    return slot;
  }

  remove(slot: number): void {
    const links = this.#links;
    const base = slot * linkCount;
    const bucket = links[base + bucketLink]!;
    const first = this.#heads[bucket]!;
    if (first === slot) {
      this.#heads[bucket] = links[base]!;
    } else {
      let previous = first;
      while (links[previous * linkCount] !== slot) previous = links[previous * linkCount]!;
      links[previous * linkCount] = links[base]!;
    }
    if (this.#isByAge) this.#unlink(slot);
    links[base] = this.#free;
    this.#free = slot;
    if (this.data.length > 0) this.data[slot] = undefined;
    this.count--;
  }

  /** Makes an operation as old as `beginNs` says. */
  renew(slot: number, beginNs: number): void {
    this.beginNs[slot] = beginNs;
    this.flags[slot] = 0;
    if (!this.#isByAge) return;
    this.#unlink(slot);
    this.#linkByAge(slot, beginNs);
  }

  clear(): void {
    for (const slot of this.slots()) this.remove(slot);
  }

  /** Times mostly ascend: the place is at the end, or near it. */
  #linkByAge(slot: number, beginNs: number): void {
    const ages = this.#ages;
    let before = this.#newest;
    while (before !== none && this.beginNs[before]! > beginNs) {
      before = ages[before * linkCount + older]!;
    }
    const after = before === none ? this.#oldest : ages[before * linkCount + newer]!;
    ages[slot * linkCount + older] = before;
    ages[slot * linkCount + newer] = after;
    if (before === none) this.#oldest = slot;
    else ages[before * linkCount + newer] = slot;
    if (after === none) this.#newest = slot;
    else ages[after * linkCount + older] = slot;
  }

  #unlink(slot: number): void {
    const ages = this.#ages;
    const before = ages[slot * linkCount + older]!;
    const after = ages[slot * linkCount + newer]!;
    if (before === none) this.#oldest = after;
    else ages[before * linkCount + newer] = after;
    if (after === none) this.#newest = before;
    else ages[after * linkCount + older] = before;
  }

  #growMore(): boolean {
    if (this.#capacity >= this.#max) return false;
    this.#grow(Math.min(this.#capacity * 2, this.#max));
    return true;
  }

  #grow(capacity: number): void {
    const old = this.#capacity;
    const parts = this.#parts;
    this.#capacity = capacity;
    this.#keys0 = resized(this.#keys0, new Float64Array(capacity));
    if (parts > 1) this.#keys1 = resized(this.#keys1, new Float64Array(capacity));
    if (parts > 2) this.#keys2 = resized(this.#keys2, new Float64Array(capacity));
    if (parts > 3) this.#keys3 = resized(this.#keys3, new Float64Array(capacity));
    this.beginNs = resized(this.beginNs, new Float64Array(capacity));
    this.tags = resized(this.tags, new Int32Array(capacity));
    this.flags = resized(this.flags, new Uint8Array(capacity));
    const slots = this.slots();
    this.#links = resized(this.#links, new Int32Array(capacity * linkCount));
    if (this.#isByAge) this.#ages = resized(this.#ages, new Int32Array(capacity * linkCount));
    this.#rehash(slots, 2 ** Math.ceil(Math.log2(capacity)));
    for (let slot = capacity - 1; slot >= old; slot--) {
      this.#links[slot * linkCount] = this.#free;
      this.#free = slot;
    }
  }

  /** @param slots - Those in use; of a chain from its head, the newest. */
  #rehash(slots: Int32Array, bucketCount: number): void {
    this.#mask = bucketCount - 1;
    this.#heads = new Int32Array(bucketCount).fill(none);
    const links = this.#links;
    for (let i = slots.length - 1; i >= 0; i--) {
      const slot = slots[i]!;
      const bucket = this.bucketOf(
        this.#keys0[slot]!,
        this.#keys1[slot] ?? 0,
        this.#keys2[slot] ?? 0,
        this.#keys3[slot] ?? 0,
      );
      links[slot * linkCount + bucketLink] = bucket;
      links[slot * linkCount] = this.#heads[bucket]!;
      this.#heads[bucket] = slot;
    }
  }
}

function resized<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
