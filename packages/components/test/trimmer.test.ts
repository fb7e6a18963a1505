import { UsageError } from '@sonde/base';
import {
  muxIterators,
  parseTimeBound,
  parseTimeRange,
  resolveTimeBound,
  trimIterator,
  trimmerFilter,
} from '@sonde/components';
import { MessageLog, type PacketText } from '@sonde/testkit';
import type { Downstream, MessageIterator } from '@sonde/trace-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runAll, type StreamText, streamOpeners } from './iterators.ts';

interface TrimOptions {
  readonly begin?: number;
  readonly end?: number;
  /** False: the upstream can't seek. */
  readonly canSeek?: boolean;
  readonly wantsEvents?: boolean;
}

function trim(streams: readonly StreamText[], options: TrimOptions) {
  const log = new MessageLog(options.wantsEvents);
  const openers = streamOpeners(streams);
  const open = (downstream: Downstream): MessageIterator => {
    const muxer = muxIterators(openers.map((one) => one(downstream)));
    return options.canSeek === false ? withoutSeek(muxer) : muxer;
  };
  const bound = (ns: number | undefined) => (ns === undefined ? undefined : BigInt(ns));
  const range = { begin: bound(options.begin), end: bound(options.end) };
  const iterator = trimIterator(open, range, { nsFromOrigin: 0n }, log);
  runAll(iterator, 7);
  return { lines: log.lines, log, iterator };
}

/** An iterator that does everything but seek. */
function withoutSeek(inner: MessageIterator): MessageIterator {
  return {
    get headTimeNs() {
      return inner.headTimeNs;
    },
    get headRank() {
      return inner.headRank;
    },
    get headStream() {
      return inner.headStream;
    },
    run: (limitNs, budget) => inner.run(limitNs, budget),
    close: () => inner.close(),
  };
}

const packets: readonly PacketText[] = [
  { begin: 0, end: 10, events: [2, 8], sequenceNumber: 0, discarded: 0 },
  { begin: 14, end: 20, events: [15, 18], sequenceNumber: 3, discarded: 6 },
  { begin: 20, end: 30, events: [22, 28], sequenceNumber: 4, discarded: 6 },
];
const stream: StreamText = { packets };

describe('both bounds', () => {
  test('cut packets, and what was discarded, without its count', () => {
    expect(trim([stream], { begin: 12, end: 24 }).lines).toEqual([
      '0: stream beginning 12',
      '0: ? events discarded from 12 to 20',
      '0: ? packets discarded from 12 to 14',
      '0: packet beginning 14',
      '0: event 15 = 0',
      '0: event 18 = 1',
      '0: packet end 20',
      '0: packet beginning 20',
      '0: event 22 = 0',
      '0: packet end 24',
      '0: stream end 24',
    ]);
  });

  test('are included', () => {
    expect(trim([stream], { begin: 15, end: 22 }).log.eventTimes).toEqual([15n, 18n, 22n]);
    expect(trim([stream], { begin: 16, end: 21 }).log.eventTimes).toEqual([18n]);
  });

  test('a packet that begins before', () => {
    expect(trim([stream], { begin: 17, end: 19 }).lines).toEqual([
      '0: stream beginning 17',
      // They were discarded between the ends of two packets: perhaps in the range.
      '0: ? events discarded from 17 to 19',
      '0: packet beginning 17',
      '0: event 18 = 1',
      '0: packet end 19',
      '0: stream end 19',
    ]);
  });

  test('what was discarded wholly in the range keeps its count', () => {
    const { lines } = trim([stream], { begin: 5, end: 25 });
    expect(lines).toContain('0: 6 events discarded from 10 to 20');
    expect(lines).toContain('0: 2 packets discarded from 10 to 14');
  });

  test('after the last packet there is nothing', () => {
    expect(trim([stream], { begin: 31 }).lines).toEqual([]);
  });

  test('before the first packet there is the stream', () => {
    // The clock has no value for -5 ns: its first one is the nearest.
    expect(trim([stream], { end: -5 }).lines).toEqual(['0: stream beginning', '0: stream end 0']);
  });

  test('begin after end is an error', () => {
    expect(() => trim([stream], { begin: 2, end: 1 })).toThrow(UsageError);
    expect(trim([stream], { begin: 18, end: 18 }).log.eventTimes).toEqual([18n]);
  });
});

describe('one bound', () => {
  test('begin alone: to the end of the trace', () => {
    const { lines } = trim([stream], { begin: 22 });
    expect(lines.slice(-4)).toEqual([
      '0: event 22 = 0',
      '0: event 28 = 1',
      '0: packet end 30',
      '0: stream end',
    ]);
  });

  test('end alone: from the beginning of the trace', () => {
    const { lines } = trim([stream], { end: 3 });
    expect(lines).toEqual([
      '0: stream beginning',
      '0: packet beginning 0',
      '0: event 2 = 0',
      '0: packet end 3',
      '0: stream end 3',
    ]);
  });

  test('none: everything', () => {
    const log = new MessageLog();
    runAll(streamOpeners([stream])[0]!(log));
    expect(trim([stream], {}).lines).toEqual(log.lines);
  });
});

