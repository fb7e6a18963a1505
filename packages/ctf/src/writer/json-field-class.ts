import { UsageError } from '@sonde/base';
import type {
  FieldClass,
  FieldLocation,
  IntegerRange,
  Mapping,
  Role,
  StringEncoding,
  StructureMember,
  VariantOption,
} from '@sonde/trace-model';
import { possibleRoles } from '../json/check-roles.ts';
import { locateKeys, type Step } from '../resolve-locations.ts';
import type { JsonOutput } from './json-text-writer.ts';
import { describeScope, type KeyMap, type ScopeOf } from './key-map.ts';

type Properties = { readonly [name: string]: JsonOutput | undefined };

const defaultMediaType = 'application/octet-stream';

/** Writes the field classes of one scope in CTF 2's JSON. */
export class JsonFieldClassWriter {
  readonly #scope: ScopeOf;
  readonly #keys: KeyMap;
  readonly #allowedRoles: readonly Role[];
  readonly #way: Step[] = [];
  /** Member names to the field class which is being written, for errors. */
  readonly #names: string[] = [];

  /** `hasMetadataUuid`: whether packets can have the metadata stream's UUID. */
  constructor(scope: ScopeOf, keys: KeyMap, hasMetadataUuid: boolean) {
    this.#scope = scope;
    this.#keys = keys;
    this.#allowedRoles = possibleRoles(scope.scope, {
      hasMetadataUuid,
      hasDefaultClock: scope.dataStreamClass?.defaultClockClass !== undefined,
    });
  }

  write(fieldClass: FieldClass): JsonOutput {
    const properties = this.#isUuidArray(fieldClass) ? uuidBlob : this.#properties(fieldClass);
    return { type: fieldClass.type, ...properties, attributes: fieldClass.attributes };
  }

  #refuse(why: string): never {
    const path = this.#names.join('.');
    const scope = describeScope(this.#scope);
    const field = path === '' ? `the ${scope}` : `the field \`${path}\` (${scope})`;
    throw new UsageError('not-ctf-2', `CTF 2 can't express ${field}: ${why}.`);
  }

  /** CTF 1.8's UUID is an array of 16 integers, CTF 2's a BLOB; both lie in the packet in the same way. */
  #isUuidArray(fieldClass: FieldClass): boolean {
    return (
      fieldClass.type === 'static-length-array' &&
      fieldClass.roles?.includes('metadata-stream-uuid') === true &&
      this.#allowedRoles.includes('metadata-stream-uuid')
    );
  }

  #properties(fieldClass: FieldClass): Properties {
    switch (fieldClass.type) {
      case 'fixed-length-bit-array':
      case 'fixed-length-boolean':
      case 'fixed-length-floating-point-number':
        return layout(fieldClass);
      case 'fixed-length-bit-map':
        return { ...layout(fieldClass), flags: mappings(fieldClass.flags) };
      case 'fixed-length-unsigned-integer':
      case 'fixed-length-signed-integer':
        return { ...layout(fieldClass), ...this.#integer(fieldClass) };
      case 'variable-length-unsigned-integer':
      case 'variable-length-signed-integer':
        return this.#integer(fieldClass);
      case 'null-terminated-string':
        return { encoding: encoding(fieldClass.encoding) };
      case 'static-length-string':
        return { length: BigInt(fieldClass.lengthBytes), encoding: encoding(fieldClass.encoding) };
      case 'dynamic-length-string':
        return { ...this.#length(fieldClass), encoding: encoding(fieldClass.encoding) };
      case 'static-length-blob':
        return {
          length: BigInt(fieldClass.lengthBytes),
          'media-type': mediaType(fieldClass.mediaType),
          ...this.#roles(fieldClass.roles),
        };
      case 'dynamic-length-blob':
        return { ...this.#length(fieldClass), 'media-type': mediaType(fieldClass.mediaType) };
      default:
        return this.#compound(fieldClass);
    }
  }

  #compound(fieldClass: Extract<FieldClass, { type: CompoundType }>): Properties {
    switch (fieldClass.type) {
      case 'static-length-array':
        return { length: BigInt(fieldClass.length), ...this.#element(fieldClass) };
      case 'dynamic-length-array':
        return { ...this.#length(fieldClass), ...this.#element(fieldClass) };
      case 'structure':
        return {
          'minimum-alignment': alignment(fieldClass.minimumAlignmentBits),
          'member-classes': fieldClass.members.length === 0 ? undefined : this.#members(fieldClass),
        };
      case 'optional':
        return {
          ...this.#selector(fieldClass),
          'selector-field-ranges': fieldClass.selectorRanges && ranges(fieldClass.selectorRanges),
          'field-class': this.#child(fieldClass, 0, fieldClass.fieldClass),
        };
      case 'variant':
        return {
          ...this.#selector(fieldClass),
          options: fieldClass.options.map((option, i) => this.#option(fieldClass, option, i)),
        };
    }
  }

  #child(parent: FieldClass, index: number, child: FieldClass, name?: string): JsonOutput {
    this.#way.push({ fieldClass: parent, index });
    if (name !== undefined) this.#names.push(name);
    const output = this.write(child);
    if (name !== undefined) this.#names.pop();
    this.#way.pop();
    return output;
  }

  #members(fieldClass: FieldClass & { readonly members: readonly StructureMember[] }): JsonOutput {
    const names = new Set<string>();
    return fieldClass.members.map((member, i) => {
      const { name } = member;
      // CTF 1.8: `x` and `_x` are two names there, but both are displayed as `x`.
      if (names.has(name)) this.#refuse(`two members are named \`${name}\``);
      names.add(name);
      return {
        name,
        'field-class': this.#child(fieldClass, i, member.fieldClass, name),
        attributes: member.attributes,
      };
    });
  }

  #option(parent: FieldClass, option: VariantOption, index: number): JsonOutput {
    if (option.ranges.length === 0) {
      this.#refuse(`no selector value selects the option \`${option.name ?? index}\``);
    }
    return {
      name: option.name,
      'selector-field-ranges': ranges(option.ranges),
      'field-class': this.#child(parent, index, option.fieldClass, option.name ?? `[${index}]`),
      attributes: option.attributes,
    };
  }

  #element(
    fieldClass: FieldClass & { elementFieldClass: FieldClass; minimumAlignmentBits: number },
  ) {
    return {
      'minimum-alignment': alignment(fieldClass.minimumAlignmentBits),
      'element-field-class': this.#child(fieldClass, 0, fieldClass.elementFieldClass),
    };
  }

  #integer(fieldClass: Extract<FieldClass, { preferredDisplayBase: unknown }>): Properties {
    const base = fieldClass.preferredDisplayBase;
    return {
      'preferred-display-base': base === 10 ? undefined : BigInt(base),
      mappings: fieldClass.mappings && mappings(fieldClass.mappings),
      ...this.#roles(fieldClass.roles),
    };
  }

  /** CTF 1.8 maps integers of any scope to clocks; CTF 2 has no roles there. */
  #roles(roles: readonly Role[] | undefined): Properties {
    const kept = roles?.filter((role) => this.#allowedRoles.includes(role)) ?? [];
    return kept.length > 0 ? { roles: kept } : {};
  }

  #length(fieldClass: FieldClass & { lengthFieldLocation: FieldLocation; keySlot: number }) {
    const { lengthFieldLocation, keySlot } = fieldClass;
    return { 'length-field-location': this.#location(lengthFieldLocation, keySlot) };
  }

  #selector(fieldClass: FieldClass & { selectorFieldLocation: FieldLocation; keySlot: number }) {
    const { selectorFieldLocation, keySlot } = fieldClass;
    return { 'selector-field-location': this.#location(selectorFieldLocation, keySlot) };
  }

  /** CTF 1.8 can name an option of a variant on the way; CTF 2 means all of them. */
  #location(location: FieldLocation, keySlot: number): JsonOutput {
    const { scope, roots } = this.#scope;
    const found = locateKeys(location, this.#way, scope, roots);
    const wanted = this.#keys.get(keySlot);
    if (found.length !== wanted?.size || !found.every((key) => wanted.has(key))) {
      this.#refuse('what it depends on has no location');
    }
    return { origin: location.origin, path: location.path };
  }
}

