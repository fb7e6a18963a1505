import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTrace, runIterator } from '@sonde/components';
import { LinuxModel } from '@sonde/linux-model';
import { kernelTrace } from '@sonde/testkit';
import { afterAll } from 'vitest';

const scratch = mkdtempSync(join(tmpdir(), 'sonde-linux-model-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let count = 0;

/** A folder with the trace of a text; it goes away with the test file. */
export function traceFolder(text: string): string {
  const folder = join(scratch, String(count++));
  mkdirSync(folder);
  const { metadata, streams } = kernelTrace(text);
  writeFileSync(join(folder, 'metadata'), metadata);
  for (const [name, bytes] of streams) writeFileSync(join(folder, name), bytes);
  return folder;
}

export interface ModelRun {
  readonly model: LinuxModel;
  /** What the model said at the start, then what it said later. */
  readonly messages: readonly string[];
}

/**
 * Runs a model over traces, times counting from the clock's origin. `subscribe` gets it first.
 */
export async function runModel(
  paths: string | readonly string[],
  subscribe: (model: LinuxModel) => void,
): Promise<ModelRun> {
  const traces = openTrace(paths);
  const messages: string[] = [];
  const model = new LinuxModel((message) => messages.push(message));
  subscribe(model);
  messages.push(...model.missing(traces.traces));
  model.origin = traces.origin;
  model.begin(traces.origin, 0);
  const iterator = traces.iterate(model);
  await runIterator(iterator);
  model.finish(iterator.lastEventNs ?? 0);
  traces.close();
  return { model, messages };
}
