import { SondeError } from '@sonde/base';
import { isTraceDat, readTraceDat } from '@sonde/ftrace';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryAccess, version6Bytes, version6Recording } from './recordings.ts';

const bytes = version6Bytes();
const unpack = () => {
  throw new Error('no block can be unpacked here');
};

test('what version 6 tells', () => {
  const recording = version6Recording();
  expect(isTraceDat(bytes)).toBe(true);
  expect(isTraceDat(bytes.subarray(0, 9))).toBe(false);
  expect(recording.formats.size).toBeGreaterThan(2000);
  expect(recording.environment.get('hostname')).toBe('vm');
  expect(recording.threads.find(({ tid }) => tid === 15)?.comm).toBe('rcu_preempt');
  expect(recording.buffers).toMatchObject([{ subBufferBytes: 4096 }]);
  expect(recording.buffers[0]!.name).toMatch(/^sonde_fixture_/);
});

test('version 7: what an options section leads to is checked', () => {
  const head = Uint8Array.from([...bytes.subarray(0, 10), 0x37, 0, 0, 8, 0, 16, 0, 0]);
  const file = Uint8Array.from([
    ...head,
    ...new TextEncoder().encode('none\0\0'),
    ...Array(8).fill(255),
  ]);
  expect(() => readTraceDat(memoryAccess('x.dat', file), unpack)).toThrow(SondeError);
});

/** Places that matter: the head, counts and lengths of the first formats, and everything behind the formats. */
const place = fc.oneof(
  fc.nat(2000),
  fc.nat(2000).map((n) => bytes.length - 70_000 + n * 20),
);

test('any damage, any cut: a recording, or an error of ours', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 4 }),
      fc.option(place),
      (flips, cut) => {
        const damaged = bytes.slice(0, cut ?? bytes.length);
        for (const [at, value] of flips) if (at < damaged.length) damaged[at] = value;
        try {
          for (const { cpus } of readTraceDat(memoryAccess('x.dat', damaged), unpack).buffers) {
            for (const cpu of cpus)
              for (const chunk of cpu.chunks()) expect(chunk.length).toBeGreaterThan(0);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(SondeError);
        }
      },
    ),
    { numRuns: 60 },
  );
});
