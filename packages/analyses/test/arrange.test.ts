import {
  arrangeReport,
  type Cell,
  compareReports,
  findColumn,
  joinHosts,
  type Report,
  type TableClass,
} from '@sonde/analyses';
import { expect, test } from 'vitest';
import { times } from './times.ts';

const tableClass: TableClass = {
  name: 'top',
  title: 'Top',
  isLimited: true,
  columns: [
    { title: 'Process', class: 'process' },
    { title: 'Read size', class: 'size' },
    { title: 'Written size', class: 'size' },
  ],
};
const size = (value: number | undefined): Cell =>
  value === undefined ? { class: 'unknown' } : { class: 'size', value };
const reportOf = (...rows: [string, number, number?][]): Report => ({
  timeRange: { begin: 0n, end: 10n },
  tables: [
    {
      tableClass,
      rows: rows.map(([name, read, written], i): Cell[] => [
        { class: 'process', name, tid: i + 1 },
        size(read),
        size(written),
      ]),
    },
  ],
  text: [],
});
const namesOf = (report: Report): unknown[] =>
  [...report.tables[0]!.rows].map((row) => (row[0] as { name: string }).name);
const options = {
  limit: 2,
  frequencyResolution: 20,
  frequencyIsUniform: false,
  views: new Set<string>(),
  times,
};

test.each([
  ['Read size', 1],
  ['read', 1],
  ['WRITTEN', 2],
  ['size', undefined],
  ['nothing', undefined],
])('the column %s', (word, at) => expect(findColumn(tableClass.columns, word)).toBe(at));

test('sorted by numbers downwards, unknown ones last, then cut', () => {
  const report = reportOf(['a', 1, 5], ['b', 3], ['c', 2, 7]);
  const sorted = (sortColumn: string, limit: number): unknown[] =>
    namesOf(arrangeReport(report, { ...options, sortColumn, limit }));
  expect(sorted('read', 2)).toEqual(['b', 'c']);
  expect(sorted('written', 0)).toEqual(['c', 'a', 'b']);
  expect(sorted('process', 0)).toEqual(['a', 'b', 'c']);
});

test('nothing asked for: the report as it is', () => {
  const report = reportOf(['a', 1, 5]);
  expect(arrangeReport(report, options)).toBe(report);
});

test('rows of several hosts carry the host', () => {
  const joined = joinHosts([
    ['alpha', reportOf(['a', 1, 2])],
    ['beta', reportOf(['b', 3, 4])],
  ]);
  const [table] = joined.tables;
  expect(table!.tableClass.columns.map(({ title }) => title)).toEqual([
    'Host',
    'Process',
    'Read size',
    'Written size',
  ]);
  expect([...table!.rows].map(([host]) => (host as { value: string }).value)).toEqual([
    'alpha',
    'beta',
  ]);
});

test('compared: rows by name, differences, who is missing on a side', () => {
  const a = reportOf(['x', 10, 0], ['only-a', 5, 5], ['low', 1, 1]);
  const b = reportOf(['only-b', 30, 1], ['x', 15, 2]);
  const [table] = compareReports(a, b, 3).tables;
  const plain = [...table!.rows].map((row) =>
    row.map((cell) => (cell !== null && 'value' in cell ? cell.value : null)),
  );
  expect(plain).toEqual([
    ['x', 10, 15, 5, 0.5, 0, 2, 2, null],
    ['only-b', null, 30, null, null, null, 1, null, null],
    ['only-a', 5, null, null, null, 5, null, null, null],
  ]);
});
