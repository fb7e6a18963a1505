import type { Attributes, AttributeValue, IntegerRange, Mapping } from '@sonde/trace-model';
import type { JsonObjectReader, JsonReader } from './json-reader.ts';

/** `attributes` and `extensions`, which every object of CTF 2 may have (CTF2-SPEC-2.0, "User attributes", "Extensions"). */
export function readAttributes(object: JsonObjectReader): { attributes?: Attributes } {
  const extensions = object.optional('extensions');
  if (extensions && extensions.object().entries().length > 0) {
    extensions.fail('No extension of CTF 2 is supported.', 'unsupported-extension');
  }
  const reader =
    object.optional('attributes') ??
    (object.isLenient ? object.optional('user-attributes') : undefined);
  if (!reader) return {};
  const attributes: { [namespace: string]: AttributeValue } = Object.create(null);
  for (const [namespace, value] of reader.object().entries()) {
    attributes[namespace] = value.attribute();
  }
  return { attributes };
}

/** `[lower, upper]` where both are integers of the wanted signedness; undefined: of any (both fit 64 bits). */
function readRange(reader: JsonReader, isSigned: boolean | undefined): IntegerRange {
  const bounds = reader.array();
  const [first, second] = bounds;
  if (!first || !second || bounds.length !== 2) {
    reader.fail(`Size of array (${bounds.length}) is wrong: expecting 2 elements.`);
  }
  const bound = (r: JsonReader) => {
    if (isSigned === undefined && r.value.type === 'integer') return r.value.value;
    return isSigned === false ? r.unsigned() : r.signed();
  };
  const lower = bound(first);
  const upper = bound(second);
  if (lower > upper) reader.fail(`${lower} is greater than ${upper}.`);
  return { lower, upper };
}

/** An integer range set: at least one range. */
export function readRanges(reader: JsonReader, isSigned?: boolean): IntegerRange[] {
  return reader.array(1).map((element) => readRange(element, isSigned));
}

/** Object of labels with their range sets: mappings of an enumeration, flags of a bit map. */
export function readMappings(reader: JsonReader, isSigned: boolean, maxRanges: number): Mapping[] {
  let rangeCount = 0;
  return reader
    .object()
    .entries()
    .map(([label, value]) => {
      const ranges = readRanges(value, isSigned);
      rangeCount += ranges.length;
      if (rangeCount > maxRanges) value.fail('Too many ranges.', 'metadata-limit');
      return { label, ranges };
    });
}

/** An array of 16 bytes. */
export function readUuid(reader: JsonReader): Uint8Array {
  const elements = reader.array(16);
  if (elements.length > 16) {
    reader.fail(`Size of array (${elements.length}) is too large: expecting 16 elements.`);
  }
  return Uint8Array.from(elements, (element) => element.count(0, 255));
}

/** The canonical text form, such as `2a6422d0-6cee-11e0-8c08-cb07d7b3a564`. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.*)$/, '$1-$2-$3-$4-$5');
}
