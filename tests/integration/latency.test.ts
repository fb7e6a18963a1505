import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kernelTiny as archive, runSonde, scratchFolder } from './built-command.ts';

const scratch = scratchFolder();
execFileSync('tar', ['xf', archive, '-C', scratch]);
const kernelTiny = join(scratch, 'kernel-tiny');
const kernelContexts = join(dirname(archive), 'kernel-ctxall.tar.xz');

describe('sonde latency over a trace', () => {
  test('text: distributions, rows by label, the longest', () => {
    const { status, stdout, stderr } = runSonde([
      'latency',
      'wakeup',
      'block',
      '--threshold=1ms',
      '--top=3',
      kernelTiny,
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^wakeup: from the first wakeup of a thread to its switch-in\n {2}\d/m);
    expect(stdout).toMatch(/^ {2}p50 .* p90 .* p99 .* p99\.9 /m);
    expect(stdout).toMatch(/^ {2}op +count +p50 +p99 +max +sum\n {2}write /m);
    const longest = stdout.split('The longest:\n')[1]!.trimEnd().split('\n');
    expect(longest.length).toBe(3);
    for (const line of longest) expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{9} (?:wakeup|block) /);
  });

  test('json: an object a line, alerts and then a histogram that adds up', () => {
    const { status, stdout } = runSonde([
      'latency',
      'syscall',
      '--threshold=5ms',
      '--format=json',
      kernelTiny,
    ]);
    expect(status).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const summary = lines.pop();
    expect(lines.length).toBeGreaterThan(3);
    for (const alert of lines) {
      expect(alert).toMatchObject({ tracker: 'syscall', t: expect.stringMatching(/^\d+$/) });
    }
    expect(summary).toMatchObject({ tracker: 'syscall', event: 'hist', unit: 'ns' });
    const { counters, series } = summary;
    expect(lines.filter(({ event }) => event === 'alert').length).toBe(counters.alerts);
    const counts = series.map(({ buckets }: { buckets: number[][] }) =>
      buckets.reduce((sum, [, , count]) => sum + count!, 0),
    );
    expect(counts).toEqual(series.map(({ count }: { count: number }) => count));
    expect(counts.reduce((a: number, b: number) => a + b, 0)).toBe(counters.ends);
  });

  test('openmetrics: cumulative buckets, in seconds, all counters', () => {
    const { stdout } = runSonde(['latency', 'irq', 'wakeup', '-f', 'openmetrics', kernelTiny]);
    expect(stdout.endsWith('# EOF\n')).toBe(true);
    const wakeups = [
      ...stdout.matchAll(/^sonde_latency_seconds_bucket\{tracker="wakeup",le="([^"]+)"\} (\d+)$/gm),
    ].map(([, le, count]) => [le === '+Inf' ? Infinity : Number(le), Number(count)] as const);
    expect(wakeups.length).toBeGreaterThan(5);
    for (let i = 1; i < wakeups.length; i++) {
      expect(wakeups[i]![0]).toBeGreaterThan(wakeups[i - 1]![0]);
      expect(wakeups[i]![1]).toBeGreaterThanOrEqual(wakeups[i - 1]![1]);
    }
    const count = /^sonde_latency_seconds_count\{tracker="wakeup"\} (\d+)$/m.exec(stdout)![1];
    expect(wakeups.at(-1)).toEqual([Infinity, Number(count)]);
    // 2^i - 1 ns is the greatest of a half-open bucket.
    expect(stdout).toMatch(/le="0\.000131071"/);
    expect(stdout).toMatch(/^sonde_latency_missed_total\{tracker="irq"\} 0$/m);
  });

  test("lt: latency-tracker's lines", () => {
    const { stdout } = runSonde(['latency', 'wakeup', '-f', 'lt', '--threshold=2ms', kernelTiny]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) {
      expect(line).toMatch(/^latency_tracker_wakeup: comm=\S.*, pid=\d+, delay=\d{7,}, flag=0$/);
    }
  });

  test('a tracker of your own, in options or in a file, is the same as the one of the catalogue', () => {
    const begin = 'syscall_entry_read';
    const end = 'syscall_exit_read';
    const file = join(scratch, 'reads.json');
    writeFileSync(
      file,
      JSON.stringify({
        name: 'reads',
        begin: [{ event: begin, key: ['$tid'] }],
        end: [{ event: end, key: ['$tid'] }],
      }),
    );
    const { stdout, stderr } = runSonde([
      ...['latency', '--begin', begin, '--end', end, '--key', '$tid', '--tracker', file],
      ...['syscall', '--format=json', kernelTiny],
    ]);
    expect(stderr).toBe('');
    const hists = stdout
      .split('\n')
      .filter((line) => line.includes('"hist"'))
      .map((line) => JSON.parse(line));
    expect(hists.map(({ tracker }) => tracker)).toEqual(['syscall', 'reads', 'user']);
    const [all, fromFile, own] = hists;
    const reads = all.series.find(
      ({ labels }: { labels: { call: string } }) => labels.call === 'read',
    );
    expect(own.series[0].buckets).toEqual(fromFile.series[0].buckets);
    expect(own.series[0].count).toBeGreaterThan(20);
    expect({ ...reads, labels: {} }).toEqual(own.series[0]);
  });

  test('--worst follows the longest', () => {
    const { stdout } = runSonde([
      ...['latency', 'wakeup', '--worst', '--threshold=100us', '-f', 'lt', kernelTiny],
    ]);
    const delays = [...stdout.matchAll(/delay=(\d+)/g)].map(([, delay]) => Number(delay));
    expect(delays.length).toBeGreaterThan(2);
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
  });

  test('--by', () => {
    const { stdout } = runSonde(['latency', 'offcpu', '--by=comm', '--top=0', kernelTiny]);
    expect(stdout).toMatch(/^ {2}comm +count +p50 +p99 +max +sum$/m);
    expect(stdout).toMatch(/^ {2}rcu_preempt +80 /m);
    // From the state dump.
    const groups = runSonde(['latency', 'offcpu', '--by=cgroup', kernelTiny]);
    expect(groups.stdout).toMatch(/^ {2}cgroup +count .*\n {2}4026531835 +\d\d\d /m);
    // From the contexts.
    const calls = runSonde(['latency', 'syscall', '--by=cgroup', kernelContexts]);
    expect(calls.stdout).toMatch(/^ {2}cgroup +count .*\n {2}4026531835 +822 /m);
  });

  test('alerts as a trace', () => {
    const folder = join(scratch, 'alerts');
    const options = ['latency', 'wakeup', '--threshold=1ms', '--record-alerts', folder];
    expect(runSonde([...options, kernelTiny]).status).toBe(0);
    expect(readFileSync(join(folder, 'metadata'), 'latin1')).toMatch(/^\/\* CTF 1\.8/);
    const { stdout } = runSonde(['read', folder]);
    expect(stdout).toMatch(
      /latency_tracker_wakeup: \{ comm = "\S+", tid = \d+, delay = \d+, flag = 0,/,
    );
    // Beside the trace that it is of, it belongs to the same machine and time.
    const alone = runSonde(['cputop', '--gmt', kernelTiny]);
    expect(runSonde(['cputop', '--gmt', kernelTiny, folder])).toEqual(alone);
    const period = 'slow : $evt.$name == "latency_tracker_wakeup" : $evt.$name == "sched_switch"';
    const periods = runSonde(['periodlog', `--period=${period}`, kernelTiny, folder]);
    expect(periods).toMatchObject({ status: 0, stderr: '' });
    const alerts = stdout.trimEnd().split('\n').length;
    expect(periods.stdout.match(/ slow /g)?.length ?? 0).toBeGreaterThan(alerts / 2);
    expect(runSonde([...options, kernelTiny])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('has alerts already'),
    });
  });
});

