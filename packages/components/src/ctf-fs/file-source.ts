import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { UsageError } from '@sonde/base';
import type { ByteSource } from '@sonde/ctf';

/** Traces may have thousands of files; a process may not. */
const maxOpenFiles = 128;

/** Open descriptors, the least recently used first. By source, not by path: what a path names may have been replaced. */
class DescriptorPool {
  readonly #open = new Map<FileSource, number>();

  get(source: FileSource): number {
    let descriptor = this.#open.get(source);
    if (descriptor !== undefined) {
      this.#open.delete(source);
      this.#open.set(source, descriptor);
      return descriptor;
    }
    if (this.#open.size >= maxOpenFiles) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.close(oldest);
    }
    descriptor = openSync(source.name, 'r');
    this.#open.set(source, descriptor);
    return descriptor;
  }

  close(source: FileSource): void {
    const descriptor = this.#open.get(source);
    if (descriptor === undefined) return;
    this.#open.delete(source);
    closeSync(descriptor);
  }
}

const pool = new DescriptorPool();

let totalReadBytes = 0;

/** What this process has read from trace files so far: for showing progress. */
export function bytesReadFromTraces(): number {
  return totalReadBytes;
}

/** A regular file. It is opened when it is first read, and may be closed and reopened in between. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly lengthBytes: number;

  constructor(path: string) {
    this.name = path;
    this.lengthBytes = statSync(path).size;
  }

  read(offsetBytes: number, target: Uint8Array, targetOffset: number, lengthBytes: number): number {
    try {
      const descriptor = pool.get(this);
      let done = 0;
      while (done < lengthBytes) {
        const at = offsetBytes + done;
        const count = readSync(descriptor, target, targetOffset + done, lengthBytes - done, at);
        if (count === 0) break;
        done += count;
      }
      totalReadBytes += done;
      return done;
    } catch (cause) {
      throw new UsageError('cannot-read-file', `Cannot read ${this.name}.`, {}, { cause });
    }
  }

  close(): void {
    pool.close(this);
  }
}