type CompoundType =
  | 'static-length-array'
  | 'dynamic-length-array'
  | 'structure'
  | 'optional'
  | 'variant';

const uuidBlob: Properties = {
  type: 'static-length-blob',
  length: 16n,
  roles: ['metadata-stream-uuid'],
};

function layout(fieldClass: Extract<FieldClass, { readonly lengthBits: number }>): Properties {
  const { lengthBits, byteOrder, bitOrder, alignmentBits } = fieldClass;
  const natural = byteOrder === 'little-endian' ? 'first-to-last' : 'last-to-first';
  return {
    length: BigInt(lengthBits),
    'byte-order': byteOrder,
    'bit-order': bitOrder === natural ? undefined : bitOrder,
    alignment: alignment(alignmentBits),
  };
}

function alignment(alignmentBits: number): bigint | undefined {
  return alignmentBits === 1 ? undefined : BigInt(alignmentBits);
}

function encoding(name: StringEncoding): string | undefined {
  return name === 'utf-8' ? undefined : name;
}

function mediaType(name: string): string | undefined {
  return name === defaultMediaType ? undefined : name;
}

function ranges(list: readonly IntegerRange[]): JsonOutput {
  return list.map(({ lower, upper }) => [lower, upper]);
}

function mappings(list: readonly Mapping[]): JsonOutput {
  return new Map(list.map((mapping) => [mapping.label, ranges(mapping.ranges)]));
}
