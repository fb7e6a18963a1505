import { UsageError } from '@sonde/base';
import { muxIterators } from '@sonde/components';
import { MessageLog } from '@sonde/testkit';
import type { DataStream, MessageIterator, RunStatus } from '@sonde/trace-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runAll, type StreamText, streamOpeners } from './iterators.ts';

function mux(streams: readonly StreamText[], budget?: number): string[] {
  const log = new MessageLog();
  runAll(muxIterators(streamOpeners(streams).map((open) => open(log))), budget);
  return log.lines;
}

const packet = (begin: number, end: number, ...events: number[]) => ({ begin, end, events });

describe('order', () => {
  test('by time', () => {
    expect(
      mux([
        { id: 0, packets: [packet(0, 10, 1, 5, 9)] },
        { id: 1, packets: [packet(2, 8, 3, 6)] },
      ]),
    ).toEqual([
      '0: stream beginning',
      '1: stream beginning',
      '0: packet beginning 0',
      '0: event 1 = 0',
      '1: packet beginning 2',
      '1: event 3 = 0',
      '0: event 5 = 1',
      '1: event 6 = 1',
      '1: packet end 8',
      '1: stream end',
      '0: event 9 = 2',
      '0: packet end 10',
      '0: stream end',
    ]);
  });

  test('at the same time by stream, whatever the order of the inputs', () => {
    const streams = [
      { id: 2, packets: [packet(0, 9, 5)] },
      { id: 0, packets: [packet(0, 9, 5)] },
      { id: 1, packets: [packet(0, 9, 5)] },
    ];
    const lines = mux(streams);
    expect(lines.map((line) => line[0]).join('')).toBe('012012012001122');
    expect(mux(streams.toReversed())).toEqual(lines);
  });

  test('at the same time by trace name, before the id', () => {
    const lines = mux([
      { traceName: 'b', id: 0, packets: [packet(0, 9, 5)] },
      { traceName: 'a', id: 1, packets: [packet(0, 9, 5)] },
    ]);
    expect(lines.filter((line) => line.includes('event'))).toEqual([
      '1: event 5 = 0',
      '0: event 5 = 0',
    ]);
  });

  test('streams that nothing distinguishes take turns by the kind of message', () => {
    const same = { id: 0, packets: [packet(0, 5, 0, 5)] };
    expect(mux([same, same]).map((line) => line.slice(3, 15))).toEqual([
      'stream begin',
      'stream begin',
      'packet begin',
      'packet begin',
      'event 0 = 0',
      'event 0 = 0',
      'event 5 = 1',
      'event 5 = 1',
      'packet end 5',
      'stream end',
      'packet end 5',
      'stream end',
    ]);
  });

  test('times that a number can’t tell apart from the next one come forward', () => {
    const late = 2n ** 62n;
    const streams = [0, 1, 2].map((id) => ({
      id,
      packets: [{ begin: late, end: late + 3n, events: [late, late + 1n, late + 2n] }],
    }));
    expect(mux(streams).length).toBe(3 * 7);
  });
});

