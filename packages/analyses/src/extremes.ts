/** Of more values than a call takes arguments. */

const itself = (value: unknown): number => value as number;

/** The greatest; -Infinity: there is none. */
export function mostOf(values: Iterable<number>): number;
export function mostOf<T>(items: Iterable<T>, measure: (item: T) => number): number;
export function mostOf<T>(items: Iterable<T>, measure: (item: T) => number = itself): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const item of items) most = Math.max(most, measure(item));
  return most;
}

/** The least; Infinity: there is none. */
export function leastOf(values: Iterable<number>): number;
export function leastOf<T>(items: Iterable<T>, measure: (item: T) => number): number;
export function leastOf<T>(items: Iterable<T>, measure: (item: T) => number = itself): number {
  let least = Number.POSITIVE_INFINITY;
  for (const item of items) least = Math.min(least, measure(item));
  return least;
}
