// Statistics of measurements that were made in rounds: of ratios within a round, so that what all of a round share drops out.

/** A number from 0 to 1, the same ones in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [result[i], result[other]] = [result[other]!, result[i]!];
  }
  return result;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** Mean of the middle 60 %: other work on the machine makes outliers. */
export function trimmedMean(values: readonly number[]): number {
  const cut = Math.floor(values.length / 5);
  const middle = [...values].sort((a, b) => a - b).slice(cut, values.length - cut);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Trimmed mean, and where it lies with 95 % confidence: of 4000 draws of as many rounds as there are. */
export function bootstrap(values: readonly number[], random: () => number): Interval {
  const means = Array.from({ length: 4000 }, () =>
    trimmedMean(values.map(() => values[Math.floor(random() * values.length)]!)),
  ).sort((a, b) => a - b);
  return { mean: trimmedMean(values), low: means[100]!, high: means[3899]! };
}
