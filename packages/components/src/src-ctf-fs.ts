/** src.ctf.fs: reads CTF traces from directories. */
import { UsageError } from '@sonde/base';
import { DataStreamReader } from '@sonde/ctf';
import type {
  ComponentContext,
  OutputPortInfo,
  ParameterMap,
  ParameterValue,
  Source,
  SourceClass,
} from '@sonde/graph';
import type { Downstream, MessageIterator, TimeOrigin } from '@sonde/trace-model';
import { formatFault } from './ctf-fs/fault-text.ts';
import {
  groupDirectories,
  type LogicalTrace,
  openLogicalTrace,
  readTraceDirectory,
  type TraceOptions,
  type TraceStream,
} from './ctf-fs/logical-trace.ts';
import { type TrimRange, trimIterator } from './flt-trimmer.ts';

class CtfFsSource implements Source {
  readonly traces: readonly LogicalTrace[];
  readonly outputPorts: readonly OutputPortInfo[];
  readonly earliestNs: bigint | undefined;
  readonly #byPort = new Map<string, TraceStream>();
  readonly #context: ComponentContext;
  readonly #ranges: ReadonlyMap<TraceStream, TrimRange>;

  constructor(traces: readonly LogicalTrace[], context: ComponentContext) {
    this.traces = traces;
    this.#context = context;
    const isIntersected = context.parameters['stream-intersection'] === true;
    this.#ranges = isIntersected ? intersectionRanges(traces) : new Map();
    for (const stream of traces.flatMap((trace) => trace.streams)) {
      let name = stream.portName;
      for (let i = 2; this.#byPort.has(name); i++) name = `${stream.portName} (${i})`;
      this.#byPort.set(name, stream);
    }
    this.outputPorts = [...this.#byPort.keys()].map((name) => ({ name }));
    this.earliestNs = earliestOf([...this.#byPort.values()]);
  }

  open(port: string, origin: TimeOrigin, downstream: Downstream): MessageIterator {
    const entry = this.#byPort.get(port);
    if (entry === undefined) {
      throw new UsageError('unknown-port', `The source has no output port "${port}".`);
    }
    const { stream, packets, clock } = entry;
    const onFault = this.#context.continueOnError
      ? { onFault: (error: Error) => this.#context.warn(formatFault(error)) }
      : {};
    const read = (target: Downstream) =>
      new DataStreamReader(stream, packets, clock, origin, target, onFault);
    const range = this.#ranges.get(entry);
    return range === undefined ? read(downstream) : trimIterator(read, range, origin, downstream);
  }

  close(): void {
    for (const { packets } of this.#byPort.values()) {
      for (const source of new Set(packets.map((packet) => packet.source))) source.close();
    }
  }
}

/** For each stream the time for which every stream of its trace has packets. @throws UsageError when there is none. */
function intersectionRanges(traces: readonly LogicalTrace[]): Map<TraceStream, TrimRange> {
  const ranges = new Map<TraceStream, TrimRange>();
  for (const { trace, streams } of traces) {
    if (streams.length === 0) {
      throw new UsageError('no-intersection', `Trace ${trace.path} has no streams to intersect.`);
    }
    let range = boundsOf(streams[0]!);
    for (const { begin, end } of streams.map(boundsOf)) {
      if (begin > range.begin) range = { ...range, begin };
      if (end < range.end) range = { ...range, end };
    }
    if (range.begin > range.end) {
      const message = `The streams of trace ${trace.path} have no time in common: they do not intersect.`;
      throw new UsageError('no-intersection', message);
    }
    for (const stream of streams) ranges.set(stream, range);
  }
  return ranges;
}

function boundsOf({ stream, packets, clock }: TraceStream): { begin: bigint; end: bigint } {
  const [begin, end] = [packets[0]?.beginCycles, packets.at(-1)?.endCycles];
  if (begin === undefined || end === undefined || clock === undefined) {
    const message = `Stream ${stream.name} can't be intersected: its packets have no times.`;
    throw new UsageError('no-intersection', message);
  }
  return { begin: clock.nsFromOrigin(begin), end: clock.nsFromOrigin(end) };
}

function earliestOf(streams: readonly TraceStream[]): bigint | undefined {
  let earliest: bigint | undefined;
  for (const { packets, clock } of streams) {
    if (clock === undefined) continue;
    const ns = clock.nsFromOrigin(packets[0]?.beginCycles ?? 0n);
    if (earliest === undefined || ns < earliest) earliest = ns;
  }
  return earliest;
}

function inputsOf(value: ParameterValue | undefined): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new UsageError('bad-parameter', 'src.ctf.fs needs `inputs`: an array of directories.');
}

function integerOf(value: ParameterValue | undefined, name: string): bigint {
  if (value === undefined) return 0n;
  if (typeof value === 'bigint') return value;
  throw new UsageError('bad-parameter', `\`${name}\` is an integer.`);
}

function optionsOf({ parameters, warn, continueOnError }: ComponentContext): TraceOptions {
  const name = parameters['trace-name'];
  const names = namesOf(parameters);
  return {
    metadata: { lenient: parameters['lenient'] === true },
    clockOffsetSeconds: integerOf(parameters['clock-class-offset-s'], 'clock-class-offset-s'),
    clockOffsetNs: integerOf(parameters['clock-class-offset-ns'], 'clock-class-offset-ns'),
    forceUnixEpoch: parameters['force-clock-class-origin-unix-epoch'] === true,
    keepsPartialPackets: continueOnError,
    warn,
    ...(typeof name === 'string' ? { name } : {}),
    ...(names === undefined ? {} : { names }),
  };
}

/** `trace-names` goes with `inputs`, item by item. */
function namesOf(parameters: ParameterMap): ReadonlyMap<string, string> | undefined {
  const names = parameters['trace-names'];
  if (!Array.isArray(names)) return undefined;
  return new Map(inputsOf(parameters['inputs']).map((path, i) => [path, String(names[i] ?? '')]));
}

/** Opens the traces in `directories`: each must hold a `metadata` file. */
export function openTraceDirectories(
  directories: readonly string[],
  options: TraceOptions,
): LogicalTrace[] {
  const read = directories.map((path) => readTraceDirectory(path, options));
  return groupDirectories(read).map((group) => openLogicalTrace(group, options));
}

export const ctfFsSource: SourceClass = {
  kind: 'src',
  plugin: 'ctf',
  className: 'fs',
  description: 'Read CTF traces from the file system.',
  parameterHelp: {
    inputs: 'Array of trace directories (required).',
    'clock-class-offset-s': 'Seconds to add to the offset of every clock class.',
    'clock-class-offset-ns': 'Nanoseconds to add to the offset of every clock class.',
    'force-clock-class-origin-unix-epoch': 'Take every clock to count from the Unix epoch.',
    'trace-name': 'Name of the traces, after that of the host.',
    'trace-names': 'Array of the same, one for each input.',
    'stream-intersection': 'Only the time for which every stream of a trace has packets.',
    lenient: 'Accept release-candidate CTF 2 metadata.',
  },
  create: (context) => {
    const directories = inputsOf(context.parameters['inputs']);
    return new CtfFsSource(openTraceDirectories(directories, optionsOf(context)), context);
  },
};
