import { MetadataError } from '@sonde/base';
import type { FieldClass, StructureFieldClass } from '@sonde/trace-model';
import { visitFieldClasses, withChildren } from '../field-class-tree.ts';
import type { MetadataLimits } from '../metadata-options.ts';
import { type FieldClassContext, readFieldClassObject } from './field-class-reader.ts';
import type { JsonReader } from './json-reader.ts';

interface Alias {
  readonly fieldClass: FieldClass;
  /** Field classes in it, itself included. */
  readonly count: number;
  /** Levels of field classes in it, itself included. */
  readonly depth: number;
}

/** Makes field classes of JSON values, each use of an alias a copy, within the limits. Remembers where each one stands in the text. */
export class FieldClassFactory implements FieldClassContext {
  readonly #limits: MetadataLimits;
  readonly #aliases = new Map<string, Alias>();
  readonly #readers = new WeakMap<FieldClass, JsonReader>();
  #count = 0;
  #depth = 0;
  /** Deepest level since the last alias began. */
  #greatestDepth = 0;

  constructor(limits: MetadataLimits) {
    this.#limits = limits;
  }

  get maxRanges(): number {
    return this.#limits.rangeCount;
  }

  /** Reads a `field-class-alias`. */
  addAlias(nameReader: JsonReader, fieldClassReader: JsonReader): void {
    const name = nameReader.string();
    if (this.#aliases.has(name)) {
      nameReader.fail(`Duplicate field class alias named \`${name}\`.`, 'duplicate-alias');
    }
    this.#greatestDepth = 0;
    const fieldClass = this.read(fieldClassReader);
    let count = 0;
    visitFieldClasses(fieldClass, () => count++);
    this.#aliases.set(name, { fieldClass, count, depth: this.#greatestDepth });
  }

  read(reader: JsonReader): FieldClass {
    this.#depth++;
    this.#checkDepth(this.#depth, reader);
    const fieldClass =
      reader.value.type === 'string' ? this.#copyAlias(reader) : this.#readObject(reader);
    this.#depth--;
    return fieldClass;
  }

  /** Reads the field class of a scope. */
  readStructure(reader: JsonReader): StructureFieldClass {
    const fieldClass = this.read(reader);
    if (fieldClass.type === 'structure') return fieldClass;
    return reader.fail('Expecting a structure field class.');
  }

  /** Raises an error at the place of a field class. */
  fail(fieldClass: FieldClass, message: string, code: string): never {
    const reader = this.#readers.get(fieldClass);
    throw new MetadataError(code, message, reader?.place);
  }

  warn(fieldClass: FieldClass, message: string): void {
    this.#readers.get(fieldClass)?.warn(message);
  }

  #checkDepth(depth: number, reader: JsonReader): void {
    const { nestingDepth } = this.#limits;
    if (depth > nestingDepth) {
      reader.fail(`Field classes are nested more than ${nestingDepth} levels.`, 'metadata-limit');
    }
    this.#greatestDepth = Math.max(this.#greatestDepth, depth);
  }

  #add(count: number, reader: JsonReader): void {
    const { fieldClassCount } = this.#limits;
    this.#count += count;
    if (this.#count > fieldClassCount) {
      reader.fail(`More than ${fieldClassCount} field classes.`, 'metadata-limit');
    }
  }

  #readObject(reader: JsonReader): FieldClass {
    this.#add(1, reader);
    const fieldClass = readFieldClassObject(reader, this);
    this.#readers.set(fieldClass, reader);
    return fieldClass;
  }

  #copyAlias(reader: JsonReader): FieldClass {
    const name = reader.string();
    const alias = this.#aliases.get(name);
    if (!alias) reader.fail(`Cannot find field class alias \`${name}\`.`, 'unknown-alias');
    this.#add(alias.count, reader);
    this.#checkDepth(this.#depth - 1 + alias.depth, reader);
    return this.#copy(alias.fieldClass);
  }

  #copy(original: FieldClass): FieldClass {
    const copy = withChildren(original, (child) => this.#copy(child));
    const reader = this.#readers.get(original);
    if (reader) this.#readers.set(copy, reader);
    return copy;
  }
}
