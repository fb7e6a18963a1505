export type { CommandIo } from './command-io.ts';
export { allCommands } from './commands.ts';
export type { ByteOutput } from './fd-output.ts';
export { runCli } from './run-cli.ts';
