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
  type VariantOption,
} from '@sonde/trace-model';
import {
  writeHex32,
  writeHex64,
  writeInt32,
  writeInt64,
  writeUint32,
  writeUint64,
  writeWhole,
} from '../sink-text/number-text.ts';
import { ShortText } from '../sink-text/short-text.ts';
import {
  toUtf8,
  writeEscaped,
  writeEscapedWords,
  writeHexBytes,
} from '../sink-text/string-text.ts';
import { slackBytes, type TextBuffer } from '../sink-text/text-buffer.ts';
import { isEnumeration, isVisible } from '../trace-ir.ts';
import type { FieldTextOptions } from './field-printer.ts';
import { digitBits } from './integer-format.ts';
import { EnumerationText, FlagsText } from './label-text.ts';
import { storeText } from './literal-code.ts';
import { writeFloat, writeOtherBase } from './value-writers.ts';

/** Room that is used up at most between two checks, well below what `TextBuffer` leaves. */
const maxUncheckedBytes = slackBytes - 16_384;
/** A number in any base with terminal codes around it. */
const numberBytes = 96;

export interface CodePrinterOptions {
  /** Text begins at its `pending`; its `length` is where it ended. */
  readonly buffer: TextBuffer;
  /** Scopes which are not in it are not shown. */
  readonly scopes: ReadonlyMap<Scope, ScopeTextOptions>;
  readonly after: string;
}

export interface ScopeTextOptions extends FieldTextOptions {
  /** What stands before the structure: separator and name of the scope. */
  readonly before: string;
}

/**
 * Writes the code that prints records of one class. Constant texts are gathered and stored in one go where something else has
 * to be written or the control flow splits. Names in the generated code: `T` the TextBuffer, `W` and `V` its bytes and view, `q` the
 * place of the next byte.
 */
export class CodePrinter implements WalkSink {
  readonly #options: CodePrinterOptions;
  #names = { buffer: '', bytes: '', view: '', at: '' };
  #scope: ScopeTextOptions | undefined;
  /** Constant text to be stored before anything else is written. */
  #literal = '';
  /** Bytes written at most since the last check of the room. */
  #unchecked = 0;
  /** By nesting: members shown so far; what was before a choice. */
  readonly #counts: number[] = [];
  readonly #choices: { literal: string; before: number; after: number }[] = [];

  constructor(options: CodePrinterOptions) {
    this.#options = options;
  }

  prologue(out: CodeWriter): void {
    this.#literal = '';
    this.#unchecked = 0;
    this.#counts.length = 0;
    this.#choices.length = 0;
    this.#names = {
      buffer: out.constant(this.#options.buffer),
      bytes: out.local('W'),
      view: out.local('V'),
      at: out.local('q'),
    };
    const { bytes, view, at, buffer } = this.#names;
    out.line(`let ${at}=${buffer}.pending,${bytes}=${buffer}.bytes,${view}=${buffer}.view;`);
  }

