import { jsonString } from '../sink-json/json-text.ts';
import { slackBytes, type TextBuffer } from '../sink-text/text-buffer.ts';

/** A row of the timeline. */
export interface Track {
  readonly pid: number;
  readonly tid: number;
}

/** Longer heads need a check of the room. */
const maxUncheckedBytes = 8192;

const encoder = new TextEncoder();

/** Names are mostly ASCII: a loop is faster than `encodeInto`. @returns the offset after the text */
function writeUtf8(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) {
      return at + i + encoder.encodeInto(text.slice(i), bytes.subarray(at + i)).written;
    }
    bytes[at + i] = code;
  }
  return at + text.length;
}

/** Microseconds with three decimals. @param ns - A safe integer */
export function formatMicroseconds(ns: number): string {
  const magnitude = Math.abs(ns);
  const whole = Math.floor(magnitude / 1000);
  const rest = magnitude - whole * 1000;
  const fraction = rest === 0 ? '' : `.${String(rest).padStart(3, '0')}`;
  return `${ns < 0 ? '-' : ''}${whole}${fraction}`;
}

/**
 * Writes the "JSON object format" of Chrome's trace events, one event a line, as Perfetto's UI reads it. Every event is complete
 * before it can reach the output, so that `end` makes a valid document whatever happened before.
 */
export class TraceEventWriter {
  readonly #buffer: TextBuffer;
  #isFirst = true;

  constructor(buffer: TextBuffer) {
    this.#buffer = buffer;
  }

  /** @param originNs - What the times count from (ns from the clocks' origin). */
  begin(originNs: bigint): void {
    const other = `"otherData":{"writer":"Sonde","origin-ns":"${originNs}"}`;
    this.#buffer.text(`{"displayTimeUnit":"ns",${other},"traceEvents":[`);
  }

  end(): void {
    this.#buffer.text('\n]}\n');
    this.#buffer.flush();
  }

  /** A whole event; `rest` are its other properties, from the comma. */
  event(phase: string, track: Track, timeNs: number, rest: string): void {
    this.#buffer.text(`${this.#head(phase, track, timeNs)}${rest}}`);
    this.#isFirst = false;
    this.#buffer.flushIfFull();
  }

  metadata(kind: string, track: Track, key: string, value: string | number): void {
    const text = typeof value === 'string' ? jsonString(value) : String(value);
    this.event('M', track, 0, `,"name":"${kind}","args":{"${key}":${text}}`);
  }

  /**
   * An event whose last properties `body` writes from the buffer's `pending` on, with the closing brace; it completes the event
   * itself.
   */
  eventWith(phase: string, track: Track, timeNs: number, rest: string, body: () => number): number {
    const buffer = this.#buffer;
    const text = this.#head(phase, track, timeNs) + rest;
    const at = buffer.room(buffer.length, text.length * 3);
    const end = writeUtf8(buffer.bytes, at, text);
    buffer.pending = text.length > maxUncheckedBytes ? buffer.room(end, slackBytes) : end;
    const result = body();
    this.#isFirst = false;
    buffer.flushIfFull();
    return result;
  }

  #head(phase: string, { pid, tid }: Track, timeNs: number): string {
    const separator = this.#isFirst ? '\n' : ',\n';
    const ts = formatMicroseconds(timeNs);
    return `${separator}{"ph":"${phase}","ts":${ts},"pid":${pid},"tid":${tid}`;
  }
}
