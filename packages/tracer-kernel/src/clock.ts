import type { TraceInstance } from './instance.ts';

/** The clock of a recording, read from user space. */
export interface RecordingClock {
  /** In the terms of the kernel's time stamps. */
  nowNs(): bigint;
  /** As `nowNs`, but never in the future of the kernel's clock, though that runs at another speed. Slower. */
  pastNs(): bigint;
  /** From the Unix epoch to the clock's zero. */
  readonly unixOffsetNs: bigint;
}

const nsPerMs = 1_000_000n;

/**
 * Unix time minus `process.hrtime`. `Date.now` only tells milliseconds: its next step is waited for, 1 ms at most, which is exact
 * to some microseconds.
 */
function unixMinusHrtimeNs(): bigint {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return BigInt(now) * nsPerMs - process.hrtime.bigint();
}

/** `mono` is `process.hrtime`; of the others, the kernel says what time it is, in microseconds. */
export function recordingClock(instance: TraceInstance): RecordingClock {
  const isMono = instance.clock === 'mono';
  const aheadNs = isMono ? 0n : kernelNowNs(instance) - process.hrtime.bigint();
  return {
    nowNs: () => process.hrtime.bigint() + aheadNs,
    pastNs: () => (isMono ? process.hrtime.bigint() : kernelNowNs(instance)),
    unixOffsetNs: unixMinusHrtimeNs() - aheadNs,
  };
}

function kernelNowNs({ folder, cpuIds }: TraceInstance): bigint {
  const text = folder.read(`per_cpu/cpu${cpuIds[0] ?? 0}/stats`);
  const [, seconds = '0', fraction = '0'] = /^now ts:\s+(\d+)\.(\d+)/m.exec(text) ?? [];
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}
