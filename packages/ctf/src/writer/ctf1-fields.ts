import { UsageError } from '@sonde/base';
import type {
  FieldClass,
  FixedLengthIntegerFieldClass,
  IntegerFieldClass,
  OptionalFieldClass,
  Role,
  StructureFieldClass,
  StructureMember,
  VariantFieldClass,
} from '@sonde/trace-model';
import { alignmentBitsOf } from '@sonde/trace-model';
import type { KeyFieldClass } from '../resolve-locations.ts';
import {
  displayedName,
  identifierFor,
  isIdentifier,
  isReservedName,
  nameOfRole,
} from './ctf1-names.ts';
import type { TagLabels } from './ctf1-selectors.ts';
import { describeScope, type KeyMap, type ScopeOf } from './key-map.ts';

/** Receives what is not quite the same in CTF 1.8. */
export type ReportChange = (field: string, what: string, isVisible: boolean) => void;

export interface Ctf1FieldContext {
  readonly scope: ScopeOf;
  readonly keys: KeyMap;
  readonly labels: TagLabels;
  readonly report: ReportChange;
}

const naturalBitOrder = {
  'little-endian': 'first-to-last',
  'big-endian': 'last-to-first',
} as const;

const unsigned8: FixedLengthIntegerFieldClass = {
  type: 'fixed-length-unsigned-integer',
  lengthBits: 8,
  byteOrder: 'little-endian',
  bitOrder: 'first-to-last',
  alignmentBits: 8,
  preferredDisplayBase: 16,
};

/** Makes the field classes of one scope such as CTF 1.8 has. The result has the shape of the source: member by member. */
export class Ctf1FieldConverter {
  readonly #context: Ctf1FieldContext;
  readonly #isHeader: boolean;
  readonly #names: string[] = [];

  constructor(context: Ctf1FieldContext) {
    this.#context = context;
    const { scope } = context.scope;
    this.#isHeader = scope === 'packet-header' || scope === 'event-record-header';
  }

  convertRoot(): StructureFieldClass {
    const { root } = this.#context.scope;
    return { ...root, members: this.#members(root, true) };
  }

  /** The field that is being converted, in words. */
  get #field(): string {
    const path = this.#names.join('.');
    const scope = describeScope(this.#context.scope);
    return path === '' ? `the ${scope}` : `the field \`${path}\` (${scope})`;
  }

  #refuse(why: string): never {
    throw new UsageError('not-ctf-1.8', `CTF 1.8 can't express ${this.#field}: ${why}.`);
  }

