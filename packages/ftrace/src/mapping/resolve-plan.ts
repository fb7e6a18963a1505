import { assert } from '@sonde/base';
import type { EventFormat } from '../format/event-format.ts';
import type { EventField } from '../format/field-declaration.ts';
import type { BytesSource, OutputField, RecordPlan } from '../layout/record-plan.ts';
import { conversions, forkVtids } from './conversions.ts';
import type { EventRule, FieldRule } from './event-rule.ts';
import { bytesSourceOf, passThroughField } from './pass-through.ts';

/** `common_type`, flags, preemption count and thread: every record has them. */
const commonBytes = 8;

/**
 * LTTng's record of an event, from what the running kernel offers: fields that it does not have are left out, fields that LTTng
 * does not have come last.
 */
export function planByRule(rule: EventRule, format: EventFormat): RecordPlan {
  const used = new Set<EventField>();
  const fields: OutputField[] = [];
  for (const fieldRule of rule.fields) {
    const source = format.fields.find(({ name }) => fieldRule.sources.includes(name));
    if (source !== undefined) used.add(source);
    const field = fieldByRule(fieldRule, source, format);
    if (field !== undefined) fields.push(field);
  }
  const names = new Set(fields.map(({ name }) => name));
  for (const field of format.fields) {
    if (used.has(field) || names.has(field.name)) continue;
    fields.push(passThroughField(field, format));
  }
  return { name: rule.name, fields, minimumBytes: minimumBytesOf(format) };
}

/** All fields under their own names. */
export function planAsIs(name: string, format: EventFormat): RecordPlan {
  const fields = format.fields.map((field) => passThroughField(field, format));
  return { name, fields, minimumBytes: minimumBytesOf(format) };
}

/** The end of the last field whose length does not vary. */
export function minimumBytesOf(format: EventFormat): number {
  let end = commonBytes;
  for (const field of format.fields) {
    if (bytesSourceOf(field, format).kind === 'rest') end = Math.max(end, field.offsetBytes);
    else end = Math.max(end, field.offsetBytes + field.lengthBytes);
  }
  return end;
}

/** Undefined: the kernel does not have what the field is made from. */
export function fieldByRule(
  rule: FieldRule,
  source: EventField | undefined,
  format: EventFormat,
): OutputField | undefined {
  const { name, type, conversion } = rule;
  if (conversion !== undefined) return convertedField(rule, source, format);
  if (source === undefined) return undefined;
  const bytes = bytesSourceOf(source, format);
  switch (type.kind) {
    case 'integer':
      if (!isNumber(source)) return passThroughField(source, format, name);
      return {
        kind: 'integer',
        name,
        shape: type.shape,
        source: numberSourceOf(source),
        addend: rule.addend,
      };
    case 'string':
      return source.isText
        ? { kind: 'string', name, source: bytes }
        : passThroughField(source, format, name);
    case 'user-string':
      return {
        kind: 'user-string',
        name,
        argument: source.name,
        argumentIndex: argumentIndexOf(source),
      };
    case 'text':
      return source.isText
        ? { kind: 'text', name, lengthBytes: type.lengthBytes, source: bytes }
        : passThroughField(source, format, name);
    case 'array':
      return arrayField(name, type, bytes) ?? passThroughField(source, format, name);
    case 'sequence':
      return source.arrayKind === 'scalar'
        ? passThroughField(source, format, name)
        : {
            kind: 'sequence',
            name,
            element: type.element,
            lengthShape: type.lengthShape,
            source: bytes,
          };
  }
}

/** Undefined: the kernel's array has another length. */
function arrayField(
  name: string,
  type: FieldRule['type'] & { kind: 'array' },
  source: BytesSource,
): OutputField | undefined {
  const { element, count } = type;
  const lengthBytes = (element.lengthBits / 8) * count;
  if (source.kind !== 'static' || source.lengthBytes !== lengthBytes) return undefined;
  return { kind: 'array', name, element, count, source };
}

function convertedField(
  rule: FieldRule,
  source: EventField | undefined,
  format: EventFormat,
): OutputField | undefined {
  const { name, type, conversion, sources } = rule;
  if (sources.length > 0 && source === undefined) return undefined;
  if (conversion === 'forkVtids') {
    assert(type.kind === 'sequence', 'vtids are a sequence');
    const { element, lengthShape } = type;
    return { kind: 'computed-sequence', name, element, lengthShape, compute: forkVtids(format) };
  }
  assert(type.kind === 'integer' && conversion !== undefined, 'conversions make integers');
  const compute = conversions[conversion](format, source);
  return { kind: 'computed', name, shape: type.shape, compute };
}

/** A plain number: 1, 2, 4 or 8 bytes in place. */
export function isNumber(field: EventField): boolean {
  return field.arrayKind === 'scalar' && [1, 2, 4, 8].includes(field.lengthBytes);
}

export function numberSourceOf({ offsetBytes, lengthBytes, isSigned }: EventField) {
  return { offsetBytes, lengthBytes, isSigned };
}

/** Arguments of a system call lie behind the common fields and its number, 8 bytes for each. */
export const argumentIndexOf = (argument: EventField): number => (argument.offsetBytes - 16) / 8;
