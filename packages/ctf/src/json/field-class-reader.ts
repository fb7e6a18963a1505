import type {
  DisplayBase,
  FieldClass,
  FieldLocation,
  Role,
  StringEncoding,
  StructureMember,
  VariantOption,
} from '@sonde/trace-model';
import { scopes } from '@sonde/trace-model';
import { readAttributes, readMappings, readRanges } from './common-properties.ts';
import { type JsonObjectReader, type JsonReader, listed } from './json-reader.ts';

export const roleNames: readonly Role[] = [
  'packet-magic-number',
  'metadata-stream-uuid',
  'data-stream-class-id',
  'data-stream-id',
  'packet-total-length',
  'packet-content-length',
  'packet-end-default-clock-timestamp',
  'discarded-event-record-counter-snapshot',
  'packet-sequence-number',
  'default-clock-timestamp',
  'event-record-class-id',
];

const encodings: readonly StringEncoding[] = [
  'utf-8',
  'utf-16be',
  'utf-16le',
  'utf-32be',
  'utf-32le',
];

/** Lengths in bytes or elements: small enough that their bits are exact numbers. */
const maxLength = 2 ** 48;
/** No reader aligns to more than this, and offsets stay exact. */
const maxAlignmentBits = 2n ** 30n;

/** What is not settled in the JSON text of one field class. */
export interface FieldClassContext {
  /** Reads an inner field class: an alias name or an object. */
  read(reader: JsonReader): FieldClass;
  readonly maxRanges: number;
}

type Read = (object: JsonObjectReader, context: FieldClassContext) => FieldClass;

/** Slot and kind of dependent fields are set when their location is resolved. */
const unresolved = { keySlot: -1 } as const;

function readAlignment(reader: JsonReader | undefined): number {
  if (!reader) return 1;
  const alignment = reader.unsigned();
  if (alignment === 0n || (alignment & (alignment - 1n)) !== 0n) {
    reader.fail(`Invalid alignment: ${alignment} is not a power of two.`);
  }
  if (alignment > maxAlignmentBits) reader.fail(`Alignment ${alignment} is too large.`);
  return Number(alignment);
}

function readLayout(object: JsonObjectReader) {
  const lengthBits = object.required('length').count(1, 64);
  const byteOrder = object.required('byte-order').oneOf(['big-endian', 'little-endian']);
  const natural = byteOrder === 'little-endian' ? 'first-to-last' : 'last-to-first';
  const bitOrder =
    object.optional('bit-order')?.oneOf(['first-to-last', 'last-to-first']) ?? natural;
  const alignmentBits = readAlignment(object.optional('alignment'));
  return { lengthBits, byteOrder, bitOrder, alignmentBits } as const;
}

function readDisplayBase(reader: JsonReader | undefined): DisplayBase {
  if (!reader) return 10;
  const base = reader.unsigned();
  for (const known of [2, 8, 10, 16] as const) if (base === BigInt(known)) return known;
  return reader.fail(`Unexpected value ${base}: expecting ${listed([2, 8, 10, 16])}.`);
}

function readRoles(
  reader: JsonReader | undefined,
  allowed: readonly Role[],
): { roles?: readonly Role[] } {
  if (!reader) return {};
  const roles = new Set<Role>();
  for (const element of reader.array()) {
    const role = allowed.find((name) => name === element.string());
    if (role) roles.add(role);
    else if (reader.document.isLenient) element.warn('Unknown role, ignored.');
    else element.oneOf(allowed);
  }
  return roles.size > 0 ? { roles: [...roles] } : {};
}

const integerRoles = roleNames.filter((role) => role !== 'metadata-stream-uuid');

function readIntegerProperties(object: JsonObjectReader, type: string, context: FieldClassContext) {
  const isSigned = type.includes('-signed-');
  const mappings = object.optional('mappings');
  return {
    preferredDisplayBase: readDisplayBase(object.optional('preferred-display-base')),
    ...(mappings && { mappings: readMappings(mappings, isSigned, context.maxRanges) }),
    ...(isSigned ? {} : readRoles(object.optional('roles'), integerRoles)),
  };
}

function fixedLengthInteger(
  type: 'fixed-length-unsigned-integer' | 'fixed-length-signed-integer',
): Read {
  return (object, context) => ({
    type,
    ...readLayout(object),
    ...readIntegerProperties(object, type, context),
  });
}

