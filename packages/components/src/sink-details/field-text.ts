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
import { formatFixed6 } from '../sink-text/float-text.ts';
import { toUtf8 } from '../sink-text/string-text.ts';
import { isVisible } from '../trace-ir.ts';
import type { DetailsWriter } from './details-writer.ts';
import { formatInteger } from './number-format.ts';

const bytesPerLine = 16;

/** Writes a field after its name: `: VALUE`, or the fields below it. */
export class FieldText implements FieldVisitor {
  readonly #out: DetailsWriter;
  /** More than 0: inside of members which are not shown. */
  #hidden = 0;
  readonly #shown = new WeakMap<StructureMember, boolean>();

  constructor(out: DetailsWriter) {
    this.#out = out;
  }

  integer(fc: IntegerFieldClass, value: number | bigint): void {
    this.#scalar(() => formatInteger(value, fc.preferredDisplayBase));
  }

  boolean(_fc: FixedLengthBooleanFieldClass, value: boolean): void {
    if (this.#hidden > 0) return;
    this.#out.text(': ');
    this.#out.flag(value);
  }

  bitArray(_fc: FixedLengthBitArrayFieldClass | FixedLengthBitMapFieldClass, value: bigint): void {
    this.#scalar(() => formatInteger(value, 16));
  }

  float(_fc: FixedLengthFloatingPointNumberFieldClass, value: number): void {
    this.#scalar(() => formatFixed6(value));
  }

  string(fc: StringFieldClass, bytes: Uint8Array, begin: number, end: number): void {
    if (this.#hidden > 0) return;
    const out = this.#out;
    out.text(`: ${out.colors.bold}`);
    if (fc.encoding === 'utf-8') {
      out.buffer.copy(bytes, begin, end);
    } else {
      const text = toUtf8(fc.encoding, bytes, begin, end);
      out.buffer.copy(text, 0, text.length);
    }
    out.text(out.colors.reset);
  }

  blob(
    _fc: StaticLengthBlobFieldClass | DynamicLengthBlobFieldClass,
    bytes: Uint8Array,
    begin: number,
    end: number,
  ): void {
    if (this.#hidden > 0) return;
    if (begin === end) {
      this.#empty();
      return;
    }
    const out = this.#out;
    out.length(end - begin);
    out.nested(() => {
      for (let at = begin; at < end; at += bytesPerLine) {
        const line = bytes.subarray(at, Math.min(at + bytesPerLine, end));
        out.newLine();
        out.text(Array.from(line, (byte) => byte.toString(16).padStart(2, '0')).join(' '));
      }
    });
  }

  beginStructure(fc: StructureFieldClass): void {
    if (this.#hidden > 0) return;
    if (fc.members.some((member) => this.#isShown(member))) this.#out.text(':');
    else this.#empty();
    this.#out.indent();
  }

  endStructure(): void {
    if (this.#hidden === 0) this.#out.unindent();
  }

  beginMember(member: StructureMember): void {
    if (this.#hidden > 0 || !this.#isShown(member)) {
      this.#hidden++;
      return;
    }
    this.#name(member.name);
  }

  endMember(): void {
    if (this.#hidden > 0) this.#hidden--;
  }

  beginArray(_fc: unknown, length: number): void {
    if (this.#hidden > 0) return;
    if (length === 0) this.#empty();
    else this.#out.length(length);
    this.#out.indent();
  }

  beginElement(index: number): void {
    if (this.#hidden === 0) this.#name(`[${index}]`);
  }

  endArray(): void {
    if (this.#hidden === 0) this.#out.unindent();
  }

  absent(): void {
    if (this.#hidden > 0) return;
    this.#out.text(': ');
    this.#out.nothing('None');
  }

  #isShown(member: StructureMember): boolean {
    let isShown = this.#shown.get(member);
    if (isShown === undefined) {
      isShown = isVisible(member.fieldClass);
      this.#shown.set(member, isShown);
    }
    return isShown;
  }

  #name(name: string): void {
    this.#out.newLine();
    this.#out.colored(this.#out.colors.cyan, name);
  }

  #scalar(format: () => string): void {
    if (this.#hidden > 0) return;
    this.#out.text(': ');
    this.#out.bold(format());
  }

  #empty(): void {
    this.#out.text(': ');
    this.#out.nothing('Empty');
  }
}
