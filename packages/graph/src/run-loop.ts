import { assert } from '@sonde/base';
import type { MessageIterator } from '@sonde/trace-model';
import type { Sink } from './component.ts';

/**
 * Why a run ended: `end`: no more messages; `done`: every sink has all it wants; `interrupted`: the AbortSignal fired;
 * `output-closed`: the reader of the output went away.
 */
export type RunOutcome = 'end' | 'done' | 'interrupted' | 'output-closed';

/** A sink and the iterator that feeds it. */
export interface SinkPull {
  readonly sink: Sink;
  readonly iterator: MessageIterator;
}

/** The outside world of the loop; tests replace it. */
export interface LoopEnvironment {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds, monotonic. */
  nowMs(): number;
  /** Lets timers, signals and I/O have their turn. */
  yieldToEventLoop(): Promise<void>;
  sleep(durationMs: number): Promise<void>;
}

const firstBudget = 256;
const greatestBudget = 1 << 20;
/** A batch should take about this long (ms): long enough to cost nothing, short enough for Ctrl-C. */
const batchMs = 15;
const yieldEveryMs = 40;
/** Pause when nothing says when it is `ready` (ms); Babeltrace's default `--retry-duration`. */
const retryMs = 100;

/** Pulls all sinks, in turn, until they end. Errors of the iterators pass through. */
export async function runSinks(
  pulls: readonly SinkPull[],
  environment: LoopEnvironment,
  onError: (error: unknown, pull: SinkPull) => never,
): Promise<Extract<RunOutcome, 'end' | 'done' | 'interrupted'>> {
  let active = [...pulls];
  let budget = firstBudget;
  let lastYieldMs = environment.nowMs();
  let someAreDone = false;
  while (active.length > 0) {
    if (environment.signal?.aborted) return 'interrupted';
    const waiting: MessageIterator[] = [];
    const startMs = environment.nowMs();
    for (const pull of active) {
      if (pull.sink.isDone) {
        someAreDone = true;
        active = active.filter((other) => other !== pull);
        continue;
      }
      const status = runOnce(pull, budget, onError);
      if (status === 'end') active = active.filter((other) => other !== pull);
      else if (status === 'again') waiting.push(pull.iterator);
    }
    const endMs = environment.nowMs();
    budget = nextBudget(budget, endMs - startMs);
    if (active.length > 0 && waiting.length === active.length) {
      await waitForAny(waiting, environment);
      lastYieldMs = environment.nowMs();
    } else if (endMs - lastYieldMs >= yieldEveryMs) {
      await environment.yieldToEventLoop();
      lastYieldMs = environment.nowMs();
    }
  }
  return someAreDone ? 'done' : 'end';
}

function runOnce(
  pull: SinkPull,
  budget: number,
  onError: (error: unknown, pull: SinkPull) => never,
): 'budget' | 'again' | 'end' {
  try {
    const status = pull.iterator.run(Number.POSITIVE_INFINITY, budget);
    assert(
      status !== 'limit' || pull.iterator.headTimeNs === Number.POSITIVE_INFINITY,
      'an iterator stopped at an infinite limit',
    );
    return status === 'limit' ? 'end' : status;
  } catch (error) {
    return onError(error, pull);
  }
}

/** Grows while batches are short, shrinks when one was long. */
function nextBudget(budget: number, tookMs: number): number {
  if (tookMs < batchMs / 2) return Math.min(budget * 2, greatestBudget);
  if (tookMs > batchMs * 2) return Math.max(budget >> 1, 1);
  return budget;
}

async function waitForAny(
  iterators: readonly MessageIterator[],
  environment: LoopEnvironment,
): Promise<void> {
  const { signal } = environment;
  let onAbort = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = () => resolve();
    signal?.addEventListener('abort', onAbort);
  });
  const ready = iterators.map((iterator) => iterator.ready?.() ?? environment.sleep(retryMs));
  try {
    await Promise.race([aborted, ...ready]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Node takes 3 ms to load `performance`; a short run has `process.hrtime` for nothing. */
function monotonicMs(): number {
  if (typeof process === 'undefined') return performance.now();
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** The real world: global timers, which Node and browsers share. */
export function defaultEnvironment(signal: AbortSignal | undefined): LoopEnvironment {
  return {
    signal,
    nowMs: monotonicMs,
    yieldToEventLoop: () =>
      new Promise((resolve) => {
        if (typeof setImmediate === 'function') setImmediate(resolve);
        else setTimeout(resolve, 0);
      }),
    sleep: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
  };
}
