import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadedMaps, loadedPrograms, Native } from '@sonde/ebpf';
import { build } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Alert,
  catalogue,
  type KernelOptions,
  parseTracker,
  type TrackerDeclaration,
} from '../../src/index.ts';
import {
  isRoot,
  needs,
  openSession,
  printed,
  programNamed,
  run,
  scratchFolder,
  symbolsOf,
  trackerNamed,
} from './support.ts';

const sleepMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A tracker of system calls of one program, by a key of two parts in a hash map. */
const writesOf = (comm: string, changes: Partial<TrackerDeclaration> = {}): TrackerDeclaration => ({
  name: 'writes',
  begin: [
    {
      event: 'syscalls:sys_enter_write',
      key: ['$tid', 'fd'],
      when: `$comm startsWith "${comm}"`,
    },
  ],
  end: [
    {
      event: 'syscalls:sys_exit_write',
      key: ['$tid', '1'],
      when: `$comm startsWith "${comm}"`,
      labels: { ret: 'ret' },
    },
  ],
  ...changes,
});

const [isPossible, title] = needs('in the kernel', 'dd');

const [hasPerf, perfTitle] = needs(
  'perf is not starved by programs on recorded fields, which return 1',
  'perf',
);

describe.runIf(isPossible)(title, () => {
  test.each(catalogue.map((declaration) => [declaration.name, declaration] as const))(
    'the verifier takes every program of %s',
    async (_, declaration) => {
      const { session } = await openSession([parseTracker(declaration)]);
      expect(session.backEnd).toContain('tp_btf');
    },
  );

  test.each<[KernelOptions, string]>([
    [{ access: 'raw' }, 'in the kernel (raw tracepoint)'],
    [{ access: 'recorded' }, 'in the kernel (tracepoint)'],
    [{ useTypes: false }, 'in the kernel (tracepoint, raw tracepoint)'],
    [{ useTypes: false, access: 'recorded' }, 'in the kernel (tracepoint)'],
  ])('other ways to see events (%j): %s, and the same counts', async (options, backEnd) => {
    const dd = programNamed('sondenotypes', 'dd');
    const names = [
      'runq',
      'offcpu',
      'syscall',
      'irq',
      'softirq',
      'hrtimer',
      'fs_write',
      'lock',
      'net_rx',
    ];
    const trackers = [
      ...names.map((name) => trackerNamed(name)),
      parseTracker(writesOf('sondenotypes')),
    ];
    const { session } = await openSession(trackers, options);
    expect(session.backEnd).toBe(backEnd);
    await run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=3', 'count=2000', 'status=none');
    // An idle machine has nothing else that waits.
    for (let i = 0; i < 30; i++) await run('sleep', '0.01');
    const snapshots = session.snapshot();
    expect(snapshots.at(-1)!.counters).toMatchObject({ begins: 2000, ends: 2000, pending: 0 });
    for (const name of ['runq', 'offcpu', 'syscall']) {
      const { counters } = snapshots[names.indexOf(name)]!;
      expect(counters.ends, name).toBeGreaterThan(10);
    }
    const [calls] = snapshots[names.indexOf('syscall')]!.series.filter(
      ({ labels }) => labels['call'] === 'write',
    );
    expect(calls!.histogram.count).toBeGreaterThanOrEqual(2000);
  });

  test('keys have zeros behind them: every begin finds its end, and labels tell results apart', async () => {
    const dd = programNamed('sondekeys', 'dd');
    const { session } = await openSession([parseTracker(writesOf('sondekeys'))]);
    await run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=3', 'count=2000', 'status=none');
    const [snapshot] = session.snapshot();
    expect(snapshot!.counters).toMatchObject({ begins: 2000, ends: 2000, pending: 0, full: 0 });
    expect(snapshot!.series.map(({ labels, histogram }) => [labels, histogram.count])).toEqual([
      [{ ret: 3 }, 2000],
    ]);
  });

  test('a burst of new labels: all of it is in distributions, the finest there are', async () => {
    const { session } = await openSession([
      trackerNamed('syscall', { histogram: { kind: 'hdr', bits: 5 } }),
    ]);
    for (let i = 0; i < 5; i++) await run(process.execPath, '-e', '0');
    const [snapshot] = session.snapshot();
    expect(snapshot!.series.length).toBeGreaterThan(20);
    expect(snapshot!.counters.unlabelled).toBe(0);
  });

  test('a full map is counted, never silent', async () => {
    const dd = programNamed('sondefull', 'dd');
    // No end ever matches, and each number of bytes is a key of its own.
    const declaration = writesOf('sondefull', {
      max: 4,
      begin: [
        {
          event: 'syscalls:sys_exit_write',
          key: ['ret', '$cpu + 1 - $cpu'],
          when: '$comm startsWith "sondefull"',
        },
      ],
      end: [{ event: 'syscalls:sys_enter_write', key: ['0', '0'] }],
    });
    const { session } = await openSession([parseTracker(declaration)]);
    for (let i = 1; i <= 10; i++) {
      await run(dd, 'if=/dev/zero', 'of=/dev/null', `bs=${i}`, 'count=2', 'status=none');
    }
    const { counters } = session.snapshot()[0]!;
    expect(counters).toMatchObject({ begins: 20, overwritten: 4, full: 12, pending: 4, ends: 0 });
  });

  test.runIf(hasPerf)(perfTitle, async () => {
    const declaration: TrackerDeclaration = {
      name: 'recorded',
      begin: [{ event: 'sched:sched_process_exec', key: ['pid'] }],
      end: [{ event: 'sched:sched_process_exit', key: ['$tid'] }],
    };
    const { session } = await openSession([parseTracker(declaration)]);
    expect(session.backEnd).toContain('tracepoint');
    const file = join(scratchFolder(), 'perf.data');
    const record = [
      'record',
      '-q',
      '-o',
      file,
      '-e',
      'sched:sched_process_exec',
      '--',
      'sh',
      '-c',
      'true; /bin/true; /bin/true',
    ];
    expect(spawnSync('perf', record).status).toBe(0);
    const text = spawnSync('perf', ['script', '-i', file]).stdout.toString();
    expect(text.match(/sched_process_exec/g)?.length).toBeGreaterThanOrEqual(2);
    const { counters } = session.snapshot()[0]!;
    expect(counters.ends).toBeGreaterThanOrEqual(2);
  });

  test('a preempted thread is on the run queue: its state has marks above the lowest byte', async () => {
    const { session } = await openSession([trackerNamed('runq')]);
    const spin = 'const end = Date.now() + 200; while (Date.now() < end);';
    const spinners = [0, 1, 2].map(() => run('taskset', '-c', '0', process.execPath, '-e', spin));
    await Promise.all(spinners);
    const { counters, series } = session.snapshot()[0]!;
    // Three spin on one CPU and never sleep: waits of a slice and more come from preemption only.
    expect(counters.ends).toBe(series[0]!.histogram.count);
    expect(series[0]!.quantileNs(1)).toBeGreaterThan(2e6);
  });

  test('a thread takes its pending operation with it: no number is reused', async () => {
    const { session } = await openSession([trackerNamed('offcpu')]);
    const before = session.snapshot()[0]!.counters;
    for (let i = 0; i < 150; i++) spawnSync('true');
    // The kernel frees threads a moment later, the last ones of a CPU that idles when the next ones end.
    const aborted = (): number => session.snapshot()[0]!.counters.aborted - before.aborted;
    for (let i = 0; i < 100 && aborted() < 150; i++) {
      if (i % 20 === 19) spawnSync('true');
      await sleepMs(50);
    }
    expect(aborted()).toBeGreaterThanOrEqual(150);
  });

  test('off and on again: what was pending meanwhile is no pair', async () => {
    const sleep = programNamed('sondepause', 'sleep');
    const { session, alerts } = await openSession([
      trackerNamed('syscall', { alert: { threshold: '200ms' } }),
    ]);
    const sleeping = run(sleep, '0.4');
    await sleepMs(100);
    session.set('syscall', { on: false });
    const { begins } = session.snapshot()[0]!.counters;
    readFileSync('/proc/self/comm');
    expect(session.snapshot()[0]!.counters.begins).toBe(begins);
    session.set('syscall', { on: true });
    await sleeping;
    session.poll();
    expect(alerts.filter(({ comm }) => comm === 'sondepause')).toEqual([]);
  });

  test('a timeout is told while the thread still waits, with the stack of what it waits in', async () => {
    const sleep = programNamed('sondetimeout', 'sleep');
    const { session, alerts } = await openSession([trackerNamed('offcpu', { timeout: '200ms' })]);
    const sleeping = run(sleep, '0.9');
    const told = (): Alert[] => alerts.filter(({ kind }) => kind === 'timeout');
    const isSleep = ({ comm, kernelStack }: Alert): boolean =>
      comm === 'sondetimeout' && /nanosleep/.test(symbolsOf(kernelStack));
    for (let i = 0; i < 60 && !told().some(isSleep); i++) await sleepMs(20);
    const alert = told().find(isSleep)!;
    expect(alert.delayNs).toBeGreaterThan(200e6);
    expect(alert.tid).toBeGreaterThan(0);
    await sleeping;
    session.poll();
    // Once for each operation.
    const operations = told().map(({ tid, beginNs }) => `${tid} ${beginNs}`);
    expect(new Set(operations).size).toBe(operations.length);
    expect(session.snapshot()[0]!.counters.timeouts).toBeGreaterThan(0);
  });

  test('garbage of a map: told once as timeout, then given up', async () => {
    const dd = programNamed('sondegarbage', 'dd');
    const declaration = writesOf('sondegarbage', {
      timeout: '100ms',
      gc: '300ms',
      begin: [
        {
          event: 'syscalls:sys_exit_write',
          key: ['ret', '0'],
          when: '$comm startsWith "sondegarbage"',
          info: { tid: '$tid' },
        },
      ],
      end: [{ event: 'syscalls:sys_enter_write', key: ['0', '0'] }],
    });
    const { session, alerts } = await openSession([parseTracker(declaration)]);
    await run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=3', 'count=1', 'status=none');
    expect(session.snapshot()[0]!.counters.pending).toBe(1);
    for (let i = 0; i < 100 && alerts.length < 2; i++) await sleepMs(20);
    expect(alerts.map(({ kind, key }) => [kind, key])).toEqual([
      ['timeout', [3, 0]],
      ['gc', [3, 0]],
    ]);
    const { counters } = session.snapshot()[0]!;
    expect(counters).toMatchObject({ begins: 1, timeouts: 1, collected: 1, pending: 0 });
  });

  test('a threshold counts from the moment it is set', async () => {
    const dd = programNamed('sondeset', 'dd');
    const { session, alerts } = await openSession([parseTracker(writesOf('sondeset'))]);
    const write = async (): Promise<void> => {
      await run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=20', 'status=none');
      session.poll();
    };
    await write();
    expect(alerts).toEqual([]);
    session.set('writes', { thresholdNs: 0 });
    await write();
    expect(alerts).toHaveLength(20);
    expect(session.snapshot()[0]!.thresholdsNs).toEqual([Number.POSITIVE_INFINITY, 0]);
    expect(() => session.set('nope', {})).toThrow('there are writes');
  });

  test('many that wait and wake: no more records than the rate allows, and each alert has its stacks', async () => {
    const rate = '5/s';
    const { session, alerts } = await openSession(
      [
        trackerNamed('offcpu', { alert: { threshold: 0, stack: 'pending', rate } }),
        trackerNamed('syscall', {
          alert: { threshold: 0, halfStack: true, stack: 'pending', rate },
        }),
      ],
      // Nobody reads meanwhile, and there is room for some 160 records.
      { pollMs: 100_000, ringBytes: 1 << 18, userStacks: false },
    );
    const sleeps = `const lock = new Int32Array(new SharedArrayBuffer(4));
      for (let i = 0; i < 400; i++) Atomics.wait(lock, 0, 0, 1);`;
    await run(process.execPath, '-e', sleeps);
    session.stop();
    const [offcpu, syscall] = session.snapshot();
    expect(offcpu!.counters.limited).toBeGreaterThan(200);
    expect([offcpu!, syscall!].map(({ counters }) => counters.ringLost)).toEqual([0, 0]);
    expect(syscall!.counters.waitsLimited).toBeGreaterThan(200);
    const of = (name: string, kind: Alert['kind']): Alert[] =>
      alerts.filter((alert) => alert.tracker === name && alert.kind === kind);
    const waits = of('syscall', 'waiting');
    expect(waits.length).toBeGreaterThanOrEqual(5);
    expect(waits.every(({ kernelStack }) => kernelStack !== undefined)).toBe(true);
    const woken = of('offcpu', 'alert').filter(({ info }) => 'waker' in info);
    expect(woken.length).toBeGreaterThan(0);
    expect(woken.map(({ wakerStack }) => wakerStack === undefined)).not.toContain(true);
  });

  test('a reset begins anew, and loses nothing in between', async () => {
    const dd = programNamed('sondereset', 'dd');
    const { session } = await openSession([parseTracker(writesOf('sondereset'))]);
    const args = ['if=/dev/zero', 'of=/dev/null', 'bs=1', 'status=none'];
    await run(dd, ...args, 'count=100');
    expect(session.snapshotAndReset()[0]!.counters.ends).toBe(100);
    expect(session.snapshot()[0]).toMatchObject({ counters: { ends: 0 }, series: [] });
    await run(dd, ...args, 'count=7');
    const [snapshot] = session.snapshot();
    expect(snapshot!.counters.ends).toBe(7);
    expect(snapshot!.series[0]!.histogram).toMatchObject({ count: 7 });
    expect(snapshot!.series[0]!.quantileNs(1)).toBeGreaterThan(0);
  });

  test.each([
    [
      'unknown event',
      { begin: [{ event: 'sched:no_such', key: ['$tid'] }] },
      'no event sched:no_such',
    ],
    [
      'no subsystem',
      { begin: [{ event: 'sched_waking', key: ['pid'] }] },
      'as in sched:sched_switch; sched_waking is not',
    ],
    [
      'unknown field',
      { begin: [{ event: 'sched:sched_waking', key: ['pidd'] }] },
      'sched:sched_waking has no pidd; it has comm, pid, prio',
    ],
    ['text as key', { begin: [{ event: 'sched:sched_waking', key: ['comm'] }] }, 'is a text'],
  ])('refuses with a sentence: %s', async (_, changes, message) => {
    const declaration = {
      ...writesOf('x'),
      ...changes,
      end: [{ event: 'sched:sched_switch', key: ['next_pid'] }],
    };
    const begin =
      'begin' in changes ? changes.begin : [{ event: 'sched:sched_waking', key: ['pid'] }];
    await expect(openSession([parseTracker({ ...declaration, begin })])).rejects.toThrow(message);
  });
});

