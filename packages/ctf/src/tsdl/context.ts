import type { MetadataError } from '@sonde/base';
import type { ByteOrder, FieldClass } from '@sonde/trace-model';
import { type MetadataLimits, type MetadataOptions, metadataLimits } from '../metadata-options.ts';
import { metadataErrorAt, Scanner } from './scanner.ts';

/** A length or tag as written: the names of its path, to be resolved when all scopes are known. */
export interface PendingLocation {
  readonly path: readonly string[];
  /** Index in the text. */
  readonly position: number;
}

/** Type names that are known within one block, and those of the blocks around it (CTF 1.8.3 §7.3.1). */
export class LexicalScope {
  readonly parent: LexicalScope | undefined;
  #prototypes: Map<string, FieldClass> | undefined;

  constructor(parent?: LexicalScope) {
    this.parent = parent;
  }

  /** False: the name is taken in this very scope. */
  declare(name: string, prototype: FieldClass): boolean {
    this.#prototypes ??= new Map();
    if (this.#prototypes.has(name)) return false;
    this.#prototypes.set(name, prototype);
    return true;
  }

  find(name: string): FieldClass | undefined {
    for (let scope: LexicalScope | undefined = this; scope; scope = scope.parent) {
      const prototype = scope.#prototypes?.get(name);
      if (prototype) return prototype;
    }
    return undefined;
  }
}

/** What the parts of the parser share while one metadata text is read. */
export class TsdlContext {
  readonly scanner: Scanner;
  readonly options: MetadataOptions;
  readonly limits: MetadataLimits;
  nativeByteOrder: ByteOrder = 'little-endian';
  /** Undefined: no `env` block. */
  environment: Map<string, string | bigint> | undefined;
  readonly #rootScope = new LexicalScope();
  scope = this.#rootScope;
  /** Where a field class begins in the text, for errors that are found later. */
  readonly positions = new Map<FieldClass, number>();
  /** Dependent field classes that are not resolved yet. */
  readonly pending = new Map<FieldClass, PendingLocation>();
  /** Clock names by integer field class (`map = clock.NAME.value`). */
  readonly mappedClocks = new Map<FieldClass, string>();
  /** Integer blocks by their text: tracers repeat the same few thousands of times. */
  readonly integerPrototypes = new Map<string, FieldClass>();
  #depth = 0;
  #fieldClassCount = 0;
  #locationSteps = 0;

  constructor(text: string, options: MetadataOptions) {
    this.scanner = new Scanner(text);
    this.options = options;
    this.limits = metadataLimits(options);
  }

  /** Notes a new field class and where it is. */
  place<T extends FieldClass>(fieldClass: T, position: number): T {
    if (++this.#fieldClassCount > this.limits.fieldClassCount) {
      throw this.error(
        `More than ${this.limits.fieldClassCount} field classes.`,
        position,
        'metadata-limit',
      );
    }
    this.positions.set(fieldClass, position);
    return fieldClass;
  }

  /** Bounds the search for lengths and tags, which variants multiply. */
  countLocationStep(position: number): void {
    if (++this.#locationSteps > 4 * this.limits.fieldClassCount) {
      throw this.error('Too many fields lead to lengths and tags.', position, 'metadata-limit');
    }
  }

  positionOf(fieldClass: FieldClass): number {
    return this.positions.get(fieldClass) ?? 0;
  }

  /** Puts a changed copy in the place of a field class. */
  move<T extends FieldClass>(from: FieldClass, to: T, position = this.positionOf(from)): T {
    this.positions.set(to, position);
    const location = this.pending.get(from);
    if (location) this.pending.set(to, location);
    const clockName = this.mappedClocks.get(from);
    if (clockName !== undefined) this.mappedClocks.set(to, clockName);
    return to;
  }

  /** Runs `parse` one block deeper, with its own type names. */
  nested<T>(position: number, parse: () => T): T {
    this.checkDepth(++this.#depth, position);
    const outer = this.scope;
    this.scope = new LexicalScope(outer);
    const result = parse();
    this.scope = outer;
    this.#depth--;
    return result;
  }

  /** Runs `parse` at another place of the root block, and comes back, also after an error. */
  detour<T>(position: number, parse: () => T): T {
    const { scanner, scope } = this;
    const before = scanner.position;
    const depth = this.#depth;
    scanner.position = position;
    this.scope = this.#rootScope;
    this.#depth = 0;
    try {
      return parse();
    } finally {
      scanner.position = before;
      this.scope = scope;
      this.#depth = depth;
    }
  }

  checkDepth(depth: number, position: number): void {
    if (depth <= this.limits.nestingDepth) return;
    throw this.error(
      `Field classes nested deeper than ${this.limits.nestingDepth}.`,
      position,
      'metadata-limit',
    );
  }

  /** An error about what the text means. To be thrown by the caller. */
  error(message: string, position: number, code = 'tsdl-semantics'): MetadataError {
    return metadataErrorAt(this.scanner.text, position, code, message);
  }

  warn(message: string, position: number): void {
    if (!this.options.warn) return;
    const { place } = this.error(message, position);
    this.options.warn(`line ${place.line}:${place.column}: ${message}`);
  }

  /** Refuses in strict mode, else warns. */
  tolerate(message: string, position: number, code?: string): void {
    if (this.options.strict) throw this.error(message, position, code);
    this.warn(message, position);
  }

  unknownAttribute(name: string, position: number): void {
    this.tolerate(`Unknown attribute \`${name}\`.`, position, 'tsdl-unknown-attribute');
  }

  /** LTTng's traces have some facts that their metadata does not tell, and oddities that are not its users' fault. */
  get isLttng(): boolean {
    const tracer = this.environment?.get('tracer_name');
    return typeof tracer === 'string' && tracer.startsWith('lttng');
  }
}
