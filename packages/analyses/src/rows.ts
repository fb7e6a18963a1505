/** Rows of result tables that are made each time they are asked for: a long table is never in memory as a whole. */

/** A row's cells by column. */
type Row<C> = readonly C[];

/** Rows in their order. An array is one form of it; others make a row whenever it is asked for, of what is known then. */
export interface Rows<C> extends Iterable<Row<C>> {
  readonly length: number;
  /** Undefined: there are not so many. */
  at(index: number): Row<C> | undefined;
}

class MadeRows<C> implements Rows<C> {
  readonly length: number;
  readonly #make: (index: number) => Row<C>;

  constructor(length: number, make: (index: number) => Row<C>) {
    this.length = length;
    this.#make = make;
  }

  at(index: number): Row<C> | undefined {
    return index < this.length ? this.#make(index) : undefined;
  }

  *[Symbol.iterator](): Generator<Row<C>> {
    for (let i = 0; i < this.length; i++) yield this.#make(i);
  }
}

/** @param make - Gets 0 to `length` - 1, in any order and more than once. */
export function makeRows<C>(length: number, make: (index: number) => Row<C>): Rows<C> {
  return new MadeRows(length, make);
}

/** A row for each item. */
export function rowsOf<T, C>(
  items: readonly T[],
  cells: (item: T, index: number) => Row<C>,
): Rows<C> {
  return new MadeRows(items.length, (i) => cells(items[i]!, i));
}

export function mapRows<C, D>(rows: Rows<C>, map: (row: Row<C>) => Row<D>): Rows<D> {
  return new MadeRows(rows.length, (i) => map(rows.at(i)!));
}

export function firstRows<C>(rows: Rows<C>, count: number): Rows<C> {
  return new MadeRows(Math.min(count, rows.length), (i) => rows.at(i)!);
}

/** Rows by the cells of one column; equal ones keep their order. */
export function sortRows<C>(
  rows: Rows<C>,
  column: number,
  compare: (a: C | undefined, b: C | undefined) => number,
): Rows<C> {
  const keys: (C | undefined)[] = [];
  for (const row of rows) keys.push(row[column]);
  const order = Uint32Array.from(keys, (_, i) => i).sort(
    (a, b) => compare(keys[a], keys[b]) || a - b,
  );
  return new MadeRows(order.length, (i) => rows.at(order[i]!)!);
}

/** Those of several tables, one table after the other. */
export function joinRows<C>(parts: readonly Rows<C>[]): Rows<C> {
  const ends: number[] = [];
  let length = 0;
  for (const part of parts) ends.push((length += part.length));
  let last = 0;
  return new MadeRows(length, (i) => {
    // Mostly the next one is asked for.
    if (i >= ends[last]! || (last > 0 && i < ends[last - 1]!)) {
      last = ends.findIndex((end) => i < end);
    }
    return parts[last]!.at(last === 0 ? i : i - ends[last - 1]!)!;
  });
}
