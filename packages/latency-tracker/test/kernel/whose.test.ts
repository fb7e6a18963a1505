import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { labelledBy, type SeriesData } from '../../src/index.ts';
import { needs, openSession, programNamed, run, scratchFolder, trackerNamed } from './support.ts';

/** The second version of control groups, which programs know tasks by. */
function mountedGroups(): string | undefined {
  const folder = scratchFolder();
  if (spawnSync('mount', ['-t', 'cgroup2', 'none', folder]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', [folder]));
  return folder;
}

/** Runs a shell line in a control group of its own, while the session looks on; returns the group's id. */
async function runInGroup(groups: string, line: string): Promise<number> {
  const group = `${groups}/sonde-${process.pid}`;
  mkdirSync(group);
  try {
    const id = statSync(group).ino;
    await run('sh', '-c', `echo $$ > ${group}/cgroup.procs; ${line}`);
    return id;
  } finally {
    rmdirSync(group);
  }
}

const countOf = (series: readonly SeriesData[], cgroup: number): number =>
  series.find(({ labels }) => labels['cgroup'] === cgroup)?.histogram.count ?? 0;

const [isPossible, title] = needs('whose operations are counted', 'sleep', 'mount');

describe.runIf(isPossible)(title, () => {
  test('by the control group of the thread, not of who runs at the event', async (context) => {
    const groups = mountedGroups();
    if (groups === undefined) {
      context.skip('control groups can not be mounted');
      return;
    }
    const names = ['wakeup', 'runq', 'offcpu', 'oncpu', 'syscall'];
    const trackers = names.map((name) => labelledBy(trackerNamed(name), 'cgroup'));
    const { session } = await openSession(trackers);
    const group = await runInGroup(groups, 'for i in 1 2 3 4 5; do sleep 0.01; done');
    for (const [i, { series }] of session.snapshot().entries()) {
      // Each sleep is one wait at least, and more than ten calls.
      expect(countOf(series, group), names[i]!).toBeGreaterThanOrEqual(5);
    }
  });

  test('without types there is no telling: said in a sentence', async () => {
    const wakeup = labelledBy(trackerNamed('wakeup'), 'cgroup');
    await expect(openSession([wakeup], { access: 'recorded' })).rejects.toThrow(
      'sched:sched_switch has no next_cgroup',
    );
  });

  test.each(['typed', 'raw', 'recorded'] as const)(
    '%s: this process is left out, unless it is asked for',
    async (access) => {
      const mine = (): void => {
        for (let i = 0; i < 1000; i++) statSync('/');
      };
      const countsOf = async (includeSelf: boolean): Promise<[number, number]> => {
        const syscall = labelledBy(trackerNamed('syscall'), 'tid');
        const own = { ...syscall, name: 'own' };
        const { session } = await openSession([own], { access, includeSelf });
        mine();
        const { series, counters } = session.snapshot()[0]!;
        session.close();
        const ofThis = series.find(({ labels }) => labels['tid'] === process.pid);
        return [ofThis?.histogram.count ?? 0, counters.unmatchedEnds];
      };
      expect((await countsOf(true))[0]).toBeGreaterThanOrEqual(1000);
      const [pairs, unmatchedEnds] = await countsOf(false);
      expect(pairs).toBe(0);
      // Calls that others had begun before.
      expect(unmatchedEnds).toBeLessThan(500);
    },
  );

  test.each(['typed', 'raw'] as const)('%s: of threads that are switched, too', async (access) => {
    const ofThis = async (includeSelf: boolean): Promise<number> => {
      const offcpu = labelledBy(trackerNamed('offcpu'), 'tid');
      const { session } = await openSession([offcpu], { access, includeSelf });
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 5));
      const { series } = session.snapshot()[0]!;
      session.close();
      return series.find(({ labels }) => labels['tid'] === process.pid)?.histogram.count ?? 0;
    };
    expect(await ofThis(true)).toBeGreaterThanOrEqual(3);
    expect(await ofThis(false)).toBe(0);
  });

  test.each(['typed', 'raw'] as const)(
    '%s: of chains that come to a thread, too',
    async (access) => {
      const ofThis = async (includeSelf: boolean): Promise<number> => {
        const { session, alerts } = await openSession(
          // A busy machine has more than the thousand a second that are told by default.
          [trackerNamed('chain', { alert: { threshold: 0, rate: '100000/s' } })],
          { access, includeSelf },
        );
        // Timers that wake this process, and another one, which is always counted.
        const other = run('sh', '-c', 'for i in 1 2 3 4 5; do sleep 0.01; done');
        const own = (): number => alerts.filter(({ tid }) => tid === process.pid).length;
        // On a busy machine not every timer finds it asleep.
        for (let i = 0; i < (includeSelf ? 500 : 5) && own() === 0; i++) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          session.poll();
        }
        await other;
        session.close();
        expect(alerts.length).toBeGreaterThan(0);
        return own();
      };
      expect(await ofThis(true)).toBeGreaterThan(0);
      expect(await ofThis(false)).toBe(0);
    },
  );

  test('others are counted all the same', async () => {
    const sleep = programNamed('sondeother', 'sleep');
    const { session, alerts } = await openSession([
      trackerNamed('offcpu', { alert: { threshold: '40ms' } }),
    ]);
    await run(sleep, '0.05');
    session.poll();
    expect(alerts.some(({ comm }) => comm === 'sondeother')).toBe(true);
  });
});
