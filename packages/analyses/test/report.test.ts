/** The report on traces made by hand; every figure was computed by hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  reportHtmlPieces,
  reportJsonPieces,
  reportTextPieces,
  type SystemReport,
  startSystemReport,
} from '@sonde/analyses';
import { openTrace, runIterator } from '@sonde/components';
import { kernelTrace } from '@sonde/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { times } from './times.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sonde-report-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function folderOf(text: string): string {
  const folder = mkdtempSync(join(scratch, 'trace-'));
  const { metadata, streams } = kernelTrace(text);
  writeFileSync(join(folder, 'metadata'), metadata);
  for (const [file, bytes] of streams) writeFileSync(join(folder, file), bytes);
  return folder;
}

async function reportOn(...texts: string[]): Promise<SystemReport> {
  using traces = openTrace(texts.map(folderOf));
  const options = {
    limit: 10,
    frequencyResolution: 20,
    frequencyIsUniform: false,
    views: new Set<string>(),
    times,
  };
  const { run, result } = startSystemReport(traces.traces, options, { warn: () => {} });
  run.begin(traces.origin);
  const iterator = traces.iterate(run);
  await runIterator(iterator);
  run.finish(iterator.lastEventNs ?? Number.NaN);
  return result();
}

const textOf = (pieces: Iterable<string>): string => [...pieces].join('');

type Rows = readonly (readonly unknown[])[];

/** A table's rows as plain values: numbers in ns, bytes or ratios. */
function rowsOf(report: SystemReport, sectionId: string, tableName: string): Rows {
  const json = JSON.parse(textOf(reportJsonPieces(report)));
  const section = json.hosts[0].sections.find((one: { id: string }) => one.id === sectionId);
  const table = section.tables.find((one: { name: string }) => one.name === tableName);
  const cell = (value: unknown): unknown => {
    if (value === null || typeof value !== 'object') return value;
    const { name, pid, tid, number } = value as Record<string, unknown>;
    return `${name} ${tid ?? pid ?? number}`;
  };
  return (table?.rows ?? []).map((row: object) => Object.values(row).map(cell));
}

const swap = (from: string, to: string, state = 1): string => {
  const [prev, next] = [from, to].map((who) => who.split(':') as [string, string, string?]);
  return `sched_switch prev_comm=${prev![0]} prev_tid=${prev![1]} prev_prio=${prev![2] ?? 20} prev_state=${state} next_comm=${next![0]} next_tid=${next![1]} next_prio=${next![2] ?? 20}`;
};

