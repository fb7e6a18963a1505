import { describe, expect, test } from 'vitest';
import { parseTracker, type TrackerDeclaration } from '../../src/index.ts';
import { needs, openSession, programNamed, run } from './support.ts';

/** Every write of one program begins an operation with the same key; closing its output ends all of them. */
const writesUntilClose = (
  comm: string,
  changes: Partial<TrackerDeclaration> = {},
): TrackerDeclaration => {
  const when = `$comm startsWith "${comm}"`;
  return {
    name: 'writes',
    keep: 'all',
    begin: [
      {
        event: 'syscalls:sys_enter_write',
        key: ['fd'],
        when: [when, 'fd == 1'],
        info: { bytes: 'count' },
      },
    ],
    end: [{ event: 'syscalls:sys_enter_close', key: ['fd'], when }],
    ...changes,
  };
};

/** Writes `count` times to its output, which it closes at the end. */
const write = (dd: string, count: number): Promise<string> =>
  run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=3', `count=${count}`, 'status=none');

const [isPossible, title] = needs('operations with one key, all kept', 'dd');

describe.runIf(isPossible)(title, () => {
  test('one end closes all, each with its own delay, the newest first', async () => {
    const dd = programNamed('sondeall', 'dd');
    const { session, alerts } = await openSession([
      parseTracker(writesUntilClose('sondeall', { alert: { threshold: 0 } })),
    ]);
    await write(dd, 20);
    const [snapshot] = session.snapshot();
    expect(snapshot!.counters).toMatchObject({
      begins: 20,
      ends: 20,
      overwritten: 0,
      full: 0,
      pending: 0,
      alerts: 20,
    });
    expect(snapshot!.series[0]!.histogram.count).toBe(20);
    const delays = alerts.map(({ delayNs }) => delayNs);
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(new Set(alerts.map(({ endNs }) => endNs)).size).toBe(1);
    expect(alerts.every(({ info, key }) => info['bytes'] === 3 && key[0] === 1)).toBe(true);
  });

  test('after each alert the threshold becomes its delay: with the newest first, all are told', async () => {
    const dd = programNamed('sondeallworst', 'dd');
    const { session, alerts } = await openSession([
      parseTracker(writesUntilClose('sondeallworst', { alert: { threshold: 0 } })),
    ]);
    session.set('writes', { worst: true });
    await write(dd, 8);
    session.poll();
    expect(alerts).toHaveLength(8);
    await write(dd, 1);
    session.poll();
    expect(alerts).toHaveLength(8);
  });

  test('more than 64 with one key have no room, and that is counted', async () => {
    const dd = programNamed('sondeallfull', 'dd');
    const { session } = await openSession([parseTracker(writesUntilClose('sondeallfull'))]);
    await write(dd, 100);
    const { counters } = session.snapshot()[0]!;
    expect(counters).toMatchObject({ begins: 100, ends: 64, full: 36, pending: 0 });
  });

  test('an abort forgets all', async () => {
    const dd = programNamed('sondeallabort', 'dd');
    const declaration = writesUntilClose('sondeallabort', {
      abort: [
        {
          event: 'syscalls:sys_enter_close',
          key: ['fd'],
          when: '$comm startsWith "sondeallabort"',
        },
      ],
      end: [{ event: 'syscalls:sys_enter_read', key: ['fd'], when: '$comm startsWith "nobody"' }],
    });
    const { session } = await openSession([parseTracker(declaration)]);
    await write(dd, 10);
    const { counters } = session.snapshot()[0]!;
    expect(counters).toMatchObject({ begins: 10, aborted: 10, ends: 0, pending: 0 });
  });

  test('what is given up leaves no gap: those that stay are found', async () => {
    const dd = programNamed('sondeallgap', 'dd');
    const is = '$comm startsWith "sondeallgap"';
    const { session, alerts } = await openSession([
      parseTracker({
        ...writesUntilClose('sondeallgap', { gc: '400ms' }),
        begin: [{ event: 'syscalls:sys_enter_write', key: ['0'], when: is }],
        end: [{ event: 'syscalls:sys_enter_read', key: ['fd'], when: [is, 'count == 7'] }],
      }),
    ]);
    await write(dd, 3);
    await new Promise((resolve) => setTimeout(resolve, 250));
    await write(dd, 2);
    const collected = (): number => session.snapshot()[0]!.counters.collected;
    for (let i = 0; i < 40 && collected() < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // The three of the first program are too old, the two of the second mostly not yet.
    const before = session.snapshot()[0]!.counters;
    expect(alerts.filter(({ kind }) => kind === 'gc').length).toBe(before.collected);
    await run(dd, 'if=/dev/zero', 'of=/dev/null', 'bs=7', 'count=1', 'status=none');
    const { counters } = session.snapshot()[0]!;
    // It reads from descriptor 0, and then writes once more.
    expect(counters.ends + counters.collected).toBe(5);
    expect(counters.pending).toBe(1);
  });
});
