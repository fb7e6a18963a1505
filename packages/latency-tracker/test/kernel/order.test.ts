import { type Attachment, type BpfProgram, loadedPrograms, Native } from '@sonde/ebpf';
import { describe, expect, test, vi } from 'vitest';
import { parseTracker, type TrackerDeclaration } from '../../src/index.ts';
import { needs, openSession, programNamed, run, symbolsOf, trackerNamed } from './support.ts';

/** What is attached and detached, as it happens. */
const log = vi.hoisted((): string[] => []);

vi.mock('@sonde/ebpf', async (original) => {
  const whole = await original<typeof import('@sonde/ebpf')>();
  const logged = (program: BpfProgram, attachment: Attachment): Attachment => {
    log.push(`attach ${program.name}`);
    return {
      close: () => {
        attachment.close();
        log.push(`detach ${program.name}`);
      },
    };
  };
  return {
    ...whole,
    attachRaw: (...args: Parameters<typeof whole.attachRaw>) =>
      logged(args[1], whole.attachRaw(...args)),
    attachTracepoint: (...args: Parameters<typeof whole.attachTracepoint>) =>
      logged(args[1], whole.attachTracepoint(...args)),
  };
});

const calls: TrackerDeclaration = {
  name: 'calls',
  per: 'task',
  begin: [{ event: 'raw_syscalls:sys_enter', key: ['$tid'] }],
  end: [{ event: 'raw_syscalls:sys_exit', key: ['$tid'] }],
};

const [isPossible, title] = needs('the order in which programs come and go', 'dd');

describe.runIf(isPossible)(title, () => {
  test.each(['typed', 'raw', 'recorded'] as const)(
    '%s: ends are attached before begins, and detached after them',
    async (access) => {
      log.length = 0;
      const { session } = await openSession([parseTracker(calls)], { access });
      session.close();
      expect(log.filter((line) => !/process_free/.test(line))).toEqual([
        'attach calls_sys_exit',
        'attach calls_sys_enter',
        'detach calls_sys_enter',
        'detach calls_sys_exit',
      ]);
    },
  );

  test('a chain: last steps first, and the first step goes first', async () => {
    log.length = 0;
    const { session } = await openSession([
      parseTracker({
        name: 'path',
        steps: [
          { name: 'a', event: 'sched:sched_waking', key: ['pid'] },
          {
            name: 'b',
            event: 'sched:sched_wakeup',
            from: [{ step: 'a', key: ['pid'] }],
            key: ['pid'],
          },
          { name: 'c', event: 'raw_syscalls:sys_exit', from: [{ step: 'b', key: ['$tid'] }] },
        ],
      }),
    ]);
    session.close();
    expect(log).toEqual([
      'attach path_sys_exit',
      'attach path_wakeup',
      'attach path_waking',
      'detach path_waking',
      'detach path_wakeup',
      'detach path_sys_exit',
    ]);
  });

  test('however busy the event is, stopping leaves at most one begin for each CPU', async () => {
    const dd = programNamed('sondebusy', 'dd');
    const when = '$comm startsWith "sondebusy"';
    const busy = parseTracker({
      ...calls,
      begin: [{ ...calls.begin![0]!, when: [when, '$syscall == 1'] }],
      end: [{ ...calls.end![0]!, when: [when, '$syscall == 1'] }],
    });
    const working = run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=800000', 'status=none');
    for (let i = 0; i < 5; i++) {
      const { session } = await openSession([busy]);
      await new Promise((resolve) => setTimeout(resolve, 30));
      session.stop();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { begins, ends, unmatchedEnds, pending } = session.snapshot()[0]!.counters;
      session.close();
      expect(begins - ends).toBe(pending);
      expect(pending).toBeLessThanOrEqual(1);
      expect(unmatchedEnds).toBeLessThanOrEqual(1);
    }
    await working;
  });

  test('nothing is left when it is closed', async () => {
    const native = await Native.open();
    const own = (): string[] =>
      loadedPrograms(native)
        .map(({ name }) => name)
        .filter((name) => name.startsWith('leaves_'));
    const { session } = await openSession([parseTracker({ ...calls, name: 'leaves' })]);
    expect(own().length).toBeGreaterThanOrEqual(2);
    session.close();
    for (let i = 0; i < 100 && own().length > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(own()).toEqual([]);
  });

  test('without tasks to ask, nobody else is given for the thread that waited', async () => {
    const sleep = programNamed('sondestranger', 'sleep');
    const { session, alerts } = await openSession(
      [trackerNamed('offcpu', { alert: { threshold: '40ms', stack: 'pending' } })],
      { access: 'recorded' },
    );
    await run(sleep, '0.05');
    session.poll();
    const own = alerts.find(({ comm }) => comm === 'sondestranger')!;
    expect(own.delayNs).toBeGreaterThan(40e6);
    expect([own.kernelStack, own.userStack, symbolsOf(own.kernelStack)]).toEqual([
      undefined,
      undefined,
      '',
    ]);
  });
});