describe('CPUs and scheduling', () => {
  // CPU 0: a 0-400, idle 400-600, b 600-1000. CPU 1: idle all the time but for rt 500-700.
  const trace = `
0    0 ${swap('swapper/0:0', 'a:1')}
0    1 ${swap('x:9', 'swapper/1:0')}
400  0 ${swap('a:1', 'b:2', 0)}
400  0 sched_waking comm=a tid=1 prio=20 target_cpu=0
440  1 sched_waking comm=rt tid=3 prio=-51 target_cpu=1
500  1 ${swap('swapper/1:0', 'rt:3:-51')}
600  0 ${swap('b:2', 'a:1')}
700  1 ${swap('rt:3:-51', 'swapper/1:0')}
1000 0 ${swap('a:1', 'swapper/0:0')}
`;

  test('who used the CPUs', async () => {
    const report = await reportOn(trace);
    expect(rowsOf(report, 'cpu', 'cpus')).toEqual([
      [0, 1, 1000, 0, 4],
      [1, 0.2, 200, 800, 3],
    ]);
    expect(rowsOf(report, 'cpu', 'threads')).toEqual([
      ['a 1', 'nice 0', 800, 0.8, 2, 1, 0],
      ['b 2', 'nice 0', 200, 0.2, 1, 0, 0],
      ['rt 3', 'RT 50', 200, 0.2, 1, 0, 0],
    ]);
    expect(report.hosts[0]!.findings.map(({ text }) => text)).toContainEqual(
      'The load was uneven: CPU 0 100.0 % busy, CPU 1 20.0 %.',
    );
  });

  test('of many CPUs the busiest are shown', async () => {
    const lines = Array.from(
      { length: 40 },
      (_, cpu) =>
        `0 ${cpu} ${swap('swapper:0', `t${cpu}:${cpu + 1}`)}\n${cpu + 1} ${cpu} ${swap(`t${cpu}:${cpu + 1}`, 'swapper:0')}`,
    );
    const report = await reportOn(lines.join('\n'));
    const rows = rowsOf(report, 'cpu', 'cpus');
    expect(rows.map(([cpu]) => cpu)).toEqual(Array.from({ length: 32 }, (_, i) => 39 - i));
    const cpu = report.hosts[0]!.sections.find(({ id }) => id === 'cpu')!;
    expect(cpu.tables[0]!.table.tableClass.title).toBe('The busiest of 40 CPUs');
    expect(cpu.charts[0]!.series).toHaveLength(8);
  });

  test('who waited', async () => {
    const report = await reportOn(trace);
    expect(rowsOf(report, 'scheduling', 'worst-latencies')).toEqual([
      [400, 200, 'a 1', 'nice 0', 0, 'b 2'],
      [440, 60, 'rt 3', 'RT 50', 1, 'idle or interrupt'],
    ]);
    const [host] = report.hosts;
    expect(host!.sections.find(({ id }) => id === 'scheduling')!.headline).toBe(
      '2 wakeups to switches: p50 60 ns, p99 200 ns, p99.9 200 ns, max 200 ns; on average 0.26 threads waited for a CPU',
    );
  });

  test('a real-time thread that waits long stands out first', async () => {
    const late = `
0        0 ${swap('swapper/0:0', 'a:1')}
10       0 sched_waking comm=rt tid=3 prio=-51 target_cpu=0
2000010  0 ${swap('a:1', 'rt:3:-51', 0)}
`;
    const [finding] = (await reportOn(late)).hosts[0]!.findings.filter(({ text }) =>
      text.startsWith('Real-time'),
    );
    expect(finding).toEqual({
      severity: 'high',
      text: 'Real-time threads waited long for a CPU after 1 wakeup: p99 2.00 ms. The worst, 2.00 ms: rt (3), RT 50, woken by a (1), on CPU 0.',
      command: 'schedtop --tid 3',
    });
  });
});

describe('system calls and files', () => {
  const trace = `
0   0 lttng_statedump_process_state tid=1 pid=1 ppid=0 name=a type=0 mode=5 submode=0 status=5 ns_level=0
5   0 ${swap('swapper/0:0', 'a:1')}
10  0 syscall_entry_openat dfd=-100 filename=/tmp/f flags=2 mode=0
20  0 syscall_exit_openat ret=3
30  0 syscall_entry_read fd=3 count=100
70  0 syscall_exit_read ret=100 buf=0
80  0 syscall_entry_write fd=3 buf=0 count=50
100 0 syscall_exit_write ret=-28
110 0 syscall_entry_futex uaddr=1
810 0 syscall_exit_futex ret=0
`;

  test('calls that work and calls that wait', async () => {
    const report = await reportOn(trace);
    expect(rowsOf(report, 'system-calls', 'calls-by-time')).toEqual([
      ['read', 40, 0, 1, 40, 40, 40, 40, 40],
      ['write', 20, 1, 1, 20, 20, 20, 20, 20],
      ['openat', 10, 0, 1, 10, 10, 10, 10, 10],
    ]);
    expect(rowsOf(report, 'system-calls', 'calls-that-wait')).toEqual([
      ['futex', 700, 0, 1, 700, 700, 700, 700, 700],
    ]);
    expect(rowsOf(report, 'system-calls', 'errors')).toEqual([['write', 'ENOSPC', 1, 1]]);
    expect(rowsOf(report, 'system-calls', 'callers')).toEqual([['a 1', 4, 70, 700]]);
  });

  test('bytes by file and by process', async () => {
    const report = await reportOn(trace);
    expect(rowsOf(report, 'files', 'files')).toEqual([['/tmp/f', 100, 0, 3, 70, 40]]);
    expect(rowsOf(report, 'files', 'processes')).toEqual([['a 1', 100, 0, 3, 70]]);
  });
});

