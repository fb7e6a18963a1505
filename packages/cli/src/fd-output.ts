import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { UsageError } from '@sonde/base';
import { OutputClosedError, type OutputPort } from '@sonde/graph';

/** Small writes are collected up to this size (bytes); a pipe holds as much. */
const bufferBytes = 65_536;
/** How long to wait for the reader of a full pipe that doesn't block (ms). */
const fullPipeWaitMs = 2;

/** `no such file or directory` of what Node makes of it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^[A-Z]+: /, '').replace(/, open '.*$/s, '');
}

/** An `OutputPort` that collects small writes. Whoever made it flushes it. */
export interface ByteOutput extends OutputPort {
  writeText(text: string): void;
  /** Hands everything collected to the system. @throws OutputClosedError when the reader went away. */
  flush(): void;
  /** Width of the terminal in cells; undefined: it is none. */
  readonly columns?: number | undefined;
}

/**
 * Writes to a file descriptor, synchronously and completely: waits while a pipe is full, and nothing that was written is lost when
 * the process exits after `flush`. Terminals get every write at once.
 */
export class FdOutput implements ByteOutput {
  readonly #fd: number;
  readonly #isUrgent: boolean;
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  #used = 0;
  #isClosed = false;
  #isTerminal: boolean | undefined;

  /** @param isUrgent - Nothing is collected: whoever reads messages wants them now, from a pipe or a file too. */
  constructor(fd: number, isUrgent = false) {
    this.#fd = fd;
    this.#isUrgent = isUrgent;
  }

  /** Creates or empties `path`. The caller calls `close`. */
  static create(path: string): FdOutput {
    try {
      return new FdOutput(openSync(path, 'w'));
    } catch (cause) {
      throw new UsageError('cannot-write', `Cannot write to ${path}: ${reasonOf(cause)}.`);
    }
  }

  get isTerminal(): boolean {
    this.#isTerminal ??= isTerminal(this.#fd);
    return this.#isTerminal;
  }

  get columns(): number | undefined {
    return this.isTerminal ? process.stdout.columns : undefined;
  }

  write(bytes: Uint8Array): void {
    const isLarge = bytes.length >= bufferBytes / 2;
    if (isLarge || this.#used + bytes.length > bufferBytes) this.flush();
    if (isLarge) {
      this.#writeAll(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
    if (this.#isUrgent || this.isTerminal) this.flush();
  }

  writeText(text: string): void {
    this.write(Buffer.from(text, 'utf8'));
  }

  flush(): void {
    const used = this.#used;
    this.#used = 0;
    if (used > 0) this.#writeAll(this.#buffer.subarray(0, used));
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  #writeAll(bytes: Uint8Array): void {
    // What comes after the reader has gone is dropped: the error was raised once already.
    if (this.#isClosed) return;
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.#fd, bytes, done, bytes.length - done);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'EAGAIN') {
          waitMs(fullPipeWaitMs);
          continue;
        }
        if (code !== 'EPIPE') throw error;
        this.#isClosed = true;
        throw new OutputClosedError(undefined, { cause: error });
      }
    }
  }
}

/** The bundle loads `node:tty` (4 ms) at the first call: not for files and pipes. */
function isTerminal(fd: number): boolean {
  return fstatSync(fd).isCharacterDevice() && isatty(fd);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function waitMs(durationMs: number): void {
  Atomics.wait(sleeper, 0, 0, durationMs);
}
