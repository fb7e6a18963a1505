/** The bundle with every command. */
import type { ImportModule } from '@sonde/graph';
import { allCommands } from './commands.ts';
import { runProcess } from './run-process.ts';

export function main(importModule: ImportModule): Promise<never> {
  return runProcess(allCommands, importModule);
}
