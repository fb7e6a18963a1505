import {
  type Cell,
  formatBytes,
  formatCount,
  formatDuration,
  formatTextBlock,
  type TableClass,
} from '@sonde/analyses';
import { expect, test } from 'vitest';
import { times } from './times.ts';

test.each([
  [0, '0 ns'],
  [999, '999 ns'],
  [999.6, '1.00 µs'],
  [1000, '1.00 µs'],
  [9996, '10.0 µs'],
  [18_249_000, '18.2 ms'],
  [999_400, '999 µs'],
  [999_600, '1.00 ms'],
  [123_456_789_000, '123 s'],
  [-1_500_000, '-1.50 ms'],
])('%d ns is %s', (ns, text) => expect(formatDuration(ns)).toBe(text));

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1_234_567, '1,234,567'],
  [-4321, '-4,321'],
  [1.5, '1.50'],
])('the count %d is %s', (value, text) => expect(formatCount(value)).toBe(text));

test.each([
  [0, '0 B'],
  [100, '100 B'],
  [5120, '5.00 KiB'],
  [-5120, '-5.00 KiB'],
])('%d bytes are %s', (value, text) => expect(formatBytes(value)).toBe(text));

const tableClass: TableClass = {
  name: 'calls',
  title: 'Calls',
  columns: [
    { title: 'Process', class: 'process' },
    { title: 'File path', class: 'path' },
    { title: 'Call duration', class: 'duration' },
    { title: 'Nothing', class: 'number' },
  ],
};
const row = (name: string, path: string, value: number): Cell[] => [
  { class: 'process', name, tid: 42 },
  { class: 'path', path },
  { class: 'duration', value },
  null,
];
const format = (rows: Cell[][], columns?: number): string[] =>
  formatTextBlock({ kind: 'table', table: { tableClass, rows } }, { times, columns });

test('columns are aligned, empty ones left out', () => {
  expect(format([row('cat', '/etc/passwd', 1500), row('longer', '/x', 20)])).toEqual([
    '',
    'Calls',
    '                              Call',
    'Process      File path    duration',
    'cat (42)     /etc/passwd   1.50 µs',
    'longer (42)  /x              20 ns',
  ]);
});

test('columns that do not fit stand closer; of a name that is cut the id stays', () => {
  const rows = [row('lttng-consumerd', '/usr/lib/a-file', 20)];
  // 8 of name and path each, 8 of the title: 28 with two blanks, 26 with one.
  expect(format(rows, 28).at(-1)).toBe('lt… (42)  …/a-file     20 ns');
  expect(format(rows, 27).at(-1)).toBe('lt… (42) …b/a-file    20 ns');
  expect(format(rows, 26).at(-1)).toBe('lt… (42) …/a-file    20 ns');
  // No room for two letters of it and the id: its begin.
  const cells: Cell[] = [{ class: 'process', name: 'verylongname', tid: 1234567 }, null, null];
  expect(format([cells], 8).at(-1)).toBe('verylon…');
});

test('titles take two lines at most where there is room, else more', () => {
  const waits: TableClass = {
    name: 'waits',
    title: 'Waits',
    columns: [
      { title: 'Process', class: 'process' },
      { title: 'Time in calls that wait', class: 'duration' },
    ],
  };
  const rows: Cell[][] = [
    [
      { class: 'process', name: 'cat', tid: 42 },
      { class: 'duration', value: 20 },
    ],
  ];
  const lines = (columns?: number): string[] =>
    formatTextBlock({ kind: 'table', table: { tableClass: waits, rows } }, { times, columns });
  expect(lines(80)).toEqual([
    '',
    'Waits',
    '          Time in calls',
    'Process       that wait',
    'cat (42)          20 ns',
  ]);
  expect(lines()).toEqual(lines(80));
  expect(lines(22)).toEqual([
    '',
    'Waits',
    '           Time',
    '             in',
    '          calls',
    '           that',
    'Process    wait',
    'cat (42)  20 ns',
  ]);
});

test('what is too wide is cut: the begin of paths, the end of names', () => {
  const path = '/usr/lib/x86_64-linux-gnu/libcrypto.so.3';
  const lines = format([row('a-rather-long-name', path, 20)], 40);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(lines.at(-1)).toMatch(/^a-rat.*… \(42\) {2}….*crypto\.so\.3 {5}20 ns$/);
});

test('no name reaches a terminal with control characters', () => {
  const text = format([row('\x1b[2Jevil\n', '/tmp/\u202egnp', 20)]).join('');
  expect(text).not.toMatch(/[\x00-\x1f\u202e]/);
  expect(text).toContain('?[2Jevil? (42)');
});

test('a table without rows prints nothing', () => expect(format([])).toEqual([]));

test('graphs fit the terminal', () => {
  const rows = [{ value: 3, valueText: '3 pages', label: 'somebody (1)' }];
  const block = { kind: 'bars', title: 'Usage', labelHeader: 'Process', rows } as const;
  const widest = (columns: number): number =>
    Math.max(...formatTextBlock(block, { times, columns }).map((line) => line.length));
  expect(widest(60)).toBe(60);
  // Never wider than the original's.
  expect(widest(300)).toBe(80 + ' 3 pages somebody (1)'.length);
});
