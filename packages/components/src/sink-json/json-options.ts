import { type ParameterMap, ParameterReader } from '@sonde/graph';
import { type FieldSelection, parseFieldSelection } from '../field-selection.ts';

/** How integers that a double can't hold are written: `auto`: those as strings; `string`: all fields wider than 53 bits as strings. */
export type WideIntegers = 'auto' | 'string' | 'number';

export interface JsonOptions {
  /** Undefined: the output of the graph. */
  readonly path: string | undefined;
  readonly wideIntegers: WideIntegers;
  /** Also write `time`: the time in ISO 8601, UTC. */
  readonly isoTime: boolean;
  /** Undefined: all fields. */
  readonly fields: FieldSelection | undefined;
}

export const jsonParameterHelp = {
  path: 'Write to this file instead of the standard output.',
  'wide-integers':
    'Integers beyond 2^53: "auto" (those as strings; default), "string" (every field wider than 53 bits as a string) or "number".',
  fields:
    'Names of the fields to write ("*" matches anything; $ctx.NAME: contexts only). Default: all.',
  'iso-time': 'Also write "time", the time in ISO 8601 (UTC).',
} as const;

/** @throws UsageError for unknown parameters and wrong types */
export function readJsonOptions(parameters: ParameterMap, name: string): JsonOptions {
  const reader = new ParameterReader(parameters, `Component ${name} (sink.json.lines)`);
  const fields = reader.strings('fields');
  const options: JsonOptions = {
    path: reader.string('path'),
    wideIntegers: reader.oneOf('wide-integers', ['auto', 'string', 'number']) ?? 'auto',
    fields: fields && parseFieldSelection(fields),
    isoTime: reader.boolean('iso-time', false),
  };
  reader.rejectOthers();
  return options;
}
