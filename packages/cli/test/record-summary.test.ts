import { expect, test } from 'vitest';
import { endText, statusText } from '../src/record/summary-text.ts';

const counts = { events: 1000, lostEvents: 0, filteredEvents: 0, writtenBytes: 2e6 };
const all = { texts: 300, missing: 0, lost: 0 };

test.each([
  ['not fetched', undefined, ''],
  ['all of them', all, ''],
  [
    'some were not readable',
    { ...all, missing: 4 },
    'Of 304 texts of system calls, 4 are empty: they could not be read.\n',
  ],
  [
    'some were lost',
    { ...all, missing: 1700, lost: 1500 },
    'Of 2,000 texts of system calls, 1,700 are empty: eBPF LOST 1,500 texts of all processes.\n',
  ],
])('texts of system calls at the end: %s', (_title, contents, expected) => {
  const first =
    'Recorded 2.0 s: 1,000 events, none lost, 2.0 MB; the recorder used 5.0 % of a CPU.\n';
  expect(endText({ ...counts, contents }, 2, 5, false)).toBe(first + expected);
});

test('lost texts are told at once', () => {
  const text = statusText({ ...counts, contents: { ...all, lost: 7 } }, 1, 5);
  expect(text).toContain('none lost and 7 texts LOST');
});

test.each([
  ['share', 1000, 'Lost are 3.85 %: the buffers were full. Larger ones (--buffer-size), fewer'],
  ['none of events that are not counted', 0, 'The buffers were full: larger ones (--buffer-size)'],
])('losses at the end: %s', (_title, events, expected) => {
  const text = endText({ ...counts, events, lostEvents: 40 }, 2, 5, false);
  expect(text).toContain('40 LOST');
  expect(text).toContain(expected);
});