  beginScope(_out: CodeWriter, scope: Scope): void {
    this.#scope = this.#options.scopes.get(scope);
    if (this.#scope !== undefined) this.#text(this.#scope.before);
  }

  endScope(): void {
    this.#scope = undefined;
  }

  epilogue(out: CodeWriter): void {
    const { buffer, at } = this.#names;
    this.#text(this.#options.after);
    this.#store(out);
    out.line(`${buffer}.length=${at};`);
  }

  wants(member: StructureMember): boolean {
    return this.#scope !== undefined && isVisible(member.fieldClass);
  }

  wantsOption(option: VariantOption): boolean {
    return isVisible(option.fieldClass);
  }

  integer(out: CodeWriter, fc: IntegerFieldClass, value: IntegerCode): void {
    if (this.#scope === undefined) return;
    const { bold, reset } = this.#colors;
    if (isEnumeration(fc)) this.#labels(out, fc, value);
    this.#text(bold);
    this.#store(out);
    this.#spend(out, numberBytes);
    out.line(this.#integerCode(out, fc, value));
    this.#text(isEnumeration(fc) ? `${reset} )` : reset);
  }

  boolean(out: CodeWriter, _fc: FixedLengthBooleanFieldClass, expression: string): void {
    if (this.#scope === undefined) return;
    const { bold, reset } = this.#colors;
    const [yes, no] = ['true', 'false'].map((text) =>
      out.constant(ShortText.of(bold + text + reset)),
    );
    this.#store(out);
    this.#spend(out, numberBytes);
    const { view, at } = this.#names;
    out.line(`${at}=(${expression}?${yes}:${no}).write(${view},${at});`);
  }

  bitArray(
    out: CodeWriter,
    fc: FixedLengthBitArrayFieldClass | FixedLengthBitMapFieldClass,
    value: IntegerCode,
  ): void {
    if (this.#scope === undefined) return;
    const { bold, reset } = this.#colors;
    const { view, at } = this.#names;
    this.#text(bold);
    this.#store(out);
    this.#spend(out, numberBytes);
    const [low, high] = [out.local('low'), out.local('high')];
    out.line(`const ${low}=${value.lo}|0,${high}=${value.hi}|0;`);
    out.line(`${at}=${out.constant(writeHex64)}(${view},${at},${high},${low});`);
    this.#text(reset);
    if (fc.type !== 'fixed-length-bit-map') return;
    this.#store(out);
    const text = out.local('text');
    const bits = `(BigInt(${high}>>>0)<<32n|BigInt(${low}>>>0))`;
    out.line(`const ${text}=${out.constant(new FlagsText(fc, this.#colors))}.of(${bits});`);
    this.#room(out, `${text}.length`);
    out.line(`${at}=${text}.write(${view},${at});`);
  }

  float(out: CodeWriter, _fc: FixedLengthFloatingPointNumberFieldClass, expression: string): void {
    if (this.#scope === undefined) return;
    const { bytes, view, at } = this.#names;
    this.#text(this.#colors.bold);
    this.#store(out);
    this.#spend(out, numberBytes);
    out.line(`${at}=${out.constant(writeFloat)}(${bytes},${view},${at},${expression});`);
    this.#text(this.#colors.reset);
  }

  string(out: CodeWriter, fc: StringFieldClass, begin: string, end: string): void {
    if (this.#scope === undefined) return;
    const { bold, reset } = this.#colors;
    const { buffer, bytes, at } = this.#names;
    this.#text(`${bold}"`);
    this.#store(out);
    if (fc.encoding === 'utf-8') {
      this.#room(out, `(${end}-${begin})*4`);
      // The TextBuffer and the cursor both have bytes and a view of them.
      const write = out.constant(writeEscapedWords);
      out.line(`${at}=${write}(${buffer},${at},cursor,${begin},${end});`);
    } else {
      const text = out.local('text');
      const encoding = out.constant(fc.encoding);
      out.line(`const ${text}=${out.constant(toUtf8)}(${encoding},B,${begin},${end});`);
      this.#room(out, `${text}.length*4`);
      const write = out.constant(writeEscaped);
      out.line(`${at}=${write}(${bytes},${at},${text},0,${text}.length);`);
    }
    this.#text(`"${reset}`);
  }

  blob(
    out: CodeWriter,
    _fc: StaticLengthBlobFieldClass | DynamicLengthBlobFieldClass,
    begin: string,
    end: string,
  ): void {
    if (this.#scope === undefined) return;
    const { bytes, at } = this.#names;
    this.#text('{ ');
    this.#store(out);
    this.#room(out, `(${end}-${begin})*3`);
    out.line(`${at}=${out.constant(writeHexBytes)}(${bytes},${at},B,${begin},${end});`);
    this.#text('}');
  }

  beginStructure(_out: CodeWriter, _fc: StructureFieldClass): void {
    if (this.#scope === undefined) return;
    this.#text('{');
    this.#counts.push(0);
  }

  beginMember(_out: CodeWriter, member: StructureMember): void {
    if (this.#scope === undefined) return;
    const count = this.#counts.pop() ?? 0;
    this.#counts.push(count + 1);
    this.#text(count > 0 ? ', ' : ' ');
    const { cyan, reset } = this.#colors;
    if (this.#scope.withNames) this.#text(`${cyan}${member.name}${reset} = `);
  }

  endStructure(_out: CodeWriter): void {
    if (this.#scope === undefined) return;
    this.#counts.pop();
    this.#text(' }');
  }

  beginArray(out: CodeWriter): void {
    if (this.#scope === undefined) return;
    this.#text('[');
    this.#store(out);
    this.#choices.push({ literal: '', before: this.#unchecked, after: 0 });
  }

  beginElement(out: CodeWriter, index: string): void {
    if (this.#scope === undefined) return;
    const { view, at } = this.#names;
    this.#check(out);
    // A comma that is overwritten when it is not wanted.
    out.line(`${view}.setInt8(${at},44);${at}+=${index}>0?1:0;`);
    if (this.#scope.withNames) {
      this.#text(' [');
      this.#store(out);
      this.#spend(out, numberBytes);
      out.line(`${at}=${out.constant(writeUint32)}(${view},${at},${index});`);
      this.#text('] = ');
    } else {
      this.#text(' ');
    }
  }

  endElement(out: CodeWriter): void {
    if (this.#scope !== undefined) this.#store(out);
  }

  endArray(): void {
    if (this.#scope === undefined) return;
    const choice = this.#choices.pop();
    this.#unchecked = Math.max(this.#unchecked, choice?.before ?? 0);
    this.#text(' ]');
  }

  beginVariant(out: CodeWriter): void {
    if (this.#scope === undefined) return;
    this.#text('{ ');
    this.#store(out);
    this.#choices.push({ literal: '', before: this.#unchecked, after: this.#unchecked });
  }

  beginOption(): void {
    if (this.#scope !== undefined) this.#unchecked = this.#choices.at(-1)!.before;
  }

  endOption(out: CodeWriter): void {
    if (this.#scope === undefined) return;
    this.#store(out);
    const choice = this.#choices.at(-1)!;
    choice.after = Math.max(choice.after, this.#unchecked);
  }

  endVariant(): void {
    if (this.#scope === undefined) return;
    this.#unchecked = this.#choices.pop()!.after;
    this.#text(' }');
  }

  /** The branch has begun: what is still to be stored belongs to both branches. */
  beginPresent(): void {
    if (this.#scope === undefined) return;
    const before = this.#unchecked;
    this.#choices.push({ literal: this.#literal, before, after: before });
    this.#text('{ ');
  }

  endPresent(out: CodeWriter): void {
    if (this.#scope === undefined) return;
    this.#text(' }');
    this.#store(out);
    this.#choices.at(-1)!.after = this.#unchecked;
  }

  absent(out: CodeWriter): void {
    if (this.#scope === undefined) return;
    const { literal, before, after } = this.#choices.pop()!;
    this.#literal = literal;
    this.#unchecked = before;
    this.#text('<none>');
    this.#store(out);
    this.#unchecked = Math.max(this.#unchecked, after);
  }

  get #colors() {
    return this.#scope!.colors;
  }

  #text(text: string): void {
    this.#literal += text;
  }

  /** Stores the gathered text. */
  #store(out: CodeWriter): void {
    const text = this.#literal;
    if (text === '') return;
    this.#literal = '';
    const byteBound = text.length * 3 + 8;
    if (byteBound > maxUncheckedBytes) this.#room(out, String(byteBound));
    else this.#spend(out, byteBound);
    storeText(out, this.#names, text);
  }

  /** `byteBound` bytes are about to be written. */
  #spend(out: CodeWriter, byteBound: number): void {
    if (this.#unchecked + byteBound > maxUncheckedBytes) this.#check(out);
    this.#unchecked += byteBound;
  }

  #check(out: CodeWriter): void {
    this.#room(out, '0');
  }

  /** Makes sure that `size` bytes can be written, and a full measure of unchecked ones after them. */
  #room(out: CodeWriter, size: string): void {
    const { buffer, bytes, view, at } = this.#names;
    const need = size === '0' ? at : `${at}+${size}`;
    out.line(
      `if(${need}>${buffer}.limit){${at}=${buffer}.room(${at},${size}+${slackBytes});${bytes}=${buffer}.bytes;${view}=${buffer}.view;}`,
    );
    this.#unchecked = 0;
  }

  #labels(out: CodeWriter, fc: IntegerFieldClass, value: IntegerCode): void {
    const { view, at } = this.#names;
    const { colors, printEnumFlags } = this.#scope!;
    this.#store(out);
    const texts = new EnumerationText(fc, colors, printEnumFlags);
    const text = out.local('text');
    // Rounding can't bring a number that is not safe below the limit.
    const exact =
      value.lengthBits <= 53
        ? value.number
        : `(Number.isSafeInteger(${value.number})?${value.number}:${value.bigint})`;
    out.line(`const ${text}=${out.constant(texts)}.of(${exact});`);
    if (texts.maxBytes > 1024) this.#room(out, `${text}.length+8`);
    else this.#spend(out, texts.maxBytes);
    out.line(`${at}=${text}.write(${view},${at});`);
  }

  /** The statement that writes the number. */
  #integerCode(out: CodeWriter, fc: IntegerFieldClass, value: IntegerCode): string {
    const { bytes, view, at } = this.#names;
    const call = (write: unknown, ...values: string[]) =>
      `${at}=${out.constant(write)}(${[view, at, ...values].join(',')});`;
    const isNarrow = value.lengthBits <= 32;
    const signed = isSigned(fc);
    switch (fc.preferredDisplayBase) {
      case 10:
        if (isNarrow) return call(signed ? writeInt32 : writeUint32, `${value.number}|0`);
        if (!signed && value.lengthBits <= 53) return call(writeWhole, value.number);
        return call(signed ? writeInt64 : writeUint64, `${value.hi}|0`, `${value.lo}|0`);
      case 16: {
        const bits = digitBits(fc);
        if (isNarrow) {
          const mask = signed && bits < 32 ? `&${2 ** bits - 1}` : '';
          return call(writeHex32, `${value.lo}${mask}|0`);
        }
        const mask = signed && bits < 64 ? `&${2 ** (bits - 32) - 1}` : '';
        return call(writeHex64, `${value.hi}${mask}|0`, `${value.lo}|0`);
      }
      default:
        return `${at}=${out.constant(writeOtherBase)}(${bytes},${at},${out.constant(fc)},${value.bigint});`;
    }
  }
}
