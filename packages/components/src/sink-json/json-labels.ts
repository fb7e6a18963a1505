import type { FixedLengthBitMapFieldClass, IntegerFieldClass, Mapping } from '@sonde/trace-model';
import { ShortText } from '../sink-text/short-text.ts';
import { jsonString } from './json-text.ts';

/** Texts kept for values that were met; more than that are made again each time. */
const maxKeptTexts = 4096;
/** Texts with more bytes are not kept: in hostile metadata, every value has thousands of labels. */
const maxKeptBytes = 1024;

/** What follows the number in `{"value":1,"label":"A"}`: `,"label":"A"}`; several labels: also `"labels":["A","B"]`. */
export class EnumerationTail {
  readonly #mappings: readonly Mapping[];
  readonly #texts = new Map<number | bigint, ShortText>();
  /** No text is longer. */
  readonly maxBytes: number;

  constructor(fieldClass: IntegerFieldClass) {
    this.#mappings = fieldClass.mappings ?? [];
    let maxBytes = 64;
    for (const { label } of this.#mappings) maxBytes += label.length * 12 + 16;
    this.maxBytes = maxBytes;
  }

  /** @param value - A number when it is exact, else a bigint. */
  of(value: number | bigint): ShortText {
    let text = this.#texts.get(value);
    if (text === undefined) {
      text = ShortText.of(this.#format(BigInt(value)));
      if (this.#texts.size < maxKeptTexts && text.length < maxKeptBytes)
        this.#texts.set(value, text);
    }
    return text;
  }

  #format(value: bigint): string {
    const labels = this.#mappings
      .filter(({ ranges }) => ranges.some(({ lower, upper }) => value >= lower && value <= upper))
      .map(({ label }) => jsonString(label));
    if (labels.length < 2) return `,"label":${labels[0] ?? 'null'}}`;
    return `,"label":${labels[0]},"labels":[${labels.join(',')}]}`;
  }
}

/** What follows the number in `{"value":3,"flags":["A","B"]}`, flags in the order of the metadata. */
export class FlagsTail {
  readonly #flags: readonly { readonly text: string; readonly mask: bigint }[];
  readonly #texts = new Map<bigint, ShortText>();

  constructor(fieldClass: FixedLengthBitMapFieldClass) {
    this.#flags = fieldClass.flags.map(({ label, ranges }) => ({
      text: jsonString(label),
      mask: ranges.reduce((mask, { lower, upper }) => mask | bitsFrom(lower, upper), 0n),
    }));
  }

  of(value: bigint): ShortText {
    let text = this.#texts.get(value);
    if (text === undefined) {
      const active = this.#flags.filter(({ mask }) => (value & mask) !== 0n);
      text = ShortText.of(`,"flags":[${active.map((flag) => flag.text).join(',')}]}`);
      if (this.#texts.size < maxKeptTexts && text.length < maxKeptBytes)
        this.#texts.set(value, text);
    }
    return text;
  }
}

function bitsFrom(lower: bigint, upper: bigint): bigint {
  return ((1n << (upper - lower + 1n)) - 1n) << lower;
}
