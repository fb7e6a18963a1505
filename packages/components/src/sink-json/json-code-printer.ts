import type { CodeWriter, IntegerCode, WalkSink } from '@sonde/ctf';
import {
  type DynamicLengthBlobFieldClass,
  type FixedLengthBitArrayFieldClass,
  type FixedLengthBitMapFieldClass,
  type FixedLengthBooleanFieldClass,
  type FixedLengthFloatingPointNumberFieldClass,
  type IntegerFieldClass,
  isSigned,
  type Scope,
  type StaticLengthBlobFieldClass,
  type StringFieldClass,
  type StructureFieldClass,
  type StructureMember,
} from '@sonde/trace-model';
import {
  writeInt32,
  writeInt64,
  writeUint32,
  writeUint64,
  writeWhole,
} from '../sink-text/number-text.ts';
import { ShortText } from '../sink-text/short-text.ts';
import { toUtf8 } from '../sink-text/string-text.ts';
import type { TextBuffer } from '../sink-text/text-buffer.ts';
import { isEnumeration, isVisible } from '../trace-ir.ts';
import { EnumerationTail, FlagsTail } from './json-labels.ts';
import { memberPrefixes } from './json-names.ts';
import type { WideIntegers } from './json-options.ts';
import {
  bytesPerStringByte,
  writeHexString,
  writeJsonFloat,
  writeJsonString,
  writeQuotedInt64,
  writeQuotedUint64,
  writeSafeInt64,
  writeSafeUint64,
} from './json-text.ts';
import { LiteralCode } from './literal-code.ts';

const numberBytes = 64;

export interface JsonCodeOptions {
  readonly buffer: TextBuffer;
  readonly wideIntegers: WideIntegers;
  /** The scopes that are shown. */
  readonly scopes: JsonScopes;
  /** What stands after the last scope. */
  readonly after: string;
}

export interface JsonScope {
  /** What stands before the structure. */
  readonly before: string;
  /** Members of the root that are not shown. */
  readonly omitted: ReadonlySet<StructureMember>;
}

export type JsonScopes = ReadonlyMap<Scope, JsonScope>;

const nothing: ReadonlySet<StructureMember> = new Set();

/** Writes the code that prints records of one class as JSON. The twin of `JsonFieldPrinter`. */
export class JsonCodePrinter implements WalkSink {
  readonly #options: JsonCodeOptions;
  #code: LiteralCode | undefined;
  #isShown = false;
  #omitted = nothing;
  /** By nesting. */
  readonly #structures: ReadonlyMap<StructureMember, string>[] = [];

  constructor(options: JsonCodeOptions) {
    this.#options = options;
  }

