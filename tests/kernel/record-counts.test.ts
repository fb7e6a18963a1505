import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ended, scratchFolder } from '../integration/built-command.ts';
import { countEvents, reasonNotToRecord, record, whereRecorded } from './recording.ts';

const bpftraceIsMissing = spawnSync('bpftrace', ['--version']).error !== undefined;
const where = bpftraceIsMissing ? ' (left out: no bpftrace)' : whereRecorded;

/** Nobody else has this name. */
const name = 'sonde-counted';
const probes = `
tracepoint:raw_syscalls:sys_enter /comm == "${name}"/ { @calls = count(); }
tracepoint:syscalls:sys_enter_write /comm == "${name}"/ { @writes = count(); }
tracepoint:sched:sched_switch /args->prev_comm == "${name}"/ { @switches = count(); }
interval:ms:100 { printf("ready\\n"); }
`;

describe.skipIf(reasonNotToRecord !== undefined || bpftraceIsMissing)(
  `counts agree with bpftrace's of the same program${where}`,
  () => {
    test('system calls, writes, switches', async () => {
      const scratch = scratchFolder();
      const program = join(scratch, name);
      copyFileSync('/bin/dd', program);
      const counter = spawn('bpftrace', ['-e', probes]);
      const counted = ended(counter);
      const isReady = new Promise<void>((resolve) => {
        counter.stdout.on('data', (text) => String(text).includes('ready') && resolve());
      });
      // It also ends by itself when it does not like its script: then nothing was counted.
      await Promise.race([isReady, counted]);
      const work = [
        program,
        'if=/dev/zero',
        `of=${join(scratch, 'file')}`,
        'bs=4k',
        'count=500',
        'oflag=dsync',
      ];
      const trace = join(scratch, 'trace');
      const run = record(trace, ['--', ...work]);
      counter.kill('SIGINT');
      const { stdout } = await counted;
      const countOf = (key: string): number =>
        Number(new RegExp(`@${key}: (\\d+)`).exec(stdout)?.[1]);
      expect(run.stderr).toContain('none lost');
      const own = `$ctx.procname == "${name}"`;
      expect(countEvents(trace, 'syscall_entry_*', own)).toBe(countOf('calls'));
      expect(countEvents(trace, 'syscall_entry_write', own)).toBe(countOf('writes'));
      expect(countEvents(trace, 'sched_switch', `prev_comm == "${name}"`)).toBe(
        countOf('switches'),
      );
      expect(countOf('writes')).toBeGreaterThanOrEqual(500);
    });
  },
);
