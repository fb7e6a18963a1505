import type { IntegerRange } from '@sonde/trace-model';
import { toExact } from './bits.ts';

/** A test whether an integer is in one of `ranges`: exact for 64-bit values, numbers and bigints mixed. */
export function compileRanges(
  ranges: readonly IntegerRange[],
): (value: number | bigint) => boolean {
  const bounds = ranges.map(({ lower, upper }) => [toExact(lower), toExact(upper)] as const);
  return (value) => {
    for (const [lower, upper] of bounds) if (value >= lower && value <= upper) return true;
    return false;
  };
}