  /** Undefined: what is walked is not shown. */
  get #shown(): LiteralCode | undefined {
    return this.#isShown ? this.#code : undefined;
  }

  prologue(out: CodeWriter): void {
    this.#code = new LiteralCode(out, this.#options.buffer);
    this.#structures.length = 0;
  }

  beginScope(_out: CodeWriter, scope: Scope): void {
    const shown = this.#options.scopes.get(scope);
    this.#isShown = shown !== undefined;
    this.#omitted = shown?.omitted ?? nothing;
    this.#shown?.text(shown?.before ?? '');
  }

  endScope(): void {
    this.#isShown = false;
  }

  epilogue(): void {
    this.#code!.text(this.#options.after);
    this.#code!.finish();
  }

  wants(member: StructureMember): boolean {
    return this.#isShown && isVisible(member.fieldClass) && !this.#omitted.has(member);
  }

  integer(out: CodeWriter, fc: IntegerFieldClass, value: IntegerCode): void {
    const code = this.#shown;
    if (code === undefined) return;
    if (!isEnumeration(fc)) {
      this.#integer(code, value, isSigned(fc));
      return;
    }
    code.text('{"value":');
    this.#integer(code, value, isSigned(fc));
    const tail = new EnumerationTail(fc);
    // Rounding can't bring a number that is not safe below the limit.
    const exact =
      value.lengthBits <= 53
        ? value.number
        : `(Number.isSafeInteger(${value.number})?${value.number}:${value.bigint})`;
    code.shortText(`${out.constant(tail)}.of(${exact})`, tail.maxBytes);
  }

  boolean(out: CodeWriter, _fc: FixedLengthBooleanFieldClass, expression: string): void {
    const [yes, no] = ['true', 'false'].map((text) => out.constant(ShortText.of(text)));
    this.#shown?.shortText(`${expression}?${yes}:${no}`, numberBytes);
  }

  bitArray(
    out: CodeWriter,
    fc: FixedLengthBitArrayFieldClass | FixedLengthBitMapFieldClass,
    value: IntegerCode,
  ): void {
    const code = this.#shown;
    if (code === undefined) return;
    const isMap = fc.type === 'fixed-length-bit-map';
    code.text(isMap ? '{"value":' : '');
    const [low, high] = [out.local('low'), out.local('high')];
    out.line(`const ${low}=${value.lo}>>>0,${high}=${value.hi}>>>0;`);
    const isWide = value.lengthBits > 53;
    code.call('view', this.#writer64(isWide, false), numberBytes, high, low);
    if (!isMap) return;
    const bits = `(BigInt(${high})<<32n|BigInt(${low}))`;
    const tail = out.constant(new FlagsTail(fc));
    code.shortText(`${tail}.of(${bits})`, Number.POSITIVE_INFINITY);
  }

  float(out: CodeWriter, fc: FixedLengthFloatingPointNumberFieldClass, expression: string): void {
    this.#shown?.call('view', writeJsonFloat, numberBytes, expression, out.constant(fc));
  }

  string(out: CodeWriter, fc: StringFieldClass, begin: string, end: string): void {
    const code = this.#shown;
    if (code === undefined) return;
    code.text('"');
    if (fc.encoding === 'utf-8') {
      code.callBig(writeJsonString, `(${end}-${begin})*${bytesPerStringByte}`, 'B', begin, end);
    } else {
      const text = out.local('text');
      const encoding = out.constant(fc.encoding);
      out.line(`const ${text}=${out.constant(toUtf8)}(${encoding},B,${begin},${end});`);
      const size = `${text}.length*${bytesPerStringByte}`;
      code.callBig(writeJsonString, size, text, '0', `${text}.length`);
    }
    code.text('"');
  }

  blob(
    _out: CodeWriter,
    _fc: StaticLengthBlobFieldClass | DynamicLengthBlobFieldClass,
    begin: string,
    end: string,
  ): void {
    this.#shown?.callBig(writeHexString, `(${end}-${begin})*2+2`, 'B', begin, end);
  }

  beginStructure(_out: CodeWriter, fc: StructureFieldClass): void {
    if (!this.#isShown) return;
    this.#structures.push(memberPrefixes(fc, this.#omitted));
    this.#shown?.text('{');
  }

  beginMember(_out: CodeWriter, member: StructureMember): void {
    this.#shown?.text(this.#structures.at(-1)?.get(member) ?? '');
  }

  endStructure(): void {
    if (!this.#isShown) return;
    this.#structures.pop();
    this.#shown?.text('}');
  }

  beginArray(): void {
    this.#shown?.text('[');
    this.#shown?.beginBranches();
  }

  beginElement(out: CodeWriter, index: string): void {
    const code = this.#shown;
    if (code === undefined) return;
    code.beginBranch();
    code.room('0');
    // A comma that is overwritten when it is not wanted.
    out.line(`${code.view}.setInt8(${code.at},44);${code.at}+=${index}>0?1:0;`);
  }

  endElement(): void {
    this.#shown?.endBranch();
  }

  endArray(): void {
    this.#shown?.endBranches();
    this.#shown?.text(']');
  }

  beginVariant(): void {
    this.#shown?.beginBranches();
  }

  beginOption(): void {
    this.#shown?.beginBranch();
  }

  endOption(): void {
    this.#shown?.endBranch();
  }

  endVariant(): void {
    this.#shown?.endBranches();
  }

  /** The branch has begun: what is gathered belongs to both. */
  beginPresent(): void {
    this.#shown?.beginBranches(false);
  }

  endPresent(): void {
    this.#shown?.endBranch();
  }

  absent(): void {
    const code = this.#shown;
    if (code === undefined) return;
    code.beginBranch();
    code.text('null');
    code.endBranch();
    code.endBranches();
  }

  #integer(code: LiteralCode, value: IntegerCode, signed: boolean): void {
    const { lengthBits } = value;
    if (lengthBits <= 32) {
      code.call('view', signed ? writeInt32 : writeUint32, numberBytes, value.number);
    } else if (lengthBits <= 53 && !signed) {
      code.call('view', writeWhole, numberBytes, value.number);
    } else {
      const write = this.#writer64(lengthBits > 53, signed);
      code.call('view', write, numberBytes, value.hi, value.lo);
    }
  }

  #writer64(isWide: boolean, signed: boolean): typeof writeUint64 {
    const { wideIntegers } = this.#options;
    if (!isWide || wideIntegers === 'number') return signed ? writeInt64 : writeUint64;
    if (wideIntegers === 'string') return signed ? writeQuotedInt64 : writeQuotedUint64;
    return signed ? writeSafeInt64 : writeSafeUint64;
  }
}
