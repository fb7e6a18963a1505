import { DecodeError } from '@sonde/base';
import {
  ClockConverter,
  DataStreamReader,
  type DataStreamReaderOptions,
  indexFile,
  memorySource,
  mergePackets,
} from '@sonde/ctf';
import {
  MessageLog,
  type PacketText,
  type PacketTraceOptions,
  packetsOf,
  packetTraceClass,
} from '@sonde/testkit';
import type { DataStream } from '@sonde/trace-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countingSource } from './counting-source.ts';

interface ReadOptions extends DataStreamReaderOptions {
  readonly trace?: PacketTraceOptions;
  readonly seekNs?: number;
  readonly limitNs?: number;
  readonly budget?: number;
  readonly wantsEvents?: boolean;
  readonly originNs?: bigint;
}

/** A reader on files of one data stream, with the log of what it delivers. */
function open(files: readonly Uint8Array[], options: ReadOptions = {}) {
  const traceClass = packetTraceClass(options.trace);
  const indexes = files.map((bytes, i) => indexFile(memorySource(`chan_${i}`, bytes), traceClass));
  const { dataStreamClass } = indexes[0]!;
  const stream: DataStream = {
    trace: { traceClass, path: 'trace', environment: traceClass.environment },
    dataStreamClass,
    id: 0n,
    idIsKnown: true,
    name: 'chan_0',
  };
  const log = new MessageLog(options.wantsEvents);
  const clock = new ClockConverter(dataStreamClass.defaultClockClass!);
  const origin = { nsFromOrigin: options.originNs ?? 0n };
  const packets = mergePackets(indexes);
  return { reader: new DataStreamReader(stream, packets, clock, origin, log, options), log };
}

/** All messages, and the fault that ended them. */
function read(files: readonly Uint8Array[], options: ReadOptions = {}) {
  const { reader, log } = open(files, options);
  if (options.seekNs !== undefined) expect(reader.seek(options.seekNs)).toBe(true);
  let error: unknown;
  try {
    while (reader.run(options.limitNs ?? Infinity, options.budget ?? 1000) === 'budget');
  } catch (cause) {
    error = cause;
  }
  return { lines: log.lines, error, reader, log };
}

const twoPackets = packetsOf(
  { begin: 10, end: 20, events: [11, 12], sequenceNumber: 1 },
  { begin: 20, end: 40, events: [25, 30], sequenceNumber: 2, paddingBytes: 9 },
);

describe('messages', () => {
  test('come in order', () => {
    const { lines, error } = read([twoPackets]);
    expect(error).toBeUndefined();
    expect(lines).toEqual([
      '0: stream beginning',
      '0: packet beginning 10',
      '0: event 11 = 0',
      '0: event 12 = 1',
      '0: packet end 20',
      '0: packet beginning 20',
      '0: event 25 = 0',
      '0: event 30 = 1',
      '0: packet end 40',
      '0: stream end',
    ]);
  });

  test('are the same in steps of one', () => {
    expect(read([twoPackets], { budget: 1 }).lines).toEqual(read([twoPackets]).lines);
  });

  test('events nobody wants are counted', () => {
    const { log } = read([twoPackets], { wantsEvents: false });
    expect(log.skippedCount).toBe(4);
    expect(log.lines.length).toBe(6);
  });

  test('the head is the message that comes next', () => {
    const { reader, log } = open([twoPackets], { originNs: 10n });
    const heads: [number, number][] = [];
    do heads.push([reader.headTimeNs, reader.headRank]);
    while (reader.run(Infinity, 1) === 'budget');
    expect(log.lines.length).toBe(10);
    expect(heads).toEqual([
      [-Infinity, 0],
      [0, 1],
      [1, 2],
      [2, 2],
      [10, 4],
      [10, 1],
      [15, 2],
      [20, 2],
      [30, 4],
      [-Infinity, 7],
    ]);
    expect([reader.headTimeNs, reader.headStream]).toEqual([Infinity, undefined]);
  });

  test('stop before the limit', () => {
    const { lines, reader } = read([twoPackets], { limitNs: 20 });
    expect(lines.at(-1)).toBe('0: event 12 = 1');
    expect(reader.headTimeNs).toBe(20);
    expect(reader.lastEventNs).toBe(12);
    expect(reader.run(20, 10)).toBe('limit');
  });

  test('the last event is known at any time', () => {
    const { reader } = open([twoPackets]);
    expect(reader.lastEventNs).toBeNaN();
    reader.run(26, 100);
    expect(reader.lastEventNs).toBe(25);
    reader.run(Infinity, 100);
    expect(reader.lastEventNs).toBe(30);
    reader.close();
    expect(reader.lastEventNs).toBe(30);
  });

  test('several files are one stream', () => {
    const first = packetsOf({ begin: 0, end: 10, events: [3] }, { begin: 30, end: 40 });
    const second = packetsOf({ begin: 10, end: 30, events: [20] });
    const { lines } = read([first, second]);
    expect(lines.filter((line) => line.includes('packet beginning'))).toEqual([
      '0: packet beginning 0',
      '0: packet beginning 10',
      '0: packet beginning 30',
    ]);
  });
});

