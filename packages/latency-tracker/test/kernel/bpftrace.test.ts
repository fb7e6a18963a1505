import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { bucketOf, parseTracker, type SeriesData } from '../../src/index.ts';
import { needs, openSession, outputOf, printed, programNamed, run } from './support.ts';

/** Buckets of bpftrace's `hist`, by power of two: `[1K, 2K)   17 |@@@ |`. */
function parseHist(text: string): Map<number, number> {
  const units: Readonly<Record<string, number>> = { '': 0, K: 10, M: 20, G: 30 };
  const counts = new Map<number, number>();
  for (const match of text.matchAll(/^\[(\d+)([KMG]?)(?:, \d+[KMG]?)?[)\]] +(\d+) /gm)) {
    const [, number, unit, count] = match;
    const exponent = Math.floor(Math.log2(Math.max(1, Number(number)))) + units[unit!]!;
    counts.set(exponent, (counts.get(exponent) ?? 0) + Number(count));
  }
  return counts;
}

function byPowerOfTwo({ histogram }: SeriesData): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [i, count] of histogram.counts.entries()) {
    if (count > 0) counts.set(i >> histogram.bits, (counts.get(i >> histogram.bits) ?? 0) + count);
  }
  return counts;
}

const total = (counts: Map<number, number>): number =>
  [...counts.values()].reduce((a, b) => a + b, 0);

/** Runs a workload of one program while both look on. */
async function sideBySide(
  comm: string,
  declaration: unknown,
  script: string,
  workload: () => Promise<unknown>,
): Promise<{ readonly ours: Map<number, number>; readonly theirs: Map<number, number> }> {
  const { session } = await openSession([parseTracker(declaration)]);
  const peer = spawn('bpftrace', ['-e', `BEGIN { printf("ready\\n"); } ${script}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await printed(peer, 'ready');
  await workload();
  const output = outputOf(peer);
  peer.kill('SIGINT');
  const [snapshot] = session.snapshot();
  expect(snapshot!.counters.full, comm).toBe(0);
  return { ours: byPowerOfTwo(snapshot!.series[0]!), theirs: parseHist(await output) };
}

/** Both measure a little apart from each other, so a delay near an edge may fall to either side; a long one hardly does. */
function expectSame(ours: Map<number, number>, theirs: Map<number, number>): void {
  expect(total(ours)).toBe(total(theirs));
  const firstTail = bucketOf(1e6, 0);
  const tail = (counts: Map<number, number>): number =>
    [...counts].filter(([exponent]) => exponent >= firstTail).reduce((sum, [, n]) => sum + n, 0);
  expect(Math.abs(tail(ours) - tail(theirs))).toBeLessThanOrEqual(1);
}

const [isPossible, title] = needs('the same as bpftrace in the same window', 'bpftrace', 'dd');

describe.runIf(isPossible)(title, () => {
  test('system calls of one program', async () => {
    const comm = 'sondebptcall';
    const dd = programNamed(comm, 'dd');
    const when = `$comm startsWith "${comm}"`;
    const { ours, theirs } = await sideBySide(
      comm,
      {
        name: 'calls',
        per: 'task',
        histogram: { kind: 'log2' },
        begin: [{ event: 'raw_syscalls:sys_enter', key: ['$tid'], when: [when, 'id == 1'] }],
        end: [{ event: 'raw_syscalls:sys_exit', key: ['$tid'], when }],
      },
      `tracepoint:raw_syscalls:sys_enter /comm == "${comm}" && args->id == 1/ { @b[tid] = nsecs; }
       tracepoint:raw_syscalls:sys_exit /@b[tid]/ { @ns = hist(nsecs - @b[tid]); delete(@b[tid]); }`,
      () => run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=5000', 'status=none'),
    );
    expect(total(ours)).toBe(5000);
    expectSame(ours, theirs);
  });

  test('time on the run queue of two programs that wake each other', async () => {
    const comm = 'sondebptpipe';
    const dd = programNamed(comm, 'dd');
    const of = (field: string): string => `${field} startsWith "${comm}"`;
    const { ours, theirs } = await sideBySide(
      comm,
      {
        name: 'queue',
        per: 'task',
        histogram: { kind: 'log2' },
        begin: [
          { event: 'sched:sched_wakeup', key: ['pid'], when: of('comm') },
          {
            event: 'sched:sched_switch',
            key: ['prev_pid'],
            when: ['(prev_state & 0xff) == 0', of('prev_comm')],
          },
        ],
        end: [{ event: 'sched:sched_switch', key: ['next_pid'], when: of('next_comm') }],
      },
      `tracepoint:sched:sched_wakeup /args->comm == "${comm}"/ { @q[args->pid] = nsecs; }
       tracepoint:sched:sched_switch {
         if ((args->prev_state & 0xff) == 0 && args->prev_comm == "${comm}") { @q[args->prev_pid] = nsecs; }
         if (args->next_comm == "${comm}") {
           $b = @q[args->next_pid];
           if ($b) { @ns = hist(nsecs - $b); delete(@q[args->next_pid]); }
         }
       }`,
      () =>
        run(
          'sh',
          '-c',
          `${dd} if=/dev/zero bs=8k count=3000 status=none | ${dd} of=/dev/null bs=4k status=none`,
        ),
    );
    expect(total(ours)).toBeGreaterThan(50);
    expectSame(ours, theirs);
  });
});
