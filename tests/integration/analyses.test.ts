/** The commands over the Linux model as users call them. */

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { kernelTrace } from '@sonde/testkit';
import { describe, expect, test } from 'vitest';
import {
  clockPlugin,
  ended,
  kernelTiny,
  runSonde,
  scratchFolder,
  sondePath,
  startSonde,
} from './built-command.ts';

const scratch = scratchFolder();

function traceFolder(name: string, text: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const { metadata, streams } = kernelTrace(text);
  writeFileSync(join(folder, 'metadata'), metadata);
  for (const [file, bytes] of streams) writeFileSync(join(folder, file), bytes);
  return folder;
}

const swap = (from: string, to: string): string => {
  const [prev, next] = [from, to].map((who) => who.split(':'));
  return `sched_switch prev_comm=${prev![0]} prev_tid=${prev![1]} prev_prio=20 prev_state=1 next_comm=${next![0]} next_tid=${next![1]} next_prio=20`;
};
/** One thread on CPU 0 from `begin` to `end`, of 1000 ns. */
const busy = (host: string, comm: string, begin: number, end: number): string => `
env hostname=${host}
0        0 ${swap('x:9', 'swapper/0:0')}
${begin} 0 ${swap('swapper/0:0', `${comm}:1`)}
${end}   0 ${swap(`${comm}:1`, 'swapper/0:0')}
1000     0 ${swap('swapper/0:0', 'x:9')}
`;