describe('discarded', () => {
  const linesOf = (...packets: readonly PacketText[]) =>
    read([packetsOf(...packets)]).lines.filter((line) => line.includes('discarded'));

  test('events: between the ends of packets', () => {
    expect(
      linesOf(
        { begin: 0, end: 10, discarded: 5 },
        { begin: 12, end: 20, discarded: 8 },
        { begin: 21, end: 30, discarded: 8 },
      ),
    ).toEqual(['0: 3 events discarded from 10 to 20']);
  });

  test('packets: between end and begin', () => {
    expect(
      linesOf({ begin: 0, end: 10, sequenceNumber: 5 }, { begin: 12, end: 20, sequenceNumber: 8 }),
    ).toEqual(['0: 2 packets discarded from 10 to 12']);
  });

  test('events come before packets, both before the packet', () => {
    const { lines } = read([
      packetsOf(
        { begin: 0, end: 10, sequenceNumber: 1, discarded: 1 },
        { begin: 12, end: 20, sequenceNumber: 3, discarded: 2 },
      ),
    ]);
    expect(lines.slice(2, 6)).toEqual([
      '0: packet end 10',
      '0: 1 events discarded from 10 to 20',
      '0: 1 packets discarded from 10 to 12',
      '0: packet beginning 12',
    ]);
  });

  test('counters that decrease say nothing', () => {
    expect(
      linesOf(
        { begin: 0, end: 10, sequenceNumber: 9, discarded: 9 },
        { begin: 12, end: 20, sequenceNumber: 1, discarded: 1 },
      ),
    ).toEqual([]);
  });
});

describe('seeking', () => {
  const texts: PacketText[] = [
    { begin: 0, end: 10, events: [5], sequenceNumber: 0, discarded: 0 },
    { begin: 12, end: 20, events: [13, 19], sequenceNumber: 2, discarded: 4 },
    { begin: 20, end: 30, events: [21, 25], sequenceNumber: 3, discarded: 4 },
  ];
  const bytes = packetsOf(...texts);

  test('begins in the packet with the time, at the first record from then on', () => {
    expect(read([bytes], { seekNs: 22 }).lines).toEqual([
      '0: stream beginning',
      '0: packet beginning 20',
      '0: event 25 = 1',
      '0: packet end 30',
      '0: stream end',
    ]);
  });

  test('tells what was discarded on the way into the packet', () => {
    expect(read([bytes], { seekNs: 19 }).lines.slice(0, 5)).toEqual([
      '0: stream beginning',
      '0: 4 events discarded from 10 to 20',
      '0: 1 packets discarded from 10 to 12',
      '0: packet beginning 12',
      '0: event 19 = 1',
    ]);
  });

  test('a stream that ends before has no messages', () => {
    const { reader, log } = open([bytes]);
    expect(reader.seek(31)).toBe(true);
    expect([reader.headTimeNs, reader.run(Infinity, 10), log.lines]).toEqual([Infinity, 'end', []]);
  });

  test('works once, before the first message', () => {
    const { reader } = open([bytes]);
    expect([reader.seek(1), reader.seek(2)]).toEqual([true, false]);
    const other = open([bytes]).reader;
    other.run(Infinity, 1);
    expect(other.seek(1)).toBe(false);
  });

  test('reads one packet of a long file', () => {
    const many = packetsOf(
      ...Array.from({ length: 500 }, (_, i) => ({
        begin: i * 10,
        end: i * 10 + 9,
        events: Array.from({ length: 8 }, (_, k) => i * 10 + k),
      })),
    );
    const traceClass = packetTraceClass();
    const { source, readBytes } = countingSource(many);
    const index = indexFile(source, traceClass);
    const before = readBytes();
    const stream: DataStream = {
      trace: { traceClass, path: 'trace', environment: new Map() },
      dataStreamClass: index.dataStreamClass,
      id: 0n,
      idIsKnown: true,
      name: 'chan_0',
    };
    const log = new MessageLog();
    const clock = new ClockConverter(index.dataStreamClass.defaultClockClass!);
    const reader = new DataStreamReader(stream, index.packets, clock, { nsFromOrigin: 0n }, log);
    reader.seek(2503);
    reader.run(2505, 1000);
    expect(log.lines.slice(-2)).toEqual(['0: event 2503 = 3', '0: event 2504 = 4']);
    expect(readBytes() - before).toBe(many.length / 500);
  });

  const timesOfPacket = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 });

  test('property: the same events as reading all and leaving out what is before', () => {
    fc.assert(
      fc.property(
        fc.array(timesOfPacket, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: -5, max: 70 }),
        (packets, seekNs) => {
          const file = packetsOf(
            ...packets.map((times, i) => ({
              begin: i * 10,
              end: i * 10 + 9,
              events: times.map((time) => i * 10 + time).sort((a, b) => a - b),
            })),
          );
          const all = read([file]).log.eventTimes;
          const { log } = read([file], { seekNs });
          expect(log.eventTimes).toEqual(all.filter((time) => time >= seekNs));
        },
      ),
    );
  });
});

