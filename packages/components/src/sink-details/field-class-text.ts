import {
  type Attributes,
  type FieldClass,
  type IntegerFieldClass,
  type IntegerRange,
  isSigned,
  type Mapping,
  type OptionalFieldClass,
  type Scope,
  type StructureFieldClass,
  type VariantFieldClass,
} from '@sonde/trace-model';
import { isEnumeration, type KeyPlace, visibleMembers } from '../trace-ir.ts';
import type { DetailsWriter } from './details-writer.ts';
import { formatDecimal } from './number-format.ts';
import { compareNames, hasAttributes, writeUserAttributes } from './value-text.ts';

const scopeNames: Record<KeyPlace['scope'], string> = {
  'packet-context': 'Packet context',
  'event-record-common-context': 'Event common context',
  'event-record-specific-context': 'Event specific context',
  'event-record-payload': 'Event payload',
};

/** Writes field classes in Babeltrace's words. */
export class FieldClassText {
  readonly #out: DetailsWriter;
  readonly #keyPlaces: ReadonlyMap<number, KeyPlace>;
  #isPacketContext = false;

  constructor(out: DetailsWriter, keyPlaces: ReadonlyMap<number, KeyPlace>) {
    this.#out = out;
    this.#keyPlaces = keyPlaces;
  }

  /** Writes what follows `Name: ` for the root of a scope. */
  writeScope(root: FieldClass, scope: Scope): void {
    this.#isPacketContext = scope === 'packet-context';
    this.#write(root);
  }

