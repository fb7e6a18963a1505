import { describe, expect, test } from 'vitest';
import { kernelTiny, runSonde } from './built-command.ts';

const lines = runSonde(['--clock-seconds', '--no-delta', kernelTiny]).stdout.trimEnd().split('\n');
const timeOf = (line: string) => line.slice(1, line.indexOf(']'));
const nameOf = (line: string) => / ktguest (\S+): /.exec(line)?.[1] ?? '';

function read(...args: string[]): string[] {
  const { status, stdout, stderr } = runSonde([
    '--clock-seconds',
    '--no-delta',
    ...args,
    kernelTiny,
  ]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout === '' ? [] : stdout.trimEnd().split('\n');
}

describe('time ranges, both bounds included', () => {
  const [begin, end] = [timeOf(lines[5000]!), timeOf(lines[9000]!)];
  const expected = lines.filter((line) => timeOf(line) >= begin && timeOf(line) <= end);

  test.each([
    ['--begin and --end', ['--begin', begin, '--end', end]],
    ['--timerange', [`--timerange=${begin},${end}`]],
    ['--timerange in brackets', [`--timerange=[${begin},${end}]`]],
    ['dates', ['--clock-gmt', '--begin', date(begin), '--end', date(end)]],
    [
      'times of the day',
      ['--clock-gmt', '--begin', date(begin).slice(11), '--end', date(end).slice(11)],
    ],
  ])('%s', (_how, args) => {
    expect(read(...args)).toEqual(expected);
  });

  test('a range without events prints nothing', () => {
    expect(read('--begin', '2030-01-01')).toEqual([]);
  });

  test('JSON lines and limits see the same range', () => {
    const [first] = read('--begin', begin, '--limit', '1');
    expect(first).toBe(expected[0]);
    const { stdout } = runSonde(['read', '--json', '--begin', begin, '--end', end, kernelTiny]);
    const events = stdout
      .trimEnd()
      .split('\n')
      .filter((line) => line.includes('"type":"event"'));
    expect(events).toHaveLength(expected.length);
  });

  function date(seconds: string): string {
    const [whole, fraction] = seconds.split('.');
    return `${new Date(Number(whole) * 1000).toISOString().slice(0, 19).replace('T', ' ')}.${fraction}`;
  }
});

describe('events', () => {
  test('--event takes globs, several', () => {
    const expected = lines.filter((line) => /^(sched_sw.*|irq_handler_entry)$/.test(nameOf(line)));
    expect(read('--event', 'sched_sw*', '--event=irq_handler_entry')).toEqual(expected);
  });

  test('--filter compares fields and contexts', () => {
    const expected = lines.filter(
      (line) => nameOf(line) === 'sched_switch' && /next_comm = "swapper\/\d"/.test(line),
    );
    expect(expected.length).toBeGreaterThan(10);
    expect(read('--event', 'sched_switch', '--filter', 'next_comm == "swapper/*"')).toEqual(
      expected,
    );
    const byContext = lines.filter((line) => line.includes('{ cpu_id = 1 }'));
    expect(read('--filter', '$ctx.cpu_id == 1')).toEqual(byContext);
  });

  test('--limit', () => {
    expect(read('--limit', '7')).toEqual(lines.slice(0, 7));
    expect(read('--limit', '0')).toEqual([]);
  });

  test('--field leaves out the others', () => {
    const { stdout } = runSonde([
      '--event',
      'sched_switch',
      '--limit',
      '1',
      '--field=next_comm,next_tid',
      '--json',
      kernelTiny,
    ]);
    const event = JSON.parse(stdout.split('\n').find((line) => line.includes('"event"'))!);
    expect(Object.keys(event.payload)).toEqual(['next_comm', 'next_tid']);
  });

  test('--field in text: whole scopes go, too', () => {
    const text = (field: string) =>
      runSonde(['--event=sched_switch', '--limit=1', '--no-delta', `--field=${field}`, kernelTiny])
        .stdout;
    const whole = /^\[[^\]]+\] \S+ sched_switch: \{ cpu_id = \d+ \}, .*prev_comm = /;
    expect(text('*')).toMatch(whole);
    expect(text('next_*')).toMatch(
      /sched_switch: \{ next_comm = "[^"]+", next_tid = \d+, next_prio = \d+ \}\n$/,
    );
    expect(text('$ctx.cpu_id')).toMatch(/sched_switch: \{ cpu_id = \d+ \}\n$/);
    expect(text('cpu_id,prev_tid')).toMatch(
      /sched_switch: \{ cpu_id = \d+ \}, \{ prev_tid = \d+ \}\n$/,
    );
  });

  test('--field says which formats it is for', () => {
    const { status, stderr } = runSonde(['--field=x', '-o', 'details', kernelTiny]);
    expect(status).toBe(2);
    expect(stderr).toContain('--field goes with text, json, perfetto, not with');
  });
});