describe('what a call is on', () => {
  test('pipes, sockets and terminals wait; what moves bytes from or to a file works', async () => {
    const report = await reportOn(`
0   0 lttng_statedump_process_state tid=1 pid=1 ppid=0 name=a type=0 mode=5 submode=0 status=5 ns_level=0
5   0 ${swap('swapper/0:0', 'a:1')}
10  0 syscall_entry_openat dfd=-100 filename=/tmp/f flags=2 mode=0
11  0 syscall_exit_openat ret=3
12  0 syscall_entry_pipe2 flags=0
13  0 syscall_exit_pipe2 ret=0 fildes=[4,5]
14  0 syscall_entry_openat dfd=-100 filename=/dev/tty flags=2 mode=0
15  0 syscall_exit_openat ret=6
16  0 syscall_entry_socket family=1 type=1 protocol=0
17  0 syscall_exit_socket ret=7
20  0 syscall_entry_splice fd_in=4 off_in=0 fd_out=3 off_out=0 len=9 flags=0
22  0 syscall_exit_splice ret=9
30  0 syscall_entry_splice fd_in=7 off_in=0 fd_out=5 off_out=0 len=8 flags=0
33  0 syscall_exit_splice ret=8
40  0 syscall_entry_read fd=6 count=1
44  0 syscall_exit_read ret=1 buf=0
50  0 syscall_entry_write fd=7 buf=0 count=1
55  0 syscall_exit_write ret=1
60  0 syscall_entry_fsync fd=9
66  0 syscall_exit_fsync ret=0
`);
    const waiting = rowsOf(report, 'system-calls', 'calls-that-wait');
    expect(waiting.map(([name, total]) => [name, total])).toEqual([
      ['write (pipe, socket…)', 5],
      ['read (pipe, socket…)', 4],
      ['splice (pipe, socket…)', 3],
    ]);
    const working = rowsOf(report, 'system-calls', 'calls-by-time');
    expect(working[0]!.slice(0, 2)).toEqual(['fsync', 6]);
    expect(working).toContainEqual(['splice', 2, 0, 1, 2, 2, 2, 2, 2]);
    const kinds = rowsOf(report, 'files', 'latencies').map((row) => row.slice(0, 3));
    expect(kinds).toContainEqual(['file', 'read-write', 1]);
    expect(kinds).toContainEqual(['file', 'sync', 1]);
    expect(kinds).toContainEqual(['socket', 'read-write', 1]);
    expect(rowsOf(report, 'files', 'files')).toEqual([
      ['/tmp/f', 0, 9, 2, 3, 2],
      ['socket (a)', 8, 1, 3, 9, 5],
    ]);
  });

  test('asynchronous requests are told of, for the trace does not tell what they are on', async () => {
    const report = await reportOn(`
0   0 ${swap('swapper/0:0', 'a:1')}
10  0 syscall_entry_io_submit ctx_id=1 nr=8 iocbpp=1
20  0 syscall_exit_io_submit ret=3
30  0 syscall_entry_io_submit ctx_id=1 nr=8 iocbpp=1
40  0 syscall_exit_io_submit ret=-11
50  0 syscall_entry_close fd=3
60  0 syscall_exit_close ret=0
`);
    expect(report.hosts[0]!.findings.map(({ text }) => text)).toContainEqual(
      '3 requests by io_submit are not among the operations on files: the trace does not tell files and bytes of asynchronous ones. What reached a disk is under block devices.',
    );
  });
});

