import type { ByteOutput } from './fd-output.ts';

/** What a command may touch of the world. Tests give it another world. */
export interface CommandIo {
  readonly stdout: ByteOutput;
  readonly stderr: ByteOutput;
  readonly env: { readonly [name: string]: string | undefined };
  /** Aborted by Ctrl-C: stop soon, keep what was written. */
  readonly signal: AbortSignal;
}
