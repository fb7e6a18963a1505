import type { DecodeError } from '@sonde/base';
import {
  BitWriter,
  ClockConverter,
  compileView,
  DataStreamReader,
  decodeScope,
  type EventView,
  encodeValue,
  indexFile,
  memorySource,
  mergePackets,
  type PlainValue,
} from '@sonde/ctf';
import {
  clockClass,
  dynamicArray,
  key,
  MessageLog,
  staticBlob,
  str,
  struct,
  traceClass,
  uint,
} from '@sonde/testkit';
import type { DataStream, EventHandler, StructureFieldClass, TraceClass } from '@sonde/trace-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Packets that are read through windows must look like packets that are read at once. */

const packetContext = struct({
  total: uint(32, { roles: ['packet-total-length'] }),
  content: uint(32, { roles: ['packet-content-length'] }),
  word: str(),
});
const payloads: Record<string, StructureFieldClass> = {
  fixed: struct({ a: uint(32), b: uint(16, { byteOrder: 'big-endian' }) }),
  text: struct({ s: str() }),
  list: struct({ n: key(0, uint(16)), a: dynamicArray(uint(8), 0) }),
  aligned: struct({ a: uint(8), b: uint(64, { alignmentBits: 64 }) }),
  bytes: struct({ b: staticBlob(5) }),
  wide: struct({ a: uint(32, { alignmentBits: 16384 }) }),
  bits: struct({ a: uint(5), b: uint(7) }),
};
const names = Object.keys(payloads);

function classOf(): TraceClass {
  return traceClass({
    streams: [
      {
        clock: clockClass(),
        packetContext,
        header: struct(
          {
            id: uint(8, { roles: ['event-record-class-id'] }),
            t: uint(32, { roles: ['default-clock-timestamp'] }),
          },
          8,
        ),
        events: names.map((name) => ({ name, payload: payloads[name]! })),
      },
    ],
  });
}

interface RecordText {
  readonly name: string;
  readonly size: number;
}

function payloadValue({ name, size }: RecordText, i: number): PlainValue {
  switch (name) {
    case 'fixed':
      return { a: i, b: size & 0xffff };
    case 'text':
      return { s: 'x'.repeat(size) };
    case 'list':
      return { n: size, a: new Array<number>(size).fill(i & 0xff) };
    case 'aligned':
      return { a: 1, b: i };
    case 'bytes':
      return { b: Uint8Array.of(1, 2, 3, 4, i & 0xff) };
    case 'wide':
      return { a: i };
    default:
      return { a: i & 31, b: size & 127 };
  }
}

function packetOf(traceOf: TraceClass, records: readonly RecordText[], word: string): Uint8Array {
  const stream = traceOf.dataStreamClasses.get(0n)!;
  const write = (lengthBits: number): BitWriter => {
    const out = new BitWriter();
    const keys: (number | bigint)[] = [];
    const total = Math.ceil(lengthBits / 8) * 8;
    encodeValue(out, packetContext, { total, content: lengthBits, word }, keys);
    records.forEach((record, i) => {
      const id = names.indexOf(record.name);
      encodeValue(out, stream.eventRecordHeader!, { id, t: 10 * i }, keys);
      encodeValue(out, payloads[record.name]!, payloadValue(record, i), keys);
    });
    return out;
  };
  const { offsetBits } = write(0);
  const out = write(offsetBits);
  out.align(8);
  return out.bytes.slice();
}

type How = 'decodes' | 'counts' | 'skips';

/** What is delivered and the fault at the end, as text. */
function read(file: Uint8Array, windowBytes: number, how: How, budget = 1000) {
  const traceOf = classOf();
  const lines: string[] = [];
  let index: ReturnType<typeof indexFile>;
  try {
    index = indexFile(memorySource('chan', file), traceOf, { onPartialPacket: () => {} });
  } catch (error) {
    return { lines, fault: describeFault(error as DecodeError), skipped: 0 };
  }
  const stream: DataStream = {
    trace: { traceClass: traceOf, path: 'trace', environment: new Map() },
    dataStreamClass: index.dataStreamClass,
    id: 0n,
    idIsKnown: true,
    name: 'chan',
  };
  const log = new Recorder(lines, how);
  const clock = new ClockConverter(index.dataStreamClass.defaultClockClass!);
  const origin = { nsFromOrigin: 0n };
  const packets = mergePackets([index]);
  const reader = new DataStreamReader(stream, packets, clock, origin, log, { windowBytes });
  let fault = '';
  try {
    while (reader.run(Infinity, budget) === 'budget');
  } catch (error) {
    fault = describeFault(error as DecodeError);
  }
  return { lines: [...lines, ...log.lines], fault, skipped: log.skippedCount };
}

const describeFault = ({ code, message, place }: DecodeError): string =>
  `${code} ${message} ${JSON.stringify(place)}`;

