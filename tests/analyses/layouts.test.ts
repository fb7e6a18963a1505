/** Real traces of each tracer through all analyses: what they can tell is there, and no event of theirs is ignored. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { repository, sonde } from '../conformance/corpus.ts';

const shared = process.env['SONDE_SHARED'] ?? join(repository, '../shared');
const isHere = existsSync(join(shared, 'traces/ours/kernel'));
const note = isHere ? '' : ' (left out: no ../shared/traces; set SONDE_SHARED)';
const scratch = mkdtempSync(join(tmpdir(), 'sonde-layouts-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function open(path: string): string {
  const full = join(shared, 'traces', path);
  if (!path.endsWith('.tar.xz')) return full;
  const folder = mkdtempSync(join(scratch, 'x'));
  execFileSync('tar', ['xf', full, '-C', folder]);
  return folder;
}

interface Layout {
  readonly title: string;
  readonly path: string;
  /** Analyses that have rows in their first table. */
  readonly tells: readonly string[];
  /** What the metadata lacks, as the analyses say it. */
  readonly lacks: readonly string[];
}

/** One of each family. */
const all = ['cputop', 'memtop', 'iousagetop', 'iolog', 'irqlog', 'schedlog', 'syscallstats'];

const layouts: readonly Layout[] = [
  { title: 'LTTng 2.13', path: 'ours/kernel/tiny', tells: all, lacks: [] },
  {
    title: 'LTTng 2.10',
    path: 'analyses/traces/basic-kernel-analysis.tar.xz',
    tells: all,
    lacks: ['no received packets: the trace has no net_if_receive_skb'],
  },
  {
    title: 'LTTng 2.5',
    path: 'analyses/traces/bug446190.tar.xz',
    tells: all,
    lacks: [],
  },
  {
    title: 'perf',
    path: 'ctf/tc/perf-taskset2/trace',
    tells: ['cputop', 'schedlog'],
    lacks: [
      'no page allocations: the trace has no kmem_mm_page_alloc',
      'no page frees: the trace has no kmem_mm_page_free',
      'no operations on files: the trace has no syscall_entry_*, and no syscall_exit_*',
      'no requests of disks: the trace has no block_rq_issue, and no block_rq_complete',
      'no sent packets: the trace has no net_dev_xmit',
      'no received packets: the trace has no net_if_receive_skb',
      'no hard interrupts: the trace has no irq_handler_entry, and no irq_handler_exit',
      'no soft interrupts: the trace has no irq_softirq_entry, and no irq_softirq_exit',
      'no raise latencies: the trace has no irq_softirq_raise',
      'no system calls: the trace has no syscall_entry_*, and no syscall_exit_*',
    ],
  },
  {
    title: 'our own, by tracefs',
    path: 'ours/user/30-tracefs-as-lttng',
    tells: all.filter((name) => name !== 'memtop'),
    lacks: [
      'no page allocations: the trace has no kmem_mm_page_alloc',
      'no page frees: the trace has no kmem_mm_page_free',
    ],
  },
];

describe.skipIf(!isHere).each(layouts)(`$title${note}`, ({ path, tells, lacks }) => {
  test('every analysis tells what it can', { timeout: 120_000 }, async () => {
    const trace = open(path);
    const told: string[] = [];
    const said = new Set<string>();
    for (const name of all) {
      const { status, stdout, stderr } = await sonde(name, '--json', '--no-progress', trace);
      expect(status).toBe(0);
      expect(stderr).not.toMatch(/is ignored|defect of Sonde/);
      for (const [, message] of stderr.matchAll(/^Warning: (no .*)$/gm)) said.add(message!);
      const [report] = (JSON.parse(stdout) as { reports: { tables: { name: string }[] }[] })
        .reports;
      if (report?.tables.some((table) => !['summary', 'total'].includes(table.name)))
        told.push(name);
    }
    expect([told, [...said]]).toEqual([tells, lacks]);
  });
});
