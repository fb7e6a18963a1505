import { setTimeout as pause } from 'node:timers/promises';
import { SondeError } from '@sonde/base';
import type { KernelSession } from '@sonde/tracer-kernel';
import type { CommandIo } from '../command-io.ts';
import { exitStatus } from '../exit-status.ts';
import { atRecorderNiceness, atUsualNiceness } from '../niceness.ts';
import { Progress } from '../progress.ts';
import { ChildCommand } from './child-command.ts';
import type { RecordOptions } from './record-options.ts';
import { type Expense, endText, nextText, statusText } from './summary-text.ts';

/** What is held back in memory is written as often (ms): live readers see it, and `kill -9` loses no more. */
const flushIntervalMs = 1000;

/** Records until Ctrl-C, the end of the command, or what the options say. @returns the exit status */
export async function recordToDisk(
  io: CommandIo,
  options: RecordOptions,
  session: KernelSession,
  command: readonly string[],
): Promise<number> {
  const beginMs = performance.now();
  const cpuBegin = process.cpuUsage();
  const expense = (): Expense => {
    const { user, system } = process.cpuUsage(cpuBegin);
    return { seconds: (performance.now() - beginMs) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
  let child: ChildCommand | undefined;
  let fault: SondeError | undefined;
  {
    using _progress = new Progress(io, false, () => statusText(session.counts, expense()));
    const loop = new RecordLoop(session, options, command);
    try {
      await atRecorderNiceness(() => loop.run(io.signal));
    } catch (error) {
      fault = explainWriting(error);
    }
    child = loop.child;
  }
  const { seconds } = expense();
  try {
    session.finish();
  } catch (error) {
    fault ??= explainWriting(error);
  }
  if (!options.quiet) {
    const ending = { seconds, expense: expense(), isRaw: options.raw, isCut: fault !== undefined };
    io.stderr.writeText(endText(session.counts, ending));
    io.stderr.writeText(nextText(session.tracing.options.directory, options.raw));
  }
  child?.interrupt();
  await child?.ended;
  if (fault !== undefined) throw fault;
  child?.tellFailure(io);
  return child?.exitStatus ?? exitStatus.done;
}

/** What is on disk stays a valid trace: packets are written whole or not at all. */
export function explainWriting(error: unknown): SondeError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SondeError(
      'disk-full',
      'The disk is full: the recording has ended. What is there can be read. --size and --rotate with --keep bound a trace.',
      {},
      { cause: error },
    );
  }
  if (error instanceof SondeError) return error;
  throw error;
}

class RecordLoop {
  child: ChildCommand | undefined;
  readonly #session: KernelSession;
  readonly #options: RecordOptions;
  readonly #command: readonly string[];
  readonly #childEnd = new AbortController();
  #lastFlushMs = performance.now();
  #lastRotationMs = performance.now();

  constructor(session: KernelSession, options: RecordOptions, command: readonly string[]) {
    this.#session = session;
    this.#options = options;
    this.#command = command;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { duration = Number.POSITIVE_INFINITY } = this.#options;
    const endMs = performance.now() + duration * 1000;
    const wakeUp = AbortSignal.any([signal, this.#childEnd.signal]);
    while (!signal.aborted && this.child?.exitStatus === undefined) {
      const pauseMs = this.#session.work();
      const nowMs = performance.now();
      if (nowMs >= endMs || this.#session.isFull) break;
      this.#beginCommand();
      // Either: a chunk does not begin with what a flush ended.
      if (!this.#rotate(nowMs)) this.#flush(nowMs);
      const untilMs = Math.min(endMs, this.#nextRotationMs());
      await this.#session.wait(Math.max(0, Math.min(pauseMs, untilMs - nowMs)), wakeUp);
    }
  }

  #beginCommand(): void {
    if (this.child !== undefined || this.#command.length === 0 || !this.#session.isReady) return;
    this.child = atUsualNiceness(() =>
      this.#session.tracing.begin(() => new ChildCommand(this.#command)),
    );
    void this.child.ended.then(() => this.#childEnd.abort());
  }

  #nextRotationMs(): number {
    return (
      this.#lastRotationMs + (this.#options.rotate?.seconds ?? Number.POSITIVE_INFINITY) * 1000
    );
  }

  #flush(nowMs: number): void {
    if (nowMs - this.#lastFlushMs < flushIntervalMs) return;
    this.#lastFlushMs = nowMs;
    this.#session.flush();
  }

  #rotate(nowMs: number): boolean {
    const { seconds = Number.POSITIVE_INFINITY } = this.#options.rotate ?? {};
    const isDue = this.#session.isChunkReady && nowMs - this.#lastRotationMs >= seconds * 1000;
    if (!isDue && !this.#session.isChunkFull) return false;
    this.#session.rotate();
    this.#lastRotationMs = nowMs;
    return true;
  }
}

/** Waits; the end of the command, or Ctrl-C, ends the wait. */
export async function turn(
  durationMs: number,
  ended: Promise<void> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const wait = pause(Math.min(durationMs, 2 ** 31 - 1), undefined, { signal }).catch(
    () => undefined,
  );
  await (ended === undefined ? wait : Promise.race([wait, ended]));
}
