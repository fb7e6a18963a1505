import { internText } from '../text-cache.ts';
import { cutAtZero } from './runtime.ts';

/** The greatest length (bytes) of a string that a `TextSite` remembers. */
export const maxSiteBytes = 16;

/**
 * Remembers the last text of one static-length UTF-8 string field: names of processes stay the same for many records. The words are
 * the bytes of the field, 4 each, little-endian; zeros where the field is shorter.
 */
export class TextSite {
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;
  text = '';

  /** Goes to the text of the field at `bytes[begin…end)`. */
  load(bytes: Uint8Array, view: DataView, begin: number, end: number): void {
    const words = (end - begin) / 4;
    this.w0 = view.getInt32(begin, true);
    this.w1 = words > 1 ? view.getInt32(begin + 4, true) : 0;
    this.w2 = words > 2 ? view.getInt32(begin + 8, true) : 0;
    this.w3 = words > 3 ? view.getInt32(begin + 12, true) : 0;
    this.text = internText(bytes, begin, cutAtZero(bytes, begin, end));
  }
}
