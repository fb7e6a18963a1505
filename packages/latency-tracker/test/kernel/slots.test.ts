import { getPriority, setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type KernelSession, parseTracker, type TrackerDeclaration } from '../../src/index.ts';
import { needs, openSession } from './support.ts';

/** Of no process. */
const firstPid = 5_000_000;
/** Keys whose slots are the same for many of them: there are 1024. */
const keys = [0, ...Array.from({ length: 2500 }, (_, i) => firstPid + i)];
const abortNice = 7;

/** Asking for a process's priority begins an operation; setting it ends it. */
const priorities = (changes: Partial<TrackerDeclaration> = {}) =>
  parseTracker({
    name: 'priorities',
    begin: [{ event: 'syscalls:sys_enter_getpriority', key: ['who'], when: 'which == 0' }],
    end: [
      {
        event: 'syscalls:sys_enter_setpriority',
        key: ['who'],
        when: `niceval != ${abortNice}`,
        info: { nice: 'niceval' },
      },
    ],
    abort: [
      {
        event: 'syscalls:sys_enter_setpriority',
        key: ['who'],
        when: `niceval == ${abortNice}`,
      },
    ],
    ...changes,
  });

/** Most are of processes that don't exist. */
function attempt(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if ((error as { info?: { code?: string } }).info?.code !== 'ESRCH') throw error;
  }
}
const begin = (key: number): void => attempt(() => getPriority(key));
const end = (key: number): void => attempt(() => setPriority(key, 0));
const abort = (key: number): void => attempt(() => setPriority(key, abortNice));

const open = async (changes: Partial<TrackerDeclaration> = {}) =>
  openSession([priorities(changes)], { includeSelf: true });
const countersOf = (session: KernelSession) => session.snapshot()[0]!.counters;

const [isPossible, title] = needs('operations in slots, and in hash maps where those are taken');

describe.runIf(isPossible)(title, () => {
  test.each(['first', 'last'] as const)(
    'keep %s: whatever the order, all is counted',
    async (keep) => {
      const { session } = await open({ keep });
      const pending = new Set<number>();
      const expected = {
        begins: 0,
        ends: 0,
        overwritten: 0,
        unmatchedEnds: 0,
        aborted: 0,
        full: 0,
      };
      let state = 42;
      const random = (below: number): number => {
        state = (state * 1103515245 + 12345) % 2 ** 31;
        return Math.floor((state / 2 ** 31) * below);
      };
      for (let i = 0; i < 30_000; i++) {
        const key = keys[random(keys.length)]!;
        const what = random(10);
        if (what < 5) {
          begin(key);
          expected.begins++;
          if (pending.has(key)) expected.overwritten++;
          pending.add(key);
        } else if (what < 9 || key === 0) {
          end(key);
          if (pending.delete(key)) expected.ends++;
          else expected.unmatchedEnds++;
        } else {
          abort(key);
          if (pending.delete(key)) expected.aborted++;
        }
      }
      expect(countersOf(session)).toMatchObject({ ...expected, pending: pending.size });
      expect(pending.size).toBeGreaterThan(1024);
      expect(session.snapshot()[0]!.series[0]!.histogram.count).toBe(expected.ends);
    },
  );

  test('those that take too long are found in both, once', async () => {
    const { session, alerts } = await open({ timeout: '100ms', alert: { threshold: '100s' } });
    for (const key of keys) begin(key);
    const timeouts = () => countersOf(session).timeouts;
    for (let i = 0; i < 100 && timeouts() < keys.length; i++) await pause(50);
    await pause(200);
    expect(timeouts()).toBe(keys.length);
    const told = alerts.filter(({ kind }) => kind === 'timeout').map(({ key }) => key[0]);
    expect(told.sort((a, b) => Number(a) - Number(b))).toEqual(keys);
    for (const key of keys) end(key);
    expect(countersOf(session)).toMatchObject({ ends: keys.length, pending: 0, unmatchedEnds: 0 });
  });

  test('what is given up makes room', async () => {
    const { session } = await open({ gc: '200ms' });
    for (const key of keys) begin(key);
    for (let i = 0; i < 100 && countersOf(session).collected < keys.length; i++) await pause(50);
    expect(countersOf(session)).toMatchObject({ collected: keys.length, pending: 0 });
    for (const key of keys) begin(key);
    for (const key of keys) end(key);
    expect(countersOf(session)).toMatchObject({ ends: keys.length, overwritten: 0 });
  });

  test('an alert has the key, and what the end adds', async () => {
    const { session, alerts } = await open({ alert: { threshold: 0 } });
    for (const key of [firstPid, 0]) {
      begin(key);
      end(key);
    }
    session.poll();
    expect(alerts.map(({ key, info }) => [key[0], info['nice']])).toEqual([
      [firstPid, 0],
      [0, 0],
    ]);
  });
});
