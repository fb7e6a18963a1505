/**
 * Generates the function that turns one ring-buffer record's payload into the payload of a CTF event record. What is known of the
 * fields becomes constants: offsets, lengths, byte order; neighbours that stay as they are become one copy. Names never
 * enter the code: they reach it as values.
 */
import type { BytesSource, OutputField, RecordPlan } from '../layout/record-plan.ts';
import type { RecordState } from '../layout/record-state.ts';
import { computedElements, encoderRuntime, maxUserStringBytes } from './encoder-runtime.ts';
import { maxAddressFieldsBytes } from './socket-address.ts';

/**
 * Writes the payload of one record.
 * @param source - Holds the record's payload at `at`, `length` bytes long, at least the plan's `minimumBytes`.
 * @param target - Has room for `outputBound` bytes from `position` on.
 * @returns the position after the last byte written
 * @throws DecodeError when an array goes beyond the record
 */
export type Encode = (
  source: DataView,
  at: number,
  length: number,
  target: DataView,
  position: number,
  state: RecordState,
) => number;

/** Longer copies are loops. */
const maxUnrolledBytes = 64;

class EncoderCode {
  readonly #lines: string[] = [];
  readonly #littleEndian: boolean;
  readonly constants: unknown[] = [];
  /** Bytes written since `pos` was last known. */
  #ahead = 0;
  /** A copy that the next field may go on with. */
  #copy: { from: number; to: number; length: number } | undefined;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  constant(value: unknown): string {
    this.constants.push(value);
    return `c[${this.constants.length - 1}]`;
  }

  /** Copies bytes from a fixed offset. */
  copy(fromBytes: number, lengthBytes: number): void {
    const known = this.#copy;
    if (known !== undefined && known.from + known.length === fromBytes) known.length += lengthBytes;
    else {
      this.#flushCopy();
      this.#copy = { from: fromBytes, to: this.#ahead, length: lengthBytes };
    }
    this.#ahead += lengthBytes;
  }

  #flushCopy(): void {
    const copy = this.#copy;
    this.#copy = undefined;
    if (copy === undefined) return;
    const { from, to, length } = copy;
    if (length > maxUnrolledBytes) {
      this.#lines.push(`r.copyBytes(s, at + ${from}, t, pos + ${to}, ${length});`);
      return;
    }
    let done = 0;
    for (const bytes of [4, 2, 1]) {
      const bits = bytes * 8;
      for (; length - done >= bytes; done += bytes) {
        this.#lines.push(
          bytes === 1
            ? `t.setInt8(pos + ${to + done}, s.getInt8(at + ${from + done}));`
            : `t.setInt${bits}(pos + ${to + done}, s.getInt${bits}(at + ${from + done}, true), true);`,
        );
      }
    }
  }

  /** Writes a 32-bit value that an expression gives, in `lengthBits`; wider fields are filled by `high`. */
  number(expression: string, lengthBits: number, high: string): void {
    this.#flushCopy();
    const at = this.#ahead;
    const le = this.#littleEndian;
    if (lengthBits === 64) {
      this.#lines.push(`v = ${expression};`);
      this.#lines.push(`t.setInt32(pos + ${at + (le ? 0 : 4)}, v, ${le});`);
      this.#lines.push(`t.setInt32(pos + ${at + (le ? 4 : 0)}, ${high}, ${le});`);
    } else {
      const order = lengthBits === 8 ? '' : `, ${le}`;
      this.#lines.push(`t.setInt${lengthBits}(pos + ${at}, ${expression}${order});`);
    }
    this.#ahead += lengthBits / 8;
  }

  /** Brings `pos` up to what is written, then runs a line that may move it on. */
  dynamic(...lines: string[]): void {
    this.#flushCopy();
    if (this.#ahead > 0) this.#lines.push(`pos += ${this.#ahead};`);
    this.#ahead = 0;
    this.#lines.push(...lines);
  }

  text(): string {
    this.#flushCopy();
    return [...this.#lines, `return pos + ${this.#ahead};`].join('\n');
  }
}

/** Compiles the encoder of a plan. `littleEndian`: of the machine that traced, and of the CTF trace. */
export function compileEncoder(plan: RecordPlan, littleEndian: boolean): Encode {
  const code = new EncoderCode(littleEndian);
  for (const field of plan.fields) emitField(code, field, plan, littleEndian);
  const body = code.text();
  const make = new Function(
    'r',
    'c',
    `'use strict'; return function encode(s, at, length, t, pos, state) {\nlet v = 0;\n${body}\n};`,
  );
  return make(encoderRuntime, code.constants) as Encode;
}

/** Copies the first bytes of the source, in as few steps as there are. */
export function compileCopy(lengthBytes: number): Encode {
  const source = { kind: 'static', offsetBytes: 0, lengthBytes } as const;
  const bytes: OutputField = { kind: 'text', name: '', lengthBytes, source };
  return compileEncoder({ name: '', fields: [bytes], minimumBytes: 0 }, true);
}

function emitField(
  code: EncoderCode,
  field: OutputField,
  plan: RecordPlan,
  littleEndian: boolean,
): void {
  switch (field.kind) {
    case 'integer':
      emitInteger(code, field, littleEndian);
      break;
    case 'computed': {
      const call = `${code.constant(field.compute)}(state, at, length)`;
      code.number(call, field.shape.lengthBits, field.shape.isSigned ? 'v >> 31' : '0');
      break;
    }
    case 'text':
      if (field.source.kind === 'static' && field.source.lengthBytes === field.lengthBytes) {
        code.copy(field.source.offsetBytes, field.lengthBytes);
      } else {
        code.dynamic(
          ...findBytes(field.source, littleEndian),
          `pos = r.copyText(s, r.found.offset, t, pos, r.found.length, ${field.lengthBytes});`,
        );
      }
      break;
    case 'string':
      code.dynamic(
        ...findBytes(field.source, littleEndian),
        'pos = r.copyString(s, r.found.offset, t, pos, r.found.length);',
      );
      break;
    case 'user-string': {
      const [name, argument] = [code.constant(plan.name), code.constant(field.argument)];
      code.dynamic(`pos = r.writeUserString(state, ${name}, ${argument}, t, pos);`);
      break;
    }
    case 'user-address': {
      const { pointerOffsetBytes: offset } = field;
      const half = (from: number): string => `s.getInt32(at + ${from}, true)`;
      const hasPointer =
        offset === undefined ? 'true' : `(${half(offset)} | ${half(offset + 4)}) !== 0`;
      const name = code.constant(plan.name);
      code.dynamic(`pos = r.writeUserAddress(state, ${name}, ${hasPointer}, t, pos);`);
      break;
    }
    case 'array':
      if (field.source.kind === 'static') {
        code.copy(field.source.offsetBytes, (field.element.lengthBits / 8) * field.count);
      }
      break;
    case 'sequence':
      emitSequence(code, field, littleEndian);
      break;
    case 'computed-sequence':
      emitComputedSequence(code, field, littleEndian);
  }
}

function emitInteger(
  code: EncoderCode,
  { shape, source, addend }: OutputField & { kind: 'integer' },
  littleEndian: boolean,
): void {
  const targetBytes = shape.lengthBits / 8;
  const { offsetBytes, lengthBytes, isSigned } = source;
  if (addend === 0 && lengthBytes >= targetBytes) {
    // Narrowing keeps the low bytes.
    code.copy(offsetBytes + (littleEndian ? 0 : lengthBytes - targetBytes), targetBytes);
    return;
  }
  const readBytes = Math.min(lengthBytes, 4);
  const lowAt = offsetBytes + (littleEndian ? 0 : lengthBytes - readBytes);
  const order = readBytes === 1 ? '' : `, ${littleEndian}`;
  const sign = isSigned ? 'Int' : 'Uint';
  const read = `s.get${sign}${readBytes * 8}(at + ${lowAt}${order})`;
  const value = addend === 0 ? read : `${read} + ${addend}`;
  code.number(value, shape.lengthBits, isSigned || addend !== 0 ? 'v >> 31' : '0');
}

function emitSequence(
  code: EncoderCode,
  { element, lengthShape, source }: OutputField & { kind: 'sequence' },
  littleEndian: boolean,
): void {
  const bytes = element.lengthBits / 8;
  const lengthBits = lengthShape.lengthBits;
  const order = lengthBits === 8 ? '' : `, ${littleEndian}`;
  const most = lengthBits === 8 ? 255 : 0xff_ffff;
  code.dynamic(
    ...findBytes(source, littleEndian),
    `v = Math.min((r.found.length / ${bytes}) | 0, ${most});`,
    `t.setUint${lengthBits}(pos, v${order});`,
    `pos = r.copyBytes(s, r.found.offset, t, pos + ${lengthBits / 8}, v * ${bytes});`,
  );
}

function emitComputedSequence(
  code: EncoderCode,
  { compute, lengthShape }: OutputField & { kind: 'computed-sequence' },
  littleEndian: boolean,
): void {
  const lengthBits = lengthShape.lengthBits;
  const order = lengthBits === 8 ? '' : `, ${littleEndian}`;
  code.dynamic(
    `v = ${code.constant(compute)}(state, at, r.computedElements);`,
    `t.setUint${lengthBits}(pos, v${order});`,
    `pos += ${lengthBits / 8};`,
    `for (let i = 0; i < v; i++) { t.setInt32(pos, r.computedElements[i], ${littleEndian}); pos += 4; }`,
  );
}

/** Lines after which `r.found` says where the bytes are. */
function findBytes(source: BytesSource, littleEndian: boolean): string[] {
  switch (source.kind) {
    case 'static':
      return [
        `r.found.offset = at + ${source.offsetBytes};`,
        `r.found.length = ${source.lengthBytes};`,
      ];
    case 'rest':
      return [
        `r.found.offset = at + ${source.offsetBytes};`,
        `r.found.length = length - ${source.offsetBytes};`,
      ];
    case 'location':
      return [
        `r.locate(s.getUint32(at + ${source.offsetBytes}, ${littleEndian}), at, ${source.fromBytes}, length);`,
      ];
  }
}

/** The most bytes that a payload of the plan can have: a fixed part, and so many times the length of the ring-buffer record. */
export function outputBound(plan: RecordPlan): { fixedBytes: number; perRecordByte: number } {
  let fixedBytes = 0;
  let perRecordByte = 0;
  for (const field of plan.fields) {
    switch (field.kind) {
      case 'integer':
      case 'computed':
        fixedBytes += field.shape.lengthBits / 8;
        break;
      case 'text':
        fixedBytes += field.lengthBytes;
        break;
      case 'array':
        fixedBytes += (field.element.lengthBits / 8) * field.count;
        break;
      case 'user-string':
        fixedBytes += maxUserStringBytes;
        break;
      case 'user-address':
        fixedBytes += maxAddressFieldsBytes;
        break;
      case 'computed-sequence':
        fixedBytes += 4 + computedElements.byteLength;
        break;
      default:
        fixedBytes += 4;
        perRecordByte += 1;
    }
  }
  return { fixedBytes, perRecordByte };
}
