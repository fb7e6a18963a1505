import type { RecordCursor, TimeOrigin } from '@sonde/trace-model';
import type { Colors } from '../sink-text/colors.ts';
import { writePadded9 } from '../sink-text/number-text.ts';
import { ShortText } from '../sink-text/short-text.ts';
import type { TextBuffer } from '../sink-text/text-buffer.ts';
import { nameText } from './line-header.ts';
import type { PrettyOptions } from './pretty-options.ts';
import { formatDelta, formatSecond, formatSnapshot } from './time-format.ts';

const nsPerSecond = 1e9;

/**
 * Writes `[HH:MM:SS.nnnnnnnnn] (+s.nnnnnnnnn) `. Within one second only the digits of the fraction change; times are exact
 * numbers since the run's origin then. All else (cycles, before the origin of the clock, beyond 2^53 ns) goes through bigint.
 */
export class TimeWriter {
  readonly #buffer: TextBuffer;
  readonly #options: PrettyOptions;
  readonly #originNs: bigint;
  readonly #warn: (message: string) => void;
  readonly #hasDelta: boolean;
  readonly #before: string;
  readonly #afterTime: ShortText;
  readonly #after: ShortText;
  /** `#afterTime` with the beginning of a delta below a second. */
  readonly #smallDelta: ShortText;
  /** `before` and the present second with its point. */
  #second: ShortText = ShortText.of('');
  /** True: the parts are no longer than the words that hold them, so that they can be stored without a look at them. */
  #isShort = false;
  /** The present second, since the origin of the run (ns). */
  #secondBeginNs = Number.NaN;
  #secondEndNs = Number.NaN;
  /** Time of the last line that was completed; NaN: none. Safe integer, or `#lastCycles` and `#lastNs` tell. */
  #last = Number.NaN;
  #pending = Number.NaN;
  #lastExact: { cycles: bigint; nsFromOrigin: bigint } | undefined;
  #pendingExact: { cycles: bigint; nsFromOrigin: bigint } | undefined;
  #hasWarned = false;

  constructor(
    buffer: TextBuffer,
    options: PrettyOptions,
    colors: Colors,
    origin: TimeOrigin,
    warn: (message: string) => void,
  ) {
    const isNamed = options.names.header;
    const name = (text: string) => nameText(colors, colors.bold, text);
    this.#buffer = buffer;
    this.#options = options;
    this.#originNs = origin.nsFromOrigin;
    this.#warn = warn;
    this.#hasDelta = !options.noDelta;
    this.#before = (isNamed ? name('timestamp') : '[') + colors.bold + colors.brightYellow;
    const deltaBegin = isNamed ? `, ${name('delta')}` : '] (';
    const timeEnd = isNamed ? '' : '] ';
    this.#afterTime = ShortText.of(colors.reset + (this.#hasDelta ? deltaBegin : timeEnd));
    this.#after = ShortText.of(isNamed ? '' : ') ');
    this.#smallDelta = ShortText.of(`${colors.reset}${deltaBegin}+0.`);
  }

  /** Writes at `at`, where there is room. @returns the offset after the text */
  write(at: number, cursor: RecordCursor): number {
    const { timeNs } = cursor;
    if (!(timeNs >= this.#secondBeginNs && timeNs < this.#secondEndNs)) {
      if (Number.isNaN(timeNs)) return at;
      if (!this.#enterSecond(timeNs)) return this.#writeExact(at, cursor);
    }
    const ns = (timeNs - this.#secondBeginNs) | 0;
    const deltaNs = timeNs - this.#last;
    if (deltaNs >= 0 && deltaNs < nsPerSecond && this.#isShort) {
      this.#pending = timeNs;
      return this.#writeShort(at, ns, deltaNs | 0);
    }
    const end = writePadded9(this.#buffer.view, this.#short(this.#second, at), ns);
    return this.#writeExactDelta(this.#short(this.#afterTime, end), cursor);
  }

  /** What most lines begin with. */
  #writeShort(at: number, ns: number, deltaNs: number): number {
    const { view } = this.#buffer;
    const second = this.#second;
    view.setFloat64(at, second.word0, true);
    view.setFloat64(at + 8, second.word1, true);
    let end = writePadded9(view, at + second.length, ns);
    view.setFloat64(end, this.#smallDelta.word0, true);
    end = writePadded9(view, end + this.#smallDelta.length, deltaNs);
    view.setFloat64(end, this.#after.word0, true);
    return end + this.#after.length;
  }

  /** The line that was begun last is complete: the next delta counts from it. */
  complete(): void {
    this.#last = this.#pending;
    if (this.#lastExact !== this.#pendingExact) this.#lastExact = this.#pendingExact;
  }

  /** Prepares the text of the second of `timeNs`. False: not a case for fast writing. */
  #enterSecond(timeNs: number): boolean {
    if (this.#options.clockCycles || !Number.isSafeInteger(timeNs)) return false;
    const absoluteNs = this.#originNs + BigInt(timeNs);
    if (absoluteNs < 0n) return false;
    const seconds = absoluteNs / 1_000_000_000n;
    this.#secondBeginNs = Number(seconds * 1_000_000_000n - this.#originNs);
    this.#secondEndNs = this.#secondBeginNs + nsPerSecond;
    if (!Number.isSafeInteger(this.#secondBeginNs) || !Number.isSafeInteger(this.#secondEndNs)) {
      this.#secondEndNs = Number.NaN;
      return false;
    }
    this.#second = ShortText.of(`${this.#before}${formatSecond(seconds, this.#options)}.`);
    const { plainBytes } = this.#second;
    this.#isShort =
      this.#hasDelta && plainBytes >= 0 && plainBytes <= 16 && this.#smallDelta.length <= 8;
    return true;
  }

  #writeExact(at: number, cursor: RecordCursor): number {
    const snapshot = cursor.clockSnapshot();
    if (snapshot === undefined) return at;
    if (snapshot.nsFromOrigin < 0n && !this.#options.clockCycles && !this.#options.clockSeconds) {
      this.#warnOfNegativeTime();
    }
    const end = this.#text(at, this.#before + formatSnapshot(snapshot, this.#options));
    return this.#writeExactDelta(this.#short(this.#afterTime, end), cursor);
  }

  #warnOfNegativeTime(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn('Fallback to [sec.ns] to print negative time value. Use --clock-seconds.');
  }

  #writeExactDelta(at: number, cursor: RecordCursor): number {
    if (!this.#hasDelta) return at;
    const snapshot = cursor.clockSnapshot();
    if (snapshot === undefined) return at;
    const before = this.#lastExact ?? this.#exactOf(this.#last);
    const end = this.#text(at, formatDelta(snapshot, before, this.#options));
    const isExactAsNumber = !this.#options.clockCycles && Number.isSafeInteger(cursor.timeNs);
    this.#pending = isExactAsNumber ? cursor.timeNs : Number.NaN;
    this.#pendingExact = isExactAsNumber ? undefined : snapshot;
    return this.#short(this.#after, end);
  }

  /** Only the time is asked for: where cycles count, `#lastExact` is set. */
  #exactOf(timeNs: number): { cycles: bigint; nsFromOrigin: bigint } | undefined {
    if (Number.isNaN(timeNs)) return undefined;
    return { cycles: 0n, nsFromOrigin: this.#originNs + BigInt(timeNs) };
  }

  #short(text: ShortText, at: number): number {
    return text.write(this.#buffer.view, at);
  }

  #text(at: number, text: string): number {
    const { bytes } = this.#buffer;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    return at + text.length;
  }
}
