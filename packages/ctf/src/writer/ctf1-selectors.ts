import type {
  FieldClass,
  IntegerRange,
  Mapping,
  OptionalFieldClass,
  VariantFieldClass,
  VariantOption,
} from '@sonde/trace-model';
import type { KeyFieldClass } from '../resolve-locations.ts';
import { displayedName, identifierFor, isIdentifier } from './ctf1-names.ts';

/** How the options of a variant get selected in CTF 1.8: each is named as a label of its tag, an enumeration. */
export interface TagPlan {
  /** Names in the text, by option. */
  readonly optionNames: readonly string[];
  /** The tag has to get labels which it does not have, or names change. */
  readonly isChange: boolean;
}

/** Decides the labels of tags. Dependent fields come after their key, whose labels they decide: hence a pass of its own. */
export class TagLabels {
  readonly #labels = new Map<KeyFieldClass, Mapping[]>();
  readonly #plans = new Map<VariantFieldClass, TagPlan>();

  /** Mappings of the key as the tag of what depends on it; undefined: nothing has asked for labels. */
  labelsOf(key: FieldClass): readonly Mapping[] | undefined {
    return this.#labels.get(key as KeyFieldClass);
  }

  planVariant(variant: VariantFieldClass, key: KeyFieldClass): TagPlan {
    const planned = this.#plans.get(variant);
    if (planned) return planned;
    let isChange = false;
    const optionNames = variant.options.map((option, index) => {
      const known = this.#existingName(option, key);
      if (known !== undefined) return known;
      isChange = true;
      const wanted = identifierFor(option.name ?? `option_${index}`);
      return this.#addLabel(key, wanted ?? `option_${index}`, option.ranges);
    });
    const plan = { optionNames, isChange };
    this.#plans.set(variant, plan);
    return plan;
  }

  /** An optional field becomes a variant of two options: nothing, and the field. */
  planOptional(optional: OptionalFieldClass, key: KeyFieldClass): readonly [string, string] {
    const highest = highestValueOf(key);
    const present = optional.selectorRanges ?? [{ lower: 1n, upper: highest }];
    const absent = complement(present, lowestValueOf(key), highest);
    return [this.#addLabel(key, 'absent', absent), this.#addLabel(key, 'present', present)];
  }

  /** A label which selects what the option's ranges select, and is displayed as the option is. */
  #existingName(option: VariantOption, key: KeyFieldClass): string | undefined {
    const { name, originalName, ranges } = option;
    // CTF 1.8 with an option that nothing selects: it has no label.
    if (ranges.length === 0) return originalName ?? name;
    const suits = (label: string) =>
      isIdentifier(label) && (name === undefined || displayedName(label) === name);
    const labels = (this.#labels.get(key) ?? mappingsOf(key))
      .filter((mapping) => suits(mapping.label) && sameRanges(mapping.ranges, ranges))
      .map((mapping) => mapping.label);
    return labels.find((label) => label === (originalName ?? name)) ?? labels[0];
  }

  #addLabel(key: KeyFieldClass, wanted: string, ranges: readonly IntegerRange[]): string {
    const labels = this.#labels.get(key) ?? [...mappingsOf(key)];
    this.#labels.set(key, labels);
    const isTaken = (label: string) =>
      labels.some((mapping) => mapping.label === label && !sameRanges(mapping.ranges, ranges));
    let label = wanted;
    for (let i = 1; isTaken(label); i++) label = `${wanted}_${i}`;
    const isNew = !labels.some((mapping) => mapping.label === label);
    if (isNew && ranges.length > 0) labels.push({ label, ranges });
    return label;
  }
}

function mappingsOf(key: KeyFieldClass): readonly Mapping[] {
  return key.type === 'fixed-length-boolean' ? [] : (key.mappings ?? []);
}

function bitsOf(key: KeyFieldClass): bigint {
  return 'lengthBits' in key ? BigInt(key.lengthBits) : 64n;
}

function isSignedKey(key: KeyFieldClass): boolean {
  return key.type.includes('-signed-');
}

function highestValueOf(key: KeyFieldClass): bigint {
  return (1n << (isSignedKey(key) ? bitsOf(key) - 1n : bitsOf(key))) - 1n;
}

function lowestValueOf(key: KeyFieldClass): bigint {
  return isSignedKey(key) ? -(1n << (bitsOf(key) - 1n)) : 0n;
}

function byLower(a: IntegerRange, b: IntegerRange): number {
  return a.lower < b.lower ? -1 : a.lower > b.lower ? 1 : 0;
}

/** What is between `lowest` and `highest`, but not in `ranges`. */
function complement(
  ranges: readonly IntegerRange[],
  lowest: bigint,
  highest: bigint,
): IntegerRange[] {
  const result: IntegerRange[] = [];
  let next = lowest;
  for (const { lower, upper } of ranges.toSorted(byLower)) {
    if (lower > next) result.push({ lower: next, upper: lower - 1n });
    if (upper >= next) next = upper + 1n;
  }
  if (next <= highest) result.push({ lower: next, upper: highest });
  return result;
}

function sameRanges(a: readonly IntegerRange[], b: readonly IntegerRange[]): boolean {
  const [sortedA, sortedB] = [a.toSorted(byLower), b.toSorted(byLower)];
  return (
    a.length === b.length &&
    sortedA.every((range, i) => {
      const other = sortedB[i]!;
      return range.lower === other.lower && range.upper === other.upper;
    })
  );
}
