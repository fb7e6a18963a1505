/** The process `sonde`: hands arguments, descriptors and signals to `runCli`. */
import type { ImportModule } from '@sonde/graph';
import type { CommandTable } from './command-table.ts';
import { exitStatus } from './exit-status.ts';
import { FdOutput } from './fd-output.ts';
import { commandArguments } from './program-name.ts';
import { runCli } from './run-cli.ts';

/**
 * Runs the command line of the process, and ends the process.
 * @param commands - Those that the arguments may name.
 * @param importModule - `import`, for plugins: a script such as the bundle has none of its own.
 */
export async function runProcess(
  commands: CommandTable,
  importModule: ImportModule,
): Promise<never> {
  const interrupt = new AbortController();
  process.on('SIGINT', () => {
    // The second Ctrl-C does not wait for anything.
    if (interrupt.signal.aborted) process.exit(exitStatus.interrupted);
    interrupt.abort();
  });
  // `exit` listeners (temporary files of archives) run for these too.
  process.on('SIGTERM', () => process.exit(143));
  process.on('SIGHUP', () => process.exit(129));
  const status = await runCli(
    commandArguments(process.argv[1], process.argv.slice(2)),
    {
      stdout: new FdOutput(1),
      stderr: new FdOutput(2, true),
      env: process.env,
      unpackedArchives: new Map(),
      importModule,
      signal: interrupt.signal,
    },
    commands,
  );
  process.exit(status);
}
