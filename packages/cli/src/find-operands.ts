/** From operands of the command line to trace folders. */
import { relative, resolve } from 'node:path';
import { UsageError } from '@sonde/base';
import { findTraces, type OpenTraceOptions, openRawRecordings } from '@sonde/components';
import type { ParameterMap } from '@sonde/graph';
import { type OpenedPaths, openArchives } from './archive/open-archives.ts';
import { defaultUnpackLimits, type UnpackLimits } from './archive/unpack-target.ts';
import type { CommandIo } from './command-io.ts';
import type { ValuesOf } from './define-command.ts';
import { Progress } from './progress.ts';
import type { inputOptions } from './read-options.ts';

export type InputOptions = ValuesOf<typeof inputOptions>;

/** A folder with a `metadata` file. */
export interface TraceFolder {
  readonly path: string;
  /** Its path below the operand it was found in: part of the trace's name. Empty: the operand itself. */
  readonly name: string;
}

export interface FoundTraces {
  readonly folders: readonly TraceFolder[];
  /** Removes what was unpacked from archives. */
  close(): void;
}

/**
 * Searches operands (folders and archives) for traces.
 * @throws UsageError when an operand holds none; ArchiveError.
 */
export async function findOperands(
  operands: readonly string[],
  options: InputOptions,
  io: CommandIo,
): Promise<FoundTraces> {
  const { unpackLimit, followSymlinks } = options;
  const limits =
    unpackLimit === undefined
      ? defaultUnpackLimits
      : { ...defaultUnpackLimits, totalBytes: unpackLimit };
  const { paths, close } = await unpack(operands, io, limits);
  try {
    const folders = paths.flatMap((root, i) => {
      if (root !== operands[i]) io.unpackedArchives.set(root, operands[i]!);
      const found = findTraces(root, { followSymlinks });
      if (found.length === 0) {
        throw new UsageError(
          'no-trace',
          `There is no trace (a folder with the file \`metadata\`) in ${operands[i]}.`,
        );
      }
      return found.map((path) => ({ path, name: relative(root, path) }));
    });
    return { folders, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function unpack(
  operands: readonly string[],
  io: CommandIo,
  limits: UnpackLimits,
): Promise<OpenedPaths> {
  using _progress = new Progress(io, false, () => `unpacking ${operands.join(', ')}`);
  const archives = await openArchives(operands, io.signal, limits);
  try {
    const recordings = openRawRecordings(archives.paths, {
      warn: (message) => io.stderr.writeText(`WARNING: ${message}\n`),
    });
    const close = (): void => {
      recordings.close();
      archives.close();
    };
    return { paths: recordings.paths, close };
  } catch (error) {
    archives.close();
    throw error;
  }
}

/** How the options say to open them. */
export function openOptions(options: InputOptions): OpenTraceOptions {
  const { clockOffset, clockOffsetNs, clockForceCorrelate, lenient } = options;
  return {
    metadata: { lenient },
    forceUnixEpoch: clockForceCorrelate,
    ...(clockOffset === undefined ? {} : { clockOffsetSeconds: clockOffset }),
    ...(clockOffsetNs === undefined ? {} : { clockOffsetNs }),
  };
}

/** Parameters of `src.ctf.fs` for all of them. */
export function sourceParameters(
  folders: readonly TraceFolder[],
  options: InputOptions,
): ParameterMap {
  const { clockOffset, clockOffsetNs, clockForceCorrelate, lenient } = options;
  return {
    // Streams are known by their absolute paths, as in Babeltrace's messages.
    inputs: folders.map(({ path }) => resolve(path)),
    'trace-names': folders.map(({ name }) => name),
    ...(clockOffset === undefined ? {} : { 'clock-class-offset-s': clockOffset }),
    ...(clockOffsetNs === undefined ? {} : { 'clock-class-offset-ns': clockOffsetNs }),
    ...(clockForceCorrelate ? { 'force-clock-class-origin-unix-epoch': true } : {}),
    ...(lenient ? { lenient: true } : {}),
  };
}