test('errors that are no errors, and how rare the others are', async () => {
  const call = (at: number, name: string, result: number): string =>
    `${at} 0 syscall_entry_${name} x=1\n${at + 1} 0 syscall_exit_${name} ret=${result}`;
  const trace = [
    `0 0 ${swap('swapper/0:0', 'a:1')}`,
    ...Array.from({ length: 30 }, (_, i) => call(10 + 2 * i, 'lgetxattr', -61)),
    ...Array.from({ length: 3000 }, (_, i) => call(100 + 2 * i, 'mkdir', i === 7 ? -28 : 0)),
    ...Array.from({ length: 4 }, (_, i) => call(7000 + 2 * i, 'chdir', i === 1 ? -5 : 0)),
  ];
  const { findings } = (await reportOn(trace.join('\n'))).hosts[0]!;
  expect(findings.map(({ text }) => text).filter((text) => text.includes('failed'))).toEqual([
    'mkdir failed with ENOSPC 1 time, of 3,000 calls.',
    'chdir failed with EIO 1 time, 25.0 % of its calls.',
  ]);
});

test('requests of io_uring are operations where the trace has its tracepoints', async () => {
  const report = await reportOn(`
0   0 ${swap('swapper/0:0', 'a:1')}
2   0 syscall_entry_openat dfd=-100 filename=/f flags=0 mode=0
3   0 syscall_exit_openat ret=3
10  0 syscall_entry_io_uring_enter fd=4 to_submit=1
11  0 io_uring_submit_req ctx=1 req=9 user_data=1 opcode=23 flags=0 sq_thread=0
12  0 io_uring_file_get ctx=1 req=9 user_data=1 fd=3
40  0 io_uring_complete ctx=1 req=9 user_data=1 res=100 cflags=0
50  0 syscall_exit_io_uring_enter ret=1
`);
  expect(rowsOf(report, 'files', 'files')).toEqual([['/f', 0, 100, 2, 30, 29]]);
  const findings = report.hosts[0]!.findings.map(({ text }) => text);
  expect(findings.filter((text) => text.includes('io_uring_enter are'))).toEqual([]);
});

test('disks: latency, overlapping requests count once as busy', async () => {
  // In flight: 100-500 (read) and 300-700 (write): busy 600 of 1000, 0.8 on average. The write was queued for 50.
  const report = await reportOn(`
0    0 ${swap('swapper/0:0', 'a:1')}
0    0 lttng_statedump_block_device dev=265289728 diskname=vda
100  0 block_rq_issue dev=265289728 sector=8 nr_sector=8 tid=1 rwbs=0
250  0 block_rq_insert dev=265289728 sector=64 nr_sector=16 tid=1 rwbs=1
300  0 block_rq_issue dev=265289728 sector=64 nr_sector=16 tid=1 rwbs=1
500  0 block_rq_complete dev=265289728 sector=8 nr_sector=8 rwbs=0
700  0 block_rq_complete dev=265289728 sector=64 nr_sector=16 rwbs=1
1000 0 ${swap('a:1', 'swapper/0:0')}
`);
  expect(rowsOf(report, 'disks', 'latencies')).toEqual([
    ['vda', 'read', 1, 400, 400, 400, 400, 400],
    ['vda', 'write', 1, 400, 400, 400, 400, 400],
  ]);
  expect(rowsOf(report, 'disks', 'disks')).toEqual([
    ['vda', 4096, 8192, 2_000_000, 0.6, 0.8, 1, 50, 50],
  ]);
});

