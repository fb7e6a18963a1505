import { MetadataError } from '@sonde/base';
import type { MetadataOptions } from '@sonde/ctf';
import { parseJsonMetadata } from '@sonde/ctf';
import type { EventRecordClass, FieldClass, TraceClass } from '@sonde/trace-model';

/** A JSON text sequence of fragments: JavaScript values, or JSON texts for what those can't say. */
export function fragmentBytes(...fragments: readonly unknown[]): Uint8Array {
  const texts = fragments.map((f) => (typeof f === 'string' ? f : JSON.stringify(f)));
  return new TextEncoder().encode(texts.map((text) => `\x1e${text}\n`).join(''));
}

export const preamble = { type: 'preamble', version: 2 };
export const dataStream = { type: 'data-stream-class' };

export function member(name: string, fieldClass: unknown) {
  return { name, 'field-class': fieldClass };
}

export function struct(...members: readonly unknown[]) {
  return { type: 'structure', 'member-classes': members };
}

/** Unsigned, little-endian. */
export function uint(length: number, more: object = {}) {
  return {
    type: 'fixed-length-unsigned-integer',
    length,
    'byte-order': 'little-endian',
    ...more,
  };
}

export function event(payload: unknown, more: object = {}) {
  return { type: 'event-record-class', 'payload-field-class': payload, ...more };
}

export function parse(fragments: readonly unknown[], options?: MetadataOptions): TraceClass {
  return parseJsonMetadata(fragmentBytes(...fragments), options);
}

/** The only event record class, whose payload has `members`. */
export function parseEvent(
  members: readonly unknown[],
  options?: MetadataOptions,
): EventRecordClass {
  const traceClass = parse([preamble, dataStream, event(struct(...members))], options);
  return traceClass.dataStreamClasses.get(0n)!.eventRecordClasses.get(0n)!;
}

/** The only field class of a payload. */
export function parseField(fieldClass: unknown, options?: MetadataOptions): FieldClass {
  return parseEvent([member('x', fieldClass)], options).payload!.members[0]!.fieldClass;
}

/** The error that `run` must end with. */
export function failureOf(run: () => unknown): MetadataError {
  try {
    run();
  } catch (error) {
    if (error instanceof MetadataError) return error;
    throw error;
  }
  throw new Error('there was no error');
}
