/** Long logs, column by column: an object for each row would be most of the work of keeping it. */

const chunkBits = 10;
/** Rows per chunk. Full ones are never copied. */
const chunkLength = 1 << chunkBits;
const chunkMask = chunkLength - 1;

/** Numbers by row. */
export class NumberColumn {
  readonly #chunks: Float64Array[] = [];
  #last = new Float64Array(0);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(value: number): void {
    const at = this.#count++ & chunkMask;
    if (at === 0) this.#chunks.push((this.#last = new Float64Array(chunkLength)));
    this.#last[at] = value;
  }

  at(row: number): number {
    return this.#chunks[row >>> chunkBits]![row & chunkMask]!;
  }
}

/** Whole numbers of 32 bits (signed) by row. They stay apart from others: code that reads them never has to expect fractions. */
export class IntegerColumn {
  readonly #chunks: Int32Array[] = [];
  #last = new Int32Array(0);
  #count = 0;

  push(value: number): void {
    const at = this.#count++ & chunkMask;
    if (at === 0) this.#chunks.push((this.#last = new Int32Array(chunkLength)));
    this.#last[at] = value;
  }

  at(row: number): number {
    return this.#chunks[row >>> chunkBits]![row & chunkMask]!;
  }
}

/** Objects by row. */
export class ObjectColumn<T> {
  readonly #chunks: T[][] = [];
  #last: T[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(value: T): void {
    if ((this.#count++ & chunkMask) === 0) this.#chunks.push((this.#last = []));
    this.#last.push(value);
  }

  at(row: number): T {
    return this.#chunks[row >>> chunkBits]![row & chunkMask]!;
  }
}

/** Rows of `column` by its values, ascending; equal ones in their order. Quick where most are in order already. */
export function sortedRows(column: NumberColumn): Uint32Array {
  const { count } = column;
  let keys = new Float64Array(count);
  let rows = new Uint32Array(count);
  copyKeys(column, keys, rows);
  sortRuns(keys, rows);
  let mergedKeys = new Float64Array(count);
  let mergedRows = new Uint32Array(count);
  for (let length = runLength; length < count; length *= 2) {
    for (let begin = 0; begin < count; begin += 2 * length) {
      const middle = Math.min(begin + length, count);
      const end = Math.min(middle + length, count);
      mergeRuns(keys, rows, mergedKeys, mergedRows, begin, middle, end);
    }
    [keys, mergedKeys] = [mergedKeys, keys];
    [rows, mergedRows] = [mergedRows, rows];
  }
  return rows;
}

const runLength = 16;

function copyKeys(column: NumberColumn, keys: Float64Array, rows: Uint32Array): void {
  for (let row = 0; row < keys.length; row++) {
    keys[row] = column.at(row);
    rows[row] = row;
  }
}

/** Sorts stretches of `runLength` by inserting. */
function sortRuns(keys: Float64Array, rows: Uint32Array): void {
  for (let i = 0; i < keys.length; i++) {
    const begin = i - (i % runLength);
    const key = keys[i]!;
    const row = rows[i]!;
    let at = i;
    for (; at > begin && keys[at - 1]! > key; at--) {
      keys[at] = keys[at - 1]!;
      rows[at] = rows[at - 1]!;
    }
    keys[at] = key;
    rows[at] = row;
  }
}

/** Merges the sorted `[begin, middle)` and `[middle, end)`. */
function mergeRuns(
  keys: Float64Array,
  rows: Uint32Array,
  toKeys: Float64Array,
  toRows: Uint32Array,
  begin: number,
  middle: number,
  end: number,
): void {
  let left = begin;
  let right = middle;
  for (let at = begin; at < end; at++) {
    const takesLeft = left < middle && (right >= end || keys[left]! <= keys[right]!);
    const from = takesLeft ? left++ : right++;
    toKeys[at] = keys[from]!;
    toRows[at] = rows[from]!;
  }
}
