import { UsageError } from '@sonde/base';
import type {
  ByteOrder,
  ClockClass,
  DisplayBase,
  FieldClass,
  FixedLengthIntegerFieldClass,
  Mapping,
  StructureFieldClass,
  VariantFieldClass,
} from '@sonde/trace-model';
import { textName } from './ctf1-names.ts';
import { describeScope, type ScopeOf } from './key-map.ts';
import type { KeyPaths, OpenStructure } from './tsdl-paths.ts';
import { quoted, type TsdlText } from './tsdl-text.ts';

/** What is in front of a name, and what follows it: the dimensions of arrays, the outermost first. */
interface Declarator {
  readonly fieldClass: FieldClass;
  readonly dimensions: string;
}

export interface TypeContext {
  readonly scope: ScopeOf;
  readonly paths: KeyPaths;
  readonly out: TsdlText;
  /** Clock that mapped integers are mapped to; undefined: names tell (implicit clock). */
  readonly clockClass: ClockClass | undefined;
}

const byteOrders: Readonly<Record<ByteOrder, string>> = {
  'little-endian': 'le',
  'big-endian': 'be',
};
const baseNames: Readonly<Record<DisplayBase, string>> = { 2: '2', 8: '8', 10: '10', 16: '16' };

/** Writes the types of one scope. */
export class TsdlTypeWriter {
  readonly #context: TypeContext;
  readonly #names: string[] = [];
  /** Around what is being written, the innermost last. */
  readonly #structures: OpenStructure[] = [];

  constructor(context: TypeContext) {
    this.#context = context;
  }

  /** `left := struct { … } align(n);` */
  writeRoot(left: string): void {
    this.#structure(`${left} := struct`, ';', this.#context.scope.root);
  }

  #refuse(why: string): never {
    const where = `\`${this.#names.join('.')}\` (${describeScope(this.#context.scope)})`;
    const message = `CTF 1.8 can't express the field ${where}: ${why}.`;
    throw new UsageError('not-ctf-1.8', message);
  }

  /** One member or option: the type, its name, its dimensions. */
  #declare(name: string, fieldClass: FieldClass): void {
    this.#names.push(name);
    const { fieldClass: inner, dimensions } = this.#declarator(fieldClass);
    const tail = ` ${name}${dimensions};`;
    switch (inner.type) {
      case 'structure':
        this.#structure('struct', tail, inner);
        break;
      case 'variant':
        this.#variant(tail, inner);
        break;
      case 'fixed-length-unsigned-integer':
      case 'fixed-length-signed-integer':
        this.#integer(tail, inner);
        break;
      default:
        this.#context.out.line(this.#scalar(inner) + tail);
    }
    this.#names.pop();
  }

  #declarator(fieldClass: FieldClass): Declarator {
    let dimensions = '';
    let inner = fieldClass;
    for (;;) {
      switch (inner.type) {
        case 'static-length-array':
          dimensions += `[${inner.length}]`;
          inner = inner.elementFieldClass;
          continue;
        case 'dynamic-length-array':
          dimensions += `[${this.#path(inner.keySlot)}]`;
          inner = inner.elementFieldClass;
          continue;
        case 'static-length-string':
          return { fieldClass: inner, dimensions: `${dimensions}[${inner.lengthBytes}]` };
        case 'dynamic-length-string':
          return { fieldClass: inner, dimensions: `${dimensions}[${this.#path(inner.keySlot)}]` };
        default:
          return { fieldClass: inner, dimensions };
      }
    }
  }

  #path(keySlot: number): string {
    const path = this.#context.paths.pathOf(keySlot, this.#structures);
    return path ?? this.#refuse('there is no path to what it depends on');
  }

  #scalar(fieldClass: FieldClass): string {
    switch (fieldClass.type) {
      case 'fixed-length-floating-point-number': {
        const [exponent, mantissa] = fieldClass.lengthBits === 32 ? [8, 24] : [11, 53];
        const order = byteOrders[fieldClass.byteOrder];
        return `floating_point { exp_dig = ${exponent}; mant_dig = ${mantissa}; byte_order = ${order}; align = ${fieldClass.alignmentBits}; }`;
      }
      case 'null-terminated-string':
        return 'string';
      case 'static-length-string':
      case 'dynamic-length-string':
        return 'integer { size = 8; align = 8; signed = false; encoding = UTF8; }';
      default:
        return this.#refuse(`\`${fieldClass.type}\` has no counterpart`);
    }
  }

  #integer(tail: string, fieldClass: FixedLengthIntegerFieldClass): void {
    const type = this.#integerType(fieldClass);
    const { mappings } = fieldClass;
    if (mappings === undefined) {
      this.#context.out.line(type + tail);
      return;
    }
    if (mappings.length === 0) this.#refuse('an enumeration must have labels');
    this.#context.out.block(`enum : ${type}`, tail, () => {
      for (const mapping of mappings) this.#mapping(mapping);
    });
  }

  #mapping({ label, ranges }: Mapping): void {
    for (const { lower, upper } of ranges) {
      const range = lower === upper ? String(lower) : `${lower} ... ${upper}`;
      this.#context.out.line(`${quoted(label)} = ${range},`);
    }
  }

  #integerType(fieldClass: FixedLengthIntegerFieldClass): string {
    const { lengthBits, alignmentBits, byteOrder, preferredDisplayBase, encoding } = fieldClass;
    const isSigned = fieldClass.type === 'fixed-length-signed-integer';
    const attributes = [
      `size = ${lengthBits};`,
      `align = ${alignmentBits};`,
      `signed = ${isSigned};`,
      `byte_order = ${byteOrders[byteOrder]};`,
      `base = ${baseNames[preferredDisplayBase]};`,
    ];
    if (encoding) attributes.push(`encoding = ${encoding === 'ascii' ? 'ASCII' : 'UTF8'};`);
    const { clockClass } = this.#context;
    if (clockClass && fieldClass.roles?.some((role) => role.endsWith('clock-timestamp'))) {
      attributes.push(`map = clock.${clockClass.id}.value;`);
    }
    return `integer { ${attributes.join(' ')} }`;
  }

  #structure(head: string, tail: string, fieldClass: StructureFieldClass): void {
    const { minimumAlignmentBits: alignment } = fieldClass;
    const end = alignment > 1 ? ` align(${alignment})${tail}` : tail;
    const earlierNames = new Set<string>();
    this.#structures.push({ structure: fieldClass, earlierNames });
    this.#context.out.block(head, end, () => {
      for (const member of fieldClass.members) {
        const name = textName(member);
        if (name === undefined) this.#refuse(`\`${member.name}\` is no identifier`);
        this.#declare(name, member.fieldClass);
        earlierNames.add(name);
      }
    });
    this.#structures.pop();
  }

  #variant(tail: string, fieldClass: VariantFieldClass): void {
    this.#context.out.block(`variant <${this.#path(fieldClass.keySlot)}>`, tail, () => {
      for (const [index, option] of fieldClass.options.entries()) {
        const name = textName(option);
        if (name === undefined) this.#refuse(`option ${index} has no name that can be written`);
        this.#declare(name, option.fieldClass);
      }
    });
  }
}
