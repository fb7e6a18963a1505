/** What `sonde read` runs: from its options to the components of a graph. */
import { UsageError } from '@sonde/base';
import { type ComponentRegistry, mergeParameters, type ParameterMap } from '@sonde/graph';
import type { CommandIo } from './command-io.ts';
import { type ComponentPlan, ComponentPlans } from './component-options.ts';
import type { Occurrence, ValuesOf } from './define-command.ts';
import { sourceParameters, type TraceFolder } from './find-operands.ts';
import type { readOptions } from './read-options.ts';
import type { GraphPlan } from './run-graph.ts';

export type ReadOptions = ValuesOf<typeof readOptions>;

/** Text options that make the sink pretty, as parameters of `sink.text.pretty`. */
export function prettyParameters(options: ReadOptions): ParameterMap {
  const parameters: { [name: string]: boolean | string } = {};
  if (options.clockCycles) parameters['clock-cycles'] = true;
  if (options.clockDate) parameters['clock-date'] = true;
  if (options.clockGmt) parameters['clock-gmt'] = true;
  if (options.clockSeconds) parameters['clock-seconds'] = true;
  if (options.noDelta) parameters['no-delta'] = true;
  if (options.color !== undefined) parameters['color'] = options.color;
  Object.assign(parameters, namedParameters('field', options.fields, fieldNames));
  Object.assign(parameters, namedParameters('name', options.names, nameNames));
  return parameters;
}

const fieldNames = [
  'trace',
  'trace:hostname',
  'trace:domain',
  'trace:procname',
  'trace:vpid',
  'loglevel',
  'emf',
  'callsite',
];
const nameNames = ['payload', 'context', 'scope', 'header'];

/** What `--fields` and `--names` list is shown, all else hidden. */
function namedParameters(
  kind: 'field' | 'name',
  wanted: readonly string[] | undefined,
  known: readonly string[],
): ParameterMap {
  if (wanted === undefined) return {};
  const parameters: { [name: string]: boolean | string } = { [`${kind}-default`]: 'hide' };
  for (const name of wanted) {
    // Babeltrace has `none` for names only.
    if (name === 'none' && kind === 'name') continue;
    if (name === 'all') parameters[`${kind}-default`] = 'show';
    else if (name === 'ctx' && kind === 'name') parameters['name-context'] = true;
    else if (known.includes(name)) parameters[`${kind}-${name}`] = true;
    else {
      const list = ['all', ...known].join(', ');
      throw new UsageError('bad-choice', `Unknown ${kind} "${name}"; there are: ${list}.`);
    }
  }
  return parameters;
}

/** @throws UsageError where options contradict one another. */
export function planRead(
  registry: ComponentRegistry,
  options: ReadOptions,
  order: readonly Occurrence[],
  folders: readonly TraceFolder[],
  env: CommandIo['env'] = {},
): GraphPlan {
  const explicit = explicitComponents(registry, order);
  const ofKind = (kind: string) => explicit.filter((plan) => plan.componentClass.kind === kind);
  const sources = [...ofKind('src')];
  if (folders.length > 0) {
    const parameters = {
      ...sourceParameters(folders, options),
      ...(options.streamIntersection ? { 'stream-intersection': true } : {}),
    };
    sources.unshift({
      name: 'traces',
      componentClass: registry.get('src.ctf.fs'),
      parameters,
    });
  }
  if (sources.length === 0) throw new UsageError('missing-operand', 'Name a trace to read.');
  const implicit = (name: string, className: string, parameters: ParameterMap): ComponentPlan => ({
    name,
    componentClass: registry.get(className),
    parameters,
  });
  const chain = [
    implicit('sonde-muxer', 'flt.utils.muxer', {}),
    ...trimmers(options, implicit),
    ...filters(options, implicit),
    ...ofKind('flt'),
    chooseSink(registry, options, ofKind('sink'), defaultColor(env)),
  ];
  return {
    components: [...sources, ...chain],
    connections: [
      ...sources.map(({ name }) => `${escapeGlob(name)}:sonde-muxer`),
      ...chain.slice(1).map((plan, i) => `${escapeGlob(chain[i]!.name)}:${escapeGlob(plan.name)}`),
    ],
    continueOnError: options.continueOnError,
    namesAreOurs: explicit.length === 0,
    outputPath: writesFolder(options) ? undefined : options.output,
  };
}

type Implicit = (name: string, className: string, parameters: ParameterMap) => ComponentPlan;

