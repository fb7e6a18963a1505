import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ended, runSonde, scratchFolder, startSonde } from '../integration/built-command.ts';
import {
  babeltraceIsMissing,
  countEvents,
  readWithBabeltrace,
  reasonNotToRecord,
  record,
  untilRecording,
  whereRecorded,
} from './recording.ts';

const python = spawnSync('python3', ['--version']).error === undefined;
const workload = join(import.meta.dirname, 'workload.mjs');

describe.skipIf(reasonNotToRecord !== undefined)(`what is recorded${whereRecorded}`, () => {
  const scratch = reasonNotToRecord === undefined ? scratchFolder() : '';
  const at = (name: string): string => join(scratch, name);
  const work = (getppids: number): string[] =>
    ['node', workload, at('file'), getppids, 1, 1].map(String);

  test('--filter in the kernel leaves the same events as in the reader', () => {
    const filter = 'prev_prio < 20 || next_comm == "node*"';
    record(at('filtered'), ['-e', 'sched_switch', '--filter', filter, '--', ...work(1)]);
    const all = countEvents(at('filtered'), 'sched_switch');
    expect(all).toBeGreaterThan(0);
    expect(countEvents(at('filtered'), 'sched_switch', filter)).toBe(all);
  });

  test('--verbose says what the kernel filters by, in its own terms', () => {
    const filter = 'next_prio == 20 && $ctx.procname == "node" && $event.name == "sched_switch"';
    const events = 'sched_switch,sched_wakeup';
    const run = record(at('verbose'), ['-v', '-e', events, '--filter', filter, '-d', '100ms']);
    expect(run.stderr).toContain(
      'sched_switch: the kernel filters by `next_prio == 120 && COMM == "node"`',
    );
    expect(run.stderr).toContain(
      'sched_wakeup: no record can pass the filter, the event stays off',
    );
  });

  test('what the kernel can not filter, the recorder does: --verbose says which part runs where', () => {
    const [kernel, recorder] = ['prev_prio >= 20', 'prev_tid + 0 != next_tid - 0'];
    const rest = `($ctx.tid != $ctx.pid || next_comm == "node")`;
    const filter = `${kernel} && ${recorder} && ${rest}`;
    const events = ['-v', '-e', 'sched_switch', '--filter', filter];
    const run = record(at('both'), [...events, '--', ...work(1)]);
    expect(run.stderr).toContain('sched_switch: the kernel filters by `prev_prio >= 120`\n');
    expect(run.stderr).toContain(
      `sched_switch: the recorder filters by \`${recorder} && ${rest}\`\n`,
    );
    expect(run.stderr).toMatch(/^Recorded .* none lost/m);
    expect(run.stderr).toMatch(/^The recorder left out [\d,]+ events/m);
    const all = countEvents(at('both'), 'sched_switch');
    expect(all).toBeGreaterThan(0);
    expect(countEvents(at('both'), 'sched_switch', filter)).toBe(all);
    if (!babeltraceIsMissing) expect(readWithBabeltrace(at('both')).complaints).toBe('');
  });

  test('the recorder finds all that passes: known work', () => {
    const filter = 'count + 1 == 4097 && $ctx.procname == "no*"';
    const work40 = ['node', workload, at('file'), '1', '40', '1'];
    const run = record(at('counted'), ['--syscall', 'write', '--filter', filter, '--', ...work40]);
    const own = `$ctx.pid == ${Number(run.stdout.trim())}`;
    expect(countEvents(at('counted'), 'syscall_entry_write', own)).toBe(40);
    expect(countEvents(at('counted'), 'syscall_entry_write', 'count != 4096')).toBe(0);
  });

  test('events that the table of threads needs are filtered like the others', () => {
    const filter = 'child_comm == "no such*" || prev_prio < 0';
    record(at('fork'), ['-e', 'sched_*', '--filter', filter, '--', ...work(1)]);
    expect(countEvents(at('fork'), 'sched_process_*')).toBe(0);
  });

  test.each([
    [['--raw', '--filter', 'prev_prio + 1 < next_prio'], 'a raw recording is not looked into'],
    [['--filter', '$ctx.ppid == 1'], 'Record it: --context procname,pid,tid,ppid.'],
    [['--filter', 'prev_pid == 1'], 'None of the chosen events has prev_pid. Near are: prev_tid'],
    [['--filter', 'next_comm == node'], 'Texts stand in quotes: "node".'],
    [['--filter', 'next_comm < 3'], 'strings can only be compared'],
  ])('%j is refused with the reason', (args, message) => {
    const run = record(at('beyond'), ['-e', 'sched_switch', ...args, '-d', '1s']);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(message);
    expect(existsSync(at('beyond'))).toBe(false);
  });

  test('--follow-forks records the command and its children, and nobody else', () => {
    const events = 'syscall_entry_*,sched_process_exec';
    const run = record(at('followed'), ['-e', events, '--follow-forks', '--', ...work(500)]);
    const pid = Number(run.stdout.trim());
    expect(countEvents(at('followed'), 'syscall_entry_getppid', `$ctx.pid == ${pid}`)).toBe(500);
    expect(countEvents(at('followed'), 'syscall_entry_getppid')).toBe(500);
    expect(countEvents(at('followed'), 'sched_process_exec', 'filename == "/bin/true"')).toBe(1);
    expect(countEvents(at('followed'), 'sched_process_exec', 'filename == "*node"')).toBe(1);
  });

  test.skipIf(!python)(
    '--pid follows threads that begin later, not children; --follow-forks both',
    async () => {
      const [threads, children, calls] = [20, 20, 50];
      const counts = [threads, children, calls].map(String);
      const events = ['-e', 'sched_switch,sched_process_exec', '--syscall', 'getppid'];
      for (const [options, expected] of [
        [[], threads * calls],
        [['--raw'], threads * calls],
        [['--follow-forks'], (threads + children) * calls],
        [['--follow-forks', '--raw'], (threads + children) * calls],
      ] as const) {
        const path = at(`threads${options.join('')}`);
        const work = spawn('python3', [
          join(import.meta.dirname, 'threads-workload.py'),
          ...counts,
        ]);
        await once(work.stdout, 'data');
        const workEnd = ended(work);
        const recorder = startSonde([
          'record',
          '-o',
          path,
          ...events,
          '--pid',
          String(work.pid),
          ...options,
        ]);
        const end = ended(recorder);
        await untilRecording(recorder.pid!);
        work.stdin.end('go\n');
        await workEnd;
        recorder.kill('SIGINT');
        expect((await end).status).toBe(0);
        expect(countEvents(path, 'syscall_entry_getppid')).toBe(expected);
        if ((options as readonly string[]).includes('--follow-forks')) continue;
        const own = `$ctx.pid == ${work.pid}`;
        expect(countEvents(path, 'syscall_entry_getppid', own)).toBe(threads * calls);
        // Who ran before or after one of its threads is told.
        const switched = countEvents(path, 'sched_switch', `next_comm == "python3"`);
        expect(switched).toBeGreaterThan(0);
      }
    },
  );

  test.skipIf(!python)('processes and names of threads that live for a moment only', () => {
    const [threads, children, calls] = [300, 300, 3];
    const script = join(import.meta.dirname, 'threads-workload.py');
    const args = ['sh', '-c', 'echo go | exec python3 "$@" ', 'sh', script];
    const counts = [threads, children, calls].map(String);
    for (const [name, options] of [
      ['converted', []],
      ['stacks', ['--context', 'procname,pid,tid,callstack-kernel']],
    ] as const) {
      const path = at(`brief-${name}`);
      record(path, [
        '--syscall',
        'getppid',
        ...options,
        '--follow-forks',
        '--',
        ...args,
        ...counts,
      ]);
      const count = (filter: string): number => countEvents(path, 'syscall_entry_getppid', filter);
      // Shells that begin it ask, too.
      const own = '$ctx.procname == "python3"';
      expect(count(`${own} && $ctx.pid == $ctx.tid`)).toBe(children * calls);
      expect(count(`${own} && $ctx.pid != $ctx.tid && $ctx.pid > 0`)).toBe(threads * calls);
      expect(count('$ctx.pid < 0 || $ctx.procname == ""')).toBe(0);
    }
  });

  test('--pid with a name, a filter and chunks: what is asked for together holds together', async () => {
    const busy = spawn('node', ['-e', 'setInterval(() => process.ppid, 1)']);
    try {
      const select = [
        '--syscall',
        'getppid',
        '--pid',
        String(busy.pid),
        '--filter',
        '$ctx.pid + 0 > 0',
      ];
      record(at('pid-chunks'), [...select, '--rotate', '300ms', '-d', '1200ms']);
      const all = countEvents(at('pid-chunks'), 'syscall_entry_getppid');
      expect(all).toBeGreaterThan(10);
      expect(
        countEvents(at('pid-chunks'), 'syscall_entry_getppid', `$ctx.pid == ${busy.pid}`),
      ).toBe(all);
    } finally {
      busy.kill();
    }
  });

  test('--pid records threads of the process', () => {
    const busy = spawn('node', ['-e', 'setInterval(() => process.ppid, 1)']);
    try {
      const args = ['--syscall', 'getppid', '--pid', String(busy.pid), '-d', '1s'];
      record(at('pid'), args);
      const own = countEvents(at('pid'), 'syscall_entry_getppid', `$ctx.pid == ${busy.pid}`);
      expect(own).toBeGreaterThan(10);
      expect(countEvents(at('pid'), 'syscall_entry_getppid')).toBe(own);
    } finally {
      busy.kill();
    }
  });

  test('--probe and --probe-return record a function of a program', () => {
    const probes = ['--probe', `loop=${process.execPath}:uv_run mode=%si:u32`];
    const returns = ['--probe-return', `${process.execPath}:uv_run`];
    const run = record(at('probe'), [...probes, ...returns, '--', ...work(1)]);
    const own = `$ctx.pid == ${Number(run.stdout.trim())}`;
    const calls = countEvents(at('probe'), 'loop', own);
    expect(calls).toBeGreaterThan(0);
    expect(countEvents(at('probe'), 'loop', `${own} && mode <= 2`)).toBe(calls);
    expect(countEvents(at('probe'), 'uv_run_return', own)).toBeGreaterThan(0);
    expect(
      execFileSync('cat', ['/sys/kernel/tracing/uprobe_events'], { encoding: 'utf8' }),
    ).not.toContain('/loop ');
  });

  test.each([
    ['converted at once', []],
    ['raw', ['--raw']],
  ])('namespaces and users of a program of another user, %s', (title, options) => {
    const path = at(`identity-${title.length}`);
    const contexts = ['--context', 'pid,uid,euid,gid,net_ns,uts_ns'];
    const program = ['runuser', '-u', 'nobody', '--', 'sh', '-c', 'sleep 1; sleep 0'];
    record(path, ['--syscall', 'clock_nanosleep', ...contexts, ...options, '--', ...program]);
    const inode = (kind: string): string => /\d+/.exec(readlinkSync(`/proc/self/ns/${kind}`))![0];
    const id = Number(execFileSync('id', ['-u', 'nobody']));
    const spaces = `$ctx.net_ns == ${inode('net')} && $ctx.uts_ns == ${inode('uts')}`;
    const filter = `$ctx.uid == ${id} && $ctx.euid == ${id} && $ctx.gid != 0 && ${spaces}`;
    // Raw recordings are converted when the program is gone: it has what it inherited.
    const expected = options.length === 0 ? filter : `$ctx.uid == 0 && ${spaces}`;
    expect(countEvents(path, 'syscall_entry_clock_nanosleep', expected)).toBeGreaterThan(0);
  });

  test('values have the names that the kernel prints', () => {
    // LTTng does not have the event.
    record(at('enum'), ['-e', 'tlb:tlb_flush,writeback:*', '--', ...work(1)]);
    const { stdout } = runSonde(['read', '--limit', '1', '--event', 'tlb_flush', at('enum')]);
    if (stdout !== '') expect(stdout).toMatch(/reason = \( "[\w ]+" : container = \d+ \)/);
    if (!babeltraceIsMissing) expect(readWithBabeltrace(at('enum')).complaints).toBe('');
  });

  test('events inside an interrupt, with the stack of the kernel', () => {
    const contexts = ['--context', 'tid,callstack-kernel'];
    record(at('irq'), [
      '-e',
      'irq_softirq_raise,timer_hrtimer_expire_entry',
      ...contexts,
      '-d',
      '500ms',
    ]);
    expect(countEvents(at('irq'), 'timer_hrtimer_expire_entry')).toBeGreaterThan(0);
    const { stdout } = runSonde([
      'read',
      '--event',
      'timer_hrtimer_expire_entry',
      '--limit',
      '1',
      at('irq'),
    ]);
    expect(stdout).toMatch(/callstack_kernel = \[ \[0\] = 0xFFFF/);
  });

  const needed = ['/proc/sys/kernel/hung_task_all_cpu_backtrace', '/sys/kernel/tracing/events/nmi'];
  const missing = needed.filter((path) => !existsSync(path));
  const why = missing.length === 0 ? '' : ` (left out: the kernel has no ${missing.join(', ')})`;
  test.skipIf(why !== '')(`events raised in a non-maskable interrupt${why}`, () => {
    const raise = ['sh', join(import.meta.dirname, 'raise-nmi.sh'), scratch];
    const run = record(at('nmi'), ['-e', 'nmi_handler', '--', ...raise]);
    const interrupts = Number(run.stdout);
    expect(interrupts).toBeGreaterThan(0);
    // One for each handler that is asked.
    expect(countEvents(at('nmi'), 'nmi_handler')).toBeGreaterThanOrEqual(interrupts);
    if (!babeltraceIsMissing) expect(readWithBabeltrace(at('nmi')).complaints).toBe('');
  });

  test('--raw, converted when it is read, holds the same known work', () => {
    const run = record(at('raw'), ['--raw', '--', ...work(700)]);
    const own = `$ctx.pid == ${Number(run.stdout.trim())}`;
    expect(countEvents(at('raw'), 'syscall_entry_getppid', own)).toBe(700);
    expect(countEvents(at('raw'), 'lttng_statedump_end')).toBe(1);
  });

  test('--ctf 2', () => {
    const run = record(at('ctf2'), ['--ctf', '2', '--syscall', 'getppid', '--', ...work(300)]);
    const own = `$ctx.pid == ${Number(run.stdout.trim())}`;
    expect(countEvents(at('ctf2'), 'syscall_entry_getppid', own)).toBe(300);
  });

  test.each([
    [['--pid', '999999999'], 'There is no process 999999999.'],
    [['--pid', 'abc'], '"abc" is no process ID.'],
    [['--snapshot', '1M', '--size', '5M'], "--snapshot and --size can't be used together"],
    [['-e', 'all'], 'All events: `--preset all`.'],
    [['--clock', 'counter'], 'The kernel has no clock of nanoseconds "counter"'],
    [['-e', 'sched_swich'], 'Near are: sched_switch'],
    [['--probe', `${process.execPath}:no_such_function`], 'has no function `no_such_function`'],
  ])('%j is refused, and no folder is left', (args, message) => {
    const run = record(at('refused'), [...args, '-d', '1s']);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(message);
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('a command that is no program', () => {
    const run = record(at('no-program'), ['-e', 'sched_switch', '--', '/etc']);
    expect(run.status).toBe(126);
    expect(run.stderr).toContain("sonde: The command /etc can't be run: permission denied.");
    expect(record(at('no-name'), ['--', '']).stderr).toContain('The name of COMMAND is empty.');
  });

  test.each([
    ['/proc/sonde-trace', "The folder /proc/sonde-trace can't be made."],
    [process.execPath, `${process.execPath} is no folder.`],
  ])('%s is no place for a trace', (path, message) => {
    expect(record(path, ['-d', '1s']).stderr).toContain(message);
  });

  test('a folder that holds something is not touched', () => {
    writeFileSync(at('mine'), '');
    const run = record(scratch, ['-d', '1s']);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('is not empty');
  });
});
