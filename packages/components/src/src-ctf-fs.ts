/** src.ctf.fs: reads CTF traces from directories. */
import { UsageError } from '@sonde/base';
import { DataStreamReader } from '@sonde/ctf';
import {
  type ComponentContext,
  type OutputPortInfo,
  ParameterReader,
  type Source,
  type SourceClass,
} from '@sonde/graph';
import type { Downstream, MessageIterator, TimeOrigin } from '@sonde/trace-model';
import { formatFault } from './ctf-fs/fault-text.ts';
import {
  closeTraces,
  type LogicalTrace,
  openTraceDirectories,
  type TraceOptions,
  type TraceStream,
} from './ctf-fs/logical-trace.ts';
import { intersectionOf, traceInfos } from './ctf-fs/stream-intersection.ts';
import { earliestBegin } from './ctf-fs/time-origin.ts';
import { type TrimRange, trimIterator } from './flt-trimmer.ts';

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
    'max-packet-size': 'Longest packet content to read, in bytes (512 MiB).',
    lenient: 'Accept release-candidate CTF 2 metadata.',
  },
  create: (context) => new CtfFsSource(context, readParameters(context)),
};

interface SourceParameters {
  readonly directories: readonly string[];
  readonly traces: TraceOptions;
  readonly isIntersected: boolean;
  readonly maxPacketBytes: number | undefined;
}

class CtfFsSource implements Source {
  readonly traces: readonly LogicalTrace[];
  readonly outputPorts: readonly OutputPortInfo[];
  readonly earliestNs: bigint | undefined;
  readonly #byPort = new Map<string, TraceStream>();
  readonly #context: ComponentContext;
  readonly #ranges = new Map<TraceStream, TrimRange>();
  readonly #maxPacketBytes: number | undefined;

  constructor(context: ComponentContext, parameters: SourceParameters) {
    this.traces = openTraceDirectories(parameters.directories, parameters.traces);
    this.#context = context;
    this.#maxPacketBytes = parameters.maxPacketBytes;
    if (parameters.isIntersected) this.#intersect();
    const streams = this.traces.flatMap((trace) => trace.streams);
    for (const stream of streams) {
      let name = stream.portName;
      for (let i = 2; this.#byPort.has(name); i++) name = `${stream.portName} (${i})`;
      this.#byPort.set(name, stream);
    }
    this.outputPorts = [...this.#byPort.keys()].map((name) => ({ name }));
    this.earliestNs = earliestBegin(streams);
  }

  open(port: string, origin: TimeOrigin, downstream: Downstream): MessageIterator {
    const entry = this.#byPort.get(port);
    if (entry === undefined) {
      throw new UsageError('unknown-port', `The source has no output port "${port}".`);
    }
    const { stream, packets, clock } = entry;
    const options = {
      ...(this.#context.continueOnError && { onFault: faultReporter(this.#context) }),
      ...(this.#maxPacketBytes !== undefined && { maxPacketBytes: this.#maxPacketBytes }),
    };
    const read = (target: Downstream) =>
      new DataStreamReader(stream, packets, clock, origin, target, options);
    const range = this.#ranges.get(entry);
    return range === undefined ? read(downstream) : trimIterator(read, range, origin, downstream);
  }

  close(): void {
    closeTraces(this.traces);
  }

  #intersect(): void {
    const infos = traceInfos(this.traces);
    for (const [i, { streams }] of this.traces.entries()) {
      const range = intersectionOf(infos[i]!);
      for (const stream of streams) this.#ranges.set(stream, range);
    }
  }
}

function faultReporter(context: ComponentContext): (error: Error) => void {
  return context.onFault ?? ((error) => context.warn(formatFault(error)));
}

function readParameters(context: ComponentContext): SourceParameters {
  const { warn, continueOnError } = context;
  const reader = new ParameterReader(context.parameters, context.name);
  const directories = reader.strings('inputs');
  if (directories === undefined || directories.length === 0) {
    throw new UsageError(
      'bad-parameter',
      `${context.name} needs the parameter "inputs": an array of directories.`,
    );
  }
  const name = reader.string('trace-name');
  const names = reader.strings('trace-names');
  const traces: TraceOptions = {
    metadata: { lenient: reader.boolean('lenient', false) },
    clockOffsetSeconds: reader.integer('clock-class-offset-s', 0n),
    clockOffsetNs: reader.integer('clock-class-offset-ns', 0n),
    forceUnixEpoch: reader.boolean('force-clock-class-origin-unix-epoch', false),
    warn: (message) => warn(message),
    ...(continueOnError && { onFault: faultReporter(context) }),
    ...(name !== undefined && { name }),
    ...(names && { names: new Map(directories.map((path, i) => [path, names[i] ?? ''])) }),
  };
  const isIntersected = reader.boolean('stream-intersection', false);
  const maxPacketBytes = reader.integer('max-packet-size');
  reader.rejectOthers();
  return {
    directories,
    traces,
    isIntersected,
    maxPacketBytes: maxPacketBytes === undefined ? undefined : Number(maxPacketBytes),
  };
}