function explicitComponents(
  registry: ComponentRegistry,
  order: readonly Occurrence[],
): readonly ComponentPlan[] {
  const plans = new ComponentPlans(registry);
  for (const { option, value = '' } of order) {
    if (option === 'component') plans.addComponent(value);
    else if (option === 'params') plans.addParameters(value);
  }
  return plans.all;
}

function trimmers(options: ReadOptions, implicit: Implicit): readonly ComponentPlan[] {
  const { timerange } = options;
  if (timerange !== undefined && (options.begin ?? options.end) !== undefined) {
    throw new UsageError('conflict', '--timerange goes without --begin and --end.');
  }
  const begin = options.begin ?? timerange?.[0];
  const end = options.end ?? timerange?.[1];
  if (begin === undefined && end === undefined) return [];
  const parameters = {
    ...(begin === undefined ? {} : { begin }),
    ...(end === undefined ? {} : { end }),
    ...(options.clockGmt ? { gmt: true } : {}),
  };
  return [implicit('sonde-trimmer', 'flt.utils.trimmer', parameters)];
}

function filters(options: ReadOptions, implicit: Implicit): readonly ComponentPlan[] {
  const { event, filter, limit } = options;
  if (event.length === 0 && filter === undefined && limit === undefined) return [];
  const parameters = {
    ...(event.length === 0 ? {} : { event }),
    ...(filter === undefined ? {} : { expression: filter }),
    ...(limit === undefined ? {} : { limit: BigInt(limit) }),
  };
  return [implicit('sonde-filter', 'flt.utils.filter', parameters)];
}

function writesFolder(options: ReadOptions): boolean {
  return /^ctf(-[12]|$)/.test(options.outputFormat ?? '');
}

/** https://no-color.org: any value means no colours, unless the user asks for them on the command line. */
function defaultColor(env: CommandIo['env']): ParameterMap {
  return env['NO_COLOR'] || env['TERM'] === 'dumb' ? { color: 'never' } : {};
}

/** The one sink: `-c sink…`, or what `--output-format` says, or text. */
function chooseSink(
  registry: ComponentRegistry,
  options: ReadOptions,
  explicit: readonly ComponentPlan[],
  colorDefault: ParameterMap,
): ComponentPlan {
  const pretty = prettyParameters(options);
  const format = options.outputFormat ?? (options.json ? 'json' : undefined);
  if (options.json && format !== 'json') {
    throw new UsageError('conflict', `--json goes without --output-format=${format}.`);
  }
  const asksForText = format === 'text' || (format === undefined && Object.keys(pretty).length > 0);
  const [sink, second] = explicit;
  if (second !== undefined || (sink !== undefined && (format !== undefined || asksForText))) {
    throw new UsageError('conflict', 'Only one sink: what --component and the output options say.');
  }
  if (sink !== undefined) return sink;
  const colored = mergeParameters(colorDefault, pretty);
  const [className, parameters] = implicitSink(format ?? 'text', options, colored);
  return { name: 'sonde-sink', componentClass: registry.get(className), parameters };
}

const formatsWithFields: readonly string[] = ['text', 'json', 'perfetto'];

function implicitSink(
  format: string,
  options: ReadOptions,
  pretty: ParameterMap,
): [className: string, parameters: ParameterMap] {
  const fields = options.field.length === 0 ? {} : { fields: options.field.flat() };
  if (options.field.length > 0 && !formatsWithFields.includes(format)) {
    const message = `--field goes with ${formatsWithFields.join(', ')}, not with --output-format=${format}.`;
    throw new UsageError('field-selection', message);
  }
  switch (format) {
    case 'text':
      return ['sink.text.pretty', mergeParameters(pretty, fields)];
    case 'details':
      return [
        'sink.text.details',
        {
          'with-trace-name': false,
          'with-stream-name': false,
          ...('color' in pretty ? { color: pretty['color']! } : {}),
        },
      ];
    case 'json':
      return ['sink.json.lines', fields];
    case 'counter':
      return ['sink.utils.counter', { step: 0n }];
    case 'perfetto':
      return ['sink.perfetto.json', fields];
    case 'dummy':
      return ['sink.utils.dummy', {}];
    default: {
      if (options.output === undefined) {
        throw new UsageError('no-output', `--output-format=${format} needs --output=FOLDER.`);
      }
      const version = format === 'ctf-1.8' ? '1.8' : '2';
      return ['sink.ctf.fs', { path: options.output, 'ctf-version': version }];
    }
  }
}

/** Connections name components by globs. */
function escapeGlob(name: string): string {
  return name.replace(/[*?[\\.:]/g, '\\$&');
}
