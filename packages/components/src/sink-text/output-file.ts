import { closeSync, openSync, writeSync } from 'node:fs';
import type { OutputPort } from '@sonde/graph';

/** A file that a sink writes instead of the graph's output. */
export interface OutputFile {
  readonly output: OutputPort;
  close(): void;
}

/** Creates or empties `path`. The caller calls `close`. */
export function createOutputFile(path: string): OutputFile {
  const file = openSync(path, 'w');
  const write = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
  };
  return { output: { isTerminal: false, write }, close: () => closeSync(file) };
}