describe('sonde analyses', () => {
  test('lists what each needs', () => {
    const { status, stdout } = runSonde(['analyses', '--json']);
    expect(status).toBe(0);
    const entries: { name: string; needs: string[] }[] = JSON.parse(stdout);
    const needs = Object.fromEntries(entries.map((entry) => [entry.name, entry.needs]));
    expect(needs['schedtop']).toEqual(['sched_switch', 'sched_waking or sched_wakeup']);
    expect(needs['memusage']).toContain('kmem_mm_page_alloc');
    expect(needs['periodlog']).toEqual([]);
    // Each is a command of its own, and the other way round.
    const help = runSonde(['--help']).stdout;
    for (const { name } of entries) expect(help).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  test('says what can be computed on a trace, and why not all', () => {
    const folder = traceFolder('judged', busy('h', 'a', 100, 200));
    const { stdout } = runSonde(['analyses', '--json', folder]);
    const entries: { name: string; answer: string; lacks?: string[] }[] = JSON.parse(stdout);
    const answers = Object.fromEntries(entries.map((entry) => [entry.name, entry.answer]));
    expect(answers).toMatchObject({ cputop: 'yes', schedtop: 'no', iolog: 'no', periodtop: 'yes' });
    expect(entries.find(({ name }) => name === 'schedtop')!.lacks).toEqual([
      'no wakeup latencies: the trace has no sched_waking or sched_wakeup',
    ]);
    const text = runSonde(['analyses', folder]).stdout;
    expect(text).toMatch(/^cputop +yes +Who used the CPUs/m);
  });

  test('links with the names of the original programs are these programs', () => {
    const links = join(scratch, 'links');
    expect(runSonde(['analyses', '--link', links]).stdout).toContain('39 links');
    expect(runSonde(['analyses', '--link', links]).stdout).toContain('0 links');
    const folder = traceFolder('linked', busy('h', 'a', 100, 200));
    const call = (name: string, ...args: string[]): string =>
      spawnSync('node', [join(links, name), ...args], { encoding: 'utf8' }).stdout;
    const shown = ['--gmt', '--limit', '3', folder];
    expect(call('lttng-cputop', ...shown)).toBe(runSonde(['cputop', ...shown]).stdout);
    expect(call('lttng-cputop', '--gm', '--lim=3', folder)).toBe(call('lttng-cputop', ...shown));
    expect(call('lttng-cputop-mi', folder)).toBe(runSonde(['cputop', '--mi', folder]).stdout);
    expect(call('lttng-irqlog-mi', '--metadata')).toContain('"table-classes"');
    expect(call('lttng-track-process', '-t', '1', folder).split('\n')).toHaveLength(3);
    expect(call('lttng-schedtop', '--version')).toMatch(/^sonde \d/);
  });

  test('a file in the way of a link is not touched', () => {
    const folder = join(scratch, 'occupied');
    mkdirSync(folder);
    writeFileSync(join(folder, 'lttng-cputop'), 'mine');
    const { status, stderr } = runSonde(['analyses', '--link', folder]);
    expect(status).toBe(2);
    expect(stderr).toContain('lttng-cputop exists and is no link to');
    expect(readFileSync(join(folder, 'lttng-cputop'), 'utf8')).toBe('mine');
  });

  test('other names than the original’s mean nothing', () => {
    const other = join(scratch, 'lttng-nothing');
    symlinkSync(sondePath, other);
    const { stdout } = spawnSync('node', [other, '--version'], { encoding: 'utf8' });
    expect(stdout).toMatch(/^sonde \d/);
  });
});

describe('several hosts, comparisons', () => {
  test('rows carry the host', () => {
    const a = traceFolder('alpha', busy('alpha', 'a', 100, 600));
    const b = traceFolder('beta', busy('beta', 'b', 200, 300));
    const { stdout } = runSonde(['cputop', '--csv', a, b]);
    expect(stdout).toContain('alpha,a (1),');
    expect(stdout).toContain('beta,b (1),');
    expect(stdout).toMatch(/^alpha,0,0\.5,/m);
    expect(stdout).toMatch(/^beta,0,0\.1,/m);
    const text = runSonde(['cputop', '--gmt', a, b]).stdout;
    expect(text).toMatch(
      /Host: alpha[\s\S]*50\.00 % +a \(1\)[\s\S]*Host: beta[\s\S]*10\.00 % +b \(1\)/,
    );
  });

  test('two traces side by side', () => {
    const a = traceFolder('before', busy('h', 'a', 100, 600));
    const b = traceFolder('after', busy('h', 'a', 200, 450));
    const { stdout, status } = runSonde(['cputop', '--gmt', '--compare', a, b]);
    expect(status).toBe(0);
    // A is what is named first.
    expect(runSonde(['cputop', '--gmt', a, '--compare', b]).stdout).toBe(stdout);
    expect(stdout).toMatch(/^a +Migration count/m);
    expect(stdout).toMatch(/CPU usage +50\.0 % +25\.0 % +-25\.0 % +-50\.0 %/);
    expect(stdout).toMatch(/CPU time +500 ns +250 ns +-250 ns +-50\.0 %/);
  });

  test('two ranges of one trace side by side', () => {
    const trace = traceFolder(
      'ranges',
      `0 0 ${swap('x:9', 'a:1')}\n400 0 ${swap('a:1', 'swapper/0:0')}\n500 0 ${swap('swapper/0:0', 'a:1')}\n600 0 ${swap('a:1', 'swapper/0:0')}\n1000 0 ${swap('swapper/0:0', 'a:1')}`,
    );
    const range = (begin: number, end: number): string =>
      `[00:00:00.${String(begin).padStart(9, '0')},00:00:00.${String(end).padStart(9, '0')}]`;
    const args = ['--gmt', '--timerange', range(0, 500), '--compare', range(500, 1000)];
    const { stdout } = runSonde(['cputop', ...args, trace]);
    expect(stdout).toMatch(/CPU usage +80\.0 % +20\.0 % +-60\.0 % +-75\.0 %/);
  });
});

describe('options that do nothing are told of', () => {
  const trace = traceFolder(
    'options',
    `
0   0 ${swap('swapper/0:0', 'a:1')}
10  0 syscall_entry_openat dfd=-100 filename=/a flags=0 mode=0
12  0 syscall_exit_openat ret=3
20  0 block_rq_issue dev=8388608 sector=8 nr_sector=8 tid=1 rwbs=0
30  0 ${swap('a:1', 'b:2')}
40  0 syscall_entry_openat dfd=-100 filename=/b flags=0 mode=0
44  0 syscall_exit_openat ret=4
50  0 block_rq_complete dev=8388608 sector=8 nr_sector=8 rwbs=0
60  0 ${swap('b:2', 'a:1')}
`,
  );

  test.each([
    ['cputop', ['--minsize', '4'], '--minsize'],
    ['cputop', ['--log'], '--log'],
    ['cputop', ['--irq', '4'], '--irq'],
    ['iolog', ['--cpu', '0'], '--cpu'],
    ['irqstats', ['--group-by', 'comm'], '--group-by'],
    ['syscallstats', ['--freq'], '--freq'],
    ['schedlog', ['--aggregate-by', 'x'], '--aggregate-by'],
  ])('%s %j', (name, args, option) => {
    const { status, stderr } = runSonde([name, ...args, trace]);
    expect(status).toBe(0);
    expect(stderr).toContain(`Warning: no effect of ${option} on ${name}\n`);
    expect(runSonde([name, '--help']).stdout).not.toContain(`${option}=`);
    expect(runSonde([name, '--help']).stdout).not.toMatch(new RegExp(`${option}\\s`));
  });

  test('and those that only other views heed', () => {
    const args = ['--group-by', 'comm', '--limit', '3', '--freq-uniform', trace];
    expect(runSonde(['schedlog', ...args]).stderr).toContain(
      ['limit', 'group-by', 'freq-uniform']
        .map((name) => `Warning: no effect of --${name} on schedlog\n`)
        .join(''),
    );
    const { stderr } = runSonde(['schedlog', '--top', '--freq', ...args]);
    expect(stderr).not.toContain('no effect of');
  });

  test('those that do something are not', () => {
    const args = ['iolog', '--tid', '1', '--minsize', '0', '--top', '--limit', '3', trace];
    expect(runSonde(args).stderr).not.toContain('no effect of');
    expect(runSonde(['iolog', '--help']).stdout).toContain('--minsize=');
  });

  test('operations on files, and requests, of some threads only', () => {
    const log = runSonde(['iolog', '--tid', '2', '--csv', trace]).stdout;
    expect(log).toContain('/b');
    expect(log).not.toContain('/a');
    expect(runSonde(['iolog', '--procname', 'a', '--csv', trace]).stdout).not.toContain('/b');
    const count = (tid: string): string =>
      runSonde(['iousagetop', '--tid', tid, trace]).stdout.match(/1 requests/)?.[0] ?? 'none';
    expect([count('1'), count('2')]).toEqual(['1 requests', 'none']);
  });
});

test('asynchronous requests that are not counted are told of', () => {
  const trace = traceFolder(
    'asynchronous',
    `
0   0 ${swap('swapper/0:0', 'a:1')}
10  0 syscall_entry_io_submit ctx_id=1 nr=8 iocbpp=1
20  0 syscall_exit_io_submit ret=3
30  0 syscall_entry_io_submit ctx_id=1 nr=8 iocbpp=1
40  0 syscall_exit_io_submit ret=-11
50  0 syscall_entry_io_uring_enter fd=3 to_submit=1
60  0 syscall_exit_io_uring_enter ret=1
`,
  );
  const { stderr } = runSonde(['iolog', trace]);
  expect(stderr).toContain(
    'Warning: no files and bytes of 3 requests by io_submit: the trace does not tell',
  );
  expect(stderr).toContain('Warning: no files and bytes of 1 request by io_uring_enter:');
  expect(runSonde(['cputop', trace]).stderr).not.toContain('no files and bytes');
  const told = traceFolder(
    'ring',
    `
0   0 ${swap('swapper/0:0', 'a:1')}
10  0 syscall_entry_io_uring_enter fd=3 to_submit=1
11  0 io_uring_submit_req ctx=1 req=9 user_data=1 opcode=23 flags=0 sq_thread=0
40  0 io_uring_complete ctx=1 req=9 user_data=1 res=100 cflags=0
60  0 syscall_exit_io_uring_enter ret=1
`,
  );
  expect(runSonde(['iolog', told]).stderr).not.toContain('no files and bytes');
});

describe('the machine interface', () => {
  test('--test-compatibility: by what the trace has events for, without reading them', () => {
    const ask = (name: string, trace: string) =>
      runSonde([name, '--mi', '--test-compatibility', trace]);
    const trace = traceFolder('switches', busy('h', 'a', 100, 600));
    expect(ask('cputop', trace)).toEqual({ status: 0, stdout: '', stderr: '' });
    const memtop = ask('memtop', trace);
    expect(memtop.status).toBe(1);
    expect(JSON.parse(memtop.stdout)['error-message']).toMatch(
      /^Error: Nothing of memtop can be computed: no page allocations: the trace has no kmem_mm_page_alloc;/,
    );
    expect(ask('cputop', clockPlugin).status).toBe(1);
    expect(ask('cputop', join(scratch, 'nowhere')).status).toBe(1);
    // Periods are made of any events.
    expect(ask('periodlog', clockPlugin).status).toBe(0);
  });

  test('irqtop has its table, which the analyses of the original do not describe', () => {
    const trace = traceFolder(
      'interrupts',
      '0 0 irq_handler_entry irq=30 name=disk\n40 0 irq_handler_exit irq=30 ret=1\n',
    );
    const classesOf = (name: string): string[] =>
      Object.keys(JSON.parse(runSonde([name, '--mi', '--metadata']).stdout)['table-classes']);
    expect(classesOf('irqtop')).toContain('top');
    expect(classesOf('irqstats')).not.toContain('top');
    const { results } = JSON.parse(runSonde(['irqtop', '--mi', trace]).stdout);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ class: 'top' });
    expect(results[0].data[0].at(-1)).toEqual({ class: 'duration', value: 40 });
  });
});

