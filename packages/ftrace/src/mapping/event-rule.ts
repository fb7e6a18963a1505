/**
 * How one of LTTng's kernel events is made from an ftrace event. Rules are lines of text (packages/ftrace/data):
 *
 *     sched_switch sched/sched_switch prev_comm:text16 prev_tid:s32=prev_pid prev_prio:s32=prev_prio-100 …
 *     └ LTTng name  └ ftrace event     └ field:type     └ =source field, if another name   └ added constant
 *
 * Types: `u32` `s64` decimal, `x64` hexadecimal (`h64`: signed), `o32` octal; `str` text with terminator, `ustr` text in user memory, `text16` array
 * of 16 characters; `x8*16` array, `u8[]` sequence (length of 32 bits), `s32[]8` sequence with a length of 8 bits. Sources: `a|b` the
 * first that the kernel has; `a!conversion` or `!conversion` for values that need more than a constant.
 */
import { assert } from '@sonde/base';
import type { IntegerShape } from '../layout/field-classes.ts';
import type { ConversionName } from './conversions.ts';

export type FieldType =
  | { readonly kind: 'integer'; readonly shape: IntegerShape }
  | { readonly kind: 'string' }
  | { readonly kind: 'user-string' }
  | { readonly kind: 'text'; readonly lengthBytes: number }
  | { readonly kind: 'array'; readonly element: IntegerShape; readonly count: number }
  | {
      readonly kind: 'sequence';
      readonly element: IntegerShape;
      readonly lengthShape: IntegerShape;
    };

export interface FieldRule {
  readonly name: string;
  readonly type: FieldType;
  /** Names in the kernel's format: the first that is there. Empty: the field is made from other things. */
  readonly sources: readonly string[];
  readonly addend: number;
  readonly conversion: ConversionName | undefined;
}

export interface EventRule {
  /** LTTng's. */
  readonly name: string;
  readonly system: string;
  /** ftrace's. */
  readonly sourceName: string;
  readonly fields: readonly FieldRule[];
}

const bases = { u: 10, s: 10, x: 16, h: 16, o: 8 } as const;

export function parseShape(text: string): IntegerShape {
  const [, kind, bits] = /^([usxho])(8|16|32|64)$/.exec(text) ?? [];
  assert(kind !== undefined, `a type of a field rule: ${text}`);
  return {
    lengthBits: Number(bits),
    isSigned: kind === 's' || kind === 'h',
    base: bases[kind as keyof typeof bases],
  };
}

function parseType(text: string): FieldType {
  if (text === 'str') return { kind: 'string' };
  if (text === 'ustr') return { kind: 'user-string' };
  if (text.startsWith('text')) return { kind: 'text', lengthBytes: Number(text.slice(4)) };
  const array = /^(\w+)\*(\d+)$/.exec(text);
  if (array !== null) {
    return { kind: 'array', element: parseShape(array[1]!), count: Number(array[2]) };
  }
  const sequence = /^(\w+)\[\](\d*)$/.exec(text);
  if (sequence !== null) {
    return {
      kind: 'sequence',
      element: parseShape(sequence[1]!),
      lengthShape: parseShape(`u${sequence[2] || 32}`),
    };
  }
  return { kind: 'integer', shape: parseShape(text) };
}

/** Parses `name:type=source`. */
export function parseFieldRule(text: string): FieldRule {
  const [, name, type, source = name, addend, conversion] =
    /^(\w+):([^=]+?)(?:=([\w|]*)([+-]\d+)?(?:!(\w+))?)?$/.exec(text) ?? [];
  assert(name !== undefined && type !== undefined, `a field rule: ${text}`);
  return {
    name,
    type: parseType(type),
    sources: source === '' ? [] : source!.split('|'),
    addend: Number(addend ?? 0),
    conversion: conversion as ConversionName | undefined,
  };
}

/** Parses a line of the table. */
export function parseEventRule(line: string): EventRule {
  const [name = '', path = '', ...fields] = line.split(' ');
  const [system = '', sourceName = ''] = path.split('/');
  return { name, system, sourceName, fields: fields.map(parseFieldRule) };
}
