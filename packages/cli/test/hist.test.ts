import { type Alert, findTracker, Histogram, type TrackerSnapshot } from '@sonde/latency-tracker';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columns, histTrackers } from '../src/hist/columns.ts';
import { shortCount, shortDuration } from '../src/hist/frame.ts';
import { HistApp, type Terminal } from '../src/hist/hist-app.ts';
import { HistState } from '../src/hist/hist-state.ts';
import { parseKeys } from '../src/hist/keys.ts';
import { boundText, onceTable, troubleNotes } from '../src/hist/once-table.ts';
import { RollingWindows } from '../src/hist/windows.ts';

const counters = {
  begins: 0,
  ends: 0,
  unmatchedEnds: 0,
  overwritten: 0,
  full: 0,
  aborted: 0,
  collected: 0,
  timeouts: 0,
  pending: 0,
  negative: 0,
  uncertain: 0,
  alerts: 0,
  limited: 0,
  waitsLimited: 0,
  ringLost: 0,
  missed: 0,
  unlabelled: 0,
};

function snapshot(
  name: string,
  series: readonly (readonly [Record<string, number | string>, readonly number[]])[],
  changed: Partial<typeof counters> = {},
): TrackerSnapshot {
  return {
    tracker: findTracker(name)!,
    thresholdsNs: [5e6],
    counters: { ...counters, ...changed },
    series: series.map(([labels, delays]) => {
      const histogram = new Histogram(5);
      for (const ns of delays) histogram.add(ns);
      return { labels, histogram, isExact: false, quantileNs: (q) => histogram.quantile(q) };
    }),
    uncertain: undefined,
  };
}

const second = [
  snapshot('syscall', [
    [{ call: 'read' }, [1000, 2000, 3000]],
    [{ call: 'pread64' }, [5000]],
    [{ call: 'fsync' }, [40_000_000]],
    [{ call: 'getpid' }, [100]],
  ]),
  snapshot('block', [
    [{ op: 0 }, [300_000]],
    [{ op: 1 }, [700_000, 800_000]],
  ]),
  snapshot('wakeup', [[{}, [50_000]]], { uncertain: 2 }),
];

/** A terminal that understands what Screen writes. */
class FakeTerminal implements Terminal {
  columnCount = 80;
  lineCount = 24;
  readonly isUtf8 = false;
  readonly lines: string[] = [];
  written = 0;
  send: (text: string) => void = () => {};
  resize: () => void = () => {};

