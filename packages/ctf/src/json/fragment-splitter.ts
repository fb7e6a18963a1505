import { MetadataError, type Place } from '@sonde/base';
import type { JsonSource } from './json-text.ts';

/** RFC 7464: what each JSON text of a sequence begins with. */
const recordSeparator = 0x1e;
const lineFeed = 0x0a;

/** Cuts a JSON text sequence that arrives in parts into its texts. */
export class FragmentSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** Bytes of the fragment that has begun, without its separator; undefined before the first one. */
  #pending: Uint8Array[] | undefined;
  /** Where it begins. */
  #begin = { offsetBytes: 0, line: 1, column: 1 };
  /** Where the next byte will be. */
  #end = { offsetBytes: 0, line: 1, column: 1 };

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** End of what was read so far. */
  get endPlace(): Place {
    return this.#end;
  }

  /** @returns the texts that end in `bytes`. @throws MetadataError */
  append(bytes: Uint8Array): JsonSource[] {
    if (this.#end.offsetBytes + bytes.length > this.#maxBytes) {
      const message = `The metadata is longer than ${this.#maxBytes} bytes.`;
      throw new MetadataError('metadata-limit', message);
    }
    const sources: JsonSource[] = [];
    let begin = 0;
    while (begin < bytes.length) {
      const separator = bytes.indexOf(recordSeparator, begin);
      const end = separator < 0 ? bytes.length : separator;
      if (end > begin) this.#take(bytes.subarray(begin, end));
      if (separator < 0) break;
      const source = this.flush();
      if (source) sources.push(source);
      this.#advance(bytes.subarray(end, end + 1));
      this.#pending = [];
      this.#begin = { ...this.#end };
      begin = end + 1;
    }
    return sources;
  }

  /** @returns the text that has begun; undefined when there is none (separators may follow one another). */
  flush(): JsonSource | undefined {
    const parts = this.#pending ?? [];
    if (parts.length === 0) return undefined;
    this.#pending = [];
    const begin = this.#begin;
    this.#begin = { ...this.#end };
    return { text: this.#decode(parts, begin.offsetBytes), ...begin };
  }

  #take(part: Uint8Array): void {
    if (!this.#pending) {
      const message = 'A fragment must begin with a record separator (byte 0x1E).';
      throw new MetadataError('bad-json', message, this.#end);
    }
    this.#pending.push(part.slice());
    this.#advance(part);
  }

  #advance(part: Uint8Array): void {
    this.#end.offsetBytes += part.length;
    let lineBegin = -1;
    for (let i = part.indexOf(lineFeed); i >= 0; i = part.indexOf(lineFeed, i + 1)) {
      this.#end.line++;
      lineBegin = i;
    }
    // Only the fragment's first line needs it: what is before that is mostly one separator.
    if (lineBegin >= 0) this.#end.column = part.length - lineBegin;
    else this.#end.column += part.length;
  }

  #decode(parts: readonly Uint8Array[], offsetBytes: number): string {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    try {
      return this.#decoder.decode(bytes);
    } catch {
      const place = { offsetBytes: offsetBytes + validLength(bytes) };
      throw new MetadataError('bad-utf-8', 'The fragment is not UTF-8.', place);
    }
  }
}

/** Bytes before the first one that can't be UTF-8: halves until it is found. */
function validLength(bytes: Uint8Array): number {
  let valid = 0;
  for (let beyond = bytes.length; beyond - valid > 1; ) {
    const middle = (valid + beyond) >> 1;
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
      decoder.decode(bytes.subarray(0, middle), { stream: true });
      valid = middle;
    } catch {
      beyond = middle;
    }
  }
  return valid;
}