describe('any streams', () => {
  const times = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 8 });

  test.each([
    ['few', 1, 6],
    ['many', 17, 40],
  ])('%s: the output is sorted and a permutation', (_, minLength, maxLength) => {
    fc.assert(
      fc.property(
        fc.array(times, { minLength, maxLength }),
        fc.integer({ min: 1, max: 30 }),
        (streams, budget) => {
          const log = new MessageLog();
          const texts = streams.map((events, id) => ({
            id,
            packets: [packet(0, 50, ...events.toSorted((a, b) => a - b))],
          }));
          runAll(muxIterators(streamOpeners(texts).map((open) => open(log))), budget);
          const sorted = streams.flat().sort((a, b) => a - b);
          expect(log.eventTimes.map(Number)).toEqual(sorted);
          const beginnings = log.lines.filter((line) => line.includes('stream beginning'));
          expect(beginnings.length).toBe(streams.length);
          // Equal times: by stream.
          expect(log.lines).toEqual(mux(texts, 1000));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('property: stops at any limit', () => {
    fc.assert(
      fc.property(
        fc.array(times, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: -1, max: 60 }),
        (streams, limitNs) => {
          const log = new MessageLog();
          const texts = streams.map((events, id) => ({
            id,
            packets: [packet(0, 50, ...events.toSorted((a, b) => a - b))],
          }));
          const muxer = muxIterators(streamOpeners(texts).map((open) => open(log)));
          let status: RunStatus;
          do status = muxer.run(limitNs, 7);
          while (status === 'budget');
          expect(status).toBe(limitNs > 50 ? 'end' : 'limit');
          const before = streams.flat().filter((time) => time < limitNs);
          expect(log.eventTimes.map(Number)).toEqual(before.sort((a, b) => a - b));
          expect(muxer.headTimeNs >= limitNs).toBe(true);
          runAll(muxer);
          expect(log.eventTimes.length).toBe(streams.flat().length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('lastEventNs is the greatest of all', () => {
    const log = new MessageLog();
    const texts = [
      { id: 0, packets: [packet(0, 50, 3, 20)] },
      { id: 1, packets: [packet(0, 50, 30)] },
      { id: 2, packets: [packet(0, 50)] },
    ];
    const muxer = muxIterators(streamOpeners(texts).map((open) => open(log)));
    expect(muxer.lastEventNs).toBeNaN();
    runAll(muxer);
    expect(muxer.lastEventNs).toBe(30);
  });
});

describe('inputs', () => {
  test('none: at the end at once', () => {
    const muxer = muxIterators([]);
    expect([muxer.headTimeNs, muxer.headStream, muxer.run(Infinity, 1)]).toEqual([
      Infinity,
      undefined,
      'end',
    ]);
  });

  test('one that waits makes all wait, and goes on later', async () => {
    const log = new MessageLog();
    const [open] = streamOpeners([{ id: 0, packets: [packet(0, 10, 1)] }]);
    let isReady = false;
    const live: MessageIterator = {
      get headTimeNs() {
        return isReady ? Infinity : -Infinity;
      },
      headRank: 0,
      headStream: undefined,
      run: () => (isReady ? 'end' : 'again'),
      ready: () => Promise.resolve(),
      close() {},
    };
    const muxer = muxIterators([open!(log), live]);
    expect(muxer.run(Infinity, 100)).toBe('again');
    await muxer.ready?.();
    isReady = true;
    expect(muxer.run(Infinity, 100)).toBe('end');
    expect(log.eventTimes).toEqual([1n]);
  });

  test('a fault comes after what precedes it in all streams', () => {
    const log = new MessageLog();
    const texts: StreamText[] = [
      { id: 0, packets: [{ ...packet(0, 10, 1, 5), saysContentBytes: 60 + 13 + 2 }] },
      { id: 1, packets: [packet(0, 10, 2, 4, 6)] },
    ];
    const muxer = muxIterators(streamOpeners(texts).map((open) => open(log)));
    expect(() => runAll(muxer)).toThrow(/content/);
    // The time of a record whose header can't be read is that of the one before.
    expect(log.eventTimes).toEqual([1n]);
  });
});

describe('clocks', () => {
  const open = (...streams: StreamText[]) => {
    const log = new MessageLog();
    return muxIterators(streamOpeners(streams).map((one) => one(log)));
  };
  const text = (traceName: string, clock: Record<string, unknown>): StreamText => ({
    traceName,
    packets: [packet(0, 1)],
    trace: { clock },
  });

  test('of the Unix epoch go together', () => {
    expect(open(text('a', {}), text('b', { offsetSeconds: 5n })).run(Infinity, 100)).toBe('end');
  });

  test.each<[string, object, object]>([
    ['Unix epoch and unknown', {}, { origin: undefined }],
    ['both unknown without identity', { origin: undefined }, { origin: undefined }],
    ['unknown with other uids', { origin: undefined, uid: 'x' }, { origin: undefined, uid: 'y' }],
    ['other origins', { origin: { name: 'n', uid: '1' } }, { origin: { name: 'n', uid: '2' } }],
  ])('%s do not', (_name, a, b) => {
    const failure = () => open(text('a', { ...a }), text('b', { ...b }));
    expect(failure).toThrow(UsageError);
    expect(failure).toThrow(/--clock-force-correlate/);
  });

  test.each<[string, object]>([
    ['the same uid', { origin: undefined, uid: 'x', name: 'n' }],
    ['the same origin', { origin: { name: 'n', uid: '1' } }],
  ])('of %s do', (_name, clock) => {
    expect(open(text('a', { ...clock }), text('b', { ...clock })).headTimeNs).toBe(-Infinity);
  });

  test('none and some do not, and nothing helps', () => {
    const [a] = streamOpeners([text('a', {})]);
    const log = new MessageLog();
    const iterator = a!(log);
    const stream = iterator.headStream!;
    const { defaultClockClass: _clock, ...dataStreamClass } = stream.dataStreamClass;
    const clockless: DataStream = { ...stream, dataStreamClass };
    const other: MessageIterator = {
      headTimeNs: -Infinity,
      headRank: 0,
      headStream: clockless,
      run: () => 'end',
      close() {},
    };
    expect(() => muxIterators([iterator, other])).toThrow(/read one by one/);
  });
});
