import type {
  FieldClass,
  IntegerFieldClass,
  StringFieldClass,
  StructureMember,
} from '@sonde/trace-model';
import type { CodeWriter, IntegerCode } from '../code-sink.ts';
import type { WalkSink } from '../contract.ts';
import { isWide, type Targets, type Wide } from '../demand-visitor.ts';
import { decodeText } from '../text.ts';
import { findText } from '../text-cache.ts';
import { TextMemory } from './text-memory.ts';
import { ValueBuilder } from './value-builder.ts';

/** What a `ProjectionSink` writes besides the values. */
export interface ProjectionCode {
  /** The record whose slots are set. */
  readonly record: object;
  /** The wanted fields and those around them. */
  readonly needed: ReadonlySet<FieldClass>;
  /** Slots which some records don't set: set to `undefined` first. */
  readonly conditionalSlots: readonly string[];
  /** Called when all is stored. */
  readonly consume?: ((record: never, cursor: never) => void) | undefined;
}

/** Stores the values of wanted fields in a record, steps over the others. The generated twin of `DemandVisitor`. */
export class ProjectionSink implements WalkSink {
  readonly #targets: Targets;
  readonly #code: ProjectionCode;
  /** Expression for the text whose terminator was found last. */
  #text = '';
  /** Fields with targets that are still to come. */
  #missing = new Set<FieldClass>();
  /** Wanted compound fields that contain the current one. */
  readonly #captures: { readonly fieldClass: FieldClass; readonly builder: ValueBuilder }[] = [];

  constructor(targets: Targets, code: ProjectionCode) {
    this.#targets = targets;
    this.#code = code;
  }

  prologue(out: CodeWriter): void {
    this.#missing = new Set(this.#targets.keys());
    out.line(`const R=${out.constant(this.#code.record)};`);
    for (const slot of this.#code.conditionalSlots) out.line(`R.${slot}=undefined;`);
  }

  epilogue(out: CodeWriter): void {
    const { consume } = this.#code;
    if (consume !== undefined) out.line(`${out.constant(consume)}(R,cursor);`);
  }

  wants(member: StructureMember): boolean {
    return this.#isNeeded(member.fieldClass);
  }

  wantsOption(option: { readonly fieldClass: FieldClass }): boolean {
    return this.#isNeeded(option.fieldClass);
  }

  get isDone(): boolean {
    return this.#missing.size === 0 && this.#captures.length === 0;
  }

  #isNeeded(fc: FieldClass): boolean {
    return this.#captures.length > 0 || this.#code.needed.has(fc);
  }

  #leaf(out: CodeWriter, fc: FieldClass, expression: (wide: Wide) => string): void {
    this.#missing.delete(fc);
    for (const { slot, wide } of this.#targets.get(fc) ?? []) {
      out.line(`R.${slot}=${expression(wide)};`);
    }
    for (const { builder } of this.#captures) builder.put(out, expression(builder.wide));
  }

  integer(out: CodeWriter, fc: IntegerFieldClass, value: IntegerCode): void {
    this.#leaf(out, fc, (wide) => {
      if (wide === 'number' || !isWide(fc)) return value.number;
      if (wide === 'signed') return `((${value.hi}|0)*4294967296+(${value.lo}>>>0))`;
      return wide === 'bigint' ? value.bigint : value.exact;
    });
  }

  bitArray(out: CodeWriter, fc: FieldClass, value: IntegerCode): void {
    this.#leaf(out, fc, (wide) =>
      wide === 'number' || wide === 'signed' ? value.number : value.bigint,
    );
  }

  boolean(out: CodeWriter, fc: FieldClass, expression: string): void {
    this.#leaf(out, fc, () => expression);
  }

  float(out: CodeWriter, fc: FieldClass, expression: string): void {
    this.#leaf(out, fc, () => expression);
  }

  findTerminator(
    out: CodeWriter,
    fc: StringFieldClass,
    begin: string,
    limit: string,
  ): string | undefined {
    if (fc.encoding !== 'utf-8' || !this.#isNeeded(fc)) return undefined;
    const found = out.local('found');
    if (fc.type === 'dynamic-length-string') {
      out.line(`const ${found}=${out.constant(findText)}(B,D,${begin},${limit});`);
    } else {
      const memory = out.constant(memoryOf(fc));
      const hasStaticLimit = fc.type === 'static-length-string';
      const find = `${memory}.find(B,D,${begin},${limit},${hasStaticLimit})`;
      out.line(`let ${found}=${memory}.last;`);
      out.line(`if(!${found}.matches(D,${begin}))${found}=${find};`);
    }
    this.#text = `${found}.text`;
    return `${begin}+${found}.lengthBytes`;
  }

  string(out: CodeWriter, fc: StringFieldClass, begin: string, end: string): void {
    if (fc.encoding === 'utf-8') {
      this.#leaf(out, fc, () => this.#text);
    } else {
      const decode = `${out.constant(decodeText)}(${out.constant(fc.encoding)},B,${begin},${end})`;
      this.#leaf(out, fc, () => decode);
    }
  }

  blob(out: CodeWriter, fc: FieldClass, begin: string, end: string): void {
    this.#leaf(out, fc, () => `B.slice(${begin},${end})`);
  }

  #begin(fieldClass: FieldClass): void {
    this.#missing.delete(fieldClass);
    for (const { slot, wide } of this.#targets.get(fieldClass) ?? []) {
      this.#captures.push({ fieldClass, builder: new ValueBuilder(`R.${slot}`, wide) });
    }
  }

  #end(fieldClass: FieldClass): void {
    while (this.#captures.at(-1)?.fieldClass === fieldClass) this.#captures.pop();
  }

  beginStructure(_out: CodeWriter, fc: FieldClass): void {
    this.#begin(fc);
    for (const { builder } of this.#captures) builder.beginStructure();
  }

  beginMember(_out: CodeWriter, member: StructureMember): void {
    for (const { builder } of this.#captures) builder.beginMember(member);
  }

  endStructure(out: CodeWriter, fc: FieldClass): void {
    for (const { builder } of this.#captures) builder.endStructure(out);
    this.#end(fc);
  }

  beginArray(out: CodeWriter, fc: FieldClass): void {
    this.#begin(fc);
    for (const { builder } of this.#captures) builder.beginArray(out);
  }

  endArray(out: CodeWriter, fc: FieldClass): void {
    this.#endChild(out, fc);
  }

  beginVariant(out: CodeWriter, fc: FieldClass): void {
    this.#begin(fc);
    for (const { builder } of this.#captures) builder.beginChoice(out);
  }

  endVariant(out: CodeWriter, fc: FieldClass): void {
    this.#endChild(out, fc);
  }

  beginOptional(out: CodeWriter, fc: FieldClass): void {
    this.#begin(fc);
    for (const { builder } of this.#captures) builder.beginChoice(out);
  }

  endOptional(out: CodeWriter, fc: FieldClass): void {
    this.#endChild(out, fc);
  }

  #endChild(out: CodeWriter, fc: FieldClass): void {
    for (const { builder } of this.#captures) builder.endArrayOrChoice(out);
    this.#end(fc);
  }
}

const memories = new WeakMap<StringFieldClass, TextMemory>();

/** One for each field: event record classes share that of their common context. */
function memoryOf(fc: StringFieldClass): TextMemory {
  let memory = memories.get(fc);
  if (memory === undefined) {
    memory = new TextMemory();
    memories.set(fc, memory);
  }
  return memory;
}
