import type { IntegerFieldClass } from '@sonde/trace-model';
import { isSigned } from '@sonde/trace-model';
import type { CodeWriter, FieldVisitor, IntegerCode, WalkSink } from '../../src/index.ts';

/** What was delivered, one text for each call. */
export type Log = string[];

function bytesText(bytes: Uint8Array, begin: number, end: number): string {
  return `${begin}…${end}: ${Array.from(bytes.slice(begin, end)).join(' ')}`;
}

function integerText(value: bigint, isNegative: boolean, number: number): string {
  const lo = BigInt.asUintN(32, value);
  const hi = isNegative ? BigInt.asIntN(32, value >> 32n) : BigInt.asUintN(32, value >> 32n);
  return `${value} ${number} ${hi}:${lo}`;
}

/** Writes down all that a visitor is told. */
export function recordingVisitor(log: Log): FieldVisitor {
  const integer = (fc: IntegerFieldClass, value: number | bigint): void => {
    log.push(`${fc.type} ${integerText(BigInt(value), isSigned(fc), Number(value))}`);
  };
  return {
    integer,
    boolean: (_fc, value) => log.push(`boolean ${value}`),
    bitArray: (fc, value) => log.push(`${fc.type} ${integerText(value, false, Number(value))}`),
    float: (_fc, value) => log.push(`float ${Object.is(value, -0) ? '-0' : value}`),
    string: (_fc, bytes, begin, end) => log.push(`string ${bytesText(bytes, begin, end)}`),
    blob: (_fc, bytes, begin, end) => log.push(`blob ${bytesText(bytes, begin, end)}`),
    beginStructure: () => log.push('{'),
    beginMember: (member, index) => log.push(`${index} ${member.name}:`),
    endMember: () => log.push(';'),
    endStructure: () => log.push('}'),
    beginArray: (_fc, length) => log.push(`[ ${length}`),
    beginElement: (index) => log.push(`#${index}`),
    endElement: (index) => log.push(`/${index}`),
    endArray: (_fc, length) => log.push(`] ${length}`),
    beginVariant: () => log.push('<'),
    beginOption: (option, index) => log.push(`${index} ${option.name}:`),
    endOption: () => log.push(';'),
    endVariant: () => log.push('>'),
    beginPresent: () => log.push('present'),
    endPresent: () => log.push('/present'),
    absent: () => log.push('absent'),
  };
}

/** The same as generated code. */
export function recordingSink(log: Log): WalkSink {
  const push = (out: CodeWriter, text: string): void => {
    out.line(`${out.constant(log)}.push(${out.constant(text)});`);
  };
  const call = (out: CodeWriter, format: (...values: never[]) => string, values: string): void => {
    out.line(`${out.constant(log)}.push(${out.constant(format)}(${values}));`);
  };
  const bytes = (kind: string) => (b: Uint8Array, begin: number, end: number) =>
    `${kind} ${bytesText(b, begin, end)}`;
  const halves = (type: string) => (value: bigint, number: number, hi: number, lo: number) =>
    `${type} ${value} ${number} ${hi}:${lo}`;
  const integer = (out: CodeWriter, type: string, value: IntegerCode): void => {
    call(out, halves(type), `${value.bigint},${value.number},${value.hi},${value.lo}`);
  };
  const float = (value: number): string => `float ${Object.is(value, -0) ? '-0' : value}`;
  return {
    integer: (out, fc, value) => integer(out, fc.type, value),
    bitArray: (out, fc, value) => integer(out, fc.type, value),
    boolean: (out, _fc, value) => call(out, (v: boolean) => `boolean ${v}`, value),
    float: (out, _fc, value) => call(out, float, value),
    string: (out, _fc, begin, end) => call(out, bytes('string'), `B,${begin},${end}`),
    blob: (out, _fc, begin, end) => call(out, bytes('blob'), `B,${begin},${end}`),
    beginStructure: (out) => push(out, '{'),
    beginMember: (out, member, index) => push(out, `${index} ${member.name}:`),
    endMember: (out) => push(out, ';'),
    endStructure: (out) => push(out, '}'),
    beginArray: (out, _fc, length) => call(out, (n: number) => `[ ${n}`, length),
    beginElement: (out, index) => call(out, (i: number) => `#${i}`, index),
    endElement: (out, index) => call(out, (i: number) => `/${i}`, index),
    endArray: (out, _fc, length) => call(out, (n: number) => `] ${n}`, length),
    beginVariant: (out) => push(out, '<'),
    beginOption: (out, option, index) => push(out, `${index} ${option.name}:`),
    endOption: (out) => push(out, ';'),
    endVariant: (out) => push(out, '>'),
    beginPresent: (out) => push(out, 'present'),
    endPresent: (out) => push(out, '/present'),
    absent: (out) => push(out, 'absent'),
  };
}

export type Outcome =
  | { readonly endBits: number }
  | { readonly code: string; readonly message: string; readonly offsetBits: number | undefined };
