import type { CommandIo } from '../src/command-io.ts';
import type { ByteOutput } from '../src/fd-output.ts';

/** An output that keeps everything. */
export class MemoryOutput implements ByteOutput {
  readonly isTerminal = false;
  readonly #chunks: Uint8Array[] = [];

  write(bytes: Uint8Array): void {
    // Sinks reuse their buffers.
    this.#chunks.push(bytes.slice());
  }

  writeText(text: string): void {
    this.write(Buffer.from(text));
  }

  flush(): void {}

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }
}

export interface MemoryIo extends CommandIo {
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput;
}

export function memoryIo(signal: AbortSignal = new AbortController().signal): MemoryIo {
  return {
    stdout: new MemoryOutput(),
    stderr: new MemoryOutput(),
    env: {},
    unpackedArchives: new Map(),
    importModule: (specifier) => import(specifier),
    signal,
  };
}