  /** Writes what follows `Name: `. */
  #write(fieldClass: FieldClass): void {
    switch (fieldClass.type) {
      case 'fixed-length-unsigned-integer':
      case 'fixed-length-signed-integer':
      case 'variable-length-unsigned-integer':
      case 'variable-length-signed-integer':
        this.#integer(fieldClass);
        break;
      case 'fixed-length-bit-array':
      case 'fixed-length-bit-map':
        this.#bitArray(fieldClass, 'flags' in fieldClass ? fieldClass.flags : []);
        break;
      case 'structure':
        this.#structure(fieldClass);
        break;
      case 'static-length-array':
      case 'dynamic-length-array':
        this.#array(fieldClass);
        break;
      case 'optional':
        this.#optional(fieldClass);
        break;
      case 'variant':
        this.#variant(fieldClass);
        break;
      default:
        this.#simple(fieldClass);
    }
  }

  #type(words: string): void {
    this.#out.colored(this.#out.colors.blue, words);
  }

  #simple(fieldClass: FieldClass): void {
    switch (fieldClass.type) {
      case 'fixed-length-boolean':
        this.#type('Boolean');
        break;
      case 'fixed-length-floating-point-number':
        this.#type(
          fieldClass.lengthBits === 32 ? 'Single-precision real' : 'Double-precision real',
        );
        break;
      case 'static-length-blob':
        this.#type('Static BLOB');
        this.#out.text(' (Length ');
        this.#out.bold(formatDecimal(fieldClass.lengthBytes));
        this.#mediaType(fieldClass.mediaType);
        break;
      case 'dynamic-length-blob':
        this.#dynamicBlob(fieldClass.keySlot, fieldClass.mediaType);
        break;
      default:
        this.#type('String');
    }
    this.#attributesAlone(fieldClass.attributes);
  }

  #dynamicBlob(keySlot: number, mediaType: string): void {
    const place = this.#placeOf(keySlot);
    this.#type(`Dynamic BLOB (${place === undefined ? 'no' : 'with'} length field)`);
    this.#out.text(' (');
    if (place === undefined) {
      this.#out.text('Media type `');
      this.#out.bold(mediaType);
      this.#out.text('`)');
      return;
    }
    this.#location('Length field location', place);
    this.#mediaType(mediaType);
  }

  #mediaType(mediaType: string): void {
    this.#out.text(', Media type `');
    this.#out.bold(mediaType);
    this.#out.text('`)');
  }

  #attributesAlone(attributes: Attributes | undefined): void {
    if (!hasAttributes(attributes)) return;
    this.#out.text(':');
    this.#out.nested(() => writeUserAttributes(this.#out, attributes));
  }

  #integer(fieldClass: IntegerFieldClass): void {
    const out = this.#out;
    const isFixed = 'lengthBits' in fieldClass;
    this.#type(
      `${isSigned(fieldClass) ? 'Signed' : 'Unsigned'} ${isEnumeration(fieldClass) ? 'enumeration' : 'integer'}`,
    );
    out.text(' (');
    out.bold(`${isFixed ? fieldClass.lengthBits : 64}-bit`);
    out.text(', Base ');
    out.bold(String(fieldClass.preferredDisplayBase));
    if (!isFixed) out.text(', Expect small values');
    if (!isEnumeration(fieldClass)) {
      out.text(')');
      this.#attributesAlone(fieldClass.attributes);
      return;
    }
    const mappings = fieldClass.mappings ?? [];
    out.text(', ');
    this.#count(mappings.length, 'mapping');
    out.text('):');
    this.#parts(fieldClass.attributes, 'Mappings', () => this.#mappings(mappings));
  }

  #bitArray(fieldClass: FieldClass, flags: readonly Mapping[]): void {
    this.#type('Bit array');
    // The opening parenthesis is missing in Babeltrace's text too.
    this.#out.text(' ');
    this.#count(flags.length, 'flag');
    this.#out.text(')');
    if (flags.length === 0) {
      this.#attributesAlone(fieldClass.attributes);
    } else {
      this.#out.text(':');
      this.#parts(fieldClass.attributes, 'Flags', () => this.#mappings(flags));
    }
  }

  #count(count: number, noun: string): void {
    this.#out.bold(formatDecimal(count));
    this.#out.text(` ${noun}${count === 1 ? '' : 's'}`);
  }

  /** The body of a compound class; with user attributes it gets a title of its own. */
  #parts(attributes: Attributes | undefined, title: string, write: () => void): void {
    this.#out.nested(() => {
      if (!hasAttributes(attributes)) {
        write();
        return;
      }
      writeUserAttributes(this.#out, attributes);
      this.#out.property(title);
      this.#out.text(':');
      this.#out.nested(write);
    });
  }

  #mappings(mappings: readonly Mapping[]): void {
    for (const { label, ranges } of [...mappings].sort((a, b) => compareNames(a.label, b.label))) {
      this.#out.property(label);
      this.#out.text(': ');
      this.#ranges(ranges);
    }
  }

  #ranges(ranges: readonly IntegerRange[]): void {
    const sorted = [...ranges].sort(
      (a, b) => compare(a.lower, b.lower) || compare(a.upper, b.upper),
    );
    for (const [index, { lower, upper }] of sorted.entries()) {
      this.#out.text(index === 0 ? '[' : ' [');
      this.#out.bold(formatDecimal(lower));
      if (upper !== lower) {
        this.#out.text(', ');
        this.#out.bold(formatDecimal(upper));
      }
      this.#out.text(']');
    }
  }

  #structure(fieldClass: StructureFieldClass): void {
    const members = visibleMembers(fieldClass);
    this.#type('Structure');
    this.#out.text(' (');
    this.#count(members.length, 'member');
    this.#out.text(')');
    if (members.length === 0) {
      this.#attributesAlone(fieldClass.attributes);
      return;
    }
    this.#out.text(':');
    this.#parts(fieldClass.attributes, 'Members', () => {
      for (const { name, fieldClass: member, attributes } of members) {
        this.#out.newLine();
        this.#out.colored(this.#out.colors.cyan, name);
        this.#out.text(hasAttributes(attributes) ? ':' : ': ');
        this.#withAttributes(member, attributes);
      }
    });
  }

  /** The class of a member or option, which may have attributes of its own. */
  #withAttributes(fieldClass: FieldClass, attributes: Attributes | undefined): void {
    if (!hasAttributes(attributes)) {
      this.#write(fieldClass);
      return;
    }
    this.#out.nested(() => {
      this.#out.property('Field class');
      this.#out.text(': ');
      this.#write(fieldClass);
      writeUserAttributes(this.#out, attributes);
    });
  }

  #array(
    fieldClass: Extract<FieldClass, { type: 'static-length-array' | 'dynamic-length-array' }>,
  ): void {
    if (fieldClass.type === 'static-length-array') {
      this.#type('Static array');
      this.#out.text(' (Length ');
      this.#out.bold(formatDecimal(fieldClass.length));
      this.#out.text(')');
    } else {
      const place = this.#placeOf(fieldClass.keySlot);
      this.#type(`Dynamic array (${place === undefined ? 'no' : 'with'} length field)`);
      if (place !== undefined) this.#locationAlone('Length field location', place);
    }
    this.#out.text(':');
    this.#out.nested(() => {
      writeUserAttributes(this.#out, fieldClass.attributes);
      this.#out.property('Element');
      this.#out.text(': ');
      this.#write(fieldClass.elementFieldClass);
    });
  }

  /** As Babeltrace has it, what is in an event does not refer to the packet context. */
  #placeOf(keySlot: number): KeyPlace | undefined {
    const place = this.#keyPlaces.get(keySlot);
    return place?.scope === 'packet-context' && !this.#isPacketContext ? undefined : place;
  }

  #locationAlone(title: string, place: KeyPlace): void {
    this.#out.text(' (');
    this.#location(title, place);
    this.#out.text(')');
  }

  #location(title: string, place: KeyPlace): void {
    const out = this.#out;
    out.text(`${title} [`);
    out.bold(scopeNames[place.scope]);
    out.text(': ');
    for (const [index, name] of place.path.entries()) {
      if (index > 0) out.text(', ');
      out.bold(name);
    }
    out.text(']');
  }

  #optional(fieldClass: OptionalFieldClass): void {
    const out = this.#out;
    const place = this.#placeOf(fieldClass.keySlot);
    this.#type(`Option (${selectorText(fieldClass, place)})`);
    if (place !== undefined) this.#locationAlone('Selector field location', place);
    out.text(':');
    out.nested(() => {
      writeUserAttributes(out, fieldClass.attributes);
      if (place !== undefined) {
        if (fieldClass.selectorRanges === undefined) {
          out.propertyFlag('Selector is reversed', false);
        } else {
          out.property('Selector ranges');
          out.text(': ');
          this.#ranges(fieldClass.selectorRanges);
        }
      }
      out.property('Content');
      out.text(': ');
      this.#write(fieldClass.fieldClass);
    });
  }

  #variant(fieldClass: VariantFieldClass): void {
    const out = this.#out;
    const place = this.#placeOf(fieldClass.keySlot);
    this.#type(`Variant (${selectorText(fieldClass, place)})`);
    out.text(' (');
    this.#count(fieldClass.options.length, 'option');
    if (place !== undefined) {
      out.text(', ');
      this.#location('Selector field location', place);
    }
    out.text('):');
    this.#parts(fieldClass.attributes, 'Options', () => {
      for (const option of fieldClass.options) {
        out.newLine();
        out.colored(out.colors.cyan, option.name ?? '');
        out.text(': ');
        if (place !== undefined) {
          this.#ranges(option.ranges);
          out.text(': ');
        }
        this.#withAttributes(option.fieldClass, option.attributes);
      }
    });
  }
}

function selectorText(
  fieldClass: OptionalFieldClass | VariantFieldClass,
  place: KeyPlace | undefined,
): string {
  if (place === undefined) return 'no selector';
  switch (fieldClass.selectorKind) {
    case 'boolean':
      return 'boolean selector';
    case 'unsigned':
      return 'unsigned integer selector';
    case 'signed':
      return 'signed integer selector';
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
