import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SondeError } from '@sonde/base';
import { makeFolders } from '@sonde/components';

/** An archive may come from anywhere: none of these is ever exceeded. */
export interface UnpackLimits {
  /** Sum of the unpacked files. */
  readonly totalBytes: number;
  readonly entryCount: number;
  /** Length of the path of one entry, in characters. */
  readonly pathLength: number;
}

export const defaultUnpackLimits: UnpackLimits = {
  totalBytes: 64 * 1024 ** 3,
  entryCount: 1_000_000,
  pathLength: 4096,
};

/** The archive is damaged, hostile or too big. `place.path` is the archive. */
export class ArchiveError extends SondeError {}

/**
 * A folder that the files of one archive are written to. Only plain files and folders are made, only below the folder: links in
 * an archive are left out, so no path can lead elsewhere.
 */
export class UnpackTarget {
  readonly #archive: string;
  readonly #folder: string;
  readonly #limits: UnpackLimits;
  readonly #signal: AbortSignal;
  #bytes = 0;
  #entries = 0;

  constructor(archive: string, folder: string, limits: UnpackLimits, signal: AbortSignal) {
    this.#archive = archive;
    this.#folder = folder;
    this.#limits = limits;
    this.#signal = signal;
  }

  addFolder(name: string): void {
    makeFolders(this.#pathOf(name), 0o700);
  }

  /** Writes one file; a later entry of the same name replaces it, as with tar. @throws ArchiveError */
  async addFile(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#pathOf(name);
    makeFolders(dirname(path), 0o700);
    const file = await open(path, 'w', 0o600);
    try {
      for await (const chunk of chunks) await this.#writeChunk(file, chunk);
    } finally {
      await file.close();
    }
  }

  async #writeChunk(file: FileHandle, chunk: Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    this.#bytes += chunk.length;
    const { totalBytes } = this.#limits;
    if (this.#bytes > totalBytes) {
      throw this.#error(
        'archive-too-big',
        `The archive unpacks to more than ${totalBytes} bytes (--unpack-limit).`,
      );
    }
    await file.writeFile(chunk);
  }

  #pathOf(name: string): string {
    const { entryCount, pathLength } = this.#limits;
    if (++this.#entries > entryCount) {
      throw this.#error('archive-too-big', `The archive has more than ${entryCount} entries.`);
    }
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    const leavesFolder = name.startsWith('/') || parts.includes('..') || /[\0\\]/.test(name);
    if (leavesFolder || name.length > pathLength) {
      const shown = JSON.stringify(name.slice(0, 200));
      throw this.#error('archive-bad-path', `The archive has an entry with the path ${shown}.`);
    }
    return join(this.#folder, ...parts);
  }

  #error(code: string, message: string): ArchiveError {
    return new ArchiveError(code, message, { path: this.#archive });
  }
}
