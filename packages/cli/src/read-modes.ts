/** What `sonde read` does that needs no graph. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileStarGlob, UsageError } from '@sonde/base';
import { explainDecoder, type FieldDemand, readMetadata } from '@sonde/ctf';
import type { EventRecordClass } from '@sonde/trace-model';
import type { TraceFolder } from './find-operands.ts';
import { nearest } from './nearest.ts';
import type { ReadOptions } from './read-plan.ts';

/** The text of the first trace's metadata, without packets. */
export function metadataText(folders: readonly TraceFolder[], { lenient }: ReadOptions): string {
  return readFolderMetadata(firstOf(folders), lenient).text;
}

/**
 * The code compiled for the events of that name (a glob): step, projection of `--field` or of all fields, view.
 * @throws UsageError when no trace declares such an event.
 */
export function decoderText(
  wanted: string,
  folders: readonly TraceFolder[],
  { field, lenient }: ReadOptions,
): string {
  firstOf(folders);
  const glob = compileStarGlob(wanted);
  const classes = folders.flatMap((folder) => eventRecordClassesOf(folder, lenient));
  const matching = classes.filter(({ name = '' }) => glob.matches(name));
  if (matching.length === 0) {
    const names = classes.map(({ name = '' }) => name);
    const similar = nearest(wanted, names);
    const hint = similar === undefined ? '' : ` Did you mean ${similar}?`;
    throw new UsageError('no-event', `No event is named ${wanted}.${hint}`);
  }
  const demands = field.flat().map((name): FieldDemand => ({ path: name.split('.') }));
  const options = demands.length === 0 ? {} : { demands };
  return `${matching.map((eventRecordClass) => explainDecoder(eventRecordClass, options)).join('\n\n')}\n`;
}

function eventRecordClassesOf(folder: TraceFolder, lenient: boolean): EventRecordClass[] {
  const { traceClass } = readFolderMetadata(folder, lenient);
  return [...traceClass.dataStreamClasses.values()].flatMap(({ eventRecordClasses }) => [
    ...eventRecordClasses.values(),
  ]);
}

function readFolderMetadata({ path }: TraceFolder, lenient: boolean) {
  const file = join(path, 'metadata');
  return readMetadata(readFileSync(file), file, { lenient });
}

function firstOf(folders: readonly TraceFolder[]): TraceFolder {
  const [first] = folders;
  if (first === undefined) throw new UsageError('missing-operand', 'Name a trace to read.');
  return first;
}
