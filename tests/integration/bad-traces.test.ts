/** Traces that no kernel should write, or that began in the middle of everything: each analysis in each format says what it can. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue, periodAnalyses } from '@sonde/analyses';
import { kernelTrace } from '@sonde/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { sonde } from '../conformance/corpus.ts';

const swap = (timeNs: number, cpu: number, prev: number, state: number, next: number): string =>
  `${timeNs} ${cpu} sched_switch prev_comm=a prev_tid=${prev} prev_prio=20 prev_state=${state} next_comm=b next_tid=${next} next_prio=20`;
const wakeup = (timeNs: number, cpu: number, tid: number, target: number): string =>
  `${timeNs} ${cpu} sched_wakeup comm=b tid=${tid} prio=120 success=1 target_cpu=${target}`;
const fork = (timeNs: number, tid: number): string =>
  `${timeNs} 0 sched_process_fork parent_comm=a parent_tid=7 parent_pid=7 child_comm=c child_tid=${tid} child_pid=${tid}`;
const read = (timeNs: number, cpu: number): string[] => [
  `${timeNs} ${cpu} syscall_entry_read fd=3 count=9`,
  `${timeNs + 5} ${cpu} syscall_exit_read ret=9 buf=0`,
];

/** To open thousands of files takes its time: some analyses stand for the others. */
const manyCpus = '4,096 CPUs';
const byCpu = ['cputop', 'irqstats', 'migrationtop', 'schedtop'];

const traces: Readonly<Record<string, readonly string[]>> = {
  'no kernel events': ['1 0 foo x=1', '2 0 bar y=2'],
  'begins in the middle': [
    '1 0 syscall_exit_read ret=5 buf=0',
    '2 0 irq_handler_exit irq=5 ret=1',
    '3 0 softirq_exit vec=1',
    '4 0 block_rq_complete dev=8388608 sector=10 nr_sector=8 errors=0 rwbs=1',
    '5 0 sched_process_exit comm=x tid=77 prio=20',
    '6 0 sched_process_free comm=x tid=78 prio=20',
    swap(7, 0, 9, 1, 10),
    '8 0 syscall_exit_openat ret=3',
    ...read(10, 0),
    '20 0 kmem_mm_page_free page=1 order=0',
    '22 0 net_dev_xmit skbaddr=1 rc=0 len=100 name=eth0',
    '24 0 hrtimer_expire_exit hrtimer=1',
  ],
  'out of order': [
    swap(100, 0, 1, 1, 2),
    swap(50, 1, 3, 1, 2),
    wakeup(60, 0, 3, 1),
    swap(70, 0, 9, 1, 3),
    swap(65, 1, 2, 1, 0),
    ...read(90, 0).reverse(),
    '10 0 irq_handler_exit irq=5 ret=1',
    '12 0 irq_handler_entry irq=5 name=e',
    wakeup(5, 1, 2, 0),
  ],
  'unknown system calls': [
    swap(1, 0, 0, 0, 7),
    '10 0 syscall_entry_frobnicate x=1',
    '15 0 syscall_exit_frobnicate ret=-38',
    '20 0 syscall_entry_unknown id=9999',
    '25 0 syscall_exit_unknown ret=0',
    '40 0 sys_enter id=5000',
    '41 0 sys_exit id=5000 ret=-38',
    '50 0 syscall_entry_frob2 fd=3',
    '60 0 syscall_exit_other ret=1',
  ],
  'thread ids used again': [
    swap(1, 0, 0, 0, 7),
    fork(2, 8),
    swap(3, 0, 7, 1, 8),
    ...read(4, 0),
    '10 0 sched_process_exit comm=c tid=8 prio=20',
    swap(11, 0, 8, 16, 7),
    fork(12, 8),
    swap(13, 0, 7, 1, 8),
    '20 0 sched_process_free comm=c tid=8 prio=20',
    ...read(21, 0),
    fork(30, 8),
  ],
  'CPUs that come and go': [
    swap(1, 0, 0, 0, 7),
    swap(2, 1, 0, 0, 8),
    swap(5, 0, 7, 1, 8),
    '6 0 power_cpu_idle state=4294967295 cpu_id=1',
    swap(20, 1, 0, 0, 7),
    wakeup(21, 1, 8, 0),
    swap(30, 3, 0, 0, 9),
    '40 0 sched_migrate_task comm=b tid=8 prio=120 orig_cpu=1 dest_cpu=3',
  ],
  [manyCpus]: Array.from({ length: 4096 }, (_, cpu) => [
    swap(10 * cpu + 1, cpu, 0, 0, cpu + 1),
    wakeup(10 * cpu + 2, cpu, cpu + 5000, cpu),
    `${10 * cpu + 3} ${cpu} irq_handler_entry irq=${cpu} name=i${cpu}`,
    `${10 * cpu + 4} ${cpu} irq_handler_exit irq=${cpu} ret=1`,
    `${10 * cpu + 5} ${cpu} kmem_mm_page_alloc page=1 order=0`,
    ...read(10 * cpu + 7, cpu),
    swap(10 * cpu + 60_000, cpu, cpu + 1, 1, cpu + 5000),
  ]).flat(),
  'values out of any range': [
    swap(1, 0, -5, 0, -7),
    swap(2, 0, 2 ** 31 - 1, 0, 2 ** 32),
    wakeup(3, 0, -9, -1),
    wakeup(4, 0, 99, 99_999_999),
    '5 0 kmem_mm_page_alloc page=1 order=99',
    '6 0 irq_handler_entry irq=-1 name=""',
    '7 0 softirq_raise vec=99999',
    '8 0 softirq_entry vec=99999',
    '9 0 softirq_exit vec=99999',
    '10 0 sched_migrate_task comm=b tid=1 prio=9999999999 orig_cpu=-4 dest_cpu=999999999999',
    '11 0 block_rq_issue dev=-1 sector=-1 nr_sector=4294967295 rwbs=255',
    '12 0 block_rq_complete dev=-1 sector=-1 nr_sector=4294967295 rwbs=255 errors=0',
    '13 0 net_dev_queue skbaddr=0xffffffffffffffff name="<b>\\u001b[31m" len=-5',
    '14 0 net_if_receive_skb skbaddr=1 len=99999999999 name="<script>alert(1)</script>"',
    '15 0 sched_switch prev_comm="<img/src=x>" prev_tid=5 prev_prio=20 prev_state=1 next_comm="=cmd()" next_tid=6 next_prio=20',
    '16 0 syscall_entry_read fd=99999999999 count=-5',
    '17 0 syscall_exit_read ret=9223372036854775807 buf=0',
  ],
};

