/** From the files of a trace to its data streams: several files may go on with the same one. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DecodeError } from '@sonde/base';
import { type FileIndex, indexFile, readLttngIndex } from '@sonde/ctf';
import type { DataStreamClass, TraceClass } from '@sonde/trace-model';
import { FileSource } from './file-source.ts';

export interface IndexFilesOptions {
  /** Told about files that can't be read, which are then left out, and about packets that were cut. Absent: faults are thrown. */
  readonly onFault?: (error: Error) => void;
  readonly warn?: (message: string) => void;
}

/** Files with the packets of one data stream, in the order of their paths. */
export interface StreamFiles {
  readonly dataStreamClass: DataStreamClass;
  readonly id: bigint;
  /** False: packets don't say, `id` counts such streams of the trace in the order of the files, as Babeltrace does. */
  readonly idIsKnown: boolean;
  readonly files: FileIndex[];
}

/** Finds the packets of files, by LTTng's index files where they are valid. @throws DecodeError, UsageError */
export function indexFiles(
  paths: readonly string[],
  traceClass: TraceClass,
  options: IndexFilesOptions,
): FileIndex[] {
  const indexes: FileIndex[] = [];
  for (const path of paths) {
    const source = new FileSource(path);
    try {
      indexes.push(indexOf(source, traceClass, options));
    } catch (error) {
      source.close();
      if (options.onFault === undefined || !(error instanceof DecodeError)) {
        for (const index of indexes) index.source.close();
        throw error;
      }
      options.onFault(error);
    }
  }
  return indexes;
}

function indexOf(
  source: FileSource,
  traceClass: TraceClass,
  options: IndexFilesOptions,
): FileIndex {
  const { onFault, warn } = options;
  const path = source.name;
  const indexPath = join(dirname(path), 'index', `${basename(path)}.idx`);
  if (existsSync(indexPath)) {
    const indexSource = new FileSource(indexPath);
    const index = readLttngIndex(indexSource, source, traceClass);
    indexSource.close();
    if (index !== undefined) return index;
    warn?.(`The index ${indexPath} is not valid: the packets are found without it.`);
  }
  return indexFile(source, traceClass, onFault === undefined ? {} : { onPartialPacket: onFault });
}

/** Files with the same instance id are one stream, if their packets can be ordered. */
export function groupFiles(files: readonly FileIndex[]): StreamFiles[] {
  const groups: StreamFiles[] = [];
  const known = new Map<string, StreamFiles>();
  let nextId = 0n;
  for (const file of files) {
    const { dataStreamClass, dataStreamId } = file;
    const canJoin = dataStreamId !== undefined && file.packets.at(0)?.beginCycles !== undefined;
    const key = `${dataStreamClass.id}/${dataStreamId}`;
    const group = canJoin ? known.get(key) : undefined;
    if (group !== undefined) {
      group.files.push(file);
      continue;
    }
    const fresh: StreamFiles = {
      dataStreamClass,
      id: dataStreamId ?? nextId++,
      idIsKnown: dataStreamId !== undefined,
      files: [file],
    };
    groups.push(fresh);
    if (canJoin) known.set(key, fresh);
  }
  return groups;
}
