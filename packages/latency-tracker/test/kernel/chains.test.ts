import { describe, expect, test } from 'vitest';
import { catalogue, parseTracker, type TrackerDeclaration } from '../../src/index.ts';
import { needs, openSession, programNamed, run, symbolsOf, trackerNamed } from './support.ts';

/** A chain for each block that a program copies: its read, its write, the end of the write. */
const copies = (comm: string, changes: Partial<TrackerDeclaration> = {}): TrackerDeclaration => {
  const when = `$comm startsWith "${comm}"`;
  return {
    name: 'copies',
    alert: { threshold: 0 },
    steps: [
      {
        name: 'read',
        event: 'syscalls:sys_enter_read',
        when: [when, 'count == 3'],
        key: ['$tid', 'fd'],
      },
      {
        name: 'write',
        event: 'syscalls:sys_enter_write',
        from: [{ step: 'read', key: ['$tid', 'fd - 1'] }],
        key: ['$tid'],
      },
      {
        name: 'done',
        event: 'syscalls:sys_exit_write',
        from: [{ step: 'write', key: ['$tid'] }],
        info: { tid: '$tid', comm: '$comm', bytes: 'ret' },
      },
    ],
    ...changes,
  };
};

const copy = (dd: string, count: number): Promise<string> =>
  run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=3', `count=${count}`, 'status=none');

const [isPossible, title] = needs('chains of steps in the kernel', 'dd', 'sleep');

describe.runIf(isPossible)(title, () => {
  test('each chain goes through its steps, and keeps the time of the first', async () => {
    const dd = programNamed('sondechain', 'dd');
    const { session, alerts } = await openSession([parseTracker(copies('sondechain'))]);
    await copy(dd, 50);
    const [snapshot] = session.snapshot();
    expect(snapshot!.counters).toMatchObject({ begins: 50, ends: 50, pending: 0, alerts: 50 });
    expect(snapshot!.series[0]!.histogram.count).toBe(50);
    for (const { info, delayNs, comm, tid, key } of alerts) {
      const { breakdown } = info as { readonly breakdown: string };
      const [, write, done] = /^read = 0, to write = (\d+), to done = (\d+)$/.exec(breakdown)!;
      expect(Number(write)).toBeLessThan(Number(done));
      expect(Number(done)).toBe(delayNs);
      expect(info).toMatchObject({ bytes: 3 });
      expect([comm, key]).toEqual(['sondechain', [tid]]);
    }
  });

  test('a chain that begins again is overwritten; what is dropped goes nowhere', async () => {
    const dd = programNamed('sondechaindrop', 'dd');
    const declaration = copies('sondechaindrop', {
      drop: [{ event: 'syscalls:sys_exit_read', step: 'read', key: ['$tid', '0'] }],
    });
    const { session } = await openSession([parseTracker(declaration)]);
    await copy(dd, 5);
    expect(session.snapshot()[0]!.counters).toMatchObject({ begins: 5, ends: 0, pending: 0 });

    const stuck = copies('sondechaindrop', { drop: [] });
    const { steps } = stuck;
    const noWrite = { ...stuck, steps: [steps![0]!, { ...steps![1]!, when: '0' }, steps![2]!] };
    const { session: other } = await openSession([parseTracker(noWrite)]);
    await copy(dd, 5);
    const counters = { begins: 5, overwritten: 4, ends: 0, pending: 1 };
    expect(other.snapshot()[0]!.counters).toMatchObject(counters);
  });

  test('a step without room is counted', async () => {
    const dd = programNamed('sondechainfull', 'dd');
    const declaration = copies('sondechainfull', { max: 2 });
    const { steps } = declaration;
    // Each block of other length waits under a key of its own, and nobody goes on from there.
    const read = {
      ...steps![0]!,
      when: '$comm startsWith "sondechainfull"',
      key: ['$tid', 'count'],
    };
    const { session } = await openSession([
      parseTracker({ ...declaration, steps: [read, steps![1]!, steps![2]!] }),
    ]);
    for (const bytes of [701, 702, 703, 704]) {
      await run(dd, 'if=/dev/zero', 'of=/dev/null', `bs=${bytes}`, 'count=1', 'status=none');
    }
    const { counters } = session.snapshot()[0]!;
    expect(counters.pending).toBe(2);
    expect(counters.full).toBeGreaterThanOrEqual(2);
  });

  test('off and on again: what waited meanwhile is forgotten', async () => {
    const dd = programNamed('sondechainoff', 'dd');
    const declaration = copies('sondechainoff');
    const [read, write, done] = declaration.steps!;
    const { session } = await openSession([
      parseTracker({ ...declaration, steps: [read, { ...write, when: '0' }, done] }),
    ]);
    await copy(dd, 1);
    expect(session.snapshot()[0]!.counters.pending).toBe(1);
    session.set('copies', { on: false });
    session.set('copies', { on: true });
    expect(session.snapshot()[0]!.counters.pending).toBe(0);
  });

  test('from the interrupt to a mark that the woken thread sets', async () => {
    const sleep = programNamed('sondewoken', 'sleep');
    const { steps, drop } = catalogue.find(({ name }) => name === 'chain')!;
    const switchIn = steps!.at(-1)!;
    const { session, alerts } = await openSession([
      trackerNamed('chain'),
      parseTracker({
        name: 'marked',
        alert: { threshold: 0 },
        steps: [
          ...steps!.slice(0, -1),
          { ...switchIn, key: ['next_pid'] },
          {
            name: 'mark',
            event: 'raw_syscalls:sys_exit',
            when: '$comm startsWith "sondewoken"',
            from: [{ step: 'switch_in', key: ['$tid'] }],
            info: { tid: '$tid', comm: '$comm', call: '$syscall' },
          },
        ],
        drop: [...drop!, { event: 'sched:sched_switch', step: 'switch_in', key: ['prev_pid'] }],
      }),
    ]);
    for (let i = 0; i < 5; i++) await run(sleep, '0.02');
    session.poll();
    const woken = alerts.filter(({ tracker, info }) => {
      return tracker === 'marked' && /hrtimer/.test(String(info['breakdown']));
    });
    expect(woken.length).toBeGreaterThanOrEqual(5);
    const order = /(irq|hrtimer) = 0, .*to waking = \d+, to switch_in = \d+, to mark = \d+$/;
    expect(woken.every(({ info }) => order.test(String(info['breakdown'])))).toBe(true);
    expect(woken.every(({ comm }) => comm === 'sondewoken')).toBe(true);
    const { counters } = session.snapshot()[0]!;
    expect(counters.ends).toBeGreaterThanOrEqual(5);
    expect(counters.full).toBe(0);
  });

  test('an alert has the stack of the thread that the chain came to', async () => {
    const sleep = programNamed('sondechainstack', 'sleep');
    const { session, alerts } = await openSession([
      trackerNamed('chain', { alert: { threshold: 0 } }),
    ]);
    for (let i = 0; i < 3; i++) await run(sleep, '0.02');
    session.poll();
    const own = alerts.filter(({ comm, info }) => {
      return comm === 'sondechainstack' && /hrtimer/.test(String(info['breakdown']));
    });
    expect(own.length).toBeGreaterThan(0);
    expect(own.some(({ kernelStack }) => /nanosleep/.test(symbolsOf(kernelStack)))).toBe(true);
  });
});
