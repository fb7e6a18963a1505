import {
  array,
  bool,
  clockClass,
  dynamicArray,
  float,
  key,
  optional,
  sint,
  staticStr,
  str,
  struct,
  traceClass,
  uint,
  variant,
  vuint,
} from '@sonde/testkit';
import type { ByteOrder, DataStreamClass, FieldClass, Role } from '@sonde/trace-model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runAll } from './cursor-run.ts';

/** Sometimes one, sometimes the other, by drawn numbers: every header and body comes out of a short list of numbers. */
type Draw = (below: number) => number;

function drawFrom(numbers: readonly number[]): Draw {
  let next = 0;
  return (below) => numbers[next++ % numbers.length]! % below;
}

const isWhole = (bits: number): boolean => bits % 8 === 0;

function layoutOf(draw: Draw, lengthBits: number) {
  const byteOrder: ByteOrder = draw(5) === 0 ? 'big-endian' : 'little-endian';
  const alignmentBits = isWhole(lengthBits) ? [8, 8, 8, 16, 32, 1][draw(6)]! : 1;
  return { byteOrder, alignmentBits };
}

function headerOf(draw: Draw): FieldClass {
  const withRole = (bits: readonly number[], role: Role) => {
    const lengthBits = bits[draw(bits.length)]!;
    return uint(lengthBits, { ...layoutOf(draw, lengthBits), roles: [role] });
  };
  const id = () => withRole([8, 8, 16, 5, 3, 32, 64], 'event-record-class-id');
  const time = () => withRole([32, 64, 16, 27, 8, 13, 40], 'default-clock-timestamp');
  const plain = () => [uint(3), uint(8), sint(16), bool(1), float(32), uint(27)][draw(6)]!;
  switch (draw(6)) {
    case 0:
      return struct({ id: id(), t: time() }, 8);
    case 1:
      return struct({ p: plain(), id: id(), q: plain(), t: time() }, 8);
    case 2:
      return struct({ t: time() }, [1, 8, 64][draw(3)]!);
    case 3: {
      const options = {
        compact: [[[0, 6]], struct({ t: time() })],
        extended: [[7], struct({ id: id(), t: time() })],
      } as const;
      return struct(
        { id: key(0, withRole([3, 5, 8], 'event-record-class-id')), v: variant(0, options) },
        8,
      );
    }
    case 4:
      return struct({ id: id(), has: key(0, bool(8)), o: optional(struct({ t: time() }), 0) }, 8);
    default:
      return struct({ id: id(), t: vuint({ roles: ['default-clock-timestamp'] }) }, 8);
  }
}

function payloadOf(draw: Draw): FieldClass {
  switch (draw(8)) {
    case 0:
      return struct({});
    case 1:
      return struct({ a: uint(8), b: uint(32, { alignmentBits: 32 }) });
    case 2:
      return struct({ a: uint(3), b: uint(7) });
    case 3:
      return struct({ s: str() });
    case 4:
      return struct({ n: key(1, uint(3)), a: dynamicArray(uint(4), 1) });
    case 5:
      return struct({
        n: key(1, uint(2)),
        v: variant(1, { a: [[0], uint(8)], b: [[1, 2], str()] }),
      });
    case 6:
      return struct({ s: staticStr(3), a: array(uint(12), 2) });
    default:
      return struct({ a: uint(16, { byteOrder: 'big-endian' }) });
  }
}

function streamClassOf(numbers: readonly number[]): DataStreamClass {
  const draw = drawFrom(numbers);
  const header = headerOf(draw);
  const events = Array.from({ length: 8 }, (_, id) => ({
    id,
    payload: payloadOf(draw) as ReturnType<typeof struct>,
  }));
  const clock = clockClass(draw(2) === 0 ? {} : { frequencyHz: 3_000_000n });
  const stream = { clock, header: header as ReturnType<typeof struct>, events };
  return traceClass({ streams: [stream] }).dataStreamClasses.get(0n)!;
}

test('generated and closure loops see the same records and the same fault', () => {
  let records = 0;
  const property = (numbers: number[], bytes: Uint8Array, budget: number, mask: number): void => {
    // Mostly zeros: small ids and lengths, so that many records fit before something is wrong.
    const content = bytes.map((byte, i) =>
      numbers[i % numbers.length]! % 4 === 0 ? byte & mask : 0,
    );
    const options = { budget, unwanted: (id: bigint) => id % 3n === 1n };
    const [first, second] = [streamClassOf(numbers), streamClassOf(numbers)];
    const generated = runAll(first, [content, content], { ...options, backEnd: 'generated' });
    const closures = runAll(second, [content, content], {
      ...options,
      backEnd: 'closures',
      budget: 1,
    });
    expect(generated.error?.message).toBe(closures.error?.message);
    expect(generated.error?.place).toEqual(closures.error?.place);
    expect(generated.records).toEqual(closures.records);
    records += generated.records.length;
  };
  fc.assert(
    fc.property(
      fc.array(fc.nat(0xffff), { minLength: 12, maxLength: 40 }),
      fc.uint8Array({ maxLength: 300, size: 'max' }),
      fc.constantFrom(1, 3, Infinity),
      fc.constantFrom(1, 3, 7, 255),
      property,
    ),
    { numRuns: 2000 },
  );
  expect(records).toBeGreaterThan(10_000);
});
