import { UsageError } from '@sonde/base';
import {
  catalogue,
  eventMatches,
  findTracker,
  formatExpression,
  parseExpression,
  parseTracker,
} from '@sonde/latency-tracker';
import { describe, expect, test } from 'vitest';

describe('expressions', () => {
  test.each([
    ['pid', 'pid'],
    ['(prev_state & 0xff) == 0', '(prev_state & 255) == 0'],
    ['prev_state & 0xff == 0', 'prev_state & 255 == 0'],
    ['rq.cmd_flags & 1', 'rq.cmd_flags & 1'],
    ['a - (b - c) - d', 'a - (b - c) - d'],
    ['1 << 2 + 3', '1 << 2 + 3'],
    ['(1 << 2) + 3', '(1 << 2) + 3'],
    ['$tid | 0', '$tid | 0'],
    ['a >= 0', 'a >= 0'],
    ['comm startsWith "sched-pi"', 'comm startsWith "sched-pi"'],
  ])('%s', (text, formatted) => {
    expect(formatExpression(parseExpression(text))).toBe(formatted);
    expect(parseExpression(formatted)).toEqual(parseExpression(text));
  });

  test.each([
    ['', 1, /expecting a field/],
    ['a ==', 5, /not the end/],
    ['a b', 3, /expecting an operator, not "b"/],
    ['$pid', 1, /there is no \$pid; there are \$tid/],
    ['a ? b', 3, /unexpected character "\?"/],
    ['(a', 3, /expecting "\)"/],
    ['comm startsWith x', 17, /a text in double quotes/],
    ['comm startsWith "0123456789abcdefg"', 17, /at most 16 bytes/],
    ['9007199254740993', 1, /beyond 2\^53/],
    ['process.exit()', 13, /expecting an operator/],
    [`${'('.repeat(40)}a`, 33, /too many parentheses/],
  ])('%s', (text, column, message) => {
    const error = errorOf(() => parseExpression(text));
    expect(error.message).toMatch(message);
    expect(error.place.column).toBe(column);
  });
});

function errorOf(action: () => unknown): UsageError {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const point = { event: 'a:b', key: ['x'] };
const plain = { name: 'mine', begin: [point], end: [{ event: 'a:c', key: ['y'] }] };

describe('declarations', () => {
  test('every tracker of the catalogue is valid, and has another name', () => {
    const names = catalogue.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(findTracker(name)?.name).toBe(name);
    expect(findTracker('nothing')).toBeUndefined();
  });

  test('defaults', () => {
    expect(parseTracker(plain)).toMatchObject({
      level: 'user',
      keep: 'last',
      histogram: { kind: 'hdr', bits: 3 },
      alert: { thresholdNs: Number.POSITIVE_INFINITY, ratePerS: 1000 },
      timeoutNs: Number.POSITIVE_INFINITY,
      max: 65_536,
    });
    const log2 = parseTracker({ ...plain, histogram: { kind: 'log2' }, timeout: '2ms', gc: 5 });
    expect(log2).toMatchObject({ histogram: { kind: 'log2', bits: 0 }, timeoutNs: 2e6, gcNs: 5 });
  });

  test.each([
    [null, /tracker is no object/],
    [{}, /name is missing/],
    [{ ...plain, name: 'My tracker' }, /"My tracker" is no name/],
    [{ ...plain, begin: [] }, /begin needs at least one point/],
    [{ ...plain, end: [{ event: 'a:c', key: [] }] }, /key has 0 parts/],
    [
      { ...plain, end: [{ event: 'a:c', key: ['y', 'z'] }] },
      /mine: the key at a:b has 1 part, that at a:c has 2 parts/,
    ],
    [
      { ...plain, begin: [point, { ...point, labels: { op: 'o' } }] },
      /has the labels \[\], a:b \[op\]/,
    ],
    [{ ...plain, keep: 'some' }, /keep is none of last, first, all/],
    [{ ...plain, timeout: 'soon' }, /"soon" is no duration/],
    [{ ...plain, alert: { threshold: 1, rate: 'often' } }, /"often" is no rate/],
    [{ ...plain, colour: 'red' }, /colour is unknown; there are/],
    [{ ...plain, anyOf: [plain] }, /begin goes into anyOf/],
    [{ ...plain, max: 0 }, /max is no whole number from 1/],
    [{ ...plain, begin: [{ ...point, when: 'x ~ 1' }] }, /unexpected character "~"/],
    [{ ...plain, begin: [{ ...point, info: { __proto: 'x' } }] }, /__proto is no name/],
  ])('refused: %j', (declaration, message) => {
    expect(errorOf(() => parseTracker(declaration)).message).toMatch(message);
  });

  test('errors name the place', () => {
    const error = errorOf(() => parseTracker({ ...plain, begin: [{ ...point, outId: -1 }] }));
    expect(error.place.jsonPath).toBe('tracker.begin[0].outId');
  });
});

test.each([
  ['sched:sched_switch', 'sched_switch', true],
  ['sched:sched_switch', 'sched:sched_switch', true],
  ['sched_switch', 'sched:sched_switch', true],
  ['irq:softirq_raise', 'irq_softirq_raise', true],
  ['net:netif_receive_skb', 'net_if_receive_skb', true],
  ['skb:consume_skb', 'consume_skb', true],
  ['raw_syscalls:sys_enter', 'syscall_entry_openat', true],
  ['raw_syscalls:sys_enter', 'compat_syscall_entry_openat', true],
  ['raw_syscalls:sys_enter', 'raw_syscalls:sys_enter', true],
  ['raw_syscalls:sys_exit', 'syscall_entry_openat', false],
  ['syscalls:sys_enter_read', 'syscall_entry_read', true],
  ['syscalls:sys_enter_read', 'syscall_entry_readv', false],
  ['mine:start', 'yours:start', false],
  ['my_app:request_begin', 'my_app:request_begin', true],
])('%s is %s: %s', (declared, inTrace, matches) => {
  expect(eventMatches(declared, inTrace)).toBe(matches);
});
