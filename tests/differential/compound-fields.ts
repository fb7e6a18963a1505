/** Fields of fields of random traces. */
import type { Length } from './byte-fields.ts';
import type { Field, Member, Output } from './fields.ts';
import type { Json } from './syntax.ts';

export class StructureField implements Field {
  readonly members: readonly Member[];
  readonly minimumAlignment: number;
  readonly displayName: (name: string) => string;

  constructor(
    members: readonly Member[],
    minimumAlignment: number,
    displayName: (name: string) => string,
  ) {
    this.members = members;
    this.minimumAlignment = minimumAlignment;
    this.displayName = displayName;
  }

  get alignmentBits(): number {
    return Math.max(this.minimumAlignment, ...this.members.map(({ field }) => field.alignmentBits));
  }

  tsdl(): string {
    const members = this.members.map(
      ({ name, field }) => `${field.tsdl()} ${name}${field.tsdlSuffix?.() ?? ''};`,
    );
    const align = this.minimumAlignment === 1 ? '' : ` align(${this.minimumAlignment})`;
    return `struct { ${members.join('\n')} }${align}`;
  }

  json(): Json {
    return {
      type: 'structure',
      ...(this.minimumAlignment !== 1 && { 'minimum-alignment': this.minimumAlignment }),
      'member-classes': this.members.map(({ name, field }) => ({
        name,
        'field-class': field.json(),
      })),
    };
  }

  write(output: Output): string {
    output.bits.align(this.alignmentBits);
    const shown: string[] = [];
    for (const { name, field, isHidden } of this.members) {
      const text = field.write(output);
      if (!isHidden) shown.push(`${this.displayName(name)} = ${text}`);
    }
    return shown.length === 0 ? '{ }' : `{ ${shown.join(', ')} }`;
  }
}

export class ArrayField implements Field {
  readonly element: Field;
  readonly length: Length;
  readonly minimumAlignment: number;

  constructor(element: Field, length: Length, minimumAlignment: number) {
    this.element = element;
    this.length = length;
    this.minimumAlignment = minimumAlignment;
  }

  get alignmentBits(): number {
    return Math.max(this.minimumAlignment, this.element.alignmentBits);
  }

  tsdl(): string {
    return this.element.tsdl();
  }

  /** As in C: the first dimension is the outer array. */
  tsdlSuffix = (): string => `[${this.length.tsdl}]${this.element.tsdlSuffix?.() ?? ''}`;

  json(): Json {
    const { length } = this;
    return {
      ...(length.json === undefined
        ? { type: 'static-length-array', length: length.value() }
        : { type: 'dynamic-length-array', 'length-field-location': length.json }),
      'element-field-class': this.element.json(),
      ...(this.minimumAlignment !== 1 && { 'minimum-alignment': this.minimumAlignment }),
    };
  }

  write(output: Output): string {
    output.bits.align(this.alignmentBits);
    const elements = Array.from(
      { length: this.length.value() },
      (_, i) => `[${i}] = ${this.element.write(output)}`,
    );
    return elements.length === 0 ? '[ ]' : `[ ${elements.join(', ')} ]`;
  }
}

export interface Option {
  readonly name: string;
  readonly field: Field;
  readonly ranges: readonly (readonly [bigint, bigint])[];
}

export class VariantField implements Field {
  readonly alignmentBits = 1;

  readonly options: readonly Option[];
  readonly selector: { readonly tsdl: string; readonly json: Json; readonly value: () => bigint };

  constructor(
    options: readonly Option[],
    selector: { readonly tsdl: string; readonly json: Json; readonly value: () => bigint },
  ) {
    this.options = options;
    this.selector = selector;
  }

  tsdl(): string {
    const options = this.options.map(
      ({ name, field }) => `${field.tsdl()} ${name}${field.tsdlSuffix?.() ?? ''};`,
    );
    return `variant <${this.selector.tsdl}> { ${options.join('\n')} }`;
  }

  json(): Json {
    return {
      type: 'variant',
      'selector-field-location': this.selector.json,
      options: this.options.map(({ name, field, ranges }) => ({
        name,
        'field-class': field.json(),
        'selector-field-ranges': ranges,
      })),
    };
  }

  write(output: Output): string {
    const value = this.selector.value();
    const option = this.options.find(({ ranges }) =>
      ranges.some(([first, last]) => value >= first && value <= last),
    )!;
    return `{ ${option.field.write(output)} }`;
  }
}

export class OptionalField implements Field {
  readonly alignmentBits = 1;

  readonly field: Field;
  readonly selector: Json;
  readonly ranges: readonly (readonly [bigint, bigint])[] | undefined;
  readonly isPresent: () => boolean;

  constructor(
    field: Field,
    selector: Json,
    ranges: readonly (readonly [bigint, bigint])[] | undefined,
    isPresent: () => boolean,
  ) {
    this.field = field;
    this.selector = selector;
    this.ranges = ranges;
    this.isPresent = isPresent;
  }

  tsdl(): string {
    throw new Error('not in CTF 1.8');
  }

  json(): Json {
    return {
      type: 'optional',
      'selector-field-location': this.selector,
      ...(this.ranges && { 'selector-field-ranges': this.ranges }),
      'field-class': this.field.json(),
    };
  }

  write(output: Output): string {
    return this.isPresent() ? `{ ${this.field.write(output)} }` : '<none>';
  }
}
