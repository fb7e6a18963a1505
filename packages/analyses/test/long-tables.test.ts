/** Tables that no string can hold: printers hand out pieces, and rows are made when their piece is. */
import {
  type Cell,
  csvPrinter,
  formatTextBlock,
  jsonPrinter,
  lamiPieces,
  makeRows,
  markdownPrinter,
  type Report,
  type ReportPrinter,
  reportHtmlPieces,
  reportJsonPieces,
  reportTextPieces,
  type SystemReport,
  type TableClass,
  textPieces,
} from '@sonde/analyses';
import { describe, expect, test } from 'vitest';
import { times } from './times.ts';

/** V8's longest string has 2^29 - 24 characters. */
const longestString = 2 ** 29 - 24;
const path = '/long'.repeat(100_000);
const rowCount = Math.ceil(longestString / path.length) + 10;

const tableClass: TableClass = {
  name: 'files',
  title: 'Files',
  columns: [
    { title: 'File', class: 'path' },
    { title: 'Size', class: 'size' },
  ],
};
const timeRange = { begin: 0n, end: 1n };

let made = 0;
const tableOf = (count: number) => ({
  tableClass,
  rows: makeRows(count, (): Cell[] => {
    made++;
    return [
      { class: 'path', path },
      { class: 'size', value: 1 },
    ];
  }),
});

const reportOf = (count: number): Report => {
  const table = tableOf(count);
  return { timeRange, tables: [table], text: [{ kind: 'table', table }] };
};

const systemReportOf = (count: number): SystemReport => ({
  eventCount: 1,
  losses: { events: 0, packets: 0, cpuIds: [], switches: 0, switchCpuIds: [] },
  hosts: [
    {
      name: 'host',
      kernel: 'Linux',
      tracer: 'lttng-modules',
      timeRange,
      durationNs: 1,
      cpuCount: 1,
      findings: [],
      sections: [
        {
          id: 'files',
          title: 'Files',
          headline: 'Some.',
          missing: undefined,
          tables: [{ table: tableOf(count) }],
          charts: [],
          findings: [],
        },
      ],
    },
  ],
});

function* all(printer: ReportPrinter, count: number): Generator<string> {
  yield* printer.report(reportOf(count));
  yield* printer.end();
}

const style = { times, columns: 100, hasColors: false, trace: 't', isBrief: false };
const options = { times } as Parameters<typeof textPieces>[1];
/** Those that share their way of writing with another are not tried at full length. */
const shortened = ['text', 'markdown', 'report as JSON'];
const formats: Record<string, (count: number) => Iterable<string | Uint8Array>> = {
  text: (count) => textPieces(reportOf(count), options),
  json: (count) => all(jsonPrinter({ name: 'a' }, {}), count),
  csv: (count) => all(csvPrinter(), count),
  markdown: (count) => all(markdownPrinter(), count),
  'machine interface': (count) => lamiPieces([reportOf(count)]),
  'report as a page': (count) => reportHtmlPieces(systemReportOf(count), style),
  'report as JSON': (count) => reportJsonPieces(systemReportOf(count)),
};

/** Counts what it gets, as a pipe would take it. */
function counted(pieces: Iterable<string | Uint8Array>): { length: number; longest: number } {
  let [length, longest] = [0, 0];
  for (const piece of pieces) {
    length += piece.length;
    longest = Math.max(longest, piece.length);
  }
  return { length, longest };
}

describe.each(Object.entries(formats))('%s', (name, print) => {
  test('is longer than any string, and complete', () => {
    const [one, two] = [1, 2].map((count) => counted(print(count)).length) as [number, number];
    const count = shortened.includes(name) ? 50 : rowCount;
    const { length, longest } = counted(print(count));
    if (name === 'report as a page') {
      // A path is there twice: as a text, and whole under the pointer.
      expect(two - one).toBeGreaterThan(2 * path.length);
    }
    expect(length).toBe(one + (count - 1) * (two - one));
    if (count === rowCount) expect(length).toBeGreaterThan(longestString);
    expect(longest).toBeLessThan(4 * path.length);
  });

  test('rows are made when their piece is asked for', () => {
    made = 0;
    const pieces = print(2000)[Symbol.iterator]();
    // Text is as wide as its widest cell: rows are looked at before.
    if (name === 'text') return;
    pieces.next();
    expect(made).toBeLessThan(10);
  });
});

test('a report in a narrow terminal cuts what is longer', () => {
  const { length, longest } = counted(reportTextPieces(systemReportOf(20), style));
  expect(length).toBeGreaterThan(20 * 60);
  expect(longest).toBeLessThan(path.length);
});

test('a table as text: its columns fit all of its rows, kept or not', () => {
  const rows = makeRows(200_000, (i): Cell[] => [
    { class: 'path', path: `/${i}` },
    { class: 'size', value: 1 },
  ]);
  const lines = formatTextBlock({ kind: 'table', table: { tableClass, rows } }, { times });
  expect(lines.slice(0, 4)).toEqual(['', 'Files', 'File     Size', '/0        1 B']);
  expect(lines.at(-1)).toBe('/199999   1 B');
  expect(lines).toHaveLength(200_003);
});

test('JSON in pieces is laid out as JSON.stringify does it', () => {
  const report = reportOf(0);
  const rows: Cell[][] = [
    [{ class: 'path', path: 'a"\n[{' }, null],
    [null, { class: 'size', value: 2 ** 60 }],
  ];
  const facts = { comparedWith: 'other' };
  const printer = jsonPrinter({ name: 'iolog' }, facts);
  const reports = [{ ...report, tables: [{ tableClass, rows }] }, report];
  const texts = reports.flatMap((one) => [...printer.report(one)]);
  const text = [...texts, ...printer.end()].join('');
  expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
  expect(JSON.parse(text)).toMatchObject({
    analysis: 'iolog',
    comparedWith: 'other',
    reports: [
      { tables: [{ rows: [{ File: 'a"\n[{', Size: null }, { File: null }] }] },
      { tables: [] },
    ],
  });
  expect([...jsonPrinter({ name: 'iolog' }, {}).end()].join('')).toBe(
    '{\n  "analysis": "iolog",\n  "reports": []\n}\n',
  );
});