test.runIf(isRoot)('kill -9 leaves no program and no map behind', async () => {
  const native = await Native.open();
  const name = `k${process.pid}`;
  const file = join(process.cwd(), 'node_modules/.sonde-kill-test.mjs');
  await build({
    stdin: {
      contents: `import { openKernelSession, parseTracker } from '@sonde/latency-tracker';
        await openKernelSession([parseTracker({ name: '${name}', begin: [{ event: 'raw_syscalls:sys_enter', key: ['$tid'] }],
          end: [{ event: 'raw_syscalls:sys_exit', key: ['$tid'] }] })]);
        console.log('ready');`,
      resolveDir: process.cwd(),
    },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sonde/source'],
    external: ['koffi'],
  });
  const ours = (objects: readonly { readonly name: string }[]): string[] =>
    objects.map((object) => object.name).filter((object) => object.startsWith(`${name}_`));
  const programs = (): string[] => ours(loadedPrograms(native));
  const maps = (): string[] => ours(loadedMaps(native));
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await printed(child, 'ready');
  expect(programs()).toHaveLength(2);
  expect(maps()).toEqual(['set', 'sum', 'slot', 'run'].map((part) => `${name}_${part}`));
  child.kill('SIGKILL');
  for (let i = 0; i < 100 && programs().length + maps().length > 0; i++) await sleepMs(50);
  expect([programs(), maps()]).toEqual([[], []]);
});