test('interrupts, network and memory', async () => {
  const report = await reportOn(`
0    0 ${swap('swapper/0:0', 'a:1')}
100  0 irq_handler_entry irq=27 name=eth0
140  0 irq_softirq_raise vec=3
150  0 irq_handler_exit irq=27 ret=1
160  0 irq_softirq_entry vec=3
200  0 net_if_receive_skb skbaddr=1 len=60 name=eth0
230  0 net_dev_xmit skbaddr=2 rc=0 len=1000 name=eth0
260  0 irq_softirq_exit vec=3
300  0 kmem_mm_page_alloc pfn=1 order=1
400  0 kmem_mm_page_free pfn=1 order=0
500  0 timer_hrtimer_start hrtimer=9 function=1 expires=600 softexpires=590 mode=0
640  0 timer_hrtimer_expire_entry hrtimer=9 now=640 function=1
700  0 timer_hrtimer_expire_exit hrtimer=9
1000 0 ${swap('a:1', 'swapper/0:0')}
`);
  expect(rowsOf(report, 'interrupts', 'handlers')).toEqual([
    ['NET_RX_SOFTIRQ 3', 100, 0.1, 1, 100, 100, 100, 100, 100],
    ['eth0 27', 50, 0.05, 1, 50, 50, 50, 50, 50],
  ]);
  expect(rowsOf(report, 'interrupts', 'raise-latencies')).toEqual([
    ['NET_RX_SOFTIRQ 3', 1, 20, 20, 20, 20, 20],
  ]);
  expect(rowsOf(report, 'interrupts', 'timers')).toEqual([
    ['how late the handler began', 1, 40, 40, 40, 40, 40],
    ['how long it ran', 1, 60, 60, 60, 60, 60],
  ]);
  expect(rowsOf(report, 'network', 'interfaces')).toEqual([['eth0', 1, 1000, 1e9, 1, 60, 6e7]]);
  expect(rowsOf(report, 'memory', 'processes')).toEqual([['a 1', 1, 8192, 4096, 4096]]);
});

const style = { times, columns: 80, hasColors: false, trace: 'T', isBrief: false };

test('what the trace has no events for is said', async () => {
  const report = await reportOn(`0 0 ${swap('swapper/0:0', 'a:1')}`);
  const text = textOf(reportTextPieces(report, style)).replace(/\s+/g, ' ');
  expect(text).toContain(
    'Block devices: not reported. No requests of disks: the trace has no block_rq_issue, and no block_rq_complete.',
  );
  expect(text).toContain('Scheduling: not reported. No wakeup latencies');
});

test('what was traced and did not occur is said', async () => {
  // A class of events with none of them in the time reported on.
  const report = await reportOn(`
0   0 ${swap('swapper/0:0', 'a:1')}
10  1 ${swap('swapper/1:0', 'b:2')}
20  0 ${swap('a:1', 'swapper/0:0')}
30  1 net_dev_xmit skbaddr=2 rc=16 len=1000 name=eth0
`);
  expect(textOf(reportTextPieces(report, style))).toMatch(/Network interfaces: not reported\./);
  const [network] = report.hosts[0]!.sections.filter(({ id }) => id === 'network');
  const whole = {
    ...report,
    hosts: [{ ...report.hosts[0]!, sections: [{ ...network!, missing: undefined }] }],
  };
  const said = 'Its events were traced, but none occurred.';
  expect(textOf(reportTextPieces(whole, style))).toContain(
    `Network interfaces: not reported. ${said}`,
  );
  expect(textOf(reportHtmlPieces(whole, { times, trace: 'T' }))).toContain(
    `Network interfaces: ${said}`,
  );
});

test('a value and its unit stay on one line', async () => {
  const report = await reportOn(`
0        0 ${swap('swapper/0:0', 'a:1')}
10       0 sched_waking comm=rt tid=3 prio=-51 target_cpu=0
2000010  0 ${swap('a:1', 'rt:3:-51', 0)}
`);
  for (let columns = 40; columns < 90; columns++) {
    for (const line of textOf(reportTextPieces(report, { ...style, columns })).split('\n')) {
      expect(line).not.toMatch(/^\s*(?:[nµm]?s|%|[KM]?i?B)\b/);
    }
  }
  expect(textOf(reportHtmlPieces(report, { times, trace: 'T' }))).toContain('p99 2.00\u00a0ms.');
});