test('--list', () => {
  const { status, stdout } = runSonde(['latency', '--list']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^wakeup +sched +5 ms +from the first wakeup/m);
  expect(stdout).toMatch(/^hrtimer /m);
});

describe('what is wrong is told in a sentence', () => {
  test.each([
    [['wakup', kernelTiny], /wakup is no tracker and no file\. Did you mean wakeup\?/],
    [['lock', kernelTiny], /lock can't use this trace: there is no lock:contention_begin/],
    [[kernelTiny], /Name a tracker, such as wakeup/],
    [['wakeup', 'wakeup', kernelTiny], /wakeup is named twice/],
    [['wakeup', '--by=dev', kernelTiny], /wakeup can't tell dev/],
    [
      ['offcpu', '--by=cgroup', kernelContexts],
      /offcpu: sched_switch: the trace does not tell the control group of next_pid: it has neither/,
    ],
    [['wakeup', '--threshold=5', kernelTiny], /"5" is no duration/],
    [['--begin=a', kernelTiny], /takes --begin, --end and --key/],
    [['--key=a', 'wakeup', kernelTiny], /go with --begin and --end/],
    [
      ['--begin=sched_switch', '--end=sched_switch', '--key=prev_prioo', kernelTiny],
      /no field prev_prioo; there are prev_comm, prev_tid/,
    ],
    [
      [
        '--begin=sched_switch',
        '--end=sched_waking',
        '--key=prev_tid',
        '--end-key=comm',
        kernelTiny,
      ],
      /the key at sched_waking \(comm\) is a text; that at sched_switch \(prev_tid\) is a number/,
    ],
    [
      ['--begin=a', '--end=b', '--key=x,y', '--end-key=x', kernelTiny],
      /--key has 2, --end-key 1 expressions/,
    ],
    [['runqlat', kernelTiny], /runqlat is no tracker; what it measures is runq here/],
    [['wakeup', '--on-alert=format c:', kernelTiny], /neither snapshot nor exec/],
    [['wakeup', '--listen=0.0.0.0:80', kernelTiny], /no port of this machine/],
    [
      ['wakeup', '--listen=9100', kernelTiny],
      /--listen goes without a trace, or with one and --follow/,
    ],
    [['wakeup', '--record-alerts=/proc/a/b', kernelTiny], /\/proc\/a\/b can't be made/],
    [['--set', 'on=off', kernelTiny], /--set goes without a trace/],
    [['wakeup', '--set', 'colour=red'], /"colour=red" is no setting/],
    [['--tracker', kernelTiny, kernelTiny], /can't be read as JSON/],
  ])('sonde latency %j', (args, message) => {
    const { status, stdout, stderr } = runSonde(['latency', ...args]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect({ status: status === 0, stdout }).toEqual({ status: false, stdout: '' });
  });
});

test('a tracker that a trace has no events for does not stop the others', () => {
  // Alone it is an error.
  const alone = runSonde(['latency', 'lock', kernelTiny]);
  expect({ ...alone, stderr: '' }).toEqual({ status: 2, stdout: '', stderr: '' });
  expect(alone.stderr).toMatch(/^sonde: The tracker lock can't use this trace: there is no lock:/);
  const { status, stdout, stderr } = runSonde(['latency', 'lock', 'wakeup', '--worst', kernelTiny]);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^sonde: The tracker lock can't use this trace: there is no lock:.*\. It is left out\.\n$/,
  );
  expect(stdout).toMatch(/^wakeup: from the first wakeup/);
  expect(stdout).not.toContain('lock');
});

describe('sonde hist', () => {
  test('once: the table, and what it stands on', () => {
    const { status, stdout, stderr } = runSonde(['hist', 'once', kernelTiny]);
    expect(status).toBe(0);
    expect(stdout.split('\n').length).toBe(44);
    expect(stdout).toMatch(/^\[64us, 128us\[ {3}\|\d+ +\d+ +\d+ +\d+ +\d+ +\d+ *\|\d+ +\d+ *\|/m);
    expect(stderr).toMatch(/^Note: fs_read: measured from syscalls:sys_enter_read/m);
  });

  test('a damaged stream is told, and the status says so; the rest counts', () => {
    const damaged = join(scratchFolder(), 'damaged');
    cpSync(kernelTiny, damaged, { recursive: true });
    truncateSync(join(damaged, 'kernel/chan_k_1'), 100_000);
    for (const args of [
      ['hist', 'once'],
      ['latency', 'syscall'],
    ]) {
      const { status, stdout, stderr } = runSonde([...args, damaged]);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^sonde: .*chan_k_1/m);
      expect(stdout).toMatch(/\d/);
    }
  });

  test('no table of a trace that no column can be made of', () => {
    const { status, stdout, stderr } = runSonde([
      'hist',
      'once',
      join(dirname(archive), 'user-clock-plugin'),
    ]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^sonde: These traces have no events that any column is made of/);
  });

  test('what is no terminal gets the table', () => {
    expect(runSonde(['hist', kernelTiny]).stdout).toBe(
      runSonde(['hist', 'once', kernelTiny]).stdout,
    );
  });
});
