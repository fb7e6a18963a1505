import type {
  DynamicLengthBlobFieldClass,
  DynamicLengthStringFieldClass,
  FieldClass,
  FixedLengthBitArrayFieldClass,
  FixedLengthBitMapFieldClass,
  FixedLengthBooleanFieldClass,
  FixedLengthFloatingPointNumberFieldClass,
  FixedLengthIntegerFieldClass,
  NullTerminatedStringFieldClass,
  StaticLengthBlobFieldClass,
  StaticLengthStringFieldClass,
  StructureFieldClass,
  VariableLengthIntegerFieldClass,
} from '@sonde/trace-model';
import { indexOfTerminator, unitBytesOf } from '../byte-field-reader.ts';
import type { CodeSink } from '../code-sink.ts';
import { walkArray } from './array-walker.ts';
import { ByteOrderRule } from './byte-order-rule.ts';
import { walkOptional, walkVariant } from './choice-walker.ts';
import type { CodeBuffer } from './code-buffer.ts';
import { fixedLengthCode, floatCode, narrowCode, variableLengthCode } from './integer-code.ts';
import type { KeySlots } from './key-slots.ts';
import { PositionTracker } from './position-tracker.ts';
import { cutAtZero, endOfVariableLength, indexOfZero } from './runtime.ts';
import type { KnownPosition } from './static-layout.ts';
import { alignmentOf } from './static-layout.ts';

/** Wants nothing: the length function. */
export const silentSink: CodeSink = {};

/**
 * Walks field classes in decoding order and writes the code that decodes them: position and checks are the walker's, what is done
 * with values is the sink's.
 */
export class FieldWalker {
  readonly out: CodeBuffer;
  readonly at: PositionTracker;
  readonly order: ByteOrderRule;
  readonly keys: KeySlots;
  /** Statement for a record that can't be decoded. */
  readonly fail: string;
  /** Nothing needs to be known of what comes after the last wanted field. */
  readonly stopsEarly: boolean;
  /** True: the code counts empty array elements in `z`. */
  countsEmptyElements = false;
  #sink: CodeSink;

  constructor(
    out: CodeBuffer,
    keys: KeySlots,
    sink: CodeSink,
    start: {
      readonly position: KnownPosition;
      readonly fail: string;
      readonly stopsEarly?: boolean;
    },
  ) {
    this.out = out;
    this.keys = keys;
    this.fail = start.fail;
    this.stopsEarly = start.stopsEarly === true;
    this.at = new PositionTracker(out, start.position, start.fail);
    this.order = new ByteOrderRule(out, start.fail);
    this.#sink = sink;
  }

  get sink(): CodeSink {
    return this.#sink;
  }

  get isSilent(): boolean {
    return this.#sink === silentSink;
  }

  /** Walks `fc`, telling the sink only when `isWanted`. */
  walkIf(isWanted: boolean, fc: FieldClass): void {
    const sink = this.#sink;
    if (!isWanted) this.#sink = silentSink;
    this.walk(fc);
    this.#sink = sink;
  }

  walk(fc: FieldClass): void {
    switch (fc.type) {
      case 'fixed-length-bit-array':
      case 'fixed-length-bit-map':
      case 'fixed-length-boolean':
      case 'fixed-length-unsigned-integer':
      case 'fixed-length-signed-integer':
      case 'fixed-length-floating-point-number':
        this.at.align(fc.alignmentBits);
        this.order.meet(fc.byteOrder, this.at);
        this.#fixedLength(fc);
        this.at.move(fc.lengthBits);
        if (!this.isSilent) this.at.wantedBits = this.at.offsetBits;
        break;
      case 'variable-length-unsigned-integer':
      case 'variable-length-signed-integer':
        this.#variableLength(fc);
        break;
      case 'null-terminated-string':
        this.#nullTerminated(fc);
        break;
      case 'static-length-string':
      case 'static-length-blob':
        this.#staticBytes(fc);
        break;
      case 'dynamic-length-string':
      case 'dynamic-length-blob':
        this.#dynamicBytes(fc);
        break;
      case 'structure':
        this.#structure(fc);
        break;
      case 'static-length-array':
      case 'dynamic-length-array':
        walkArray(this, fc);
        break;
      case 'optional':
        walkOptional(this, fc);
        break;
      case 'variant':
        walkVariant(this, fc);
        break;
    }
  }