  write(text: string): void {
    this.written += text.length;
    for (const [, line, column, , rest] of text.matchAll(
      /\x1b\[(\d+);(\d+)H((?:\x1b\[[017]m)*)(.*?)\x1b\[K/g,
    )) {
      const plain = rest!.replace(/\x1b\[[0-9]*m/g, '');
      const before = (this.lines[Number(line) - 1] ?? '').slice(0, Number(column) - 1);
      this.lines[Number(line) - 1] = before + plain;
    }
  }

  onInput(handle: (text: string) => void): () => void {
    this.send = handle;
    return () => {
      this.send = () => {};
    };
  }

  onResize(handle: () => void): () => void {
    this.resize = handle;
    return () => {};
  }
}

/** Names are found for what is shown. */
const named = (shown: Alert): Alert => ({
  ...shown,
  ...(shown.kernelStack && {
    kernelStack: shown.kernelStack.map(({ address, symbol = 'do_read+0x1' }) => ({
      address,
      symbol,
    })),
  }),
});

function open(setThreshold?: (tracker: string, thresholdNs: number) => void) {
  const state = new HistState();
  state.tick(second, 2);
  const terminal = new FakeTerminal();
  const app = new HistApp(state, terminal, {
    title: () => 'test',
    time: String,
    named,
    trackers: histTrackers(undefined),
    signal: new AbortController().signal,
    setThreshold,
  });
  const done = app.run();
  return { state, terminal, app, done };
}

const alert: Alert = {
  tracker: 'syscall',
  kind: 'alert',
  beginNs: 0n,
  endNs: 2000n,
  delayNs: 2000,
  outId: 0,
  key: [5],
  cpuId: 0,
  tid: 5,
  comm: 'reader',
  info: { call: 'read' },
  kernelStack: [{ address: 1n }],
  userStack: undefined,
};

describe('the screen', () => {
  test('shows all columns in 80, and what can not be measured', async () => {
    const { terminal, done } = open();
    const [title, groups, names, rates, p50] = terminal.lines;
    expect(title).toBe('sonde hist: test, 2 s  [since the start]');
    expect(groups).toMatch(/^ {8}\|syscall +\|fs +\|iosched \|block +\|cpu \|irq +\|net/);
    expect(names).toBe(
      '        |rea wri r+w syn ope clo |rea wri |rea wri |rea wri |wak |har sof | rx ',
    );
    expect(rates).toMatch(
      /^count\/s \| {3}2 {3}0 {3}0 {2}\.5 {3}0 {3}0\| n\/a n\/a\| n\/a n\/a\| {2}\.5 {3}1\|/,
    );
    expect(p50).toMatch(/^p50 {5}\| {2}2u {3}- {3}- 40m/);
    expect(terminal.lines.length).toBe(24);
    for (const line of terminal.lines) expect(line.length).toBeLessThanOrEqual(80);
    terminal.send('q');
    await done;
  });

  test('in less than 80, those around the selected one, and how many there are', async () => {
    const { terminal, done } = open();
    terminal.columnCount = 48;
    terminal.resize();
    terminal.send('\x1b[Z');
    expect(terminal.lines[0]).toBe('sonde hist: 9 of 16 columns, test, 2 s  [since t');
    expect(terminal.lines[1]).toMatch(/^ {8}\|syscall +\|fs +\|iosc$/);
    for (let i = 0; i < 15; i++) terminal.send('\x1b[C');
    expect(terminal.lines[1]).toMatch(/\|irq +\|net *$/);
    expect(terminal.lines.join('\n')).toMatch(/^net rx \(net_rx\): not measured here/m);
    for (const line of terminal.lines) expect(line.length).toBeLessThanOrEqual(48);
    for (let i = 0; i < 15; i++) terminal.send('\x1b[D');
    expect(terminal.lines[1]).toMatch(/^ {8}\|syscall/);
    terminal.send('q');
    await done;
  });

  test('of deep stacks the innermost frames are shown: the next alert is to be seen, too', async () => {
    const { state, terminal, app, done } = open();
    const frames = Array.from({ length: 30 }, (_, i) => ({
      ...alert.kernelStack![0]!,
      symbol: `f${i}+0x1`,
    }));
    state.alert({ ...alert, kernelStack: frames });
    state.alert(alert);
    app.changed();
    terminal.send('\x1b[B');
    terminal.send('k');
    terminal.send('\r');
    const shown = terminal.lines.join('\n');
    expect(shown).toMatch(/ f7\+0x1 *\n {6}… 22 more *\n/);
    expect(shown).not.toContain(' f8+');
    expect(shown).toContain('do_read+0x1');
    terminal.send('q');
    await done;
  });

  test('arrows choose a cell, Enter opens its last alerts, the details follow', async () => {
    const { state, terminal, app, done } = open();
    state.alert(alert);
    state.alert({ ...alert, kind: 'timeout' });
    app.changed();
    terminal.send('\x1b[B');
    expect(terminal.lines.join('\n')).toContain('syscall read (syscall): 4 (2/s)');
    expect(terminal.lines.join('\n')).toMatch(/cell 2us to 8us: 2 {3}0 alerts kept/);
    terminal.send('k');
    expect(terminal.lines.join('\n')).toMatch(/cell 512ns to 2us: 2 {3}1 alert kept/);
    terminal.send('\r');
    expect(terminal.lines.join('\n')).toContain('0 to 2us: the last alerts'.slice(2));
    expect(terminal.lines.join('\n')).toMatch(/2000 syscall +2 us +cpu 0 +reader \(5\) call=read/);
    expect(terminal.lines.join('\n')).toContain('do_read+0x1');
    terminal.send('\x1b');
    expect(terminal.lines.join('\n')).not.toContain('do_read');
    terminal.send('llllllllllllllllllllllll');
    expect(terminal.lines.join('\n')).toContain('net rx (net_rx): not measured here');
    terminal.send('hhh');
    expect(terminal.lines.join('\n')).toMatch(/kept {3}2 lost or uncertain/);
    terminal.send('q');
    await done;
  });

  test('frequent alerts do not push out those of another cell', () => {
    const state = new HistState();
    state.alert({ ...alert, delayNs: 2e9, endNs: 1n });
    for (let i = 0; i < 1000; i++) state.alert({ ...alert, delayNs: 2100, endNs: BigInt(10 + i) });
    const [read] = columns;
    expect(state.alertsOf(read!, 2 ** 30, 2 ** 31).map(({ delayNs }) => delayNs)).toEqual([2e9]);
    const frequent = state.alertsOf(read!, 2 ** 11, 2 ** 12);
    // The newest first.
    expect(frequent.map(({ endNs }) => Number(endNs))).toEqual(
      Array.from({ length: 20 }, (_, i) => 1009 - i),
    );
  });

  test('windows, pause, reset, threshold', async () => {
    const set: unknown[] = [];
    const { terminal, app, done } = open((tracker, ns) => set.push([tracker, ns]));
    terminal.send('5');
    expect(terminal.lines[0]).toContain('[last 5 minutes]');
    terminal.send('p');
    expect(terminal.lines[0]).toContain('PAUSED');
    expect(app.isPaused).toBe(true);
    terminal.send('t20x\x7f\x7f5ms\r');
    expect(set).toEqual([['syscall', 25e6]]);
    expect(terminal.lines.at(-1)).toBe('The threshold of syscall is 25ms.');
    terminal.send('tsoon\r');
    expect(terminal.lines.at(-1)).toMatch(/"soon" is no duration/);
    terminal.send('\r');
    expect(terminal.lines.join('\n')).toContain(
      'They are kept above 25 ms: t sets their threshold.',
    );
    terminal.send('t\x1b');
    expect(terminal.lines.at(-1)).toMatch(/^arrows cell/);
    terminal.send('r');
    expect(terminal.lines[3]).toMatch(/^count\/s \| {3}0 /);
    terminal.send('\x03');
    await done;
  });

  test('what is selected stays selected when rows become others', async () => {
    const { state, terminal, app, done } = open();
    const cell = (): string | undefined =>
      /cell \S+ to \S+(?=:)/.exec(terminal.lines.join('\n'))?.[0];
    terminal.send('jj');
    expect(cell()).toBe('cell 8us to 32us');
    state.tick([snapshot('syscall', [[{ call: 'read' }, [1]]], { limited: 7 })], 1);
    app.changed();
    terminal.send('\x1b[Z');
    // Not the third from the top, which is shorter now: the one that 8us is in.
    expect(cell()).toBe('cell 4us to 32us');
    // What the rate limit left out is no mistake of the distribution.
    expect(terminal.lines.join('\n')).toMatch(/ alerts kept, 7 left out *\n/);
    terminal.send('q');
    await done;
  });

  test('over a trace thresholds stay', async () => {
    const { terminal, done } = open();
    terminal.send('t');
    expect(terminal.lines.at(-1)).toMatch(/start again with --threshold/);
    terminal.send('\r');
    expect(terminal.lines.join('\n')).toMatch(
      /: no alerts\. Enter closes\. *\n {2}They are kept above 1 s: start with a lower --threshold\./,
    );
    terminal.send('q');
    await done;
  });

  test('what has not changed is not drawn; another size draws all', async () => {
    const { terminal, app, done } = open();
    const before = terminal.written;
    app.changed();
    terminal.send('\x1b[Z');
    expect(terminal.written).toBe(before);
    terminal.columnCount = 140;
    terminal.lineCount = 50;
    terminal.resize();
    terminal.send('\x1b[Z');
    expect(terminal.lines[2]).toMatch(/\| {2}read {2}write {4}r\+w/);
    expect(terminal.lines.length).toBe(50);
    terminal.columnCount = 20;
    terminal.lineCount = 5;
    terminal.resize();
    terminal.send('j');
    terminal.send('q');
    await done;
  });
});

test('keys', () => {
  expect(parseKeys('\x1b[A\x1bOB\x1b[5~x\r\x1b')).toEqual([
    'up',
    'down',
    { character: 'x' },
    'enter',
    'escape',
  ]);
  expect(parseKeys('ä\x7f\x03\x01')).toEqual([{ character: 'ä' }, 'backspace', 'interrupt']);
});

test.each([
  [0, '0n', '0'],
  [0.4, '0n', '.4'],
  [99, '99n', '99'],
  [999.4, '999n', '999'],
  [999.6, '1u', '1k'],
  [169e3, '169u', '169k'],
  [620_000, '620u', '620k'],
  [17e6, '17m', '17M'],
  [949e6, '949m', '949M'],
  [2.4e9, '2s', '>1G'],
  [999.4e9, '999s', '>1G'],
  [1e12, '>1ks', '>1G'],
])('%d in at most four characters', (value, duration, count) => {
  expect([shortDuration(value), shortCount(value)]).toEqual([duration, count]);
});

test('before the first figures nothing is said to be missing', async () => {
  const state = new HistState();
  const terminal = new FakeTerminal();
  const app = new HistApp(state, terminal, {
    title: () => 'test',
    time: String,
    named,
    trackers: histTrackers(undefined),
    signal: new AbortController().signal,
    setThreshold: undefined,
  });
  const done = app.run();
  expect(terminal.lines.join('\n')).toContain('measuring ...');
  expect(terminal.lines.join('\n')).not.toMatch(/n\/a|not measured/);
  state.tick(second, 1);
  app.changed();
  terminal.send('\x1b[Z');
  expect(terminal.lines.join('\n')).not.toContain('measuring');
  expect(terminal.lines.join('\n')).toMatch(/n\/a/);
  terminal.send('q');
  await done;
});

test('in 80 columns counts and times of any size are whole, and stay apart', async () => {
  const state = new HistState();
  const calls = ['read', 'write', 'sendfile', 'fsync', 'openat', 'close'].map(
    (call) => [{ call }, Array(400).fill(169_000)] as const,
  );
  state.tick([snapshot('syscall', calls), snapshot('wakeup', [[{}, [620e6]]])], 400 / 620_000);
  const terminal = new FakeTerminal();
  const app = new HistApp(state, terminal, {
    title: () => 'test',
    time: String,
    named,
    trackers: histTrackers(undefined),
    signal: new AbortController().signal,
    setThreshold: undefined,
  });
  const done = app.run();
  const [counts, p50] = terminal.lines.slice(3);
  expect(counts).toBe(
    'count/s |620k620k620k620k620k620k| n/a n/a| n/a n/a| n/a n/a|  2k| n/a n/a| n/a',
  );
  expect(p50).toMatch(/^p50 {5}\|(?:1[67]\du){6}\| n\/a n\/a\|.*\|6\d\dm\|/);
  terminal.send('q');
  await done;
});

test('rolling windows are sums of their seconds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat({ max: 5000 }), { maxLength: 3 }), { maxLength: 70 }),
      (delays) => {
        const windows = new RollingWindows(5);
        for (const list of delays) {
          const histogram = new Histogram(5);
          for (const ns of list) histogram.add(ns);
          windows.tick(histogram);
        }
        const expected = new Histogram(5);
        for (const ns of delays.slice(-60).flat()) expected.add(ns);
        expect(windows.last(1)).toEqual(expected);
        expect(windows.total.count).toBe(delays.flat().length);
      },
    ),
    { numRuns: 30 },
  );
});

test.each([1, 5, 15])(
  'what happened is in the window of %i minutes so long, and no second longer',
  (minutes) => {
    const windows = new RollingWindows(5);
    const one = new Histogram(5);
    one.add(1000);
    const none = new Histogram(5);
    windows.tick(one);
    for (let second = 1; second < minutes * 60; second++) windows.tick(none);
    expect(windows.last(minutes).count).toBe(1);
    windows.tick(none);
    expect(windows.last(minutes).count).toBe(0);
    expect(windows.total.count).toBe(1);
    // The ring goes round.
    for (let second = 0; second < 2000; second++) windows.tick(second % 7 === 0 ? one : none);
    const expected = Array.from({ length: 2000 }, (_, i) => i).filter(
      (second) => second >= 2000 - minutes * 60 && second % 7 === 0,
    );
    expect(windows.last(minutes).count).toBe(expected.length);
  },
);

test("the original's table", () => {
  const table = onceTable((column) => {
    const histogram = new Histogram(3);
    if (column.group === 'syscall' && column.name === 'close') {
      for (let i = 0; i < 162; i++) histogram.add(600);
    }
    if (column.group === 'fs' && column.name === 'read') histogram.add(1023);
    return histogram;
  });
  const lines = table.split('\n');
  expect(lines.length).toBe(2 + 41 + 1);
  expect(lines[1]).toBe(
    '                |read  write r+w   sync  open  close|read  write|read  write|read  write',
  );
  expect(lines.find((line) => line.startsWith('[512ns, 1us['))).toBe(
    '[512ns, 1us[    |0     0     0     0     0     162  |1     0    |0     0    |0     0',
  );
  expect([boundText(0), boundText(10), boundText(29), boundText(41)]).toEqual([
    '1ns',
    '1us',
    '512ms',
    '2048s',
  ]);
});

test('numbers of any length stay apart in the table, and whole', () => {
  const many = new Histogram(0);
  many.counts[9] = 1_042_902;
  const table = onceTable(({ group }) => (group === 'syscall' ? many : undefined));
  const lines = table.split('\n');
  const row = lines.find((line) => line.startsWith('[512ns, 1us['))!;
  const zeros = ['0     0    ', '0     0    ', '0     0'];
  expect(row).toBe(['[512ns, 1us[    ', Array(6).fill('1042902').join(' '), ...zeros].join('|'));
  const bars = (line: string): number[] => [...line.matchAll(/\|/g)].map(({ index }) => index);
  expect(lines.slice(0, 2).map(bars)).toEqual([bars(row), bars(row)]);
});

test('every column has its tracker', () => {
  const names = histTrackers(5).map(({ name, alert: { thresholdNs } }) => [name, thresholdNs]);
  expect(new Set(names.map(([name]) => name))).toEqual(
    new Set(columns.map(({ tracker }) => tracker)),
  );
  expect(names[0]![1]).toBe(5);
});

test('what the table leaves out is told beside it', () => {
  const snapshots = [
    snapshot('fs_read', [], { uncertain: 3, missed: 1 }),
    snapshot('fs_write', []),
  ];
  expect(troubleNotes(snapshots)).toEqual([
    'fs_read: NOT all is well: 3 across lost events, 1 event missed by the kernel programs',
  ]);
});
