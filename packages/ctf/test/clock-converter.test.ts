import { ClockConverter, withClockOffset } from '@sonde/ctf';
import { clockClass } from '@sonde/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function converter(
  frequencyHz: bigint,
  offsetSeconds = 0n,
  offsetCycles = 0n,
  addSeconds = 0n,
  addNs = 0n,
): ClockConverter {
  const clock = clockClass({ frequencyHz, offsetSeconds, offsetCycles });
  return new ClockConverter(withClockOffset(clock, addSeconds, addNs));
}

describe('cycles to nanoseconds, as Babeltrace 2.0.4 prints them', () => {
  // Frequency, offset (s, cycles), added offset (s, ns), cycles, nanoseconds.
  const cases: readonly (readonly bigint[])[] = [
    [999999999n, 10n, 999999998n, 0n, -1999999999n, 42496928036510292n, 42496937_079007215n],
    [
      2400000001n,
      1700000000n,
      2400000000n,
      0n,
      333333333n,
      90177226452388932n,
      1737573845_672839612n,
    ],
    [2400000001n, 1700000000n, 2400000000n, 0n, 0n, 90177226452388932n, 1737573845_339506279n],
    [2400000001n, 1700000000n, 2400000000n, 0n, -1n, 48527928816n, 1700000021_219970329n],
    [2400000001n, 1700000000n, 2400000000n, -7n, 1999999999n, 24000000009n, 1700000005_999999997n],
    [
      1000000000n,
      1700000000n,
      123456789n,
      -7n,
      1999999999n,
      60637258570820586n,
      1760637253_694277374n,
    ],
    [1000000000n, 1700000000n, 123456789n, 0n, 1n, 1000000000n, 1700000001_123456790n],
    [1000000000n, 1700000000n, 123456789n, 0n, -1999999999n, 2n, 1699999998_123456792n],
    [1000000n, -5n, 999999n, -7n, 1999999999n, 1000000n, -8_000002000n],
    [1000000n, -5n, 999999n, 0n, 1n, 1000000n, -3_000001000n],
    [1000000n, -5n, 999999n, 0n, -1999999999n, 29194444009866n, 29194438_009865000n],
    [19200000n, 0n, 1n, -7n, 1999999999n, 992176436757n, 51670_856081093n],
    [19200000n, 0n, 1n, 0n, -1n, 1n, 52n],
  ];
  test.each(cases)(
    '%i Hz, offset %i s %i, plus %i s %i ns: %i cycles',
    (frequencyHz, offsetSeconds, offsetCycles, addSeconds, addNs, cycles, ns) => {
      const clock = converter(frequencyHz!, offsetSeconds, offsetCycles, addSeconds, addNs);
      expect(clock.nsFromOrigin(cycles!)).toBe(ns);
    },
  );
});

test('times which 64 bits do not hold are exact', () => {
  expect(converter(1_000_000_000n, 2n ** 40n).nsFromOrigin(2n ** 64n - 1n)).toBe(
    2n ** 40n * 1_000_000_000n + 2n ** 64n - 1n,
  );
  expect(converter(3n).nsFromOrigin(2n ** 64n - 1n)).toBe(((2n ** 64n - 1n) * 1_000_000_000n) / 3n);
});

test('offsets stay normal', () => {
  const clock = clockClass({ frequencyHz: 1000n, offsetSeconds: 5n, offsetCycles: 900n });
  expect(withClockOffset(clock, 0n, 0n)).toBe(clock);
  expect(withClockOffset(clock, 1n, 200_000_000n)).toMatchObject({
    offsetSeconds: 7n,
    offsetCycles: 100n,
  });
  expect(withClockOffset(clock, 0n, -1n)).toMatchObject({ offsetSeconds: 5n, offsetCycles: 899n });
});

const frequencies = fc.constantFrom(1_000_000_000n, 2_400_000_001n, 19_200_000n, 1_000_000n, 3n);

test('firstCyclesAt finds the first value at or after a time', () => {
  const property = (frequencyHz: bigint, cycles: bigint, lateNs: bigint): void => {
    const clock = converter(frequencyHz, -3n, 1n);
    const ns = clock.nsFromOrigin(cycles) + lateNs;
    const first = clock.firstCyclesAt(ns);
    expect(clock.nsFromOrigin(first)).toBeGreaterThanOrEqual(ns);
    if (first > 0n) expect(clock.nsFromOrigin(first - 1n)).toBeLessThan(ns);
  };
  const cycles = fc.bigInt({ min: 0n, max: 2n ** 63n });
  fc.assert(fc.property(frequencies, cycles, fc.bigInt({ min: -5n, max: 5n }), property));
  expect(converter(1_000_000_000n, 5n).firstCyclesAt(0n)).toBe(0n);
  expect(converter(1_000_000_000n).firstCyclesAt(2n ** 65n)).toBe(2n ** 64n - 1n);
});

test('a timeline is the exact time as a number', () => {
  const property = (frequencyHz: bigint, origin: bigint, cycles: bigint): void => {
    const clock = converter(frequencyHz, 1_700_000_000n, 1n);
    const timeline = clock.timeline({ nsFromOrigin: origin });
    const timeNs = timeline.timeNs(Number(cycles >> 32n) * 2 ** 32, Number(cycles & 0xffffffffn));
    const exactNs = clock.nsFromOrigin(cycles) - origin;
    if (exactNs > -(2n ** 53n) && exactNs < 2n ** 53n) expect(BigInt(timeNs)).toBe(exactNs);
    else expect(Math.abs(timeNs / Number(exactNs) - 1)).toBeLessThan(1e-15);
  };
  const origins = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 61n }),
    fc.bigInt({ min: 1_700_000_000n * 10n ** 9n, max: 1_701_000_000n * 10n ** 9n }),
  );
  const cycles = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 63n }),
    fc.bigInt({ min: 0n, max: 2n ** 50n }),
  );
  fc.assert(fc.property(frequencies, origins, cycles, property), { numRuns: 2000 });
});
