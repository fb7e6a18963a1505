/** The bundle with the commands that read traces: half as long, and loaded in half the time. `bin/choose-bundle.js` says when. */
import type { ImportModule } from '@sonde/graph';
import { readingCommands } from './reading-commands.ts';
import { runProcess } from './run-process.ts';

export function main(importModule: ImportModule): Promise<never> {
  return runProcess(readingCommands, importModule);
}
