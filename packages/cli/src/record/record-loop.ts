import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { KernelSession } from '@sonde/tracer-kernel';
import { ChildCommand } from './child-command.ts';

/** What ends a recording, beside Ctrl-C; undefined: does not. */
export interface RecordingEnd {
  /** Run when everything is on; empty: none. */
  readonly command: readonly string[];
  readonly durationSeconds: number | undefined;
  readonly sizeBytes: number | undefined;
}

/** What is held back in memory is written as often (ms): live readers see it, and `kill -9` loses no more. */
const flushIntervalMs = 1000;

/** Niceness while recording: on a busy machine, the buffers must be emptied before they are full. */
const recorderNiceness = -15;

function beNice(niceness: number): void {
  try {
    setPriority(niceness);
  } catch {
    // Not allowed in this container: events may get lost sooner, and are counted.
  }
}

/** Works until the recording ends. @returns the command, which may still run; undefined: none was started */
export async function recordLoop(
  session: KernelSession,
  signal: AbortSignal,
  end: RecordingEnd,
): Promise<ChildCommand | undefined> {
  const beginMs = performance.now();
  const endMs = beginMs + (end.durationSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  let child: ChildCommand | undefined;
  let lastFlushMs = beginMs;
  beNice(recorderNiceness);
  while (!signal.aborted) {
    const pauseMs = session.work();
    const nowMs = performance.now();
    if (
      nowMs >= endMs ||
      session.counts.writtenBytes >= (end.sizeBytes ?? Number.POSITIVE_INFINITY)
    )
      break;
    if (child?.exitStatus !== undefined) break;
    if (child === undefined && end.command.length > 0 && session.hasStateDump) {
      // It inherits the niceness.
      beNice(0);
      child = session.begin(() => new ChildCommand(end.command));
      beNice(recorderNiceness);
    }
    if (nowMs - lastFlushMs > flushIntervalMs) {
      lastFlushMs = nowMs;
      session.flush();
    }
    await turn(Math.min(pauseMs, endMs - nowMs), child?.ended, signal);
  }
  beNice(0);
  return child;
}

/** Waits; the end of the command, or Ctrl-C, ends the wait. */
async function turn(
  durationMs: number,
  ended: Promise<void> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const wait = pause(durationMs, undefined, { signal }).catch(() => undefined);
  await (ended === undefined ? wait : Promise.race([wait, ended]));
}
