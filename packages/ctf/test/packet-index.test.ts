import { DecodeError } from '@sonde/base';
import {
  indexFile,
  memorySource,
  mergePackets,
  type PacketIndex,
  readLttngIndex,
  streamTimeRange,
} from '@sonde/ctf';
import {
  dataStream,
  idxOf,
  type PacketText,
  packetHeadBytes,
  packetsOf,
  packetTraceClass,
} from '@sonde/testkit';
import { describe, expect, test } from 'vitest';
import { countingSource } from './counting-source.ts';

const traceClass = packetTraceClass();

function indexOf(...packets: readonly PacketText[]): PacketIndex {
  return indexFile(memorySource('chan_0', packetsOf(...packets)), traceClass).packets;
}

function begins(packets: PacketIndex): (bigint | undefined)[] {
  return [...packets].map(({ beginCycles }) => beginCycles);
}

function faultOf(action: () => unknown): DecodeError {
  try {
    action();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('walking packet heads', () => {
  const bytes = packetsOf(
    { begin: 10, end: 20, events: [11, 12], paddingBytes: 100, discarded: 3, sequenceNumber: 7 },
    { begin: 20, end: 30, paddingBytes: 5000 },
  );

  test('finds places, times and counters', () => {
    const { packets, dataStreamClass, dataStreamId } = indexFile(
      memorySource('chan_0', bytes),
      traceClass,
    );
    expect([dataStreamClass.id, dataStreamId]).toEqual([0n, 0n]);
    const contentBytes = packetHeadBytes + 2 * 13;
    expect(packets.at(0)).toMatchObject({
      offsetBytes: 0,
      lengthBytes: contentBytes + 100,
      contentBytes,
      beginCycles: 10n,
      endCycles: 20n,
      discardedEventCounter: 3n,
      sequenceNumber: 7n,
    });
    expect(packets.at(-1)).toMatchObject({ offsetBytes: contentBytes + 100, beginCycles: 20n });
    expect(packets.length).toBe(2);
    expect(packets.totalBytes).toBe(bytes.length);
    expect([packets.at(2), packets.at(-3)]).toEqual([undefined, undefined]);
  });

  test('reads heads only', () => {
    const { source, readBytes } = countingSource(bytes);
    indexFile(source, traceClass);
    expect(readBytes()).toBeLessThanOrEqual(2 * 512);
  });

  test('many packets', () => {
    const packets = indexOf(...Array.from({ length: 1000 }, (_, i) => ({ begin: i, end: i })));
    expect(packets.length).toBe(1000);
    expect(packets.at(999)?.beginCycles).toBe(999n);
    expect(packets.sources.length).toBe(1);
  });

  test('a wrong first head is an error', () => {
    const error = faultOf(() => indexOf({ begin: 0, end: 1, magic: 0xdead }));
    expect(error.code).toBe('bad-magic-number');
    expect(error.place).toMatchObject({ stream: 'chan_0', packetIndex: 0 });
  });

  test('a later wrong head keeps what precedes it', () => {
    const packets = indexOf({ begin: 0, end: 1 }, { begin: 1, end: 2, magic: 0xdead });
    expect(packets.length).toBe(2);
    expect(packets.at(0)?.fault).toBeUndefined();
    expect(packets.at(1)?.fault?.place).toMatchObject({ packetIndex: 1 });
    expect(packets.hasEnds).toBe(true);
  });

  test('a packet beyond the file is refused', () => {
    const error = faultOf(() => indexOf({ begin: 0, end: 1, saysTotalBytes: 2 ** 50 }));
    expect(error.code).toBe('packet-beyond-file');
    expect(error.message).toContain('1125899906842624 bytes long');
  });

  test('what is there of such a packet is kept on demand', () => {
    const faults: DecodeError[] = [];
    const cut = bytes.subarray(0, bytes.length - 4950);
    const { packets } = indexFile(memorySource('chan_0', cut), traceClass, {
      onPartialPacket: (error) => faults.push(error),
    });
    expect(faults.map(({ code, place }) => [code, place.packetIndex])).toEqual([
      ['packet-beyond-file', 1],
    ]);
    expect(packets.at(1)).toMatchObject({ lengthBytes: packetHeadBytes + 50 });
  });

  test('an empty file has no stream', () => {
    expect(faultOf(() => indexOf()).code).toBe('empty-data-stream');
  });

  test('heads longer than allowed are refused', () => {
    const options = { maxHeadBytes: 16 };
    const source = memorySource('chan_0', bytes.subarray(0, 40));
    expect(faultOf(() => indexFile(source, traceClass, options)).code).toBe('beyond-data');
  });
});

describe('LTTng index', () => {
  const texts = [
    { begin: 10, end: 20, discarded: 1, sequenceNumber: 4, paddingBytes: 8 },
    { begin: 20, end: 35, events: [21], discarded: 2, sequenceNumber: 5 },
  ];
  const source = memorySource('chan_0', packetsOf(...texts));

  function read(change: (view: DataView) => void = () => {}, length?: number) {
    const bytes = idxOf(texts);
    change(new DataView(bytes.buffer));
    const index = memorySource('chan_0.idx', bytes.subarray(0, length));
    return readLttngIndex(index, source, traceClass)?.packets;
  }

  test('says the same as the heads', () => {
    const walked = indexFile(source, traceClass).packets;
    expect([...read()!]).toEqual([...walked]);
  });

  test('without sequence numbers before version 1.1', () => {
    const packets = read((view) => view.setUint32(8, 0));
    expect(packets?.at(1)).toMatchObject({ beginCycles: 20n, sequenceNumber: undefined });
  });

  const second = 16 + 72;
  test.each<[string, (view: DataView) => void]>([
    ['magic number', (view) => view.setUint32(0, 0xc1f1dcc2)],
    ['major version', (view) => view.setUint32(4, 2)],
    ['entry length that is too small', (view) => view.setUint32(12, 48)],
    ['entry length that does not divide', (view) => view.setUint32(12, 80)],
    ['gap between packets', (view) => view.setBigUint64(second, 1000n)],
    ['packet size within a byte', (view) => view.setBigUint64(second + 8, 601n)],
    ['packet size of 0', (view) => view.setBigUint64(second + 8, 0n)],
    ['content beyond the packet', (view) => view.setBigUint64(second + 16, 1n << 40n)],
    ['begin after the end', (view) => view.setBigUint64(second + 24, 99n)],
    ['size that is not the file’s', (view) => view.setBigUint64(second + 8, 8000n)],
    ['content length that is not the packet’s', (view) => view.setBigUint64(16 + 16, 8n)],
  ])('a wrong %s makes it invalid', (_, change) => {
    expect(read(change)).toBeUndefined();
  });

  test.each([0, 15, 16, 87, 100])('an index of %d bytes is invalid', (length) => {
    expect(read(undefined, length)).toBeUndefined();
  });

  test('a data stream with a wrong head makes it invalid', () => {
    const index = memorySource('chan_0.idx', idxOf(texts));
    const other = memorySource('chan_0', packetsOf({ begin: 0, end: 0, magic: 1 }));
    expect(readLttngIndex(index, other, traceClass)).toBeUndefined();
  });
});

describe('merging files', () => {
  const file = (name: string, ...packets: readonly PacketText[]) =>
    indexFile(memorySource(name, packetsOf(...packets)), traceClass);

  test('orders packets by begin', () => {
    const packets = mergePackets([
      file('a', { begin: 20, end: 30 }, { begin: 50, end: 60 }),
      file('b', { begin: 0, end: 10 }, { begin: 30, end: 40 }),
    ]);
    expect(begins(packets)).toEqual([0n, 20n, 30n, 50n]);
    expect([...packets].map(({ source }) => source.name)).toEqual(['b', 'a', 'b', 'a']);
  });

  test('keeps packets of overlapping snapshots once', () => {
    const shared = { begin: 10, end: 20, sequenceNumber: 1, events: [15] };
    const packets = mergePackets([
      file('a', { begin: 0, end: 10 }, shared),
      file('b', shared, { begin: 20, end: 30, sequenceNumber: 2 }),
    ]);
    expect(begins(packets)).toEqual([0n, 10n, 20n]);
  });

  test('an empty packet comes before the one that begins with it', () => {
    const packets = mergePackets([
      file('a', { begin: 10, end: 20, sequenceNumber: 2 }),
      file('b', { begin: 10, end: 10, sequenceNumber: 1 }),
    ]);
    expect([...packets].map(({ sequenceNumber }) => sequenceNumber)).toEqual([1n, 2n]);
  });

  test('what can’t be read comes last', () => {
    const packets = mergePackets([
      file('a', { begin: 0, end: 1 }, { begin: 1, end: 2, magic: 0 }),
      file('b', { begin: 5, end: 6 }),
    ]);
    expect([...packets].map(({ fault }) => fault?.code)).toEqual([
      undefined,
      undefined,
      'bad-magic-number',
    ]);
  });
});

describe('finding a time', () => {
  const packets = indexOf(
    { begin: 10, end: 20 },
    { begin: 20, end: 30 },
    { begin: 40, end: 50 },
    { begin: 50, end: 50 },
  );

  test.each([
    [0n, 0],
    [20n, 0],
    [21n, 1],
    [31n, 2],
    [50n, 2],
    [51n, 4],
  ])('the first packet that ends at or after %d is %d', (cycles, index) => {
    expect(packets.firstEndingAt(cycles)).toBe(index);
  });

  test('also when the clock went backward', () => {
    const backward = indexOf({ begin: 10, end: 20 }, { begin: 5, end: 8 }, { begin: 30, end: 31 });
    expect(backward.firstEndingAt(9n)).toBe(0);
    expect(backward.firstEndingAt(21n)).toBe(2);
  });
});

describe('tracers with defects', () => {
  const environmentOf = (name: string, major: bigint, minor: bigint, patchlevel = 0n) =>
    new Map<string, string | bigint>([
      ['tracer_name', name],
      ['tracer_major', major],
      ['tracer_minor', minor],
      ['tracer_patchlevel', patchlevel],
    ]);

  function rangeOf(
    environment: ReadonlyMap<string, string | bigint>,
    ...texts: readonly PacketText[]
  ) {
    const own = packetTraceClass({ environment });
    const file = indexFile(memorySource('chan_0', packetsOf(...texts)), own);
    const packets = mergePackets([file]);
    const stream = dataStream(file.dataStreamClass);
    const clock = { nsFromOrigin: (cycles: bigint) => cycles };
    return {
      ends: [...packets].map(({ endCycles }) => endCycles),
      range: streamTimeRange(stream, packets, clock as Parameters<typeof streamTimeRange>[2]),
    };
  }

  test('events after the packet (LTTng-UST before 2.11): a packet ends where the next one begins', () => {
    const texts = [
      { begin: 10, end: 20, events: [25] },
      { begin: 30, end: 40, events: [35, 47] },
    ];
    const { ends, range } = rangeOf(environmentOf('lttng-ust', 2n, 10n), ...texts);
    expect(ends).toEqual([30n, 40n]);
    expect(range).toEqual({ begin: 10n, end: 47n });
    expect(rangeOf(environmentOf('lttng-ust', 2n, 11n), ...texts).ends).toEqual([20n, 40n]);
  });

  test('lttng-crash: an end of 0 is the next begin, or the last event', () => {
    const texts = [
      { begin: 10, end: 0, events: [15] },
      { begin: 30, end: 0, events: [35, 36] },
    ];
    const { ends, range } = rangeOf(environmentOf('lttng-modules', 2n, 12n), ...texts);
    expect(ends).toEqual([30n, 30n]);
    expect(range).toEqual({ begin: 10n, end: 36n });
  });

  test('events before the packet (barectf before 2.3.1): the stream begins with its first event', () => {
    const texts = [{ begin: 10, end: 20, events: [7, 12] }];
    const { range } = rangeOf(environmentOf('barectf', 2n, 3n), ...texts);
    expect(range).toEqual({ begin: 7n, end: 20n });
  });
});