describe('times without events', () => {
  const trace = traceFolder('short', busy('h', 'a', 100, 600));
  const at = (ns: number): string => `00:00:00.${String(ns).padStart(9, '0')}`;

  test.each([
    ['cputop', ['--begin', '00:00:05']],
    ['report', ['--begin', '00:00:05']],
    ['periodlog', ['--begin', '00:00:05', '--period', 'p : $evt.$name == "sched_switch"']],
  ])('%s outside of the trace', (name, args) => {
    const { status, stderr } = runSonde([name, '--gmt', ...args, trace]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^Warning: There are no events in the time asked for\. They are from /m);
  });

  test('an end before the begin of the trace', () => {
    const later = traceFolder(
      'later',
      `9000 0 ${swap('x:9', 'a:1')}\n9500 0 ${swap('a:1', 'x:9')}`,
    );
    const { status, stdout, stderr } = runSonde(['cputop', '--gmt', '--end', at(100), later]);
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain('There are no events in the time asked for. They are from 1970');
    expect(runSonde(['report', '--gmt', '--end', at(100), later]).stdout).toBe(
      'There are no kernel events to report on.\n',
    );
  });

  test('between two events', () => {
    const range = `[${at(700)},${at(800)}]`;
    const { status, stderr } = runSonde(['cputop', '--gmt', '--timerange', range, trace]);
    expect([status, stderr]).toEqual([0, 'Warning: There are no events in the time asked for.\n']);
  });

  test('a range that ends before it begins, a refresh of no time', () => {
    const range = `[${at(800)},${at(700)}]`;
    const wrong = runSonde(['cputop', '--gmt', '--timerange', range, trace]);
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('The time range ends before it begins.'),
    ]);
    const never = runSonde(['cputop', '--refresh', '0', trace]);
    expect([never.status, never.stderr]).toEqual([
      2,
      expect.stringContaining('--refresh takes more than 0 s.'),
    ]);
  });
});

