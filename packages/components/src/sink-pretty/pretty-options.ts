import { type ParameterMap, ParameterReader } from '@sonde/graph';
import { type FieldSelection, parseFieldSelection } from '../field-selection.ts';

/** Parameters of `sink.text.pretty` (spec §6.1). */
export interface PrettyOptions {
  readonly clockCycles: boolean;
  readonly clockDate: boolean;
  readonly clockGmt: boolean;
  readonly clockSeconds: boolean;
  readonly color: 'never' | 'auto' | 'always';
  readonly noDelta: boolean;
  /** File to write to, instead of the output of the component. */
  readonly path: string | undefined;
  readonly printEnumFlags: boolean;
  /** Which fields of events to print. Undefined: all. */
  readonly selection: FieldSelection | undefined;
  readonly names: {
    readonly payload: boolean;
    readonly context: boolean;
    readonly header: boolean;
    readonly scope: boolean;
  };
  readonly fields: {
    readonly trace: boolean;
    readonly hostname: boolean;
    readonly domain: boolean;
    readonly procname: boolean;
    readonly vpid: boolean;
    readonly loglevel: boolean;
    readonly emf: boolean;
  };
}

export const prettyParameterHelp = {
  'clock-cycles': 'Print times in clock cycles (no)',
  'clock-date': 'Print dates too (no)',
  'clock-gmt': 'Print times in UTC instead of the local time zone (no)',
  'clock-seconds': 'Print times in seconds (no)',
  color: 'When to use colours: never, auto (default; on a terminal) or always',
  fields:
    'Names of the fields to print ("*" matches anything; $ctx.NAME: contexts only). Default: all',
  'field-default': 'Show or hide all field-* which are not set',
  'field-trace': 'Print the name of the trace (no)',
  'field-trace:hostname': 'Print the name of the host (yes)',
  'field-trace:domain': 'Print the tracing domain (no)',
  'field-trace:procname': 'Print the name of the process (yes)',
  'field-trace:vpid': 'Print the virtual process ID (yes)',
  'field-loglevel': 'Print the log level of the event (no)',
  'field-emf': 'Print the EMF URI of the event (no)',
  'field-callsite': 'No effect',
  'name-default': 'Show or hide all name-* which are not set',
  'name-payload': 'Print the names of payload fields (yes)',
  'name-context': 'Print the names of context fields (yes)',
  'name-header': 'Print the names of header fields (no)',
  'name-scope': 'Print the names of scopes (no)',
  'no-delta': 'Leave out the time since the line before (no)',
  path: 'File to write to',
  'print-enum-flags': 'Print enumerations without a matching label as bit flags (no)',
  verbose: 'No effect',
};

/** @throws UsageError for an unknown parameter or a bad value */
export function readPrettyOptions(parameters: ParameterMap, owner: string): PrettyOptions {
  const reader = new ParameterReader(parameters, owner);
  const flag = (name: string) => reader.boolean(name, false);
  const defaultOf = (name: string) => {
    const choice = reader.oneOf(name, ['show', 'hide']);
    return (own: boolean) => (choice === undefined ? own : choice === 'show');
  };
  const fieldDefault = defaultOf('field-default');
  const nameDefault = defaultOf('name-default');
  const field = (name: string, own: boolean) => reader.boolean(`field-${name}`, fieldDefault(own));
  const name = (what: string, own: boolean) => reader.boolean(`name-${what}`, nameDefault(own));
  const selected = reader.strings('fields');
  const options: PrettyOptions = {
    clockCycles: flag('clock-cycles'),
    clockDate: flag('clock-date'),
    clockGmt: flag('clock-gmt'),
    clockSeconds: flag('clock-seconds'),
    color: reader.oneOf('color', ['never', 'auto', 'always']) ?? 'auto',
    noDelta: flag('no-delta'),
    path: reader.string('path'),
    printEnumFlags: flag('print-enum-flags'),
    selection: selected && parseFieldSelection(selected),
    names: {
      payload: name('payload', true),
      context: name('context', true),
      header: name('header', false),
      scope: name('scope', false),
    },
    fields: {
      trace: field('trace', false),
      hostname: field('trace:hostname', true),
      domain: field('trace:domain', false),
      procname: field('trace:procname', true),
      vpid: field('trace:vpid', true),
      loglevel: field('loglevel', false),
      emf: field('emf', false),
    },
  };
  flag('field-callsite');
  flag('verbose');
  reader.rejectOthers();
  return options;
}