function variableLengthInteger(
  type: 'variable-length-unsigned-integer' | 'variable-length-signed-integer',
): Read {
  return (object, context) => ({ type, ...readIntegerProperties(object, type, context) });
}

function readEncoding(object: JsonObjectReader): StringEncoding {
  return object.optional('encoding')?.oneOf(encodings) ?? 'utf-8';
}

function readLength(object: JsonObjectReader): number {
  return object.required('length').count(0, maxLength);
}

function readMediaType(object: JsonObjectReader): string {
  return object.optionalString('media-type') ?? 'application/octet-stream';
}

/** CTF2-SPEC-2.0, "Field location". */
function readLocation(reader: JsonReader): FieldLocation {
  if (reader.document.isLenient && reader.value.type === 'array') return oldLocation(reader);
  const object = reader.object();
  const origin = object.optional('origin')?.oneOf(scopes);
  const path = readPath(object.required('path'));
  object.rejectOtherProperties();
  return { ...(origin && { origin }), path };
}

function readPath(reader: JsonReader): (string | null)[] {
  const elements = reader.array(1);
  const last = elements.at(-1);
  if (last?.value.type === 'null') last.fail('Path ends with `null`.');
  return elements.map((element) => (element.value.type === 'null' ? null : element.string()));
}

/** Release candidates: only the path, absolute when its first item is a scope. */
function oldLocation(reader: JsonReader): FieldLocation {
  const path = readPath(reader);
  const origin = scopes.find((scope) => scope === path[0]);
  return origin && path.length > 1 ? { origin, path: path.slice(1) } : { path };
}

function readLengthLocation(object: JsonObjectReader) {
  const lengthFieldLocation = readLocation(object.required('length-field-location'));
  return { lengthFieldLocation, ...unresolved };
}

function readSelectorLocation(object: JsonObjectReader) {
  const selectorFieldLocation = readLocation(object.required('selector-field-location'));
  return { selectorFieldLocation, selectorKind: 'unsigned', ...unresolved } as const;
}

function readArrayProperties(object: JsonObjectReader, context: FieldClassContext) {
  return {
    elementFieldClass: context.read(object.required('element-field-class')),
    minimumAlignmentBits: readAlignment(object.optional('minimum-alignment')),
  };
}

/** Refuses the second of two equal names. */
class UniqueNames {
  readonly #names = new Set<string>();

