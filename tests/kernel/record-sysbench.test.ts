import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runSonde, scratchFolder } from '../integration/built-command.ts';
import { babeltraceIsMissing, reasonNotToRecord, record, whereRecorded } from './recording.ts';

const sysbenchIsMissing = spawnSync('sysbench', ['--version']).error !== undefined;
const isMissing = babeltraceIsMissing || sysbenchIsMissing;
const where = isMissing ? ' (left out: no babeltrace2, or no sysbench)' : whereRecorded;

/** Events by name, of the text of Babeltrace, or ours. */
function countNames(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, name = ''] of text.matchAll(/^\[[^\]]*\] \([^)]*\) (?:\S+ )?(\w+): \{/gm)) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.skipIf(reasonNotToRecord !== undefined || isMissing)(
  `a run of sysbench, as the recorder, the reader and Babeltrace count it${where}`,
  () => {
    test.each([
      ['threads', ['--threads=4', '--thread-yields=20']],
      ['mutex', ['--threads=4', '--mutex-locks=2000', '--mutex-loops=100']],
    ])('%s: the same numbers, by name', (name, options) => {
      const trace = join(scratchFolder(), name);
      const work = ['sysbench', name, '--time=0', '--events=300', ...options, 'run'];
      const run = record(trace, ['--', ...work]);
      expect(run.stderr).toMatch(/ events, none lost/);
      const recorded = Number(/: ([\d,]+) events/.exec(run.stderr)?.[1]?.replaceAll(',', ''));
      const peer = spawnSync('babeltrace2', [trace], { encoding: 'utf8', maxBuffer: 2 ** 30 });
      expect(peer.stderr).toBe('');
      const ours = runSonde(['read', trace]);
      expect(ours.stderr).toBe('');
      const counts = countNames(ours.stdout);
      expect(counts).toEqual(countNames(peer.stdout));
      const all = [...counts].filter(([event]) => !event.startsWith('lttng_statedump_'));
      expect(all.reduce((sum, [, count]) => sum + count, 0)).toBe(recorded);
      for (const event of ['sched_switch', 'syscall_entry_futex', 'sched_process_exec']) {
        expect(counts.get(event)).toBeGreaterThan(0);
      }
    });
  },
);
