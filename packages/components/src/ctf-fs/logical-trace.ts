/**
 * One trace as people think of it: perhaps several directories (rotation, snapshots) with the same identity, whose data streams go on
 * from file to file.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SondeError } from '@sonde/base';
import {
  ClockConverter,
  type MetadataOptions,
  mergePackets,
  type PacketIndex,
  readMetadata,
} from '@sonde/ctf';
import type { DataStream, Trace, TraceClass } from '@sonde/trace-model';
import { namespaceOf } from '../trace-ir.ts';
import { adjustClocks, type ClockOptions } from './adjust-clocks.ts';
import { dataStreamFiles } from './find-traces.ts';
import { groupFiles, indexFiles } from './index-streams.ts';

export interface TraceOptions extends ClockOptions {
  readonly metadata?: MetadataOptions;
  /** What follows the host in the names of all traces. */
  readonly name?: string;
  /** The same per trace directory, for traces of one directory: its path below what the user named. */
  readonly names?: ReadonlyMap<string, string>;
  /**
   * Told about what can't be read: bad metadata or files, which are left out, and packets, after which reading goes on. Absent: the
   * first fault is thrown.
   */
  readonly onFault?: (error: Error) => void;
  readonly warn?: (message: string) => void;
}

interface TraceDirectory {
  readonly path: string;
  readonly traceClass: TraceClass;
}

/** A data stream with its packets and its clock. */
export interface TraceStream {
  readonly stream: DataStream;
  readonly packets: PacketIndex;
  readonly clock: ClockConverter | undefined;
  /** Identity for ports: `{name: …} | class | id`. */
  readonly portName: string;
}

export interface LogicalTrace {
  readonly trace: Trace;
  readonly streams: readonly TraceStream[];
}

/**
 * Opens the traces in `directories`, each with a file `metadata`. Reads metadata and packet heads, not the packets.
 * @throws MetadataError, DecodeError, UsageError; with `onFault` only when nothing is left.
 */
export function openTraceDirectories(
  directories: readonly string[],
  options: TraceOptions,
): LogicalTrace[] {
  const faults: Error[] = [];
  const attempt = <Result>(action: () => Result): Result[] => {
    try {
      return [action()];
    } catch (error) {
      if (options.onFault === undefined || !(error instanceof SondeError)) throw error;
      faults.push(error);
      return [];
    }
  };
  const read = directories.flatMap((path) => attempt(() => readTraceDirectory(path, options)));
  const traces = groupDirectories(read).flatMap((group) =>
    attempt(() => openLogicalTrace(group, options)),
  );
  if (traces.length === 0 && faults[0] !== undefined) throw faults[0];
  for (const fault of faults) options.onFault?.(fault);
  return traces;
}

export function closeTraces(traces: readonly LogicalTrace[]): void {
  for (const { packets } of traces.flatMap(({ streams }) => streams)) {
    for (const source of packets.sources) source.close();
  }
}

function readTraceDirectory(path: string, options: TraceOptions): TraceDirectory {
  const file = join(path, 'metadata');
  const { traceClass, warnings } = readMetadata(readFileSync(file), file, options.metadata ?? {});
  for (const warning of warnings) options.warn?.(`${file}: ${warning}`);
  return { path, traceClass };
}

/** Directories with the same identity are one trace; those without one are alone. */
function groupDirectories(directories: readonly TraceDirectory[]): TraceDirectory[][] {
  const groups = new Map<string, TraceDirectory[]>();
  for (const directory of directories) {
    const { namespace, name, uid } = directory.traceClass;
    const key =
      uid === undefined ? `path ${directory.path}` : JSON.stringify([namespace, name, uid]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [directory]);
    else group.push(directory);
  }
  return [...groups.values()];
}

/** How much a metadata declares: the directory with the most of it decodes the others too. */
function weight({ traceClass }: TraceDirectory): number {
  let classes = traceClass.dataStreamClasses.size;
  for (const stream of traceClass.dataStreamClasses.values()) {
    classes += stream.eventRecordClasses.size;
  }
  return classes;
}

function openLogicalTrace(
  directories: readonly TraceDirectory[],
  options: TraceOptions,
): LogicalTrace {
  let winner = directories[0]!;
  for (const directory of directories) if (weight(directory) > weight(winner)) winner = directory;
  const { traceClass, path } = winner;
  adjustClocks(traceClass, options);
  const { environment } = traceClass;
  const name = traceNameOf(directories, options, environment);
  const streams: DataStream[] = [];
  const trace: Trace = { traceClass, name, path, environment, streams };
  const paths = directories.flatMap((directory) => dataStreamFiles(directory.path));
  const groups = groupFiles(indexFiles(paths, traceClass, options));
  const opened = groups.map(({ dataStreamClass, id, idIsKnown, files }): TraceStream => {
    const streamName = files[0]!.source.name;
    const stream: DataStream = { trace, dataStreamClass, id, idIsKnown, name: streamName };
    streams.push(stream);
    const { defaultClockClass } = dataStreamClass;
    const clock = defaultClockClass && new ClockConverter(defaultClockClass);
    return { stream, packets: mergePackets(files), clock, portName: portNameOf(stream) };
  });
  return { trace, streams: opened };
}

/** `HOST/NAME` of what is known, as Babeltrace names traces. A trace of several directories has the host's name only. */
function traceNameOf(
  directories: readonly TraceDirectory[],
  options: TraceOptions,
  environment: ReadonlyMap<string, string | bigint>,
): string {
  const [first] = directories;
  const own = directories.length === 1 ? options.names?.get(first!.path) : undefined;
  const hostname = environment.get('hostname');
  const parts = [typeof hostname === 'string' ? hostname : '', options.name ?? own ?? ''];
  return parts.filter((part) => part !== '').join('/');
}

/** Identity of a data stream in the words of Babeltrace's ports. */
function portNameOf(stream: DataStream): string {
  const { traceClass, path } = stream.trace;
  const { name, uid } = traceClass;
  const parts = Object.entries({ namespace: namespaceOf(traceClass), name, uid })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: \`${value}\``);
  const trace = name === undefined && uid === undefined ? path : `{${parts.join(', ')}}`;
  return `${trace} | ${stream.dataStreamClass.id} | ${stream.idIsKnown ? stream.id : stream.name}`;
}