describe('sonde report', () => {
  test('text, brief, JSON and HTML of a real trace', () => {
    const page = join(scratch, 'tiny.html');
    const whole = runSonde(['report', '--gmt', kernelTiny]);
    expect(whole).toMatchObject({ status: 0, stderr: '' });
    expect(whole.stdout).toMatch(
      /^Report on ktguest\nLinux 6\.1\.0-56-amd64, lttng-modules 2\.13\.9,/,
    );
    expect(whole.stdout).toContain('2 CPUs, 18,658 events, none lost');
    expect(whole.stdout).not.toContain('\u001b');
    expect(Math.max(...whole.stdout.split('\n').map((line) => [...line].length))).toBeLessThan(140);
    const brief = runSonde(['report', '--gmt', '--brief', kernelTiny]).stdout.split('\n');
    expect(brief.length).toBeLessThan(45);
    const json = JSON.parse(runSonde(['report', '--json', kernelTiny]).stdout);
    expect(json.hosts[0].sections.map(({ id }: { id: string }) => id)).toEqual([
      'cpu',
      'scheduling',
      'system-calls',
      'files',
      'disks',
      'network',
      'interrupts',
      'memory',
    ]);
    expect(runSonde(['report', '--html', page, kernelTiny])).toMatchObject({
      status: 0,
      stdout: '',
    });
    const html = readFileSync(page, 'utf8');
    expect(html).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
    expect(html.match(/<svg /g)!.length).toBeGreaterThan(5);
  });

  test('a trace without kernel events says so', () => {
    const { status, stdout } = runSonde(['report', clockPlugin]);
    expect(status).toBe(0);
    expect(stdout).toContain('no kernel events to report on');
  });

  test('figures agree with those of the analyses', () => {
    const json = JSON.parse(runSonde(['report', '--json', kernelTiny]).stdout);
    const section = (id: string) => json.hosts[0].sections.find((s: { id: string }) => s.id === id);
    const table = (id: string, name: string) =>
      section(id).tables.find((t: { name: string }) => t.name === name).rows;
    const cputop = JSON.parse(runSonde(['cputop', '--json', kernelTiny]).stdout);
    const busiest = cputop.reports[0].tables[0].rows[0];
    const [thread] = table('cpu', 'threads');
    expect(thread['CPU time']).toBe(busiest['CPU time']);
    expect(thread['Migrations']).toBe(busiest['Migration count']);
    const schedtop = JSON.parse(runSonde(['schedtop', '--json', kernelTiny]).stdout);
    const latencies = schedtop.reports[0].tables[0].rows.map(
      (row: Record<string, unknown>) => row['Scheduling latency'],
    );
    expect(
      table('scheduling', 'worst-latencies').map((row: { Latency: number }) => row.Latency),
    ).toEqual(latencies);
  });
});