  #fixedLength(
    fc:
      | FixedLengthBitArrayFieldClass
      | FixedLengthBitMapFieldClass
      | FixedLengthBooleanFieldClass
      | FixedLengthIntegerFieldClass
      | FixedLengthFloatingPointNumberFieldClass,
  ): void {
    const { out, at } = this;
    switch (fc.type) {
      case 'fixed-length-bit-array':
      case 'fixed-length-bit-map':
        this.#sink.bitArray?.(out, fc, fixedLengthCode(out, at, fc, false));
        break;
      case 'fixed-length-floating-point-number':
        this.#sink.float?.(out, fc, floatCode(out, at, fc));
        break;
      case 'fixed-length-boolean': {
        if (this.isSilent && fc.keySlots === undefined) break;
        const code = fixedLengthCode(out, at, fc, false);
        this.keys.save(fc.keySlots ?? [], `${code.exact}?1:0`, true);
        this.#sink.boolean?.(out, fc, `(${code.number}!==0)`);
        break;
      }
      default: {
        if (this.isSilent && fc.keySlots === undefined) break;
        const isSigned = fc.type === 'fixed-length-signed-integer';
        const code = fixedLengthCode(out, at, fc, isSigned);
        const key = fc.keySlots && this.keys.save(fc.keySlots, code.exact, code.exactIsNumber);
        const narrow = fc.lengthBits <= 32 && key !== undefined;
        this.#sink.integer?.(out, fc, narrow ? narrowCode(key, fc.lengthBits, isSigned) : code);
      }
    }
  }

  #variableLength(fc: VariableLengthIntegerFieldClass): void {
    const { out, at } = this;
    at.align(8);
    at.endRun();
    const begin = out.local('begin');
    const end = out.local('end');
    out.line(`const ${begin}=${at.byteAt()};`);
    const isSigned = fc.type === 'variable-length-signed-integer';
    out.line(`const ${end}=${out.constant(endOfVariableLength)}(B,${begin},e,${isSigned});`);
    out.line(`if(${end}<0)${this.fail}`);
    const code = variableLengthCode(out, fc, begin, end);
    this.keys.save(fc.keySlots ?? [], code.exact, false);
    this.#sink.integer?.(out, fc, code);
    this.#arrive(end);
  }

  #nullTerminated(fc: NullTerminatedStringFieldClass): void {
    const { out, at } = this;
    at.align(8);
    at.endRun();
    const begin = out.local('begin');
    const end = out.local('end');
    const unitBytes = unitBytesOf(fc.encoding);
    out.line(`const ${begin}=${at.byteAt()};`);
    if (unitBytes === 1) {
      const found =
        this.#sink.findTerminator?.(out, fc, begin, 'e') ??
        `${out.constant(indexOfZero)}(B,D,${begin})`;
      out.line(`const ${end}=${found};`);
      out.line(`if(${end}>=e)${this.fail}`);
    } else {
      out.line(`const ${end}=${out.constant(indexOfTerminator)}(B,${begin},e,${unitBytes});`);
      out.line(`if(${end}<0)${this.fail}`);
    }
    this.#sink.string?.(out, fc, begin, end);
    this.#arrive(`${end}+${unitBytes}`);
  }

  #staticBytes(fc: StaticLengthStringFieldClass | StaticLengthBlobFieldClass): void {
    const { at } = this;
    at.align(8);
    if (!this.isSilent) {
      const begin = this.out.local('begin');
      this.out.line(`const ${begin}=${at.byteAt()};`);
      this.#bytes(fc, begin, `${begin}+${fc.lengthBytes}`);
    }
    at.move(fc.lengthBytes * 8);
    if (!this.isSilent) at.wantedBits = at.offsetBits;
  }

  #dynamicBytes(fc: DynamicLengthStringFieldClass | DynamicLengthBlobFieldClass): void {
    const { out, at } = this;
    at.align(8);
    at.endRun();
    const begin = out.local('begin');
    const end = out.local('end');
    out.line(`const ${begin}=${at.byteAt()};`);
    out.line(`const ${end}=${begin}+${this.keys.length(fc.keySlot)};`);
    out.line(`if(!(${end}<=e))${this.fail}`);
    this.#bytes(fc, begin, end);
    this.#arrive(end);
  }

  /** Tells the sink a string or BLOB that lies in the content. */
  #bytes(
    fc:
      | StaticLengthStringFieldClass
      | StaticLengthBlobFieldClass
      | DynamicLengthStringFieldClass
      | DynamicLengthBlobFieldClass,
    begin: string,
    end: string,
  ): void {
    const { out } = this;
    if (fc.type === 'static-length-blob' || fc.type === 'dynamic-length-blob') {
      this.#sink.blob?.(out, fc, begin, `(${end})`);
    } else if (this.#sink.string !== undefined) {
      const cut = out.local('end');
      const unitBytes = unitBytesOf(fc.encoding);
      if (unitBytes === 1) {
        const found =
          this.#sink.findTerminator?.(out, fc, begin, end) ??
          `${out.constant(cutAtZero)}(B,${begin},${end})`;
        out.line(`const ${cut}=${found};`);
      } else {
        out.line(`let ${cut}=${out.constant(indexOfTerminator)}(B,${begin},${end},${unitBytes});`);
        out.line(`if(${cut}<0)${cut}=${end};`);
      }
      this.#sink.string(out, fc, begin, cut);
    }
  }

  #arrive(byte: string): void {
    this.out.line(`p=${byte};`);
    this.at.arriveAtByte();
  }

  #structure(fc: StructureFieldClass): void {
    const { out } = this;
    this.at.align(alignmentOf(fc));
    this.#sink.beginStructure?.(out, fc);
    for (const [index, member] of fc.members.entries()) {
      if (this.stopsEarly && this.#sink.isDone === true) break;
      const isWanted = !this.isSilent && this.#sink.wants?.(member, fc) !== false;
      if (isWanted) {
        out.note(member.name);
        this.#sink.beginMember?.(out, member, index);
      }
      this.walkIf(isWanted, member.fieldClass);
      if (isWanted) this.#sink.endMember?.(out, member, index);
    }
    this.#sink.endStructure?.(out, fc);
  }
}
