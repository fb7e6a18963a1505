import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FlightRecorder, openTracefs, Tracing } from '../../src/index.ts';

const isRoot = process.geteuid?.() === 0;
const title = isRoot ? '' : ' (left out: this needs root)';

/** Counters of discarded events in the first packet with events (before it, one says 0) and the last of each CPU's stream, added. */
function discardedIn(path: string): { readonly first: number; readonly last: number } {
  let [first, last] = [0, 0];
  for (const name of readdirSync(path).filter((file) => file.startsWith('channel0_'))) {
    const bytes = readFileSync(join(path, name));
    const counts: number[] = [];
    for (let at = 0; at < bytes.length; at += Number(bytes.readBigUInt64LE(at + 56) / 8n)) {
      counts.push(Number(bytes.readBigUInt64LE(at + 72)));
    }
    first += counts[1] ?? 0;
    last += counts.at(-1) ?? 0;
  }
  return { first, last };
}

describe.skipIf(!isRoot)(`what a flight recorder's ring has overwritten${title}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'flight-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test.each([
    ['all that the ring holds', undefined],
    ['the last millisecond', 0.001],
  ])('%s: each snapshot has the kernel’s count since the one before', (_title, keepSeconds) => {
    const tracing = Tracing.open(openTracefs(), {
      directory: join(directory, String(keepSeconds)),
      request: { presets: [], patterns: [], syscalls: ['getppid'] },
      probes: [],
      contexts: [],
      ctfVersion: '1.8',
      instance: { isOverwriting: true, bufferBytes: 65_536 },
      recorder: 'test',
      onFault: (error) => {
        throw error;
      },
    });
    const recorder = new FlightRecorder(tracing, keepSeconds);
    try {
      recorder.start();
      let before = 0;
      for (let round = 1; round <= 2; round++) {
        tracing.instance.isOn = true;
        let sum = 0;
        for (let i = 0; i < 40_000 * round; i++) sum += process.ppid;
        expect(sum).toBeGreaterThan(0);
        // From here on the counters stand still.
        tracing.instance.isOn = false;
        const overrun = tracing.instance.cpuIds.reduce(
          (total, cpuId) => total + tracing.instance.stats(cpuId).overrun,
          0,
        );
        const { path } = recorder.snapshot();
        const expected = overrun - before;
        expect(expected).toBeGreaterThan(40_000 * round);
        expect(discardedIn(join(path, 'kernel'))).toEqual({ first: expected, last: expected });
        before = overrun;
      }
    } finally {
      recorder.finish();
    }
  });
});
