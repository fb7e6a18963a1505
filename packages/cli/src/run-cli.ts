import { existsSync } from 'node:fs';
import { formatError, SondeError, UsageError } from '@sonde/base';
import { OutputClosedError } from '@sonde/graph';
import { type CommandIo, withArchiveNames } from './command-io.ts';
import type { CommandTable } from './command-table.ts';
import type { Command } from './define-command.ts';
import { exitStatus } from './exit-status.ts';
import { commandHelp, overviewHelp } from './help-text.ts';
import { nearest } from './nearest.ts';
import { parseArguments } from './parse-arguments.ts';
import { version } from './version.ts';

/** Codes of usage errors that only the named traces can tell: the command line itself was right. */
const inputProblems: ReadonlySet<string> = new Set([
  'no-such-path',
  'not-a-trace',
  'no-trace',
  'cannot-read-file',
  'cannot-write',
  'cannot-read-directory',
  'no-intersection',
  'cannot-trim-stream',
  'clocks-differ',
  'several-traces',
]);

/**
 * Runs `sonde ARGS...` and returns the exit status. Never throws; everything is written, flushed, to `io`.
 */
export async function runCli(
  args: readonly string[],
  io: CommandIo,
  commands: CommandTable,
): Promise<number> {
  let commandName: string | undefined;
  try {
    const [command, rest] = await chooseCommand(args, io, commands);
    commandName = command?.name;
    const status = command === undefined ? exitStatus.done : await runCommand(command, rest, io);
    io.stdout.flush();
    return io.signal.aborted && command?.endsByInterrupt !== true ? interrupted(io) : status;
  } catch (error) {
    if (error instanceof OutputClosedError) return exitStatus.done;
    if (io.signal.aborted) return interrupted(io);
    return report(error, commandName, io);
  } finally {
    io.stderr.flush();
  }
}

function interrupted(io: CommandIo): number {
  io.stderr.writeText('sonde: interrupted\n');
  return exitStatus.interrupted;
}

async function chooseCommand(
  args: readonly string[],
  io: CommandIo,
  commands: CommandTable,
): Promise<[Command | undefined, readonly string[]]> {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help' || first === '-h') {
    const help = overviewHelp(await commands.loadAll());
    if (first !== undefined) {
      io.stdout.writeText(help);
      return [undefined, []];
    }
    io.stderr.writeText(help);
    throw new UsageError('missing-command', 'Say what to do.');
  }
  if (first === '--version' || first === '-V') {
    io.stdout.writeText(`sonde ${version}\n`);
    return [undefined, []];
  }
  const command = await commands.find(first);
  if (command !== undefined) return [command, rest];
  // As with Babeltrace, options and traces alone mean: read them.
  if (first.startsWith('-') || existsSync(first)) return [(await commands.find('read'))!, args];
  throw unknownCommand(first, Object.keys(commands.loaders));
}

function unknownCommand(word: string, names: readonly string[]): UsageError {
  const similar = nearest(word, names);
  const hint = similar === undefined ? '' : ` Did you mean \`${similar}\`?`;
  return new UsageError('unknown-command', `${word} is no command and no file.${hint}`);
}

async function runCommand(
  command: Command,
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  const parsed = parseArguments(command, args);
  if (parsed.helpIsWanted) {
    io.stdout.writeText(commandHelp(command));
    return exitStatus.done;
  }
  return command.run(io, parsed.values, parsed.operands, parsed.order);
}

function report(error: unknown, commandName: string | undefined, io: CommandIo): number {
  try {
    io.stdout.flush();
  } catch (flushError) {
    if (!(flushError instanceof OutputClosedError)) throw flushError;
  }
  io.stderr.writeText(`sonde: ${withArchiveNames(formatError(error), io)}\n`);
  if (io.env['SONDE_DEBUG'] && error instanceof Error) io.stderr.writeText(`${error.stack}\n`);
  if (!(error instanceof SondeError) && !isSystemError(error)) {
    io.stderr.writeText('  This is a defect of Sonde; SONDE_DEBUG=1 shows where.\n');
  }
  if (!(error instanceof UsageError) || inputProblems.has(error.code)) return exitStatus.failed;
  const which = commandName === undefined ? '' : ` ${commandName}`;
  io.stderr.writeText(`  \`sonde${which} --help\` tells more.\n`);
  return exitStatus.usage;
}

/** Errors of the operating system (no such file, disk full) explain themselves. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
