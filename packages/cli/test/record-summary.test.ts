import { expect, test } from 'vitest';
import { endText, statusText } from '../src/record/summary-text.ts';

const counts = { events: 1000, lostEvents: 0, filteredEvents: 0, writtenBytes: 2e6 };
const ending = {
  seconds: 2,
  expense: { seconds: 2.5, cpuSeconds: 0.1 },
  isRaw: false,
  isCut: false,
};
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
    'Recorded 2.0 s: 1,000 events, none lost, 2.0 MB; the recorder used 0.10 s of CPU time (4.0 %).\n';
  expect(endText({ ...counts, contents }, ending)).toBe(first + expected);
});

test('of events that could not be written nobody knows the number', () => {
  expect(endText(counts, { ...ending, isCut: true })).toMatch(
    /^Recorded 2\.0 s: at most 1,000 events, the last of them LOST, 2\.0 MB/,
  );
});

test('lost texts are told at once', () => {
  const text = statusText({ ...counts, contents: { ...all, lost: 7 } }, ending.expense);
  expect(text).toContain('none lost and 7 texts LOST');
});

test.each([
  ['share', 1000, 'Lost are 3.85 %: the buffers were full. Larger ones (--buffer-size), fewer'],
  ['none of events that are not counted', 0, 'The buffers were full: larger ones (--buffer-size)'],
])('losses at the end: %s', (_title, events, expected) => {
  const text = endText({ ...counts, events, lostEvents: 40 }, ending);
  expect(text).toContain('40 LOST');
  expect(text).toContain(expected);
});

test('a short recording tells CPU time, no part of a CPU: most of it was for beginning', () => {
  const short = { seconds: 0.4, cpuSeconds: 0.7 };
  expect(endText(counts, { ...ending, seconds: 0.1, expense: short })).toContain(
    'the recorder used 0.70 s of CPU time.\n',
  );
  expect(statusText(counts, short)).not.toContain('%');
  expect(statusText(counts, ending.expense)).toContain('; recorder 4 % of a CPU');
});

test.each([
  ['none', false, 'Recorded 2.0 s: no events, none lost'],
  ['not counted', true, 'Recorded 2.0 s: none lost'],
])('events: %s', (_title, isRaw, expected) => {
  expect(endText({ ...counts, events: 0 }, { ...ending, isRaw })).toContain(expected);
});
