import { relative } from 'node:path';
import { Graph, type ParameterMap, type SinkClass } from '@sonde/graph';
import { findTraces } from '../src/ctf-fs/find-traces.ts';
import { muxerFilter } from '../src/flt-muxer.ts';
import { ctfFsSource } from '../src/src-ctf-fs.ts';

export interface TextRun {
  readonly text: Buffer;
  readonly warnings: readonly string[];
  /** What ended the run before its time. */
  readonly error: unknown;
}

/** Reads the traces at or below `path` into a text sink. Nothing is thrown: errors are part of the result. */
export async function runText(
  path: string,
  sink: SinkClass,
  parameters: ParameterMap = {},
  sourceParameters: ParameterMap = {},
): Promise<TextRun> {
  const parts: Buffer[] = [];
  const warnings: string[] = [];
  const output = {
    isTerminal: false,
    write: (bytes: Uint8Array) => void parts.push(Buffer.from(bytes)),
  };
  const graph = new Graph({ output, warn: (message) => void warnings.push(message) });
  let error: unknown;
  try {
    const inputs = findTraces(path);
    // As the command line names traces: relative to what was asked for.
    const names = inputs.map((input) => relative(path, input));
    await graph.add('source', ctfFsSource, { inputs, 'trace-names': names, ...sourceParameters });
    await graph.add('muxer', muxerFilter);
    await graph.add('sink', sink, parameters);
    graph.connect('source:muxer');
    graph.connect('muxer:sink');
    await graph.run();
  } catch (cause) {
    error = cause;
  }
  return { text: Buffer.concat(parts), warnings, error };
}
