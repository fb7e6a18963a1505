import type { CodeWriter } from '@sonde/ctf';
import { ShortText } from '../sink-text/short-text.ts';
import { utf8 } from '../sink-text/text-buffer.ts';

/** Longer texts are copied by a call. */
const maxInlineBytes = 64;

const word = new DataView(new ArrayBuffer(8));

/**
 * Generates code that stores a constant text at `q` in the view `V` and moves `q` on. Texts go into the code as numbers only: eight
 * bytes at a time as the double with these bytes (a store of a double doesn't change them, as it is never NaN). Up to seven
 * bytes after the text are overwritten.
 */
export function storeText(
  out: CodeWriter,
  names: { view: string; at: string },
  text: string,
): void {
  const bytes = utf8(text);
  const { view, at } = names;
  if (bytes.length === 0) return;
  if (bytes.length > maxInlineBytes) {
    out.line(`${at}=${out.constant(ShortText.of(bytes))}.write(${view},${at});`);
    return;
  }
  const stores: string[] = [];
  for (let i = 0; i < bytes.length; ) {
    const left = bytes.length - i;
    const place = i === 0 ? at : `${at}+${i}`;
    const double = left > 4 ? doubleOf(bytes, i) : undefined;
    if (double !== undefined) {
      stores.push(`${view}.setFloat64(${place},${double},true);`);
      i += 8;
    } else if (left > 2) {
      stores.push(`${view}.setInt32(${place},${int32Of(bytes, i)},true);`);
      i += 4;
    } else if (left === 2) {
      stores.push(`${view}.setInt16(${place},${int16Of(bytes, i)},true);`);
      i += 2;
    } else {
      stores.push(`${view}.setInt8(${place},${(bytes[i]! << 24) >> 24});`);
      i += 1;
    }
  }
  out.line(`${stores.join('')}${at}+=${bytes.length};`);
}

/** Fills up with spaces. */
function load(bytes: Uint8Array, begin: number): void {
  for (let i = 0; i < 8; i++) word.setUint8(i, bytes[begin + i] ?? 32);
}

function doubleOf(bytes: Uint8Array, begin: number): number | undefined {
  load(bytes, begin);
  const double = word.getFloat64(0, true);
  return Number.isFinite(double) ? double : undefined;
}

function int32Of(bytes: Uint8Array, begin: number): number {
  load(bytes, begin);
  return word.getInt32(0, true);
}

function int16Of(bytes: Uint8Array, begin: number): number {
  load(bytes, begin);
  return word.getInt16(0, true);
}