  /** Header fields are not shown to anybody. */
  #report(what: string, isVisible: boolean): void {
    this.#context.report(this.#field, what, isVisible && !this.#isHeader);
  }

  #inside<T>(name: string, make: () => T): T {
    this.#names.push(name);
    const result = make();
    this.#names.pop();
    return result;
  }

  #convert(fieldClass: FieldClass): FieldClass {
    switch (fieldClass.type) {
      case 'fixed-length-bit-array':
        return this.#bits(fieldClass, 'a bit array becomes an unsigned integer');
      case 'fixed-length-bit-map':
        return this.#bits(fieldClass, 'a bit map becomes an unsigned integer');
      case 'fixed-length-boolean':
        return this.#boolean(fieldClass);
      case 'fixed-length-unsigned-integer':
      case 'fixed-length-signed-integer':
        return this.#integer(fieldClass, this.#layout(fieldClass));
      case 'variable-length-unsigned-integer':
      case 'variable-length-signed-integer':
        return this.#variableLength(fieldClass);
      case 'fixed-length-floating-point-number':
        return { ...fieldClass, ...this.#layout(fieldClass) };
      case 'null-terminated-string':
      case 'static-length-string':
      case 'dynamic-length-string':
        if (fieldClass.encoding !== 'utf-8') this.#refuse(`its text is ${fieldClass.encoding}`);
        return { ...fieldClass };
      default:
        return this.#compound(fieldClass);
    }
  }

  #compound(fieldClass: Exclude<FieldClass, { encoding?: unknown } | { lengthBits: number }>) {
    switch (fieldClass.type) {
      case 'structure':
        return { ...fieldClass, members: this.#members(fieldClass, false) };
      case 'static-length-array':
      case 'dynamic-length-array':
        return this.#array(fieldClass);
      case 'static-length-blob':
      case 'dynamic-length-blob':
        return this.#blob(fieldClass);
      case 'variant':
        return this.#variant(fieldClass);
      case 'optional':
        return this.#optional(fieldClass);
      default:
        return this.#variableLength(fieldClass);
    }
  }

  #layout(fieldClass: Extract<FieldClass, { readonly lengthBits: number }>) {
    const { lengthBits, byteOrder, alignmentBits } = fieldClass;
    const bitOrder = naturalBitOrder[byteOrder];
    if (bitOrder !== fieldClass.bitOrder) this.#report(`its bits are ${bitOrder}`, false);
    return { lengthBits, byteOrder, bitOrder, alignmentBits } as const;
  }

  #bits(fieldClass: Extract<FieldClass, { lengthBits: number }>, what: string): FieldClass {
    this.#report(what, true);
    return {
      type: 'fixed-length-unsigned-integer',
      ...this.#layout(fieldClass),
      preferredDisplayBase: 16,
    };
  }

  #boolean(fieldClass: Extract<FieldClass, { type: 'fixed-length-boolean' }>): FieldClass {
    this.#report('a boolean becomes an integer, 0 or 1', true);
    const mappings = this.#context.labels.labelsOf(fieldClass);
    return {
      type: 'fixed-length-unsigned-integer',
      ...this.#layout(fieldClass),
      preferredDisplayBase: 10,
      ...(mappings && { mappings }),
      ...(fieldClass.keySlots && { keySlots: fieldClass.keySlots }),
    };
  }

  #variableLength(
    fieldClass: Extract<FieldClass, { type: `variable-length-${string}` }>,
  ): FieldClass {
    this.#report('a variable-length integer becomes one of 64 bits', false);
    return this.#integer(fieldClass, { ...unsigned8, lengthBits: 64 });
  }

  #integer(
    fieldClass: IntegerFieldClass,
    layout: Pick<
      FixedLengthIntegerFieldClass,
      'lengthBits' | 'byteOrder' | 'bitOrder' | 'alignmentBits'
    >,
  ): FixedLengthIntegerFieldClass {
    const isSigned = fieldClass.type.includes('-signed-');
    const { lengthBits, byteOrder, bitOrder, alignmentBits } = layout;
    const { preferredDisplayBase, keySlots, roles } = fieldClass;
    const encoding = 'encoding' in fieldClass ? fieldClass.encoding : undefined;
    const labels = this.#context.labels.labelsOf(fieldClass) ?? fieldClass.mappings;
    if (labels?.length === 0)
      this.#report('an enumeration without labels becomes an integer', true);
    const mappings = labels?.length === 0 ? undefined : labels;
    return {
      type: isSigned ? 'fixed-length-signed-integer' : 'fixed-length-unsigned-integer',
      lengthBits,
      byteOrder,
      bitOrder,
      alignmentBits,
      preferredDisplayBase,
      ...(mappings && { mappings }),
      ...(roles && { roles }),
      ...(encoding && { encoding }),
      ...(keySlots && { keySlots }),
    };
  }

  #array(fieldClass: Extract<FieldClass, { elementFieldClass: FieldClass }>): FieldClass {
    const elementFieldClass = this.#inside('[]', () => this.#convert(fieldClass.elementFieldClass));
    const isAligned = fieldClass.minimumAlignmentBits <= alignmentBitsOf(elementFieldClass);
    if (!isAligned) this.#report('the array has the alignment of its elements', false);
    const minimumAlignmentBits = isAligned ? fieldClass.minimumAlignmentBits : 1;
    return { ...fieldClass, elementFieldClass, minimumAlignmentBits };
  }

  #blob(fieldClass: Extract<FieldClass, { mediaType: string }>): FieldClass {
    const array = { elementFieldClass: { ...unsigned8 }, minimumAlignmentBits: 1 };
    if (fieldClass.type === 'dynamic-length-blob') {
      this.#report('a BLOB becomes an array of bytes', true);
      const { lengthFieldLocation, keySlot } = fieldClass;
      return { type: 'dynamic-length-array', ...array, lengthFieldLocation, keySlot };
    }
    const { lengthBytes, roles } = fieldClass;
    this.#report('a BLOB becomes an array of bytes', roles === undefined);
    return {
      type: 'static-length-array',
      ...array,
      length: lengthBytes,
      ...(roles && { roles }),
    };
  }

  /** The tag of a variant has to be one enumeration. */
  #keyOf(keySlot: number): KeyFieldClass {
    const [key, second] = this.#context.keys.get(keySlot) ?? [];
    if (second) this.#refuse('several fields can be its selector');
    if (!key) this.#refuse('its selector is not in the trace class');
    return key as KeyFieldClass;
  }

  #variant(fieldClass: VariantFieldClass): FieldClass {
    const plan = this.#context.labels.planVariant(fieldClass, this.#keyOf(fieldClass.keySlot));
    if (plan.isChange) this.#report('its options become labels of its selector', true);
    const options = fieldClass.options.map((option, index) => {
      const identifier = plan.optionNames[index]!;
      const inner = this.#inside(identifier, () => this.#convert(option.fieldClass));
      const name = displayedName(identifier);
      const { ranges } = option;
      return { name, fieldClass: inner, ranges, ...originalName(name, identifier) };
    });
    return { ...fieldClass, options, selectorKind: kindInCtf1(fieldClass.selectorKind) };
  }

  #optional(fieldClass: OptionalFieldClass): FieldClass {
    this.#report('an optional field becomes a variant', true);
    const key = this.#keyOf(fieldClass.keySlot);
    const [absent, present] = this.#context.labels.planOptional(fieldClass, key);
    const inner = this.#inside(present, () => this.#convert(fieldClass.fieldClass));
    const rangesOf = (label: string) =>
      this.#context.labels.labelsOf(key)?.find((mapping) => mapping.label === label)?.ranges ?? [];
    const empty: StructureFieldClass = { type: 'structure', members: [], minimumAlignmentBits: 1 };
    const options = [
      { name: absent, fieldClass: empty, ranges: rangesOf(absent) },
      { name: present, fieldClass: inner, ranges: rangesOf(present) },
    ];
    const { selectorFieldLocation, selectorKind, keySlot } = fieldClass;
    return {
      type: 'variant',
      selectorFieldLocation,
      selectorKind: kindInCtf1(selectorKind),
      keySlot,
      options: options.filter((option) => option.ranges.length > 0),
    };
  }

  #members(structure: StructureFieldClass, isRoot: boolean): StructureMember[] {
    const names: MemberNames = {
      taken: new Set(structure.members.map((member) => member.name)),
      claimed: new Set(),
    };
    return structure.members.map((member) =>
      this.#inside(member.name, () => this.#member(member, isRoot, names)),
    );
  }

  #member(member: StructureMember, isRoot: boolean, names: MemberNames): StructureMember {
    const fieldClass = this.#convert(member.fieldClass);
    const renamed = this.#nameByRole(member, fieldClass, isRoot, names);
    if (renamed !== undefined && renamed !== member.name) {
      return { name: renamed, fieldClass };
    }
    const { name } = member;
    const known = member.originalName ?? name;
    // What was read from CTF 1.8 has its name in that text, which may be displayed like another one.
    const isKnown = isIdentifier(known) && displayedName(known) === name;
    const identifier = isKnown ? known : identifierFor(name);
    if (identifier === undefined) this.#refuse(`\`${name}\` is no identifier`);
    return { name, fieldClass, ...originalName(name, identifier) };
  }

  /** The name that gives a field its role, or keeps it from having one; undefined: any name will do. */
  #nameByRole(
    { name }: StructureMember,
    fieldClass: FieldClass,
    isRoot: boolean,
    names: MemberNames,
  ): string | undefined {
    const { scope } = this.#context.scope;
    const roles: readonly Role[] = ('roles' in fieldClass && fieldClass.roles) || [];
    const [role] = roles;
    if (roles.length > 1) this.#refuse(`it has several roles (${roles.join(', ')})`);
    if (role !== undefined) return this.#claim(nameOfRole(scope, role, isRoot), role, name, names);
    if (!isReservedName(scope, name, isRoot)) return undefined;
    // Babeltrace refuses reserved names of unsuitable classes; header names are nobody's business.
    if (this.#isHeader) return freeName(name, names.taken);
    if (suitsReservedName(fieldClass)) this.#refuse('its name is reserved there');
    return undefined;
  }

  #claim(
    wanted: string | undefined,
    role: Role,
    name: string,
    { taken, claimed }: MemberNames,
  ): string | undefined {
    // Clock mappings are attributes: such a field can be anywhere.
    if (wanted === undefined && role === 'default-clock-timestamp') return undefined;
    if (wanted === undefined) this.#refuse(`its role \`${role}\` needs a member of the root`);
    // In headers, members that have a reserved name without its role are renamed.
    const isShownElsewhere = !this.#isHeader && wanted !== name && taken.has(wanted);
    if (isShownElsewhere || claimed.has(wanted)) {
      this.#refuse(`its role \`${role}\` needs the name \`${wanted}\`, which another member has`);
    }
    taken.add(wanted);
    claimed.add(wanted);
    return wanted;
  }
}

/** Names of the members of one structure. */
interface MemberNames {
  readonly taken: Set<string>;
  /** Names that members have got for their role. */
  readonly claimed: Set<string>;
}

function originalName(name: string, identifier: string): { originalName?: string } {
  return name === identifier ? {} : { originalName: identifier };
}

function kindInCtf1(kind: 'boolean' | 'unsigned' | 'signed'): 'unsigned' | 'signed' {
  return kind === 'signed' ? 'signed' : 'unsigned';
}

/** True: a reserved name in a packet context gives such a field its role. */
function suitsReservedName(fieldClass: FieldClass): boolean {
  return fieldClass.type === 'fixed-length-unsigned-integer';
}

function freeName(name: string, taken: Set<string>): string {
  let free = `${name}_`;
  while (taken.has(free)) free += '_';
  taken.add(free);
  return free;
}
