import { statSync } from 'node:fs';
import { bytesReadFromTraces, dataStreamFiles } from '@sonde/components';
import type { CommandIo } from './command-io.ts';

/** Short work shows nothing (ms). */
const delayMs = 1000;
const intervalMs = 200;
const clearLine = '\r\x1b[K';

/**
 * Shows how far long work is, on one line of standard error, when that is a terminal which the output does not go to as well. Disposed
 * of at the end of the work.
 */
export class Progress implements Disposable {
  readonly #io: CommandIo;
  readonly #describe: () => string;
  readonly #timer: NodeJS.Timeout | undefined;
  #beginMs = 0;
  #isShown = false;

  constructor(io: CommandIo, outputIsStdout: boolean, describe: () => string) {
    this.#io = io;
    this.#describe = describe;
    const isUseful = io.stderr.isTerminal && !(outputIsStdout && io.stdout.isTerminal);
    // Node takes 3 ms to load its clock.
    if (!isUseful) return;
    this.#beginMs = performance.now();
    this.#timer = setInterval(() => this.#show(), intervalMs).unref();
  }

  /** Call before anything else is written to standard error. */
  hide(): void {
    if (this.#isShown) this.#io.stderr.writeText(clearLine);
    this.#isShown = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.hide();
  }

  #show(): void {
    if (performance.now() - this.#beginMs < delayMs) return;
    this.#isShown = true;
    this.#io.stderr.writeText(`${clearLine}${this.#describe()}`);
  }
}

/** `reading: 42 % of 246 MB`, for the traces in the folders. */
export function readingProgress(folders: readonly string[]): () => string {
  let totalBytes: number | undefined;
  return () => {
    totalBytes ??= folders
      .flatMap((folder) => dataStreamFiles(folder))
      .reduce((sum, path) => sum + statSync(path).size, 0);
    const percent = totalBytes === 0 ? 100 : (100 * bytesReadFromTraces()) / totalBytes;
    return `reading: ${Math.min(100, percent).toFixed(0)} % of ${(totalBytes / 1e6).toFixed(0)} MB`;
  };
}