const scratch = mkdtempSync(join(tmpdir(), 'sonde-bad-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function folderOf(name: string): string {
  const folder = join(scratch, name.replace(/\W+/g, '-'));
  mkdirSync(folder);
  const { metadata, streams } = kernelTrace(traces[name]!.join('\n'));
  writeFileSync(join(folder, 'metadata'), metadata);
  for (const [file, bytes] of streams) writeFileSync(join(folder, file), bytes);
  return folder;
}

const period = [
  '--period',
  'i : $evt.$name == "irq_handler_entry" : $evt.$name == "irq_handler_exit"',
];
const commands: readonly (readonly string[])[] = [
  ...catalogue.map(({ name }) => [name]),
  ...periodAnalyses.map(({ name }) => [name, ...period]),
];
const formats = ['text', '--json', '--mi', '--csv', '--markdown'];

/** What a figure is that nobody computed. */
const nonsense = /\bNaN\b|\bInfinity\b|\bundefined\b|\[object/;

function expectSense(what: string, status: number, stdout: string): void {
  expect({ what, status }).toEqual({ what, status: 0 });
  expect({ what, found: nonsense.exec(stdout)?.[0] }).toEqual({ what, found: undefined });
}

describe.each(Object.keys(traces))('%s', (name) => {
  const folder = folderOf(name);

  test.each(formats)('all analyses: %s', { timeout: 120_000 }, async (format) => {
    const isLarge = name === manyCpus;
    if (isLarge && format !== 'text' && format !== '--mi') return;
    for (const command of commands) {
      if (isLarge && !byCpu.includes(command[0]!)) continue;
      const args = [...command, ...(format === 'text' ? [] : [format])];
      const { status, stdout } = await sonde(...args, folder);
      expectSense(args.join(' '), status, stdout);
      if (format === '--json' || format === '--mi') JSON.parse(stdout);
    }
  });

  test('report: text, JSON, page', { timeout: 60_000 }, async () => {
    const page = join(folder, 'report.html');
    const json = await sonde('report', '--json', '--html', page, folder);
    expectSense('report --json', json.status, json.stdout);
    JSON.parse(json.stdout);
    const text = await sonde('report', folder);
    expectSense('report', text.status, text.stdout);
    expect(text.stdout).not.toContain('\u001b');
    const html = readFileSync(page, 'utf8');
    expectSense('report --html', 0, html);
    expect(html).not.toMatch(/<(?:script|img|b>)/);
  });
});
