import type { ImportModule } from '@sonde/graph';
import type { ByteOutput } from './fd-output.ts';

/** What a command may touch of the world. Tests give it another world. */
export interface CommandIo {
  readonly stdout: ByteOutput;
  readonly stderr: ByteOutput;
  readonly env: { readonly [name: string]: string | undefined };
  /** Temporary folders in use → the archives they stand for, as the user named them. */
  readonly unpackedArchives: Map<string, string>;
  /** Loads plugins. */
  readonly importModule: ImportModule;
  /** Aborted by Ctrl-C: stop soon, keep what was written. */
  readonly signal: AbortSignal;
}

/** A text for people: archives under their own names, not those of the temporary folders. */
export function withArchiveNames(text: string, io: CommandIo): string {
  let shown = text;
  for (const [folder, archive] of io.unpackedArchives) shown = shown.replaceAll(folder, archive);
  return shown;
}
