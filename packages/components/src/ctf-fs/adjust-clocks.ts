import { withClockOffset } from '@sonde/ctf';
import type { ClockClass, TraceClass } from '@sonde/trace-model';

export interface ClockOptions {
  /** Added to all clocks. */
  readonly clockOffsetSeconds?: bigint;
  readonly clockOffsetNs?: bigint;
  /** Take all clocks to count from the Unix epoch. */
  readonly forceUnixEpoch?: boolean;
}

/** Applies the options to all clock classes of a trace class, in place: nobody else may hold it yet. */
export function adjustClocks(traceClass: TraceClass, options: ClockOptions): void {
  const { clockOffsetSeconds = 0n, clockOffsetNs = 0n, forceUnixEpoch = false } = options;
  for (const clock of clockClassesOf(traceClass)) {
    Object.assign(
      clock,
      withClockOffset(clock, clockOffsetSeconds, clockOffsetNs),
      forceUnixEpoch ? { origin: 'unix-epoch' } : {},
    );
  }
}

/** Declared ones, and the nameless one that CTF 1.8 implies. */
function clockClassesOf(traceClass: TraceClass): ReadonlySet<ClockClass> {
  const clocks = new Set(traceClass.clockClasses);
  for (const { defaultClockClass } of traceClass.dataStreamClasses.values()) {
    if (defaultClockClass !== undefined) clocks.add(defaultClockClass);
  }
  return clocks;
}
