import type { ClockClass, ClockSnapshot, TimeOrigin } from '@sonde/trace-model';

const nsPerSecond = 1_000_000_000n;
const maxCycles = 0xffff_ffff_ffff_ffffn;

/**
 * `clockClass` with `offsetSeconds` and `offsetNs` (any sign) added to its offset; the part below a second is cut to whole
 * cycles, as Babeltrace does for `clock-class-offset-s` and `clock-class-offset-ns`.
 */
export function withClockOffset(
  clockClass: ClockClass,
  offsetSeconds: bigint,
  offsetNs: bigint,
): ClockClass {
  if (offsetSeconds === 0n && offsetNs === 0n) return clockClass;
  const { frequencyHz } = clockClass;
  const ns = ((offsetNs % nsPerSecond) + nsPerSecond) % nsPerSecond;
  const wholeSeconds = (offsetNs - ns) / nsPerSecond;
  const cycles = clockClass.offsetCycles + (ns * frequencyHz) / nsPerSecond;
  return {
    ...clockClass,
    offsetSeconds: clockClass.offsetSeconds + offsetSeconds + wholeSeconds + cycles / frequencyHz,
    offsetCycles: cycles % frequencyHz,
  };
}

/**
 * Cycles of one clock class ↔ nanoseconds from its origin.
 *
 * Prints what Babeltrace 2 prints: the offset's cycles and the value are converted each on its own, exactly at 1 GHz, else in
 * double precision and cut. Where Babeltrace gives up, because 64 bits don't hold the result, this goes on exactly.
 */
export class ClockConverter {
  readonly clockClass: ClockClass;
  /** Nanoseconds from the origin at 0 cycles. */
  readonly offsetNs: bigint;
  /** 1 GHz: a cycle is a nanosecond. */
  readonly cyclesAreNs: boolean;
  readonly #frequencyHz: number;

  constructor(clockClass: ClockClass) {
    this.clockClass = clockClass;
    this.cyclesAreNs = clockClass.frequencyHz === nsPerSecond;
    this.#frequencyHz = Number(clockClass.frequencyHz);
    this.offsetNs =
      clockClass.offsetSeconds * nsPerSecond + this.#durationNs(clockClass.offsetCycles);
  }

  /** `cycles`: unsigned 64 bits. Monotonic. */
  nsFromOrigin(cycles: bigint): bigint {
    return this.offsetNs + this.#durationNs(cycles);
  }

  snapshot(cycles: bigint): ClockSnapshot {
    return { cycles, nsFromOrigin: this.nsFromOrigin(cycles) };
  }

  /** The least clock value at or after `nsFromOrigin`; 2^64 - 1 when there is none, 0 when all are. */
  firstCyclesAt(nsFromOrigin: bigint): bigint {
    if (this.cyclesAreNs) {
      const cycles = nsFromOrigin - this.offsetNs;
      if (cycles < 0n) return 0n;
      return cycles > maxCycles ? maxCycles : cycles;
    }
    let low = 0n;
    let high = maxCycles;
    while (low < high) {
      const middle = (low + high) >> 1n;
      if (this.nsFromOrigin(middle) < nsFromOrigin) low = middle + 1n;
      else high = middle;
    }
    return low;
  }

  #durationNs(cycles: bigint): bigint {
    if (this.cyclesAreNs) return cycles;
    const ns = (1e9 * Number(cycles)) / this.#frequencyHz;
    if (ns < 2 ** 64) return BigInt(Math.floor(ns));
    return (cycles * nsPerSecond) / this.clockClass.frequencyHz;
  }

  /** A conversion to float64 nanoseconds since `origin`. */
  timeline(origin: TimeOrigin): Timeline {
    return new Timeline(
      this.cyclesAreNs ? 0 : this.#frequencyHz,
      this.offsetNs - origin.nsFromOrigin,
    );
  }
}

/**
 * Clock values as float64 nanoseconds since a run's origin, without bigint: a clock value is `high + low`, where `high` is a
 * multiple of 2^32. Equal to the exact time where |time| < 2^53 ns, rounded to nearest beyond.
 */
export class Timeline {
  /** 0: cycles are nanoseconds. */
  readonly frequencyHz: number;
  /** What is subtracted from nanoseconds since the clock's zero: `originHigh + originLow`, the first a multiple of 2^32. */
  readonly originHigh: number;
  /** 0 ≤ originLow < 2^32. */
  readonly originLow: number;

  constructor(frequencyHz: number, zeroNs: bigint) {
    this.frequencyHz = frequencyHz;
    const originNs = -zeroNs;
    this.originLow = Number(BigInt.asUintN(32, originNs));
    this.originHigh = Number(originNs - BigInt(this.originLow));
  }

  timeNs(high: number, low: number): number {
    if (this.frequencyHz === 0) return high - this.originHigh + (low - this.originLow);
    const ns = Math.floor((1e9 * (high + low)) / this.frequencyHz);
    return ns - this.originHigh - this.originLow;
  }
}
