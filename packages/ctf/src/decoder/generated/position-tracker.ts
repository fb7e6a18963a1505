import type { CodeBuffer } from './code-buffer.ts';
import { aligned, bytePosition, type KnownPosition, moved, roundUp } from './static-layout.ts';

/**
 * Where the walk stands while code is generated: at a static offset from a variable, which is `p` (bytes) while the position within
 * its byte is known, else `b` (bits).
 *
 * Reads between two changes of the variable form a *run*. A run is checked against the end of the content by one comparison before
 * its first read (`E`: end in bits, `e`: in whole bytes). After its last read it is known how far it goes: the line is filled then.
 */
export class PositionTracker {
  /** From the variable (bits). */
  offsetBits = 0;
  /** Where the last field that is wanted ends, from the variable; 0: before it (bits). */
  wantedBits = 0;
  /** Set: the caller has checked all that is read. */
  isPrechecked = false;
  readonly #out: CodeBuffer;
  readonly #fail: string;
  /** Where the variable itself is. */
  #base: KnownPosition;
  #checkLine: number;
  /** So far from the variable the content is known to go; -1: not even to the variable. */
  #checkedBits = -1;

  /** @param fail - Statement for a record that goes beyond the content. */
  constructor(out: CodeBuffer, start: KnownPosition, fail: string) {
    this.#out = out;
    this.#fail = fail;
    this.offsetBits = start.modulus < 8 ? 0 : start.residue % 8;
    this.#base = moved(start, start.modulus - this.offsetBits);
    this.#checkLine = out.reserve();
  }

  /** True: `p` counts bytes. */
  get isByteMode(): boolean {
    return this.#base.modulus >= 8;
  }

  get known(): KnownPosition {
    return moved(this.#base, this.offsetBits);
  }

  /** Position within its byte; -1: not known. */
  get bitInByte(): number {
    const { modulus, residue } = this.#base;
    return modulus >= 8 ? (residue + this.offsetBits) % 8 : -1;
  }

  /** The byte that is `bytes` after the current one. Byte mode only. */
  byteAt(bytes = 0): string {
    const offset = Math.floor(this.offsetBits / 8) + bytes;
    return offset === 0 ? 'p' : `p+${offset}`;
  }

  /** The position in bits: an expression that can stand anywhere. */
  bits(): string {
    if (!this.isByteMode) return this.offsetBits === 0 ? 'b' : `(b+${this.offsetBits})`;
    const bytes = Math.floor(this.offsetBits / 8);
    const rest = this.offsetBits % 8;
    const whole = bytes === 0 ? 'p*8' : `(p+${bytes})*8`;
    return rest === 0 ? whole : `(${whole}+${rest})`;
  }

  move(bits: number): void {
    this.offsetBits += bits;
  }

  align(alignmentBits: number): void {
    const { modulus, residue } = this.known;
    if (alignmentBits <= modulus) {
      this.offsetBits += roundUp(residue, alignmentBits) - residue;
      return;
    }
    const toBytes = alignmentBits >= 8;
    const bytes = alignmentBits / 8;
    this.endRun();
    if (this.isByteMode) {
      const at = roundUp(this.offsetBits, 8) / 8;
      this.#out.line(`p=${roundUpCode(at === 0 ? 'p' : `p+${at}`, bytes)};`);
    } else if (toBytes) {
      this.#out.line(`p=Math.ceil(${this.bits()}/8);`);
      if (bytes > 1) this.#out.line(`p=${roundUpCode('p', bytes)};`);
    } else {
      this.#out.line(`b=Math.ceil(${this.bits()}/${alignmentBits})*${alignmentBits};`);
    }
    this.#beginRun(aligned({ modulus, residue }, alignmentBits), -1);
  }

  /** Writes the check of the current run. */
  endRun(): void {
    if (!this.isPrechecked && this.offsetBits > this.#checkedBits) {
      this.#out.fill(this.#checkLine, `if(${this.#beyond()})${this.#fail}`);
    }
    this.#checkLine = -1;
  }

  #beyond(): string {
    if (!this.isByteMode) return `${this.bits()}>E`;
    const bytes = Math.floor(this.offsetBits / 8);
    const rest = this.offsetBits % 8;
    const end = bytes === 0 ? 'p' : `p+${bytes}`;
    if (rest === 0) return `${end}>e`;
    return `${end}>=e&&${this.bits()}>E`;
  }

  #beginRun(base: KnownPosition, checkedBits: number): void {
    this.#base = base;
    this.offsetBits = Math.max(checkedBits, 0);
    this.wantedBits = this.offsetBits;
    this.#checkedBits = checkedBits;
    this.#checkLine = this.#out.reserve();
  }

  /**
   * Brings the position into the variable as far as possible: a bit in the byte is left. With `form`, which is true of the position
   * but may say less or more than the code knows here: as it is to be where several paths join.
   */
  settle(form: KnownPosition = this.known): void {
    this.endRun();
    const { offsetBits } = this;
    if (form.modulus < 8) {
      if (this.isByteMode || offsetBits > 0) this.#out.line(`b=${this.bits()};`);
    } else if (this.isByteMode) {
      const bytes = Math.floor(offsetBits / 8);
      if (bytes > 0) this.#out.line(`p+=${bytes};`);
    } else {
      this.#out.line(`p=Math.floor(${this.bits()}/8);`);
    }
    this.enter(form);
  }

  /** Starts a path (a branch, the body of a loop) where `settle(form)` has left off. */
  enter(form: KnownPosition): void {
    const rest = form.modulus < 8 ? 0 : form.residue % 8;
    this.#beginRun(moved(form, form.modulus - rest), rest);
  }

  /** After code that has set `p` to a byte within the content. */
  arriveAtByte(known: KnownPosition = bytePosition): void {
    this.#beginRun(known, 0);
  }
}

/** `&` works on 32-bit integers. */
function roundUpCode(expression: string, multiple: number): string {
  if (multiple > 2 ** 20) return `Math.ceil((${expression})/${multiple})*${multiple}`;
  return `${expression}+${multiple - 1}&${-multiple}`;
}
