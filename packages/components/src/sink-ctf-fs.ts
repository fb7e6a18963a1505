/** sink.ctf.fs: writes CTF 1.8 or CTF 2 traces into directories. */

import { closeSync, existsSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from '@sonde/base';
import {
  type ClassMap,
  DataStreamWriter,
  outputTraceClass,
  pairTraceClasses,
  toCtf1,
  writeJsonMetadata,
  writeTsdl,
} from '@sonde/ctf';
import type { ComponentContext, Sink, SinkClass } from '@sonde/graph';
import type {
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  Trace,
  TraceClass,
} from '@sonde/trace-model';
import { makeFolders } from './make-folders.ts';

interface OutputStream {
  readonly writer: DataStreamWriter;
  readonly descriptor: number;
}

/** One trace under construction. The metadata is written when the trace begins: its classes are known then. */
class OutputTrace {
  readonly directory: string;
  readonly #traceClass: TraceClass;
  readonly #pairs: ClassMap;
  readonly #names = new Set<string>(['metadata']);

  constructor(trace: Trace, directory: string, version: '1.8' | '2.0') {
    this.directory = directory;
    const plain = outputTraceClass({ ...trace.traceClass, environment: trace.environment });
    this.#traceClass = version === '1.8' ? toCtf1(plain) : plain;
    this.#pairs = pairTraceClasses(plain, this.#traceClass);
    makeFolders(directory);
    const metadata =
      version === '1.8' ? writeTsdl(this.#traceClass) : writeJsonMetadata(this.#traceClass);
    writeFileSync(join(directory, 'metadata'), metadata);
  }

  open(stream: DataStream): OutputStream {
    const name = this.#fileName(stream);
    const descriptor = openSync(join(this.directory, name), 'wx');
    const writer = new DataStreamWriter(stream, this.#traceClass, this.#pairs, (packet) => {
      let done = 0;
      while (done < packet.length) done += writeSync(descriptor, packet, done);
    });
    return { writer, descriptor };
  }

  #fileName(stream: DataStream): string {
    const plain = basename(stream.name)
      .replace(/[^\w.-]/g, '_')
      .replace(/^\.+/, '');
    const base = plain === '' || plain === 'index' ? 'stream' : plain;
    let name = base;
    for (let i = 0; this.#names.has(name); i++) name = `${base}-${i}`;
    this.#names.add(name);
    return name;
  }
}

interface CtfFsOptions {
  readonly path: string;
  readonly version: '1.8' | '2.0';
  readonly assumesSingleTrace: boolean;
  readonly ignoresDiscardedEvents: boolean;
  readonly ignoresDiscardedPackets: boolean;
  readonly isQuiet: boolean;
}

class CtfFsSink implements Sink, Downstream {
  readonly #options: CtfFsOptions;
  readonly #context: ComponentContext;
  readonly #traces = new Map<Trace, OutputTrace>();
  readonly #streams = new Map<DataStream, OutputStream>();

  constructor(options: CtfFsOptions, context: ComponentContext) {
    this.#options = options;
    this.#context = context;
  }

  start(): Downstream {
    return this;
  }

  finish(): void {
    for (const { descriptor, writer } of this.#streams.values()) {
      writer.endPacket();
      closeSync(descriptor);
    }
    this.#streams.clear();
    if (this.#options.isQuiet) return;
    const encoder = new TextEncoder();
    for (const { directory } of this.#traces.values()) {
      this.#context.output.write(encoder.encode(`Created CTF trace \`${directory}\`.\n`));
    }
  }

  streamBeginning(stream: DataStream): void {
    let trace = this.#traces.get(stream.trace);
    if (trace === undefined) {
      const directory = this.#directoryOf(stream.trace);
      trace = new OutputTrace(stream.trace, directory, this.#options.version);
      this.#traces.set(stream.trace, trace);
    }
    this.#streams.set(stream, trace.open(stream));
  }

  streamEnd(stream: DataStream): void {
    const output = this.#streams.get(stream);
    if (output === undefined) return;
    output.writer.endPacket();
    closeSync(output.descriptor);
    this.#streams.delete(stream);
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    this.#streams.get(packet.stream)?.writer.beginPacket(packet, cursor);
  }

  packetEnd(packet: Packet): void {
    const end = packet.end === undefined ? {} : { endCycles: packet.end.cycles };
    this.#streams.get(packet.stream)?.writer.endPacket(end);
  }

  eventHandler(cursor: RecordCursor): EventHandler {
    return this.#streams.get(cursor.stream)!.writer.eventCopier(cursor.eventRecordClass);
  }

  discardedEvents({ stream, count }: Discarded): void {
    if (this.#options.ignoresDiscardedEvents) return;
    if (count === undefined) this.#warnUncounted(stream, 'events');
    this.#streams.get(stream)?.writer.addDiscardedEvents(count ?? 1n);
  }

  discardedPackets({ stream, count }: Discarded): void {
    if (this.#options.ignoresDiscardedPackets) return;
    if (count === undefined) this.#warnUncounted(stream, 'packets');
    this.#streams.get(stream)?.writer.skipPackets(count ?? 1n);
  }

  inactivity(): void {}

  #warnUncounted(stream: DataStream, what: string): void {
    this.#context.warn(
      `The number of discarded ${what} in stream ${stream.name} is not known: 1 is written.`,
    );
  }

  #directoryOf(trace: Trace): string {
    const { path, assumesSingleTrace } = this.#options;
    if (assumesSingleTrace) {
      if (this.#traces.size > 0) {
        throw new UsageError(
          'several-traces',
          `There are several traces, but \`assume-single-trace\` is set: remove it to write each into a folder of its own under ${path}.`,
        );
      }
      return path;
    }
    const parts = (trace.name ?? 'trace').split('/').map((part) => part.replace(/^\.+$/, '_'));
    const base = join(path, ...parts.map((part) => part.replace(/[^\w.: @+-]/g, '_')));
    const taken = (candidate: string): boolean =>
      existsSync(candidate) || [...this.#traces.values()].some((t) => t.directory === candidate);
    let directory = base;
    for (let i = 0; taken(directory); i++) directory = `${base}-${i}`;
    return directory;
  }
}

function optionsOf({ parameters }: ComponentContext): CtfFsOptions {
  const { path } = parameters;
  if (typeof path !== 'string' || path === '') {
    throw new UsageError('missing-parameter', 'sink.ctf.fs needs `path`: the folder to write to.');
  }
  const version = String(parameters['ctf-version'] ?? '2');
  if (!['1', '1.8', '2', '2.0'].includes(version)) {
    throw new UsageError('bad-parameter', `\`ctf-version\` is 1 or 2, not "${version}".`);
  }
  return {
    path,
    version: version.startsWith('1') ? '1.8' : '2.0',
    assumesSingleTrace: parameters['assume-single-trace'] === true,
    ignoresDiscardedEvents: parameters['ignore-discarded-events'] === true,
    ignoresDiscardedPackets: parameters['ignore-discarded-packets'] === true,
    isQuiet: parameters['quiet'] === true,
  };
}

export const ctfFsSink: SinkClass = {
  kind: 'sink',
  plugin: 'ctf',
  className: 'fs',
  description: 'Write CTF traces to the file system.',
  parameterHelp: {
    path: 'Folder to write to (required).',
    'ctf-version': '1 (CTF 1.8) or 2 (default).',
    'assume-single-trace': 'Write the one trace into `path` itself.',
    'ignore-discarded-events': 'Leave discarded events out of the counters.',
    'ignore-discarded-packets': 'Leave discarded packets out of the sequence numbers.',
    quiet: 'Do not print what was written.',
  },
  create: (context) => new CtfFsSink(optionsOf(context), context),
};
