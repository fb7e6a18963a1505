import type { FixedLengthBitMapFieldClass, IntegerFieldClass, Mapping } from '@sonde/trace-model';
import { compareNames } from '../sink-details/value-text.ts';
import type { Colors } from '../sink-text/colors.ts';
import { ShortText } from '../sink-text/short-text.ts';
import { escaped } from '../sink-text/string-text.ts';
import { utf8 } from '../sink-text/text-buffer.ts';

/** Texts kept for values that were met; more than that are made again each time. */
const maxKeptTexts = 4096;
const maxKeptBytes = 1024;

function quoted(label: string, colors: Colors): string {
  return `${colors.bold}"${new TextDecoder().decode(escaped(utf8(label)))}"${colors.reset}`;
}

/**
 * What stands before the number of an enumeration: `( "LABEL" : container = `. Several labels are put in braces, in the order
 * of the metadata.
 */
export class EnumerationText {
  readonly #mappings: readonly Mapping[];
  readonly #colors: Colors;
  readonly #splitsFlags: boolean;
  readonly #texts = new Map<number | bigint, ShortText>();
  /** No text is longer. */
  readonly maxBytes: number;

  constructor(fieldClass: IntegerFieldClass, colors: Colors, splitsFlags: boolean) {
    this.#mappings = fieldClass.mappings ?? [];
    this.#colors = colors;
    this.#splitsFlags = splitsFlags;
    let labelsBytes = 64;
    for (const { label } of this.#mappings) labelsBytes += label.length * 12 + 16;
    // Each of 64 flags may have all labels.
    this.maxBytes = splitsFlags ? labelsBytes * 64 : labelsBytes;
  }

  /** @param value - A number when it is exact, else a bigint. */
  of(value: number | bigint): ShortText {
    let text = this.#texts.get(value);
    if (text === undefined) {
      text = ShortText.of(`( ${this.#labels(BigInt(value))} : container = `);
      if (this.#texts.size < maxKeptTexts && text.length < maxKeptBytes) {
        this.#texts.set(value, text);
      }
    }
    return text;
  }

  #labels(value: bigint): string {
    const labels = this.#labelsWith(({ ranges }) =>
      ranges.some(({ lower, upper }) => value >= lower && value <= upper),
    );
    if (labels !== undefined) return labels;
    const flags = this.#splitsFlags && value > 0n ? this.#flags(value) : undefined;
    return flags ?? `${this.#colors.bold}${this.#colors.brightRed}<unknown>${this.#colors.reset}`;
  }

  #labelsWith(isActive: (mapping: Mapping) => boolean): string | undefined {
    const labels = this.#mappings.filter(isActive).map(({ label }) => quoted(label, this.#colors));
    if (labels.length === 0) return undefined;
    return labels.length === 1 ? labels[0] : `{ ${labels.join(', ')} }`;
  }

  /** Every bit must be a value of its own somewhere. */
  #flags(value: bigint): string | undefined {
    const parts: string[] = [];
    for (let bit = 1n; bit <= value; bit <<= 1n) {
      if ((value & bit) === 0n) continue;
      const labels = this.#labelsWith(({ ranges }) =>
        ranges.some(({ lower, upper }) => lower === bit && upper === bit),
      );
      if (labels === undefined) return undefined;
      parts.push(labels);
    }
    return parts.join(' | ');
  }
}

/** What stands after the number of a bit map: ` { "A", "B" }`, sorted; nothing when no flag is active. */
export class FlagsText {
  readonly #flags: readonly { readonly text: string; readonly mask: bigint }[];

  constructor(fieldClass: FixedLengthBitMapFieldClass, colors: Colors) {
    this.#flags = [...fieldClass.flags]
      .sort((a, b) => compareNames(a.label, b.label))
      .map(({ label, ranges }) => ({ text: quoted(label, colors), mask: maskOf(ranges) }));
  }

  of(value: bigint): ShortText {
    const active = this.#flags.filter(({ mask }) => (value & mask) !== 0n);
    const text = active.length === 0 ? '' : ` { ${active.map(({ text }) => text).join(', ')} }`;
    return ShortText.of(text);
  }
}

function maskOf(ranges: Mapping['ranges']): bigint {
  let mask = 0n;
  for (const { lower, upper } of ranges) {
    mask |= ((1n << (upper - lower + 1n)) - 1n) << lower;
  }
  return mask;
}
