import { seededRandom } from '../fuzz/mutate.ts';

/** Choices from a seed. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** In `[0, end)`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  /** In `[first, last]`. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** `size` random bits; often all zeros, all ones, the highest one or small. */
  bits(size: number): bigint {
    const all = (1n << BigInt(size)) - 1n;
    const edges = [0n, 1n, all, all >> 1n, (all >> 1n) + 1n, BigInt(this.below(200)) & all];
    if (this.chance(0.4)) return this.pick(edges);
    let value = 0n;
    for (let i = 0; i < size; i++) value = (value << 1n) | BigInt(this.below(2));
    return value;
  }
}
