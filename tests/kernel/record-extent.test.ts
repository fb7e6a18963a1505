/** The time that a recording covers: all its streams the same, whether or not anything happened. */
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runSonde, scratchFolder } from '../integration/built-command.ts';
import {
  babeltraceIsMissing,
  countEvents,
  readWithBabeltrace,
  reasonNotToRecord,
  record,
  whereRecorded,
} from './recording.ts';

/** Nobody ends a mount while the test runs: no CPU has an event. */
const silent = ['-e', 'syscall_entry_pivot_root'];
const second = 1_000_000_000n;

interface Extent {
  readonly begin: bigint;
  readonly end: bigint;
}

/** By stream. */
function extentsOf(trace: string): Map<string, Extent> {
  const { stdout } = runSonde(['info', '--json', trace]);
  const [{ streams }] = JSON.parse(stdout) as [
    { streams: { path: string; beginNs: string; endNs: string }[] },
  ];
  return new Map(
    streams.map(({ path, beginNs, endNs }) => [
      basename(path),
      { begin: BigInt(beginNs), end: BigInt(endNs) },
    ]),
  );
}

describe.skipIf(reasonNotToRecord !== undefined)(
  `the time that is recorded${whereRecorded}`,
  () => {
    const scratch = reasonNotToRecord === undefined ? scratchFolder() : '';
    const at = (name: string): string => join(scratch, name);

    const expectOneExtent = (trace: string, atLeastNs: bigint): Extent => {
      const extents = extentsOf(trace);
      // One for the state dump, one for each CPU.
      expect(extents.size).toBe(cpus().length + 1);
      const [first] = extents.values();
      for (const [name, extent] of extents) expect({ name, ...extent }).toEqual({ name, ...first });
      expect(first!.end - first!.begin).toBeGreaterThanOrEqual(atLeastNs);
      return first!;
    };

    test('all streams begin and end together, also of CPUs without an event', () => {
      record(at('idle'), ['-d', '1s', ...silent]);
      expect(countEvents(at('idle'), 'syscall_entry_pivot_root')).toBe(0);
      expectOneExtent(at('idle/kernel'), second);
      if (!babeltraceIsMissing) expect(readWithBabeltrace(at('idle')).complaints).toBe('');
    });

    test('so they do in raw recordings', () => {
      record(at('raw'), ['--raw', '-d', '1s', ...silent]);
      expectOneExtent(at('raw'), second);
      // These are on for the table of threads only.
      expect(countEvents(at('raw'), 'sched_*')).toBe(0);
    });

    test('chunks follow one another without a gap; no event changes its place', () => {
      record(at('chunks'), ['--rotate', '600ms', '-d', '3s', '-e', 'sched_*']);
      const chunks = readdirSync(at('chunks/archives')).sort();
      expect(chunks.length).toBeGreaterThanOrEqual(2);
      const folders = [
        ...chunks.map((name) => at(`chunks/archives/${name}/kernel`)),
        at('chunks/kernel'),
      ];
      const ends = new Map<string, bigint>();
      let events = 0;
      for (const folder of folders) {
        for (const [name, { begin, end }] of extentsOf(folder)) {
          expect(begin).toBe(ends.get(name) ?? begin);
          ends.set(name, end);
        }
        events += countEvents(folder, '*');
      }
      expect(countEvents(at('chunks'), '*')).toBe(events);
      if (babeltraceIsMissing) return;
      expect(readWithBabeltrace(at('chunks'))).toEqual({ events, complaints: '' });
    });

    test('a snapshot of a ring that lost nothing begins where the recording began', () => {
      record(at('ring'), ['--snapshot', '30s', ...silent, '--', 'sh', '-c', 'sleep 1; exit 1']);
      const [snapshot] = readdirSync(at('ring'));
      expectOneExtent(at(`ring/${snapshot}/kernel`), second);
    });
  },
);
