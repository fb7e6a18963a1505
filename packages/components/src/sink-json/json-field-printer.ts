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
  StructureFieldClass,
  StructureMember,
} from '@sonde/trace-model';
import type { ShortText } from '../sink-text/short-text.ts';
import { toUtf8 } from '../sink-text/string-text.ts';
import type { TextBuffer } from '../sink-text/text-buffer.ts';
import { isEnumeration } from '../trace-ir.ts';
import { EnumerationTail, FlagsTail } from './json-labels.ts';
import { memberPrefixes } from './json-names.ts';
import type { WideIntegers } from './json-options.ts';
import {
  bytesPerStringByte,
  formatJsonFloat,
  writeHexString,
  writeJsonString,
} from './json-text.ts';

const encoder = new TextEncoder();

/** Prints the fields of a scope as JSON, by visiting: the way that needs no generated code. */
export class JsonFieldPrinter implements FieldVisitor {
  readonly #buffer: TextBuffer;
  readonly #wideIntegers: WideIntegers;
  readonly #enumerations = new WeakMap<IntegerFieldClass, EnumerationTail>();
  readonly #flags = new WeakMap<FixedLengthBitMapFieldClass, FlagsTail>();
  readonly #prefixes = new WeakMap<StructureFieldClass, ReadonlyMap<StructureMember, string>>();
  /** By nesting: prefixes of the members, absent for those that are not shown. */
  readonly #structures: ReadonlyMap<StructureMember, string>[] = [];
  /** Members that are not shown though they are visible. */
  readonly #omitted: ReadonlySet<StructureMember>;
  /** More than 0: inside of members which are not shown. */
  #hidden = 0;

  /** Text goes here, not to the buffer's `length`: that is where complete records end. */
  at = 0;

  constructor(
    buffer: TextBuffer,
    wideIntegers: WideIntegers,
    omitted: ReadonlySet<StructureMember> = new Set(),
  ) {
    this.#buffer = buffer;
    this.#wideIntegers = wideIntegers;
    this.#omitted = omitted;
  }

  /** Begins a scope at `at`. */
  begin(at: number): void {
    this.at = at;
    this.#hidden = 0;
    this.#structures.length = 0;
  }

  text(text: string): void {
    this.#room(text.length * 3);
    this.at += encoder.encodeInto(text, this.#buffer.bytes.subarray(this.at)).written;
  }

  integer(fc: IntegerFieldClass, value: number | bigint, lengthBits: number): void {
    if (this.#hidden > 0) return;
    const isFixed = 'lengthBits' in fc;
    if (!isEnumeration(fc)) {
      this.#integer(value, isFixed ? lengthBits : 64);
      return;
    }
    this.text('{"value":');
    this.#integer(value, isFixed ? lengthBits : 64);
    let tail = this.#enumerations.get(fc);
    if (tail === undefined) this.#enumerations.set(fc, (tail = new EnumerationTail(fc)));
    this.#short(tail.of(value));
  }

  boolean(_fc: FixedLengthBooleanFieldClass, value: boolean): void {
    if (this.#hidden === 0) this.text(value ? 'true' : 'false');
  }

  bitArray(fc: FixedLengthBitArrayFieldClass | FixedLengthBitMapFieldClass, value: bigint): void {
    if (this.#hidden > 0) return;
    const isMap = fc.type === 'fixed-length-bit-map';
    if (isMap) this.text('{"value":');
    this.#integer(value, fc.lengthBits);
    if (!isMap) return;
    let tail = this.#flags.get(fc);
    if (tail === undefined) this.#flags.set(fc, (tail = new FlagsTail(fc)));
    this.#short(tail.of(value));
  }

  float(fc: FixedLengthFloatingPointNumberFieldClass, value: number): void {
    if (this.#hidden === 0) this.text(formatJsonFloat(value, fc.lengthBits));
  }

  string(fc: StringFieldClass, bytes: Uint8Array, begin: number, end: number): void {
    if (this.#hidden > 0) return;
    this.text('"');
    const isUtf8 = fc.encoding === 'utf-8';
    const source = isUtf8 ? bytes.subarray(begin, end) : toUtf8(fc.encoding, bytes, begin, end);
    this.#room(source.length * bytesPerStringByte);
    this.at = writeJsonString(this.#buffer.bytes, this.at, source, 0, source.length);
    this.text('"');
  }

  blob(
    _fc: StaticLengthBlobFieldClass | DynamicLengthBlobFieldClass,
    bytes: Uint8Array,
    begin: number,
    end: number,
  ): void {
    if (this.#hidden > 0) return;
    this.#room((end - begin) * 2 + 2);
    this.at = writeHexString(this.#buffer.bytes, this.at, bytes, begin, end);
  }

  beginStructure(fc: StructureFieldClass): void {
    if (this.#hidden > 0) return;
    let prefixes = this.#prefixes.get(fc);
    if (prefixes === undefined)
      this.#prefixes.set(fc, (prefixes = memberPrefixes(fc, this.#omitted)));
    this.#structures.push(prefixes);
    this.text('{');
  }

  beginMember(member: StructureMember): void {
    const prefix = this.#hidden > 0 ? undefined : this.#structures.at(-1)?.get(member);
    if (prefix === undefined) this.#hidden++;
    else this.text(prefix);
  }

  endMember(): void {
    if (this.#hidden > 0) this.#hidden--;
  }

  endStructure(): void {
    if (this.#hidden > 0) return;
    this.#structures.pop();
    this.text('}');
  }

  beginArray(): void {
    if (this.#hidden === 0) this.text('[');
  }

  beginElement(index: number): void {
    if (this.#hidden === 0 && index > 0) this.text(',');
  }

  endArray(): void {
    if (this.#hidden === 0) this.text(']');
  }

  absent(): void {
    if (this.#hidden === 0) this.text('null');
  }

  #integer(value: number | bigint, lengthBits: number): void {
    const isWide = lengthBits > 53;
    const isQuoted =
      isWide &&
      (this.#wideIntegers === 'string' ||
        (this.#wideIntegers === 'auto' && !Number.isSafeInteger(Number(value))));
    this.text(isQuoted ? `"${value}"` : String(value));
  }

  #short(text: ShortText): void {
    this.#room(text.length + 4);
    this.at = text.write(this.#buffer.view, this.at);
  }

  #room(wantedBytes: number): void {
    if (this.at + wantedBytes > this.#buffer.bytes.length) {
      this.at = this.#buffer.room(this.at, wantedBytes);
    }
  }
}
