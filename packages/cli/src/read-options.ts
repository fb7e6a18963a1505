import { UsageError } from '@sonde/base';
import { pluginPathOption } from './component-options.ts';
import { flag, option, optionGroup, repeatedOption } from './define-command.ts';
import { oneOf, parseBytes, parseCount, parseInt64 } from './parse-values.ts';

export const outputFormats = [
  'text',
  'details',
  'json',
  'counter',
  'ctf',
  'ctf-1.8',
  'ctf-2',
  'perfetto',
  'ctf-metadata',
  'dummy',
] as const;

/** Options of every command that opens traces. */
export const inputOptions = optionGroup('Input', {
  clockOffset: option('Add SEC seconds to the clocks', 'SEC', parseInt64, undefined),
  clockOffsetNs: option('Add NS nanoseconds to the clocks', 'NS', parseInt64, undefined),
  clockForceCorrelate: flag('Take clocks of unknown origin as counting from the Unix epoch'),
  lenient: flag('Accept metadata that is not quite right, such as of CTF 2 release candidates'),
  followSymlinks: flag('Follow symbolic links while searching folders for traces'),
  unpackLimit: option(
    'Give up when an archive unpacks to more than SIZE (64G)',
    'SIZE',
    parseBytes,
    undefined,
  ),
});

const outputOptions = optionGroup('Output', {
  outputFormat: option(
    `What to write: ${outputFormats.join(', ')}. Default: text`,
    'FORMAT',
    oneOf(outputFormats),
    undefined,
    { short: 'o' },
  ),
  output: option('Write to the file (ctf: new folder) PATH', 'PATH', String, undefined, {
    short: 'w',
  }),
  json: flag('The same as --output-format=json: one JSON object per line'),
});

const selectionOptions = optionGroup('Selection', {
  begin: option('Leave out what is before TIME', 'TIME', String, undefined),
  end: option('Leave out what is after TIME', 'TIME', String, undefined),
  timerange: option('The same as --begin and --end', 'BEGIN,END', parseTimeRange, undefined),
  event: repeatedOption('Only events whose name matches', 'GLOB', String),
  filter: option('Only events for which the expression is true', 'EXPR', String, undefined),
  field: repeatedOption('Only these fields of the events', 'NAME,...', parseNames),
  limit: option('Stop after N events', 'N', parseCount, undefined),
  streamIntersection: flag('Only the time for which every stream of a trace has packets'),
});

const textOptions = optionGroup('Text', {
  clockCycles: flag('Print times as clock cycles'),
  clockDate: flag('Print dates too'),
  clockGmt: flag('Print and read times in UTC, not in local time'),
  clockSeconds: flag('Print times as seconds'),
  noDelta: flag('Leave out the time since the event before'),
  fields: option(
    'Also print: all, trace, trace:hostname, trace:domain, trace:procname, trace:vpid, loglevel, emf, callsite',
    'NAME,...',
    parseNames,
    undefined,
  ),
  names: option(
    'Print the names of: all, none, payload, context, scope, header',
    'NAME,...',
    parseNames,
    undefined,
  ),
  color: option(
    'Colour: never, always or auto',
    'WHEN',
    oneOf(['never', 'always', 'auto']),
    undefined,
  ),
});

const graphOptions = optionGroup('Components', {
  component: repeatedOption(
    'Add a source, a filter (after the others) or the sink',
    '[NAME:]TYPE.PLUGIN.CLASS',
    String,
    { short: 'c' },
  ),
  params: repeatedOption('Parameters of the component before', 'NAME=VALUE,...', String, {
    short: 'p',
  }),
  pluginPath: pluginPathOption,
});

export const readOptions = {
  ...outputOptions,
  ...selectionOptions,
  ...textOptions,
  ...inputOptions,
  ...graphOptions,
  continueOnError: flag('After a damaged stream, go on with the others; exit status 1'),
  explainDecoder: option('Print the code compiled for EVENT, and exit', 'EVENT', String, undefined),
  inputFormat: option('Kind of the operands: ctf', 'FORMAT', oneOf(['ctf']), undefined, {
    short: 'i',
  }),
};

function parseNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new UsageError('bad-list', `"${text}" has an empty name.`);
  return names;
}

/** `BEGIN,END`, in brackets if one likes. A comma in no time format: the first one counts. */
function parseTimeRange(text: string): readonly [begin: string, end: string] {
  const inner = /^\[(.*)\]$/.exec(text.trim())?.[1] ?? text;
  const comma = inner.indexOf(',');
  if (comma < 0) throw new UsageError('bad-time-range', `"${text}" is not BEGIN,END.`);
  return [inner.slice(0, comma).trim(), inner.slice(comma + 1).trim()];
}