  add(name: string, reader: JsonReader): void {
    if (this.#names.has(name)) reader.fail(`Duplicate name \`${name}\`.`, 'duplicate-name');
    this.#names.add(name);
  }
}

function readMembers(
  reader: JsonReader | undefined,
  context: FieldClassContext,
): readonly StructureMember[] {
  const names = new UniqueNames();
  return (reader?.array() ?? []).map((element) => {
    const object = element.object();
    const name = object.required('name').string();
    names.add(name, element);
    const fieldClass = context.read(object.required('field-class'));
    const attributes = readAttributes(object);
    object.rejectOtherProperties();
    return { name, fieldClass, ...attributes };
  });
}

function readOptions(reader: JsonReader, context: FieldClassContext): readonly VariantOption[] {
  const names = new UniqueNames();
  let rangeCount = 0;
  return reader.array(1).map((element) => {
    const object = element.object();
    const name = object.optionalString('name');
    if (name !== undefined) names.add(name, element);
    const fieldClass = context.read(object.required('field-class'));
    const ranges = readRanges(object.required('selector-field-ranges'));
    rangeCount += ranges.length;
    if (rangeCount > context.maxRanges) element.fail('Too many ranges.', 'metadata-limit');
    const attributes = readAttributes(object);
    object.rejectOtherProperties();
    return { ...(name !== undefined && { name }), fieldClass, ranges, ...attributes };
  });
}

/** `flags` with bit indexes below the length of the bit map. */
function readBitMap(object: JsonObjectReader, context: FieldClassContext): FieldClass {
  const layout = readLayout(object);
  const reader = object.required('flags');
  const flags = readMappings(reader, false, context.maxRanges);
  if (flags.length === 0) reader.fail('Expecting at least one flag.');
  for (const { label, ranges } of flags) {
    if (ranges.some(({ upper }) => upper >= BigInt(layout.lengthBits))) {
      reader.fail(`Flag \`${label}\` has a bit beyond the length (${layout.lengthBits}).`);
    }
  }
  return { type: 'fixed-length-bit-map', ...layout, flags };
}

function readFloatingPoint(object: JsonObjectReader): FieldClass {
  const layout = readLayout(object);
  if (layout.lengthBits !== 32 && layout.lengthBits !== 64) {
    const message = `Unexpected value ${layout.lengthBits}: expecting ${listed([32, 64])}.`;
    object.required('length').fail(message, 'unsupported-length');
  }
  return { type: 'fixed-length-floating-point-number', ...layout };
}

/** By `type` (CTF2-SPEC-2.0, "Field classes"). */
const readers: Readonly<Record<FieldClass['type'], Read>> = {
  'fixed-length-bit-array': (object) => ({ type: 'fixed-length-bit-array', ...readLayout(object) }),
  'fixed-length-bit-map': readBitMap,
  'fixed-length-boolean': (object) => ({ type: 'fixed-length-boolean', ...readLayout(object) }),
  'fixed-length-floating-point-number': readFloatingPoint,
  'fixed-length-unsigned-integer': fixedLengthInteger('fixed-length-unsigned-integer'),
  'fixed-length-signed-integer': fixedLengthInteger('fixed-length-signed-integer'),
  'variable-length-unsigned-integer': variableLengthInteger('variable-length-unsigned-integer'),
  'variable-length-signed-integer': variableLengthInteger('variable-length-signed-integer'),
  'null-terminated-string': (object) => ({
    type: 'null-terminated-string',
    encoding: readEncoding(object),
  }),
  'static-length-string': (object) => ({
    type: 'static-length-string',
    lengthBytes: readLength(object),
    encoding: readEncoding(object),
  }),
  'dynamic-length-string': (object) => ({
    type: 'dynamic-length-string',
    ...readLengthLocation(object),
    encoding: readEncoding(object),
  }),
  'static-length-blob': (object) => ({
    type: 'static-length-blob',
    lengthBytes: readLength(object),
    mediaType: readMediaType(object),
    ...readRoles(object.optional('roles'), ['metadata-stream-uuid']),
  }),
  'dynamic-length-blob': (object) => ({
    type: 'dynamic-length-blob',
    ...readLengthLocation(object),
    mediaType: readMediaType(object),
  }),
  'static-length-array': (object, context) => ({
    type: 'static-length-array',
    length: readLength(object),
    ...readArrayProperties(object, context),
  }),
  'dynamic-length-array': (object, context) => ({
    type: 'dynamic-length-array',
    ...readLengthLocation(object),
    ...readArrayProperties(object, context),
  }),
  structure: (object, context) => ({
    type: 'structure',
    members: readMembers(object.optional('member-classes'), context),
    minimumAlignmentBits: readAlignment(object.optional('minimum-alignment')),
  }),
  optional: (object, context) => {
    const ranges = object.optional('selector-field-ranges');
    return {
      type: 'optional',
      ...readSelectorLocation(object),
      fieldClass: context.read(object.required('field-class')),
      ...(ranges && { selectorRanges: readRanges(ranges) }),
    };
  },
  variant: (object, context) => ({
    type: 'variant',
    ...readSelectorLocation(object),
    options: readOptions(object.required('options'), context),
  }),
};

const typeNames = (Object.keys(readers) as FieldClass['type'][]).sort();

/** Release candidates: enumerations were types of their own. */
function oldTypeName(name: string): string {
  return name.replace(/^((?:fixed|variable)-length-(?:un)?signed)-enumeration$/, '$1-integer');
}

/**
 * Reads a field class that is an object. Locations in it are not yet resolved, roles not yet checked against the scope.
 * @throws MetadataError
 */
export function readFieldClassObject(reader: JsonReader, context: FieldClassContext): FieldClass {
  const object = reader.object();
  const typeReader = object.required('type');
  const name = object.isLenient ? oldTypeName(typeReader.string()) : typeReader.string();
  const type = typeNames.find((known) => known === name) ?? typeReader.oneOf(typeNames);
  const fieldClass = { ...readers[type](object, context), ...readAttributes(object) };
  object.rejectOtherProperties();
  return fieldClass;
}