class Recorder extends MessageLog {
  readonly #lines: string[];
  readonly #how: How;

  constructor(lines: string[], how: How) {
    super();
    this.#lines = lines;
    this.#how = how;
  }

  override eventHandler(): EventHandler | null {
    if (this.#how === 'skips') return null;
    let view: EventView | undefined;
    return (cursor) => {
      const head = `${cursor.packet.index} ${cursor.eventRecordClass.name} ${cursor.timeNs}`;
      if (this.#how === 'counts') {
        this.#lines.push(head);
        return -1;
      }
      view ??= compileView(cursor.eventRecordClass);
      const endBits = view.moveTo(cursor);
      const { word } = decodeScope(cursor, 'packet-context') as { word: string };
      const payload = JSON.stringify(decodeScope(cursor, 'event-record-payload'), (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      this.#lines.push(`${head} ${word.length} ${payload}`);
      return endBits;
    };
  }
}

const recordTexts = (from: readonly string[], maxSize: number) =>
  fc.array(fc.record({ name: fc.constantFrom(...from), size: fc.nat(maxSize) }), {
    minLength: 1,
    maxLength: 120,
    size: 'max',
  });
const ways = fc.constantFrom<How>('decodes', 'counts', 'skips');

describe('a packet read in windows looks like one read at once', () => {
  test.each([
    ['records of whole bytes', ['fixed', 'text', 'list', 'aligned', 'bytes'], 200],
    ['records longer than a window', ['fixed', 'text', 'list'], 6000],
    ['records within bytes', ['fixed', 'text', 'bits'], 200],
    ['alignments longer than windows keep', ['fixed', 'text', 'wide'], 200],
  ])('%s', (_, from, maxSize) => {
    const property = (
      records: RecordText[],
      wordLength: number,
      windowBytes: number,
      how: How,
      budget: number,
    ): void => {
      const one = packetOf(classOf(), records, 'w'.repeat(wordLength));
      const file = Buffer.concat([one, one]);
      const whole = read(file, Infinity, how);
      expect(read(file, windowBytes, how, budget)).toEqual(whole);
      const count = how === 'skips' ? whole.skipped : whole.lines.length - 6;
      expect(count).toBe(records.length * 2);
    };
    fc.assert(
      fc.property(
        recordTexts(from, maxSize),
        fc.constantFrom(0, 3, 300, 900, 3000),
        fc.constantFrom(1024, 2048, 4096),
        ways,
        fc.constantFrom(1, 7, 1000),
        property,
      ),
      { numRuns: 60 },
    );
  });

  test('with wrong bytes, and cut short', () => {
    let faults = 0;
    const property = (
      records: RecordText[],
      flips: [number, number][],
      cut: number,
      how: How,
    ): void => {
      const one = packetOf(classOf(), records, 'w');
      const file = Buffer.concat([one, one]);
      for (const [at, bit] of flips) file[at % file.length]! ^= 1 << bit;
      const left = file.subarray(0, file.length - (cut % file.length));
      const whole = read(left, Infinity, how);
      const inWindows = read(left, 1024, how);
      expect(inWindows).toEqual(whole);
      if (whole.fault !== '') faults++;
    };
    fc.assert(
      fc.property(
        recordTexts(['fixed', 'text', 'list', 'aligned', 'bytes'], 300),
        fc.array(fc.tuple(fc.nat(60_000), fc.nat(7)), { maxLength: 3 }),
        fc.constantFrom(0, 0, 1, 40, 2000),
        ways,
        property,
      ),
      { numRuns: 300 },
    );
    expect(faults).toBeGreaterThan(50);
  });
});

test('a long packet is read bit by bit, and only once', () => {
  const records = Array.from({ length: 5000 }, () => ({ name: 'text', size: 50 }));
  const file = packetOf(classOf(), records, '');
  const traceOf = classOf();
  let most = 0;
  let total = 0;
  const inner = memorySource('chan', file);
  const source = {
    ...inner,
    read: (offset: number, target: Uint8Array, at: number, length: number): number => {
      most = Math.max(most, length);
      total += length;
      return inner.read(offset, target, at, length);
    },
  };
  const index = indexFile(source, traceOf);
  const stream: DataStream = {
    trace: { traceClass: traceOf, path: 'trace', environment: new Map() },
    dataStreamClass: index.dataStreamClass,
    id: 0n,
    idIsKnown: true,
    name: 'chan',
  };
  const log = new MessageLog(false);
  const clock = new ClockConverter(index.dataStreamClass.defaultClockClass!);
  const packets = mergePackets([index]);
  total = 0;
  const reader = new DataStreamReader(stream, packets, clock, { nsFromOrigin: 0n }, log, {
    windowBytes: 16_384,
  });
  while (reader.run(Infinity, 100) === 'budget');
  expect(log.skippedCount).toBe(5000);
  expect(most).toBe(16_384);
  expect(total).toBe(file.length);
});
