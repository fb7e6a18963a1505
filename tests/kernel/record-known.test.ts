import { join } from 'node:path';
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

const workload = join(import.meta.dirname, 'workload.mjs');
const getppids = 5000;
const writes = 40;
const forks = 12;

describe.skipIf(reasonNotToRecord !== undefined)(
  `a workload of known size is found exactly${whereRecorded}`,
  () => {
    const scratch = reasonNotToRecord === undefined ? scratchFolder() : '';
    const trace = join(scratch, 'known');
    const work = ['node', workload, join(scratch, 'file'), getppids, writes, forks].map(String);
    const run =
      reasonNotToRecord === undefined ? record(trace, ['--', ...work]) : { stdout: '', stderr: '' };
    const pid = Number(run.stdout.trim());
    const own = `$ctx.pid == ${pid}`;

    test('nothing is lost, and the end says so', () => {
      expect(run.stderr).toMatch(/^Recorded .* events, none lost/m);
    });

    test.each([
      ['syscall_entry_getppid', own, getppids],
      ['syscall_exit_getppid', own, getppids],
      ['syscall_entry_write', `${own} && count == 4096`, writes],
      ['syscall_exit_write', `${own} && ret == 4096`, writes],
      ['syscall_entry_fsync', own, writes],
      ['sched_process_exec', 'filename == "/bin/true"', forks],
      ['sched_process_exit', 'comm == "true"', forks],
      ['lttng_statedump_end', undefined, 1],
    ])('%s where %s: %d', (event, filter, count) => {
      expect(countEvents(trace, event, filter)).toBe(count);
    });

    test('the report says who recorded', () => {
      expect(runSonde(['report', '--brief', trace]).stdout).toMatch(/^Linux \S+, sonde \d/m);
    });

    test('the forks name the parent and its group', () => {
      const filter = `parent_pid == ${pid} && child_pid == child_tid`;
      expect(countEvents(trace, 'sched_process_fork', filter)).toBe(forks);
    });

    test.skipIf(babeltraceIsMissing)(
      'Babeltrace reads it without a word, and counts the same',
      () => {
        const { events, complaints } = readWithBabeltrace(trace);
        expect(complaints).toBe('');
        expect(events).toBe(countEvents(trace, '*'));
        const recorded = Number(/([\d,]+) events, none/.exec(run.stderr)?.[1]?.replaceAll(',', ''));
        const stateDump = countEvents(trace, 'lttng_statedump_*');
        expect(events - stateDump).toBe(recorded);
      },
    );
  },
);
