import { describe, expect, test } from 'vitest';
import { dumpState, threadFactsOf } from '../src/state-dump.ts';

const isLinux = process.platform === 'linux';

describe.skipIf(!isLinux)('the state dump', () => {
  const events = isLinux ? [...dumpState()] : [];
  const named = (name: string) => events.filter((event) => event.name === name);
  const own = named('lttng_statedump_process_state').find(
    ({ values }) => values['tid'] === process.pid,
  );

  test('begins and ends once', () => {
    expect(events[0]?.name).toBe('lttng_statedump_start');
    expect(events.at(-1)?.name).toBe('lttng_statedump_end');
    expect(named('lttng_statedump_start')).toHaveLength(1);
    expect(named('lttng_statedump_end')).toHaveLength(1);
  });

  test('has this process, as LTTng tells it', () => {
    expect(own?.values).toMatchObject({ pid: process.pid, ppid: process.ppid, type: 0, mode: 5 });
    expect(own?.thread).toMatchObject({ tid: process.pid, pid: process.pid, ppid: process.ppid });
    expect(threadFactsOf(process.pid)).toMatchObject({ pid: process.pid, ppid: process.ppid });
  });

  test('has its files, found by its table or its ID', () => {
    const files = named('lttng_statedump_file_descriptor').filter(
      ({ values }) => values['file_table_address'] === own?.values['file_table_address'],
    );
    expect(files.map(({ values }) => values['fd'])).toEqual(expect.arrayContaining([0, 1, 2]));
    expect(files.every(({ values }) => values['pid'] === process.pid)).toBe(true);
  });

  test('a thread that is gone has no facts', () => {
    expect(threadFactsOf(2 ** 30)).toBeUndefined();
  });
});
