/**
 * One trace as people think of it: perhaps several directories (rotation, snapshots) with the same identity, whose data streams go on
 * from file to file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  ClockConverter,
  type FileIndex,
  indexFile,
  type MetadataOptions,
  mergePackets,
  type PacketEntry,
  readLttngIndex,
  readMetadata,
  withClockOffset,
} from '@sonde/ctf';
import type { DataStream, DataStreamClass, Trace, TraceClass } from '@sonde/trace-model';
import { FileSource } from './file-source.ts';
import { dataStreamFiles } from './find-traces.ts';

export interface TraceOptions {
  readonly metadata?: MetadataOptions;
  /** Added to all clocks. */
  readonly clockOffsetSeconds?: bigint;
  readonly clockOffsetNs?: bigint;
  /** Take all clocks to count from the Unix epoch. */
  readonly forceUnixEpoch?: boolean;
  /** What follows the host in the names of all traces. */
  readonly name?: string;
  /** The same per trace directory, for traces of one directory: its path below what the user named. */
  readonly names?: ReadonlyMap<string, string>;
  readonly keepsPartialPackets?: boolean;
  readonly warn?: (message: string) => void;
}

export interface TraceDirectory {
  readonly path: string;
  readonly traceClass: TraceClass;
}

/** A data stream with its packets and its clock. */
export interface TraceStream {
  readonly stream: DataStream;
  readonly packets: readonly PacketEntry[];
  readonly clock: ClockConverter | undefined;
  /** Identity for ports: `{name: …} | class | id`. */
  readonly portName: string;
}

export interface LogicalTrace {
  readonly trace: Trace;
  readonly streams: readonly TraceStream[];
}

/** @throws MetadataError */
export function readTraceDirectory(path: string, options: TraceOptions): TraceDirectory {
  const file = join(path, 'metadata');
  const { traceClass, warnings } = readMetadata(readFileSync(file), file, options.metadata ?? {});
  for (const warning of warnings) options.warn?.(`${file}: ${warning}`);
  return { path, traceClass };
}

/** Directories with the same identity are one trace; those without one are alone. */
export function groupDirectories(directories: readonly TraceDirectory[]): TraceDirectory[][] {
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

/** Opens the packets' index, not their contents. @throws DecodeError, MetadataError */
export function openLogicalTrace(
  directories: readonly TraceDirectory[],
  options: TraceOptions,
): LogicalTrace {
  let winner = directories[0]!;
  for (const directory of directories) if (weight(directory) > weight(winner)) winner = directory;
  const traceClass = adjustClocks(winner.traceClass, options);
  const files = directories.flatMap(({ path }) =>
    dataStreamFiles(path).map((file) => indexOf(file, traceClass, options)),
  );
  const groups = groupFiles(files);
  const streams: DataStream[] = [];
  const { environment } = traceClass;
  const name = traceNameOf(directories, options, environment);
  const trace: Trace = { traceClass, name, path: winner.path, environment, streams };
  const clocks = new Map<DataStreamClass, ClockConverter | undefined>();
  for (const dataStreamClass of traceClass.dataStreamClasses.values()) {
    const { defaultClockClass } = dataStreamClass;
    clocks.set(dataStreamClass, defaultClockClass && new ClockConverter(defaultClockClass));
  }
  const opened = groups.map((group): TraceStream => {
    const [first] = group.files;
    const stream: DataStream = {
      trace,
      dataStreamClass: group.dataStreamClass,
      id: group.id,
      idIsKnown: group.idIsKnown,
      name: first!.source.name,
    };
    streams.push(stream);
    const packets = mergePackets(group.files);
    const portName = portNameOf(stream, traceClass);
    return { stream, packets, clock: clocks.get(group.dataStreamClass), portName };
  });
  return { trace, streams: opened };
}

function indexOf(file: string, traceClass: TraceClass, options: TraceOptions): FileIndex {
  const source = new FileSource(file);
  const indexPath = join(dirname(file), 'index', `${basename(file)}.idx`);
  if (existsSync(indexPath)) {
    const index = readLttngIndex(new FileSource(indexPath), source, traceClass);
    if (index !== undefined) return index;
    options.warn?.(`The index ${indexPath} is not valid: the packets are found without it.`);
  }
  const { warn, keepsPartialPackets } = options;
  return indexFile(source, traceClass, {
    ...(keepsPartialPackets === undefined ? {} : { keepsPartialPacket: keepsPartialPackets }),
    ...(warn === undefined ? {} : { warn }),
  });
}

interface FileGroup {
  readonly dataStreamClass: DataStreamClass;
  readonly id: bigint;
  readonly idIsKnown: boolean;
  readonly files: FileIndex[];
}

/** Files with the same instance id are one stream, if their packets can be ordered. */
function groupFiles(files: readonly FileIndex[]): FileGroup[] {
  const groups: FileGroup[] = [];
  const known = new Map<string, FileGroup>();
  const nextIds = new Map<DataStreamClass, bigint>();
  for (const file of files) {
    const { dataStreamClass, dataStreamId } = file;
    const canJoin = dataStreamId !== undefined && file.packets[0]?.beginCycles !== undefined;
    const key = `${dataStreamClass.id}/${dataStreamId}`;
    const group = canJoin ? known.get(key) : undefined;
    if (group !== undefined) {
      group.files.push(file);
      continue;
    }
    const nextId = nextIds.get(dataStreamClass) ?? 0n;
    nextIds.set(dataStreamClass, nextId + 1n);
    const fresh: FileGroup = {
      dataStreamClass,
      id: dataStreamId ?? nextId,
      idIsKnown: dataStreamId !== undefined,
      files: [file],
    };
    groups.push(fresh);
    if (canJoin) known.set(key, fresh);
  }
  return groups;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Applies offsets and `forceUnixEpoch` to the clock classes of a trace class that nobody else holds yet. */
function adjustClocks(traceClass: TraceClass, options: TraceOptions): TraceClass {
  const { clockOffsetSeconds = 0n, clockOffsetNs = 0n, forceUnixEpoch = false } = options;
  if (clockOffsetSeconds === 0n && clockOffsetNs === 0n && !forceUnixEpoch) return traceClass;
  for (const clockClass of traceClass.clockClasses) {
    Object.assign(clockClass, withClockOffset(clockClass, clockOffsetSeconds, clockOffsetNs));
    if (forceUnixEpoch) (clockClass as Mutable<typeof clockClass>).origin = 'unix-epoch';
  }
  for (const stream of traceClass.dataStreamClasses.values()) {
    const clock = stream.defaultClockClass;
    if (clock === undefined || traceClass.clockClasses.includes(clock)) continue;
    Object.assign(clock, withClockOffset(clock, clockOffsetSeconds, clockOffsetNs));
    if (forceUnixEpoch) (clock as Mutable<typeof clock>).origin = 'unix-epoch';
  }
  return traceClass;
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
function portNameOf(stream: DataStream, { namespace, name, uid }: TraceClass): string {
  const parts = [
    namespace === undefined ? '' : `namespace: \`${namespace}\``,
    name === undefined ? '' : `name: \`${name}\``,
    uid === undefined ? '' : `uid: \`${uid}\``,
  ].filter((part) => part !== '');
  const trace =
    uid === undefined && name === undefined ? stream.trace.path : `{${parts.join(', ')}}`;
  return `${trace} | ${stream.dataStreamClass.id} | ${stream.idIsKnown ? stream.id : stream.name}`;
}
