import type { Native } from '@sonde/ebpf';

/** What recordings of the usual size consist of stays in the page cache: they are read soon (bytes of a file). */
const defaultKeptBytes = 256 << 20;
/** So much is told to the kernel at once (bytes). */
const chunkBytes = 1 << 20;
/** What was given to the disk is dropped so far behind (bytes): it is written by then, if the disk keeps up. */
const lagBytes = 16 << 20;
/** What was not written by then is tried again, so far back (bytes). */
const retriedBytes = 64 << 20;
/** A disk that doesn't keep up lets callers wait: the cache takes what comes then, for so long (ms, bytes). */
const longestCallMs = 20;
const respiteBytes = 256 << 20;
/** Flag of sync_file_range(2), and advice of posix_fadvise(2). */
const startWriting = 2;
const dontNeed = 4;

export interface WriteBehindOptions {
  /** What the file holds already. */
  readonly beginBytes?: number;
  /** So much of what follows stays in the page cache. */
  readonly keptBytes?: number;
  readonly nowMs?: () => number;
}

/**
 * Gives a growing file to the disk while it is written, and drops it from the page cache: a long recording does not push out what the
 * observed programs have there.
 */
export class WriteBehind {
  readonly #native: Pick<Native, 'call'>;
  readonly #fd: number;
  readonly #nowMs: () => number;
  #nextBytes: number;

  constructor(native: Pick<Native, 'call'>, fd: number, options: WriteBehindOptions = {}) {
    const { beginBytes = 0, keptBytes = defaultKeptBytes } = options;
    this.#native = native;
    this.#fd = fd;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#nextBytes = beginBytes + keptBytes;
  }

  /** To be told after each writing. Never throws: the file is written all the same. */
  written(endBytes: number): void {
    if (endBytes < this.#nextBytes + chunkBytes) return;
    const beginMs = this.#nowMs();
    const from = this.#nextBytes;
    this.#nextBytes = endBytes;
    try {
      const fd = this.#fd;
      this.#native.call('sync_file_range', 'write', fd, from, endBytes - from, startWriting);
      const dropFrom = Math.max(endBytes - lagBytes - retriedBytes, 0);
      const dropBytes = endBytes - lagBytes - dropFrom;
      this.#native.call('fadvise64', 'drop', fd, dropFrom, dropBytes, dontNeed);
    } catch {
      // No file system for this: there is nothing to gain.
      this.#nextBytes = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#nowMs() - beginMs > longestCallMs) this.#nextBytes += respiteBytes;
  }
}