test('the time axis of charts has round steps, the axis of counts is explained', async () => {
  const html = textOf(
    reportHtmlPieces(
      await reportOn(`
0          0 ${swap('swapper/0:0', 'a:1')}
10         0 sched_waking comm=b tid=2 prio=20 target_cpu=0
9000000000 0 ${swap('a:1', 'b:2', 0)}
`),
      { times, trace: 'T' },
    ),
  );
  const figures = html.split('<figure>').filter((part) => part.includes('CPU use over time'));
  const labels = [...figures[0]!.matchAll(/class="x"[^>]*>([^<]*)</g)].map(([, text]) => text);
  expect(labels).toEqual(['0', '+2 s', '+4 s', '+6 s', '+8 s']);
  expect(html).toContain('Wakeup latency <span class="note">(how often; columns double, heights');
});

test('discarded events are told at the top', async () => {
  const report = await reportOn(`
0   0 ${swap('swapper/0:0', 'a:1')}
50  0 packet
60  0 sched_migrate_task comm=a tid=1 prio=20 orig_cpu=0 dest_cpu=0
100 0 lost 12
200 0 ${swap('a:1', 'swapper/0:0')}
`);
  expect(textOf(reportTextPieces(report, style))).toMatch(/3 events, 12 events on CPU 0\s+LOST/);
  expect(JSON.parse(textOf(reportJsonPieces(report)))).toMatchObject({ discarded: { events: 12 } });
});

test('many discarded events are told in the way of other counts; a little that is unknown is no finding', async () => {
  const report = await reportOn(`
0     0 ${swap('swapper/0:0', 'a:1')}
50    0 packet
60    0 sched_migrate_task comm=a tid=1 prio=20 orig_cpu=0 dest_cpu=0
100   0 lost 1234567
10000 0 ${swap('a:1', 'swapper/0:0')}
`);
  expect(textOf(reportTextPieces(report, style))).toMatch(/1,234,567 events on CPU 0\s+LOST/);
  expect(report.hosts[0]!.findings.map(({ text }) => text).join()).not.toContain('unknown');
});

test('durations that a gap touches are left out, and counted', async () => {
  const report = await reportOn(`
0   0 ${swap('swapper/0:0', 'a:1')}
50  0 packet
60  0 sched_waking comm=b tid=2 prio=20 target_cpu=0
65  0 syscall_entry_read fd=3 count=1
100 0 lost 12
190 0 sched_waking comm=c tid=3 prio=20 target_cpu=0
200 0 ${swap('a:1', 'b:2')}
210 0 ${swap('b:2', 'c:3')}
220 0 ${swap('c:3', 'a:1')}
230 0 syscall_exit_read ret=1
240 0 syscall_entry_getpid
250 0 syscall_exit_getpid ret=1
`);
  const text = textOf(reportTextPieces(report, style)).replace(/\s+/g, ' ');
  expect(text).toContain('1 wakeup to a switch: p50 20 ns');
  expect(text).toContain('waited for a CPU; 1 uncertain left out');
  expect(text).toContain('of 1 kind, 0 failed; 1 uncertain left out');
});

test('switches that were not recorded are told at the top, and their time is nobody’s', async () => {
  const report = await reportOn(`
0   0 ${swap('swapper/0:0', 'a:1')}
40  0 ${swap('b:2', 'a:1')}
100 0 ${swap('a:1', 'swapper/0:0')}
`);
  const text = textOf(reportTextPieces(report, style)).replace(/\s+/g, ' ');
  expect(text).toContain('at least 1 switch on CPU 0 NOT RECORDED');
  expect(text).toContain('60.0 % busy, 40.0 % unknown over 1 CPU; 3 switches');
  expect(report.hosts[0]!.findings[0]).toEqual({
    severity: 'high',
    text: 'Who ran is unknown for 40.0 % of all CPU time, for events are missing: times and counts are lower bounds.',
    command: 'cputop',
  });
  expect(JSON.parse(textOf(reportJsonPieces(report)))).toMatchObject({
    discarded: { events: 0 },
    notRecorded: { switches: 1, cpuIds: [0] },
  });
});

