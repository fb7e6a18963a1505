import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArchiveKind, archiveKindOf } from './archive-kind.ts';
import {
  ArchiveError,
  defaultUnpackLimits,
  type UnpackLimits,
  UnpackTarget,
} from './unpack-target.ts';

export interface OpenedPaths {
  /** As given, but a folder with the unpacked files in place of each archive. */
  readonly paths: readonly string[];
  /** Removes what was unpacked. Also done when the process exits. */
  close(): void;
}

/**
 * Unpacks the archives (tar, tar.gz, tar.xz, zip) among `paths` to private temporary folders: traces are read with random
 * access, and may be greater than the memory.
 * @throws ArchiveError when an archive is damaged or exceeds `limits`.
 */
export async function openArchives(
  paths: readonly string[],
  signal: AbortSignal,
  limits: UnpackLimits = defaultUnpackLimits,
): Promise<OpenedPaths> {
  const folders: string[] = [];
  const close = () => removeFolders(folders.splice(0));
  try {
    const opened: string[] = [];
    for (const path of paths) {
      const kind = archiveKindOf(path);
      if (kind === undefined) {
        opened.push(path);
        continue;
      }
      const folder = makeFolder();
      folders.push(folder);
      await unpack(path, kind, new UnpackTarget(path, folder, limits, signal));
      opened.push(folder);
    }
    return { paths: opened, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** All that exist, whoever opened them: they go away with the process. */
const existingFolders = new Set<string>();
let removesAtExit = false;

function makeFolder(): string {
  if (!removesAtExit) process.on('exit', () => removeFolders([...existingFolders]));
  removesAtExit = true;
  const folder = mkdtempSync(join(tmpdir(), 'sonde-'));
  existingFolders.add(folder);
  return folder;
}

function removeFolders(folders: readonly string[]): void {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
    existingFolders.delete(folder);
  }
}

async function unpack(path: string, kind: ArchiveKind, target: UnpackTarget): Promise<void> {
  try {
    // Loaded when needed: most traces are folders.
    if (kind === 'zip') await (await import('./zip.ts')).unpackZip(path, target);
    else await (await import('./tar.ts')).unpackTar(path, kind, target);
  } catch (cause) {
    if (cause instanceof ArchiveError || isAbort(cause)) throw cause;
    const message = `The archive (${kind}) can't be unpacked: it is damaged or cut off.`;
    throw new ArchiveError('archive-damaged', message, { path }, { cause });
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
