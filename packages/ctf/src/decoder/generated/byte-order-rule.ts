import type { ByteOrder } from '@sonde/trace-model';
import type { CodeBuffer } from './code-buffer.ts';
import type { PositionTracker } from './position-tracker.ts';

/** What the variable `o` holds. */
const codes = { 'little-endian': 1, 'big-endian': 2 } as const;

/** The value of `o` where a record body begins. */
export function byteOrderCode(order: ByteOrder | undefined): number {
  return order === undefined ? 0 : codes[order];
}

/**
 * The rule that the byte order can't change within a byte, in generated code: the order of the last bit array is mostly known when
 * the code is generated; where it is not, the variable `o` holds it.
 */
export class ByteOrderRule {
  /** True: the code needs `o`. */
  usesVariable = false;
  /** True: some check was written. */
  hasChecks = false;
  /** Undefined: in `o`. */
  last: ByteOrder | undefined;
  readonly #out: CodeBuffer;
  readonly #fail: string;

  constructor(out: CodeBuffer, fail: string) {
    this.#out = out;
    this.#fail = fail;
  }

  /** A bit array of `order` begins here. */
  meet(order: ByteOrder, at: PositionTracker): void {
    const { last } = this;
    this.last = order;
    const bit = at.bitInByte;
    if (bit === 0 || last === order) return;
    this.hasChecks = true;
    const conditions: string[] = [];
    if (bit < 0) conditions.push(`${at.bits()}%8!==0`);
    if (last === undefined) {
      this.usesVariable = true;
      conditions.push(`o===${order === 'little-endian' ? 2 : 1}`);
    }
    this.#out.line(`if(${conditions.join('&&') || 'true'})${this.#fail}`);
  }

  /** Puts the order into `o`, where paths with different knowledge come together. */
  store(condition = ''): void {
    if (this.last === undefined) return;
    this.usesVariable = true;
    this.#out.line(`${condition}o=${codes[this.last]};`);
    this.last = undefined;
  }
}