test('each machine has a report of its own', async () => {
  const one = (host: string, comm: string): string =>
    `env hostname=${host}\n0 0 ${swap('swapper/0:0', `${comm}:1`)}\n100 0 ${swap(`${comm}:1`, 'swapper/0:0')}`;
  const report = await reportOn(one('alpha', 'a'), one('beta', 'b'));
  expect(report.hosts.map(({ name, cpuCount }) => [name, cpuCount])).toEqual([
    ['alpha', 1],
    ['beta', 1],
  ]);
  const text = textOf(reportTextPieces(report, style));
  expect(text).toMatch(/Report on alpha[\s\S]*a \(1\)[\s\S]*Report on beta[\s\S]*b \(1\)/);
});

describe('names are anybody’s text', () => {
  const evil = '<script>alert(1)</script>"&\'\u001b[2J';
  const trace = `
env hostname=${JSON.stringify(evil)}
0   0 sched_switch prev_comm=x prev_tid=0 prev_prio=20 prev_state=0 next_comm=${JSON.stringify(evil)} next_tid=1 next_prio=20
10  0 syscall_entry_openat dfd=-100 filename=${JSON.stringify(evil)} flags=2 mode=0
20  0 syscall_exit_openat ret=3
30  0 net_dev_xmit skbaddr=2 rc=0 len=1000 name=${JSON.stringify(evil)}
40  0 irq_handler_entry irq=27 name=${JSON.stringify(evil)}
50  0 irq_handler_exit irq=27 ret=1
`;

  test('HTML has no element or attribute of theirs', async () => {
    const html = textOf(reportHtmlPieces(await reportOn(trace), { times, trace: evil }));
    expect(html).not.toMatch(/<script|alert\(1\)<\//);
    expect(html).not.toContain('\u001b');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;&#39;');
    expect(html).toContain(`default-src 'none'`);
    expect(html.replace(/<style>[\s\S]*<\/style>/, '')).not.toMatch(/https?:|<link|@import|url\(/);
    const tags = new Set(html.match(/<\/?[a-z][a-z0-9]*/g)?.map((tag) => tag.replace(/<\/?/, '')));
    expect([...tags].filter((tag) => !allowedTags.has(tag))).toEqual([]);
  });

  test('text does not steer the terminal', async () => {
    expect(textOf(reportTextPieces(await reportOn(trace), style))).not.toContain('\u001b');
  });
});

const allowedTags = new Set(
  (
    'html head meta title style body main h1 h2 h3 p code nav a ul li span br section figure figcaption svg line text ' +
    'polygon polyline rect div table thead tbody tr th td bdi footer'
  ).split(' '),
);

test('text fits the width', async () => {
  const long = 'a-name-of-15-ch';
  const report = await reportOn(`
0   0 ${swap('swapper/0:0', `${long}:1`)}
10  0 syscall_entry_openat dfd=-100 filename=/a/very/long/path/${'x'.repeat(200)} flags=2 mode=0
20  0 syscall_exit_openat ret=3
30  0 syscall_entry_read fd=3 count=100
70  0 syscall_exit_read ret=100 buf=0
`);
  for (const columns of [60, 80, 120]) {
    const lines = textOf(reportTextPieces(report, { ...style, columns })).split('\n');
    const widest = Math.max(...lines.map((line) => [...line].length));
    // Tables of many numbers are as wide as their numbers need.
    expect(widest).toBeLessThanOrEqual(Math.max(columns, 86));
  }
});