describe('--follow', () => {
  test('a trace that grows gives what the whole of it gives', { timeout: 60_000 }, async () => {
    const lines = Array.from({ length: 40 }, (_, i) => {
      const at = i * 100_000_000;
      const packet = i % 5 === 4 ? `\n${at + 60_000_000} 0 packet` : '';
      return `${at} 0 ${swap('swapper/0:0', 'a:1')}\n${at + 50_000_000} 0 ${swap('a:1', 'swapper/0:0')}${packet}`;
    });
    const whole = traceFolder('whole', lines.join('\n'));
    const growing = join(scratch, 'growing');
    mkdirSync(growing);
    copyFileSync(join(whole, 'metadata'), join(growing, 'metadata'));
    const bytes = readFileSync(join(whole, 'cpu_0'));
    const half = Math.trunc(bytes.length / 2);
    writeFileSync(join(growing, 'cpu_0'), bytes.subarray(0, half));
    const child = startSonde(['cputop', '--gmt', '--follow', growing], {
      env: { ...process.env, TZ: 'UTC' },
    });
    const end = ended(child);
    let output = '';
    const seen = (count: number): Promise<void> =>
      new Promise((resolve) => {
        child.stdout!.on('data', (chunk) => {
          output += chunk;
          if (output.split('Timerange').length > count) resolve();
        });
      });
    await seen(1);
    // Three more pieces, that end in the middle of packets.
    for (const part of [0.6, 0.8, 1]) {
      const size = statSync(join(growing, 'cpu_0')).size;
      appendFileSync(join(growing, 'cpu_0'), bytes.subarray(size, Math.trunc(bytes.length * part)));
    }
    await seen(3);
    child.kill('SIGINT');
    const { stdout, status } = await end;
    expect(status).toBe(130);
    const expected = runSonde(['cputop', '--gmt', '--refresh', '1s', '--no-intersection', whole]);
    expect(stdout).toBe(expected.stdout);
    expect(readdirSync(growing).sort()).toEqual(['cpu_0', 'metadata']);
  });

  test.each([
    [['periodlog', '--follow', '--period', 'a : $evt.$name == "x"'], /takes no --follow/],
    [['cputop', '--follow', '--compare', 'x'], /goes with neither --compare/],
    [['cputop', '--mi', '--compare', clockPlugin], /exclude each other/],
    [['cputop', '--group-by', 'nothing'], /none of process, thread/],
    [['cputop', '--filter', 'a =='], /line 1:5/],
  ])('what does not go together: %j', (args, message) => {
    const { stdout, stderr, status } = runSonde([...args, kernelTiny]);
    expect(stdout + stderr).toMatch(message);
    expect(status).not.toBe(0);
  });
});

