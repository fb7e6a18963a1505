import { formatError } from '@sonde/base';
import type { FlightRecorder } from '@sonde/tracer-kernel';
import type { CommandIo } from '../command-io.ts';
import { exitStatus } from '../exit-status.ts';
import { ChildCommand } from './child-command.ts';
import { turn } from './record-loop.ts';
import type { RecordOptions } from './record-options.ts';
import { nextText, snapshotText } from './summary-text.ts';

/** Nothing is to be done until somebody asks (ms). */
const idleMs = 60_000;

/** Keeps the last events in the kernel, and writes them at SIGUSR1 and when the command fails. @returns the exit status */
export async function recordInRing(
  io: CommandIo,
  options: RecordOptions,
  recorder: FlightRecorder,
  command: readonly string[],
): Promise<number> {
  const tell = (text: string): void => {
    if (!options.quiet) io.stderr.writeText(text);
  };
  let status: number = exitStatus.done;
  const write = (why: string): void => {
    try {
      const { path, counts } = recorder.snapshot();
      tell(snapshotText(why, counts));
      tell(nextText(path, false));
    } catch (error) {
      status = exitStatus.failed;
      io.stderr.writeText(`sonde: ${formatError(error)}\n`);
    }
  };
  const onRequest = (): void => write('Asked for');
  process.on('SIGUSR1', onRequest);
  try {
    tell(
      `Keeping the last events in memory. \`sonde snapshot\` or \`kill -USR1 ${process.pid}\` writes them; Ctrl-C ends.\n`,
    );
    const child =
      command.length === 0 ? undefined : recorder.tracing.begin(() => new ChildCommand(command));
    const endMs = performance.now() + (options.duration ?? Number.POSITIVE_INFINITY) * 1000;
    while (!io.signal.aborted && child?.exitStatus === undefined && performance.now() < endMs) {
      await turn(Math.min(idleMs, endMs - performance.now()), child?.ended, io.signal);
    }
    const { exitStatus: ended } = child ?? {};
    if (ended !== undefined && ended !== 0) write(`${command[0]} ended with status ${ended}`);
    child?.interrupt();
    await child?.ended;
    child?.tellFailure(io);
    if (recorder.snapshotCount === 0) tell('Nothing was written: no snapshot was asked for.\n');
    return child?.exitStatus ?? status;
  } finally {
    process.removeListener('SIGUSR1', onRequest);
  }
}
