/** Raw recordings of ftrace on disk: what they are known by, and how they become CTF traces that the rest of Sonde can read. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '@sonde/base';
import { writeTsdl } from '@sonde/ctf';
import {
  convertBuffer,
  isTraceDat,
  lttngEnvironment,
  type PacketOutput,
  type RawBuffer,
  type RawRecording,
  rawDescriptionFile,
  readRawFolder,
  readTraceDat,
  type TraceTarget,
} from '@sonde/ftrace';
import { makeFolders } from '../make-folders.ts';
import { decompressBlock } from './decompress.ts';
import { fileAccess, openRawFile } from './file-access.ts';

export type RawKind = 'trace.dat' | 'raw-folder';

const magicBytes = 16;

/** What a path holds, by its content; undefined: no raw recording. */
export function rawKindOf(path: string): RawKind | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) {
    return existsSync(join(path, rawDescriptionFile)) ? 'raw-folder' : undefined;
  }
  if (!status?.isFile()) return undefined;
  const descriptor = openSync(path, 'r');
  try {
    const head = new Uint8Array(magicBytes);
    const count = readSync(descriptor, head, 0, magicBytes, 0);
    return isTraceDat(head.subarray(0, count)) ? 'trace.dat' : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** @throws DecodeError, MetadataError, UsageError */
export function openRawRecording(path: string, kind: RawKind): RawRecording {
  return kind === 'trace.dat'
    ? readTraceDat(fileAccess(path), decompressBlock)
    : readRawFolder((file) => openRawFile(path, join(path, file)));
}

export interface ConvertOptions {
  readonly onFault?: (error: Error) => void;
  readonly warn?: (message: string) => void;
}

/**
 * Converts a raw recording to CTF traces below `folder`: `kernel`, and one for each further instance. @throws DecodeError,
 * MetadataError, UsageError
 */
export function convertRawRecording(
  path: string,
  kind: RawKind,
  folder: string,
  options: ConvertOptions = {},
): void {
  const recording = openRawRecording(path, kind);
  if (recording.buffers.length === 0) {
    throw new UsageError('empty-raw-recording', `The raw recording ${path} holds no events.`);
  }
  for (const [index, buffer] of recording.buffers.entries()) {
    convertOne(path, recording, buffer, join(folder, folderOf(buffer, index)), options);
  }
}

function folderOf({ name }: RawBuffer, index: number): string {
  const plain = name.replace(/[^\w-]/g, '_');
  if (index === 0) return 'kernel';
  return `kernel-${index}${plain && `-${plain}`}`;
}

function convertOne(
  path: string,
  recording: RawRecording,
  buffer: RawBuffer,
  folder: string,
  { onFault, warn }: ConvertOptions,
): void {
  makeFolders(folder);
  const files = new TraceFiles(folder);
  try {
    const cpus = convertBuffer(recording, buffer, files, {
      uuid: randomBytes(16),
      environment: environmentOf(recording),
      ...(onFault !== undefined && { onFault }),
    });
    for (const { cpuId, unknownRecords, looseStacks, uncountedMisses } of cpus) {
      const tell = (count: number, what: string): void => {
        if (count > 0) warn?.(`${path}, CPU ${cpuId}: ${count} ${what}.`);
      };
      tell(unknownRecords, 'records of events whose format is not in the recording are left out');
      tell(looseStacks, 'call stacks belong to no event and are left out');
      tell(uncountedMisses, 'gaps of unknown length count as one discarded event each');
    }
  } finally {
    files.close();
  }
}

/** Values of our own recorder win; LTTng's readers want the rest. */
function environmentOf({ environment }: RawRecording): Map<string, string | bigint> {
  const text = (name: string): string => String(environment.get(name) ?? '');
  return new Map([
    ...lttngEnvironment({
      hostname: text('hostname'),
      kernelRelease: text('kernel_release'),
      kernelVersion: text('kernel_version'),
      traceName: text('trace_name'),
      creationDatetime: text('trace_creation_datetime'),
      recorder: 'ftrace',
    }),
    ...environment,
  ]);
}

class TraceFiles implements TraceTarget {
  readonly #folder: string;
  readonly #descriptors: number[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  begin({ traceClass }: Parameters<TraceTarget['begin']>[0]): void {
    writeFileSync(join(this.#folder, 'metadata'), writeTsdl(traceClass));
  }

  openStream(name: string): PacketOutput {
    const descriptor = openSync(join(this.#folder, name), 'wx', 0o600);
    this.#descriptors.push(descriptor);
    return {
      writePacket(packet) {
        for (let done = 0; done < packet.length; ) done += writeSync(descriptor, packet, done);
      },
    };
  }

  close(): void {
    for (const descriptor of this.#descriptors) closeSync(descriptor);
  }
}

/** All that exist: they go away with the process. */
const existingFolders = new Set<string>();
let removesAtExit = false;

/** Converted traces in a private temporary folder: memory does not depend on the recording's length. */
export class ConvertedRecordings {
  readonly folder: string;

  constructor() {
    if (!removesAtExit) process.on('exit', () => existingFolders.forEach(remove));
    removesAtExit = true;
    this.folder = mkdtempSync(join(tmpdir(), 'sonde-ftrace-'));
    existingFolders.add(this.folder);
  }

  /** Removes the traces. Also done when the process exits. */
  close(): void {
    remove(this.folder);
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  existingFolders.delete(folder);
}

export interface OpenedRecordings {
  /** As given, but a folder with the converted traces in place of each raw recording. */
  readonly paths: readonly string[];
  /** Removes what was converted. */
  close(): void;
}

/** Converts the raw recordings among `paths` to private temporary folders. @throws as `convertRawRecording` */
export function openRawRecordings(
  paths: readonly string[],
  options: ConvertOptions = {},
): OpenedRecordings {
  const converted: ConvertedRecordings[] = [];
  const close = (): void => {
    for (const recordings of converted.splice(0)) recordings.close();
  };
  try {
    const opened = paths.map((path) => {
      const kind = rawKindOf(path);
      if (kind === undefined) return path;
      const target = new ConvertedRecordings();
      converted.push(target);
      convertRawRecording(path, kind, target.folder, options);
      return target.folder;
    });
    return { paths: opened, close };
  } catch (error) {
    close();
    throw error;
  }
}