describe('faults', () => {
  const badSecond = packetsOf(
    { begin: 0, end: 10, events: [1] },
    { begin: 10, end: 20, events: [11, 12], saysContentBytes: 60 + 13 + 5 },
    { begin: 20, end: 30, events: [21] },
  );

  test('everything before is delivered, then it is thrown', () => {
    const { lines, error, reader } = read([badSecond]);
    expect(lines.at(-1)).toBe('0: event 11 = 0');
    expect(error).toBeInstanceOf(DecodeError);
    expect((error as DecodeError).place).toMatchObject({
      stream: 'chan_0',
      packetIndex: 1,
      offsetBits: (60 + 13 + 1) * 8,
    });
    expect(reader.run(Infinity, 10)).toBe('end');
  });

  test('are the same for events that nobody wants', () => {
    const { error, log } = read([badSecond], { wantsEvents: false });
    expect((error as DecodeError).place).toMatchObject({ packetIndex: 1 });
    expect(log.skippedCount).toBe(2);
  });

  test('with onFault the next packet follows', () => {
    const faults: DecodeError[] = [];
    const { lines, error } = read([badSecond], { onFault: (fault) => faults.push(fault) });
    expect(error).toBeUndefined();
    expect(faults.map(({ place }) => place.packetIndex)).toEqual([1]);
    expect(lines.slice(-6)).toEqual([
      '0: event 11 = 0',
      '0: packet end 20',
      '0: packet beginning 20',
      '0: event 21 = 0',
      '0: packet end 30',
      '0: stream end',
    ]);
  });

  test('a wrong head ends the file, not the other ones', () => {
    const bad = packetsOf({ begin: 0, end: 10 }, { begin: 10, end: 20, magic: 7 });
    const good = packetsOf({ begin: 20, end: 30, events: [25] });
    const faults: DecodeError[] = [];
    const { lines } = read([bad, good], { onFault: (fault) => faults.push(fault) });
    expect(faults.map(({ code }) => code)).toEqual(['bad-magic-number']);
    expect(lines).toContain('0: event 25 = 0');
    expect((read([bad, good]).error as DecodeError).code).toBe('bad-magic-number');
  });

  test('a packet of another stream', () => {
    const bytes = packetsOf({ begin: 0, end: 10 }, { begin: 10, end: 20, id: 3 });
    const { error } = read([bytes]);
    expect((error as DecodeError).code).toBe('packet-of-another-stream');
  });

  test('a packet longer than the limit', () => {
    const { error } = read([twoPackets], { maxPacketBytes: 80 });
    expect((error as DecodeError).code).toBe('packet-too-long');
  });

  test('many bad packets in a row are no recursion', () => {
    const packets = Array.from({ length: 20_000 }, (_, i) => ({
      begin: i,
      end: i,
      id: i === 0 ? 0 : 1,
    }));
    let count = 0;
    const { lines } = read([packetsOf(...packets)], { onFault: () => count++ });
    expect(count).toBe(19_999);
    expect(lines.at(-1)).toBe('0: stream end');
  });

  test('property: any change of any byte gives messages or a DecodeError', () => {
    const bytes = packetsOf(
      { begin: 5, end: 10, events: [6, 7] },
      { begin: 10, end: 20, events: [11] },
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = bytes.slice();
        changed[at]! ^= change;
        try {
          const { error } = read([changed]);
          if (error !== undefined) expect(error).toBeInstanceOf(DecodeError);
        } catch (error) {
          // The first head: there is no stream then.
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('tracers with defects', () => {
  const tracer = (name: string, minor: bigint): PacketTraceOptions => ({
    environment: new Map<string, string | bigint>([
      ['tracer_name', name],
      ['tracer_major', 2n],
      ['tracer_minor', minor],
    ]),
  });
  const packetLines = (trace: PacketTraceOptions, packet: PacketText) =>
    read([packetsOf(packet)], { trace }).lines.filter((line) => line.includes('packet'));

  test.each([
    [10n, '0: packet end 25'],
    [11n, '0: packet end 20'],
  ])('LTTng-UST 2.%d, event after the packet: %s', (minor, end) => {
    const packet = { begin: 10, end: 20, events: [11, 25] };
    expect(packetLines(tracer('lttng-ust', minor), packet)[1]).toBe(end);
  });

  test.each([
    [3n, '0: packet beginning 7'],
    [4n, '0: packet beginning 10'],
  ])('barectf 2.%d, event before the packet: %s', (minor, begin) => {
    const packet = { begin: 10, end: 20, events: [7, 12] };
    expect(packetLines(tracer('barectf', minor), packet)[0]).toBe(begin);
  });

  test('lttng-crash: an end of 0 is the last event', () => {
    const trace = tracer('lttng-modules', 12n);
    expect(packetLines(trace, { begin: 10, end: 0, events: [12] })[1]).toBe('0: packet end 12');
    expect(packetLines(trace, { begin: 10, end: 0 })[1]).toBe('0: packet end 10');
  });
});
