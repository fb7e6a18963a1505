import type { RecordCursor, TimeOrigin } from '@sonde/trace-model';
import { writePadded9 } from '../sink-text/number-text.ts';
import { ShortText } from '../sink-text/short-text.ts';
import type { TextBuffer } from '../sink-text/text-buffer.ts';

const nsPerSecond = 1e9;

/** What follows `"ts":` for a time (ns from the clock's origin); `iso`: with `time` in ISO 8601, `null` where it is not known. */
export function formatJsonTime(ns: bigint | undefined, iso: 'none' | 'null' | 'utc'): string {
  const ts = ns === undefined ? 'null' : `"${ns}"`;
  if (iso === 'none') return ts;
  const text = iso === 'utc' && ns !== undefined ? isoTime(ns) : undefined;
  return `${ts},"time":${text === undefined ? 'null' : `"${text}"`}`;
}

/** Nanoseconds from the Unix epoch as `2023-11-14T22:13:20.000000000Z`; undefined: not a date that can be written so. */
export function isoTime(ns: bigint): string | undefined {
  const secondNs = 1_000_000_000n;
  const fraction = ((ns % secondNs) + secondNs) % secondNs;
  const date = new Date(Number((ns - fraction) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return undefined;
  return `${date.toISOString().slice(0, -5)}.${String(fraction).padStart(9, '0')}Z`;
}

/**
 * Writes what each event begins with, up to the time. Within a second only the digits of the fraction change; what is not an exact
 * number since the run's origin goes through bigint.
 */
export class JsonTimeWriter {
  readonly #buffer: TextBuffer;
  readonly #originNs: bigint;
  readonly #iso: 'none' | 'null' | 'utc';
  #second: ShortText = ShortText.of('');
  #isoSecond: ShortText = ShortText.of('');
  /** The present second, since the origin of the run (ns). */
  #secondBeginNs = Number.NaN;
  #secondEndNs = Number.NaN;

  constructor(buffer: TextBuffer, origin: TimeOrigin, iso: 'none' | 'null' | 'utc') {
    this.#buffer = buffer;
    this.#originNs = origin.nsFromOrigin;
    this.#iso = iso;
  }

  /** Writes at `at`, where there is room. @returns the offset after the text, which ends with a whole property */
  write(at: number, cursor: RecordCursor): number {
    const { timeNs } = cursor;
    if (!(timeNs >= this.#secondBeginNs && timeNs < this.#secondEndNs)) {
      if (!this.#enterSecond(timeNs)) return this.#writeExact(at, cursor);
    }
    const { view } = this.#buffer;
    const fraction = timeNs - this.#secondBeginNs;
    let end = writePadded9(view, this.#second.write(view, at), fraction);
    if (this.#iso === 'utc') end = writePadded9(view, this.#isoSecond.write(view, end), fraction);
    if (this.#iso !== 'utc') {
      view.setUint8(end, 34);
      return end + 1;
    }
    view.setUint16(end, 0x225a, true);
    return end + 2;
  }

  /** For `RecordPrinter`: nothing is kept from line to line. */
  complete(): void {}

  /** False: not a case for fast writing. */
  #enterSecond(timeNs: number): boolean {
    if (this.#iso === 'null' || !Number.isSafeInteger(timeNs)) return false;
    const absoluteNs = this.#originNs + BigInt(timeNs);
    const seconds = absoluteNs / 1_000_000_000n;
    // A number has no leading zeros, so that the seconds must have digits.
    if (seconds <= 0n) return false;
    const iso = isoTime(seconds * 1_000_000_000n);
    const beginNs = Number(seconds * 1_000_000_000n - this.#originNs);
    const endNs = beginNs + nsPerSecond;
    if (iso === undefined || !Number.isSafeInteger(beginNs) || !Number.isSafeInteger(endNs)) {
      return false;
    }
    this.#secondBeginNs = beginNs;
    this.#secondEndNs = endNs;
    this.#second = ShortText.of(`{"type":"event","ts":"${seconds}`);
    this.#isoSecond = ShortText.of(`","time":"${iso.slice(0, -10)}`);
    return true;
  }

  #writeExact(at: number, cursor: RecordCursor): number {
    const time = formatJsonTime(cursor.clockSnapshot()?.nsFromOrigin, this.#iso);
    const text = `{"type":"event","ts":${time}`;
    const { bytes } = this.#buffer;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    return at + text.length;
  }
}
