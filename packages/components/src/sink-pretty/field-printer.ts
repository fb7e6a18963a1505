import type { FieldVisitor } from '@sonde/ctf';
import type {
  DynamicLengthBlobFieldClass,
  FixedLengthBitArrayFieldClass,
  FixedLengthBitMapFieldClass,
  FixedLengthBooleanFieldClass,
  FixedLengthFloatingPointNumberFieldClass,
  IntegerFieldClass,
  StaticLengthBlobFieldClass,
  StringFieldClass,
  StructureMember,
} from '@sonde/trace-model';
import type { Colors } from '../sink-text/colors.ts';
import { formatGeneral } from '../sink-text/float-text.ts';
import type { ShortText } from '../sink-text/short-text.ts';
import { toUtf8, writeEscaped, writeHexBytes } from '../sink-text/string-text.ts';
import type { TextBuffer } from '../sink-text/text-buffer.ts';
import { isEnumeration, isVisible } from '../trace-ir.ts';
import { formatPrettyInteger } from './integer-format.ts';
import { EnumerationText, FlagsText } from './label-text.ts';

export interface FieldTextOptions {
  readonly colors: Colors;
  /** Print `name = ` before members and `[i] = ` before elements. */
  readonly withNames: boolean;
  readonly printEnumFlags: boolean;
  /** Which members of the root to print, by name. Absent: all. */
  readonly shows?: ((name: string) => boolean) | undefined;
}

/** Prints the fields of a scope, by visiting: the way that needs no generated code. */
export class FieldPrinter implements FieldVisitor {
  readonly #buffer: TextBuffer;
  readonly #options: FieldTextOptions;
  readonly #enumerations = new WeakMap<IntegerFieldClass, EnumerationText>();
  readonly #flags = new WeakMap<FixedLengthBitMapFieldClass, FlagsText>();
  readonly #visible = new WeakMap<StructureMember, boolean>();
  /** More than 0: inside of members which are not shown. */
  #hidden = 0;
  /** Text goes here, not to `#buffer.length`: that is where complete records end. */
  #at = 0;
  /** By nesting: members shown so far in the structure. */
  readonly #counts: number[] = [];

  constructor(buffer: TextBuffer, options: FieldTextOptions) {
    this.#buffer = buffer;
    this.#options = options;
  }

  /** Where the next text goes. */
  get at(): number {
    return this.#at;
  }

  /** Begins a scope at `at`. */
  begin(at: number): void {
    this.#at = at;
    this.#hidden = 0;
    this.#counts.length = 0;
  }

  text(text: string): void {
    this.#room(text.length * 3);
    this.#at += new TextEncoder().encodeInto(text, this.#buffer.bytes.subarray(this.#at)).written;
  }

  integer(fc: IntegerFieldClass, value: number | bigint): void {
    if (this.#hidden > 0) return;
    const number = formatPrettyInteger(fc, value);
    if (!isEnumeration(fc)) {
      this.#value(number);
      return;
    }
    let labels = this.#enumerations.get(fc);
    if (labels === undefined) {
      labels = new EnumerationText(fc, this.#options.colors, this.#options.printEnumFlags);
      this.#enumerations.set(fc, labels);
    }
    this.#short(labels.of(value));
    this.#value(number);
    this.text(' )');
  }

  boolean(_fc: FixedLengthBooleanFieldClass, value: boolean): void {
    this.#value(value ? 'true' : 'false');
  }

  bitArray(fc: FixedLengthBitArrayFieldClass | FixedLengthBitMapFieldClass, value: bigint): void {
    if (this.#hidden > 0) return;
    this.#value(`0x${value.toString(16).toUpperCase()}`);
    if (fc.type !== 'fixed-length-bit-map') return;
    let flags = this.#flags.get(fc);
    if (flags === undefined) {
      flags = new FlagsText(fc, this.#options.colors);
      this.#flags.set(fc, flags);
    }
    this.#short(flags.of(value));
  }

  float(_fc: FixedLengthFloatingPointNumberFieldClass, value: number): void {
    this.#value(formatGeneral(value));
  }

  string(fc: StringFieldClass, bytes: Uint8Array, begin: number, end: number): void {
    if (this.#hidden > 0) return;
    this.text(`${this.#options.colors.bold}"`);
    if (fc.encoding === 'utf-8') {
      this.#escaped(bytes, begin, end);
    } else {
      const text = toUtf8(fc.encoding, bytes, begin, end);
      this.#escaped(text, 0, text.length);
    }
    this.text(`"${this.#options.colors.reset}`);
  }

  blob(
    _fc: StaticLengthBlobFieldClass | DynamicLengthBlobFieldClass,
    bytes: Uint8Array,
    begin: number,
    end: number,
  ): void {
    if (this.#hidden > 0) return;
    this.text('{ ');
    this.#room((end - begin) * 3);
    this.#at = writeHexBytes(this.#buffer.bytes, this.#at, bytes, begin, end);
    this.text('}');
  }

  beginStructure(): void {
    if (this.#hidden > 0) return;
    this.text('{');
    this.#counts.push(0);
  }

  beginMember(member: StructureMember): void {
    if (this.#hidden > 0 || !this.#isVisible(member) || this.#isLeftOut(member)) {
      this.#hidden++;
      return;
    }
    const count = this.#counts.pop() ?? 0;
    this.#counts.push(count + 1);
    this.text(count > 0 ? ', ' : ' ');
    const { colors, withNames } = this.#options;
    if (withNames) this.text(`${colors.cyan}${member.name}${colors.reset} = `);
  }

  endMember(): void {
    if (this.#hidden > 0) this.#hidden--;
  }

  endStructure(): void {
    if (this.#hidden > 0) return;
    this.#counts.pop();
    this.text(' }');
  }

  beginArray(): void {
    if (this.#hidden === 0) this.text('[');
  }

  beginElement(index: number): void {
    if (this.#hidden > 0) return;
    this.text(index > 0 ? ', ' : ' ');
    if (this.#options.withNames) this.text(`[${index}] = `);
  }

  endArray(): void {
    if (this.#hidden === 0) this.text(' ]');
  }

  beginVariant(): void {
    if (this.#hidden === 0) this.text('{ ');
  }

  endVariant(): void {
    if (this.#hidden === 0) this.text(' }');
  }

  beginPresent(): void {
    if (this.#hidden === 0) this.text('{ ');
  }

  endPresent(): void {
    if (this.#hidden === 0) this.text(' }');
  }

  absent(): void {
    if (this.#hidden === 0) this.text('<none>');
  }

  #value(text: string): void {
    if (this.#hidden > 0) return;
    const { bold, reset } = this.#options.colors;
    this.text(bold + text + reset);
  }

  #short(text: ShortText): void {
    this.#room(text.length + 8);
    this.#at = text.write(this.#buffer.view, this.#at);
  }

  #escaped(bytes: Uint8Array, begin: number, end: number): void {
    this.#room((end - begin) * 4);
    this.#at = writeEscaped(this.#buffer.bytes, this.#at, bytes, begin, end);
  }

  #room(wantedBytes: number): void {
    if (this.#at + wantedBytes > this.#buffer.bytes.length) {
      this.#at = this.#buffer.room(this.#at, wantedBytes);
    }
  }

  #isLeftOut({ name }: StructureMember): boolean {
    const { shows } = this.#options;
    return shows !== undefined && this.#counts.length === 1 && !shows(name);
  }

  #isVisible(member: StructureMember): boolean {
    let visible = this.#visible.get(member);
    if (visible === undefined) {
      visible = isVisible(member.fieldClass);
      this.#visible.set(member, visible);
    }
    return visible;
  }
}
