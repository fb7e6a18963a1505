import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadedPrograms, Native, probeBpf } from '@sonde/ebpf';
import { describe, expect, test } from 'vitest';
import { runSonde, scratchFolder, startSonde } from '../integration/built-command.ts';
import {
  babeltraceIsMissing,
  countEvents,
  readWithBabeltrace,
  reasonNotToRecord,
  record,
} from './recording.ts';

const workload = join(import.meta.dirname, 'contents-workload.mjs');
const files = 500;
const { usable, reason } = await probeBpf();
const why =
  reasonNotToRecord ?? (usable ? (process.arch === 'x64' ? '' : 'this is no x86-64') : reason);
const python = spawnSync('python3', ['--version']).error === undefined;
/** Opens files whose names lie in memory that nobody has touched yet. */
const untouched = `import ctypes, mmap, os, sys
libc = ctypes.CDLL(None)
memory = mmap.mmap(os.open(sys.argv[1], os.O_RDWR), 0)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
for i in range(20): libc.open(ctypes.c_void_p(start + (i << 20)), os.O_RDONLY)
`;

/** Lines of the reader, of an event of the process. */
function readLines(trace: string, event: string, pid: number): string[] {
  const filter = `$ctx.pid == ${pid}`;
  const { stdout, stderr } = runSonde(['read', '--event', event, '--filter', filter, trace]);
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

describe.skipIf(why !== '')(
  `what system calls point to${why === '' ? '' : ` (left out: ${why})`}`,
  () => {
    const scratch = why === '' ? scratchFolder() : '';
    const at = (name: string): string => join(scratch, name);
    const trace = at('contents');
    if (why === '') mkdirSync(at('work'));
    const command = ['--', 'node', workload, at('work'), String(files)];
    const run = why === '' ? record(trace, ['-v', ...command]) : { stdout: '', stderr: '' };
    const pid = Number(run.stdout.trim());
    const names = (prefix: string): string[] =>
      Array.from({ length: files }, (_, i) => `${at('work')}/${prefix}-${i}`);

    test('nothing is missing, and --verbose says how they are fetched', () => {
      expect(run.stderr).toContain('are fetched by eBPF programs');
      expect(run.stderr).toMatch(/events, none lost/);
      expect(run.stderr).not.toContain('are empty');
    });

    test.each([
      ['syscall_entry_openat', 'filename', 'known'],
      ['syscall_entry_rename', 'oldname', 'known'],
      ['syscall_entry_rename', 'newname', 'moved'],
      ['syscall_entry_unlink', 'pathname', 'moved'],
    ])('each %s has its %s, in their order', (event, field, prefix) => {
      const pattern = new RegExp(`${field} = "([^"]*)"`);
      const found = readLines(trace, event, pid).map((line) => pattern.exec(line)?.[1]);
      expect(found.filter((name) => name?.startsWith(at('work')))).toEqual(names(prefix));
      expect(found).not.toContain('');
    });

    test('the analyses name the files', () => {
      const { stdout } = runSonde(['iolog', trace]);
      for (const name of names('known').slice(0, 5)) {
        expect(stdout).toMatch(new RegExp(`write .* ${name} \\(fd=\\d+\\)`));
      }
    });

    test.skipIf(babeltraceIsMissing)('Babeltrace reads the same', () => {
      const { stdout, stderr } = spawnSync('babeltrace2', [trace], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      });
      expect(stderr).toBe('');
      const found = stdout.matchAll(/syscall_entry_openat: .*filename = "([^"]*\/known-\d+)"/g);
      expect([...found].map(([, name]) => name)).toEqual(names('known'));
    });

    test.skipIf(!python)('names in memory that was not present are fetched at the exit', () => {
      const bytes = Buffer.alloc(20 << 20);
      for (let i = 0; i < 20; i++) bytes.write(`/untouched-${i}`, i << 20);
      writeFileSync(at('names'), bytes);
      const path = at('late');
      const args = ['-e', 'syscall_entry_openat,syscall_entry_open'];
      record(path, [...args, '--', 'python3', '-c', untouched, at('names')]);
      const { stdout } = runSonde(['read', path]);
      const found = [...stdout.matchAll(/"\/untouched-(\d+)"/g)].map(([, i]) => Number(i));
      expect(found).toEqual(Array.from({ length: 20 }, (_, i) => i));
    });

    test.skipIf(!python)(
      'so is that of a call that lasts, out of the memory of the program',
      () => {
        const [fifo, names] = [at('fifo'), at('fifo-name')];
        // Nobody writes to it: the call never ends by itself.
        writeFileSync(names, `${fifo}\0`);
        const script = 'mkfifo "$2"; python3 -c "$0" "$1" & sleep 2; kill -9 $!';
        const args = ['--syscall', 'open,openat', '--', 'sh', '-c', script, untouched, names, fifo];
        record(at('lasting'), args);
        expect(countEvents(at('lasting'), 'syscall_entry_open*', `filename == "${fifo}"`)).toBe(1);
      },
    );

    test('events with call stacks have theirs', () => {
      const path = at('stacks');
      const contexts = ['--context', 'procname,pid,tid,callstack-kernel,callstack-user'];
      const { stdout, stderr } = record(path, ['--syscall', 'openat', ...contexts, ...command]);
      expect(stderr).not.toContain('are empty');
      const lines = readLines(path, 'syscall_entry_openat', Number(stdout.trim()));
      const found = lines.map((line) => /filename = "([^"]*)"/.exec(line)?.[1]);
      expect(found.filter((name) => name?.startsWith(at('work')))).toEqual(names('known'));
    });

    test('with most events lost, a call has its own text or none, and the empty ones are told', () => {
      const path = at('overload');
      const load = 'dd if=/dev/zero of=/dev/null bs=1 count=1000000 2>/dev/null';
      const opens = join(import.meta.dirname, 'opens-workload.mjs');
      // A recorder that doesn't run loses events, however fast it is.
      const stop = 'sleep 1; kill -STOP $PPID; sleep 1; kill -CONT $PPID';
      const script = `${load} & ${load} & node "$0" 30000 & ${stop}; wait`;
      const { stdout, stderr } = runSonde(
        ['record', '--buffer-size', '1M', '-o', path, '--preset', 'syscalls'].concat([
          '--',
          'sh',
          '-c',
          script,
          opens,
        ]),
      );
      expect(stderr).toContain('LOST');
      const filter = `$ctx.pid == ${Number(stdout.trim())}`;
      const read = runSonde(['read', '--event', 'syscall_entry_openat', '--filter', filter, path]);
      let empty = 0;
      let named = 0;
      for (const line of read.stdout.split('\n')) {
        if (line.includes('filename = "",')) empty++;
        const [, number, mode] = /\/none-(\d+)".* mode = (\d+)/.exec(line) ?? [];
        if (number === undefined) continue;
        named++;
        expect(Number(number) & 0xfff).toBe(Number(mode));
      }
      expect(named).toBeGreaterThan(100);
      expect(empty).toBeLessThan(named / 100);
      if (empty > 0) expect(stderr).toContain('are empty');
    });

    test.skipIf(!python)('socket addresses that calls take and give', () => {
      mkdirSync(at('sockets'));
      const path = at('addresses');
      const calls = 'bind,connect,accept*,getsockname,getpeername,send*,recv*';
      const script = join(import.meta.dirname, 'socket-workload.py');
      const { stdout, stderr } = record(path, [
        '--syscall',
        calls,
        '--',
        'python3',
        script,
        at('sockets'),
      ]);
      expect(stderr).not.toContain('are empty');
      const ports = JSON.parse(stdout) as Record<string, number>;
      const count = (event: string, filter: string): number =>
        countEvents(path, event, `$ctx.pid == ${ports['pid']} && ${filter}`);
      const v4 = 'family == 2 && v4addr[0] == 127 && v4addr[3] == 1';
      const v6 = 'family == 10 && v6addr[0] == 0 && v6addr[7] == 1';
      const unix = `family == 1 && sun_path == "${at('sockets')}/socket"`;
      const abstract = 'family == 1 && sun_path == "@sonde-abstract"';
      for (const [event, filter, expected] of [
        ['syscall_entry_connect', `${v4} && dport == ${ports['v4']}`, 1],
        ['syscall_entry_connect', `${v6} && dport == ${ports['v6']}`, 1],
        ['syscall_entry_connect', unix, 1],
        ['syscall_entry_connect', abstract, 1],
        ['syscall_entry_bind', `${v4} && sport == 0`, 7],
        ['syscall_entry_bind', unix, 1],
        ['syscall_exit_accept4', `${v4} && sport == ${ports['v4client']}`, 1],
        ['syscall_exit_accept4', `${v6} && sport == ${ports['v6client']}`, 1],
        ['syscall_exit_accept4', 'ret < 0 && family == 0', 1],
        ['syscall_exit_getsockname', `${v4} && sport == ${ports['one']}`, 1],
        ['syscall_exit_getpeername', `${v4} && dport == ${ports['v4client']}`, 1],
        ['syscall_entry_sendto', `${v4} && dport == ${ports['two']}`, 1],
        ['syscall_entry_sendto', 'family == 0', 1],
        ['syscall_exit_recvfrom', `${v4} && sport == ${ports['one']}`, 1],
        ['syscall_exit_recvfrom', `${v4} && sport == ${ports['many']}`, 1],
        ['syscall_exit_recvfrom', `family == 2 && sport == ${ports['many']}`, 2],
        ['syscall_entry_sendmsg', `${v4} && dport == ${ports['message4to']}`, 1],
        ['syscall_entry_sendmsg', `${v6} && dport == ${ports['message6to']}`, 1],
        ['syscall_entry_sendmsg', `family == 1 && sun_path == "${at('sockets')}/right"`, 1],
        ['syscall_entry_sendmsg', 'family == 0', 3],
        ['syscall_exit_recvmsg', `${v4} && sport == ${ports['message4']}`, 1],
        ['syscall_exit_recvmsg', `${v6} && sport == ${ports['message6']}`, 1],
        ['syscall_exit_recvmsg', `family == 1 && sun_path == "${at('sockets')}/left"`, 1],
        ['syscall_exit_recvmsg', 'family == 0', 1],
        ['syscall_entry_sendmmsg', `${v4} && dport == ${ports['manyto']}`, 1],
        ['syscall_exit_recvmmsg', `${v4} && sport == ${ports['many']}`, 1],
        ['syscall_exit_recvmmsg', `family == 2 && sport == ${ports['many']}`, 2],
      ] as const) {
        expect({ event, filter, count: count(event, filter) }).toEqual({
          event,
          filter,
          count: expected,
        });
      }
      if (!babeltraceIsMissing) expect(readWithBabeltrace(path).complaints).toBe('');
    });

    test.each([
      ['--no-contents', ['--no-contents'], 'are not fetched.'],
      ['another clock', ['--clock', 'boot'], "eBPF programs don't know the clock boot"],
    ])('%s: addresses, as before', (_title, options, note) => {
      const path = at(`without-${options.length}`);
      const { stderr, stdout } = record(path, [
        '-v',
        ...options,
        '-e',
        'syscall_entry_openat',
        ...command,
      ]);
      expect(stderr).toContain(note);
      const lines = readLines(path, 'syscall_entry_openat', Number(stdout.trim()));
      expect(lines.length).toBeGreaterThanOrEqual(files);
      for (const line of lines) expect(line).toMatch(/filename = "", .*filename_address = 0x/);
    });

    test('killed, it leaves no program', async () => {
      const child = startSonde(['record', '-e', 'syscall_entry_openat', '-o', at('killed')]);
      const end = new Promise((resolve) => child.once('exit', resolve));
      let programs: number[] = [];
      for (let i = 0; i < 100 && programs.length < 2; i++) {
        await sleep(50);
        programs = programsOf(child.pid!);
      }
      // Until there is something on disk to recover.
      await sleep(1500);
      child.kill('SIGKILL');
      await end;
      expect(programs.length).toBeGreaterThanOrEqual(2);
      const native = await Native.open();
      // The kernel lets go of them a moment later.
      for (let i = 0; i < 50 && isLoaded(native, programs); i++) await sleep(50);
      expect(isLoaded(native, programs)).toBe(false);
      expect(runSonde(['record', '--recover', at('killed')]).status).toBe(0);
      // What came after the kill may be more than the buffers hold.
      expect(runSonde(['read', at('killed')]).stderr).not.toMatch(/error|damaged/i);
    });
  },
);

/** IDs of the programs that a process holds. */
function programsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
      const text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
      const id = text.includes('prog_type') && /^prog_id:\s+(\d+)/m.exec(text)?.[1];
      return id ? [Number(id)] : [];
    });
  } catch {
    return []; // A descriptor was closed meanwhile.
  }
}

function isLoaded(native: Native, ids: readonly number[]): boolean {
  return loadedPrograms(native).some(({ id }) => ids.includes(id));
}