describe('upstreams', () => {
  test('those that can’t seek give the same events, packets and losses', () => {
    for (const [begin, end] of [
      [12, 24],
      [17, 19],
      [0, 30],
      [29, 40],
    ] as const) {
      const sought = trim([stream], { begin, end }).lines;
      expect(trim([stream], { begin, end, canSeek: false }).lines).toEqual(sought);
    }
  });

  test('several streams end together', () => {
    const lines = trim(
      [
        { id: 0, packets: [{ begin: 0, end: 100, events: [50] }] },
        { id: 1, packets: [{ begin: 0, end: 100, events: [60] }] },
        { id: 2, packets: [{ begin: 0, end: 10, events: [5] }] },
      ],
      { begin: 40, end: 55 },
    ).lines;
    expect(lines).toEqual([
      '0: stream beginning 40',
      '1: stream beginning 40',
      '0: packet beginning 40',
      '1: packet beginning 40',
      '0: event 50 = 0',
      '0: packet end 55',
      '0: stream end 55',
      '1: packet end 55',
      '1: stream end 55',
    ]);
  });

  test.each([true, false])('events that nobody wants are counted (can seek: %s)', (canSeek) => {
    const { log } = trim([stream], { begin: 8, canSeek, wantsEvents: false });
    expect(log.skippedCount).toBe(5);
  });

  test.each([true, false])('the last event in the range is known (can seek: %s)', (canSeek) => {
    expect(trim([stream], { begin: 8, end: 21, canSeek }).iterator.lastEventNs).toBe(18);
  });

  test('property: exactly the events in the range', () => {
    const times = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(fc.array(times, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
        fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
        fc.boolean(),
        (texts, first, last, canSeek) => {
          const [begin, end] =
            first !== undefined && last !== undefined && first > last
              ? [last, first]
              : [first, last];
          const streams = texts.map((packetTimes, id) => ({
            id,
            packets: packetTimes.map((events, i) => ({
              begin: i * 10,
              end: i * 10 + 9,
              events: events.map((time) => i * 10 + time).sort((a, b) => a - b),
            })),
          }));
          const all = trim(streams, {}).log.eventTimes;
          const options = {
            ...(begin !== undefined && { begin }),
            ...(end !== undefined && { end }),
            canSeek,
          };
          const { log } = trim(streams, options);
          expect(log.eventTimes).toEqual(
            all.filter((time) => time >= (begin ?? -99) && time <= (end ?? 99)),
          );
          expectBalanced(log.lines);
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** Every stream and packet that begins also ends, once. */
function expectBalanced(lines: readonly string[]): void {
  for (const what of ['stream', 'packet']) {
    const count = (edge: string) => lines.filter((line) => line.includes(`${what} ${edge}`)).length;
    expect(count('end')).toBe(count('beginning'));
  }
}

describe('time formats', () => {
  const day = 1_574_434_800_000_000_000n; // 2019-11-22 15:00:00 UTC
  const utc = (text: string) => resolveTimeBound(parseTimeBound(text), true, day);

  test.each([
    ['2019-11-22 15:00:00', day],
    ['2019-11-22 15:00', day],
    ['  2019-11-22   15:00 ', day],
    ['2019-11-22', day - 15n * 3_600_000_000_000n],
    ['15:00:01.5', day + 1_500_000_000n],
    ['15:00:01.000000005', day + 1_000_000_005n],
    ['16:00', day + 3_600_000_000_000n],
    ['1574434800', day],
    ['1574434800.25', day + 250_000_000n],
    ['-3.000000001', -3_000_000_001n],
    ['0', 0n],
  ])('%s', (text, ns) => {
    expect(utc(text)).toBe(ns);
  });

  test.each([
    '',
    'yesterday',
    '2019-13-01',
    '2019-02-30',
    '24:00',
    '12:60',
    '12:00:61',
    '12:00:00.1234567890',
    '1.',
    '1e9',
    '2019-11-22 1574434800',
  ])('"%s" is no time', (text) => {
    expect(() => parseTimeBound(text)).toThrow(/Invalid date\/time format/);
  });

  test('local times are those of the time zone', () => {
    const local = resolveTimeBound(parseTimeBound('2019-11-22 15:00:00'), false, 0n);
    expect(local).toBe(BigInt(new Date(2019, 10, 22, 15).getTime()) * 1_000_000n);
  });

  test.each(['1,2', '[1,2]', ' [1,2] '])('range %s', (text) => {
    const { begin, end } = parseTimeRange(text);
    expect([resolveTimeBound(begin, true, 0n), resolveTimeBound(end, true, 0n)]).toEqual([
      1_000_000_000n,
      2_000_000_000n,
    ]);
  });

  test('a range has two bounds', () => {
    expect(() => parseTimeRange('1')).toThrow(/BEGIN,END/);
  });
});

test('the component knows its parameters', () => {
  const make = (parameters: Record<string, bigint | string | boolean>) =>
    trimmerFilter.create({
      name: 'trim',
      parameters,
      warn() {},
      output: { isTerminal: false, write() {} },
      continueOnError: false,
    });
  expect(() => make({ begin: 5n, end: '12:00', gmt: true })).not.toThrow();
  expect(() => make({ begin: true })).toThrow(/trim wants its bounds/);
  expect(() => make({ until: 5n })).toThrow(/does not know the parameter "until"/);
});