describe('track-process', () => {
  const trace = (): string =>
    traceFolder(
      `tracked-${Math.random()}`,
      `
0   0 ${swap('swapper/0:0', 'parent:1')}
10  0 sched_process_fork parent_comm=parent parent_tid=1 parent_pid=1 child_comm=parent child_tid=2 child_pid=2
20  0 sched_wakeup_new comm=parent tid=2 prio=20 target_cpu=1
30  1 ${swap('swapper/1:0', 'parent:2')}
40  1 syscall_entry_write fd=1 buf=0 count=9223372036854775807
50  1 ${swap('parent:2', 'other:3')}
60  1 syscall_entry_write fd=2 buf=0 count=5
70  0 ${swap('parent:1', 'swapper/0:0')}
`,
    );
  const namesOf = (...args: string[]): string[] =>
    runSonde(['track-process', '--json', ...args, trace()])
      .stdout.trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .map(({ timeNs, name }) => `${timeNs} ${name}`);

  test.each([
    [
      ['--tid', '2'],
      [10, 20, 30, 40, 50],
    ],
    [
      ['--tid', '1'],
      [0, 10, 20, 70],
    ],
    [
      ['--tid', '1', '--follow'],
      [0, 10, 20, 30, 40, 50, 70],
    ],
    [
      ['--procname', 'other'],
      [50, 60],
    ],
    [['--procname', 'nobody'], []],
    [[], [0, 10, 20, 30, 40, 50, 60, 70]],
    [['--tid', '2', '--filter', 'fd == 1'], [40]],
  ])('%j', (args, expected) => {
    expect(namesOf(...args).map((line) => Number(line.split(' ')[0]))).toEqual(expected);
  });

  test('text has all fields, exact', () => {
    const { stdout } = runSonde([
      'track-process',
      '--gmt',
      '-t',
      '2',
      '--filter',
      'fd == 1',
      trace(),
    ]);
    expect(stdout).toBe(
      '[     2] [00:00:00.000000040] syscall_entry_write: { cpu_id = 1 }, { fd = 1, buf = 0, count = 9223372036854775807 }\n',
    );
  });
});
