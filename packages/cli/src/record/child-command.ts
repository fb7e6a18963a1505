import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { CommandIo } from '../command-io.ts';

/** As shells have it. */
const notFound = 127;
const notExecutable = 126;

/** The program that is run while the kernel is recorded. */
export class ChildCommand {
  /** Known when it has ended: its own status, or 128 and the number of the signal that ended it, as shells have it. */
  exitStatus: number | undefined;
  /** Why it could not be started. */
  error: Error | undefined;
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #file: string;

  constructor(command: readonly string[]) {
    const [file = '', ...args] = command;
    this.#file = file;
    this.#child = spawn(file, args, { stdio: 'inherit' });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.error = error;
        this.exitStatus = 'code' in error && error.code === 'ENOENT' ? notFound : notExecutable;
        resolve();
      });
      this.#child.once('exit', (code, signal) => {
        this.exitStatus = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
        resolve();
      });
    });
  }

  /** Says so where it could not be started. */
  tellFailure(io: CommandIo): void {
    const { error } = this;
    if (error === undefined) return;
    io.stderr.writeText(`sonde: The command ${this.#file} can't be run: ${reasonOf(error)}.\n`);
  }

  /** Tells it that Ctrl-C was pressed: a terminal tells both, `kill` only one. */
  interrupt(): void {
    if (this.exitStatus === undefined) this.#child.kill('SIGINT');
  }
}

function reasonOf(error: Error): string {
  const errno = 'errno' in error ? Number(error.errno) : Number.NaN;
  const [, text] = getSystemErrorMap().get(errno) ?? [];
  return text ?? error.message;
}
