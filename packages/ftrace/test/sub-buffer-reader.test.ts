import { DecodeError } from '@sonde/base';
import { defaultPageFormat, type PageFormat, SubBufferReader } from '@sonde/ftrace';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SubBufferBuilder } from './sub-buffer-builder.ts';

const eight = new Uint8Array(8);

/** Times and lengths of the records. */
function walk(bytes: Uint8Array, format: PageFormat = defaultPageFormat): [bigint, number][] {
  const reader = new SubBufferReader(format);
  reader.open(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  const records: [bigint, number][] = [];
  while (reader.next()) {
    const low = BigInt(reader.timeLow >>> 0);
    records.push([(BigInt(reader.timeHigh >>> 0) << 32n) | low, reader.payloadBytes]);
  }
  return records;
}

const big: PageFormat = { ...defaultPageFormat, byteOrder: 'big-endian' };
const small: PageFormat = { ...defaultPageFormat, longBytes: 4, dataOffsetBytes: 12 };

describe.each([
  ['64-bit little-endian', defaultPageFormat],
  ['64-bit big-endian', big],
  ['32-bit little-endian', small],
  ['32-bit big-endian', { ...small, byteOrder: 'big-endian' }],
] as const)('%s', (_, format) => {
  const page = (time = 1000n, lengthBytes = 4096) =>
    new SubBufferBuilder(time, lengthBytes, format);

  test('records of all lengths', () => {
    const builder = page();
    const expected: [bigint, number][] = [];
    for (let words = 2; words <= 28; words++) {
      builder.record(1, new Uint8Array(words * 4));
      expected.push([1000n + BigInt(words - 1), words * 4]);
    }
    builder.record(5, new Uint8Array(116)).record(0, eight, true);
    expected.push([1032n, 116], [1032n, 8]);
    expect(walk(builder.end(), format)).toEqual(expected);
  });

  test('time extends, beyond 32 bits too', () => {
    const bytes = page((1n << 60n) + 5n)
      .record(1, eight)
      .timeExtend(1n << 40n)
      .record(2, eight);
    bytes.timeExtend((7n << 27n) | 0x7ff_ffffn).record(1, eight);
    expect(walk(bytes.end(), format).map(([time]) => time)).toEqual([
      (1n << 60n) + 6n,
      (1n << 60n) + (1n << 40n) + 8n,
      (1n << 60n) + (1n << 40n) + 9n + (8n << 27n) - 1n,
    ]);
  });

  test('a delta that carries into the high word', () => {
    const bytes = page(0xffff_fff0n).record(0x20, eight).record(0x7ff_ffff, eight).end();
    expect(walk(bytes, format).map(([time]) => time)).toEqual([0x1_0000_0010n, 0x1_0800_000fn]);
  });

  test('absolute times keep the upper five bits of the page', () => {
    const bytes = page((3n << 59n) | 7n)
      .record(0, eight)
      .timeStamp((1n << 58n) + 9n);
    bytes.record(1, eight);
    expect(walk(bytes.end(), format).map(([time]) => time)).toEqual([
      (3n << 59n) | 7n,
      (3n << 59n) | ((1n << 58n) + 10n),
    ]);
  });

  test('discarded records count in time, unless their delta is a mere mark', () => {
    const bytes = page().record(1, eight).discarded(10, 12).record(1, eight).discarded(1, 8);
    bytes.record(1, eight);
    expect(walk(bytes.end(), format)).toEqual([
      [1001n, 8],
      [1012n, 8],
      [1013n, 8],
    ]);
  });

  test('nothing follows padding', () => {
    const bytes = page().record(1, eight).header(29, 0).word(0).record(1, eight).end();
    expect(walk(bytes, format)).toEqual([[1001n, 8]]);
  });

  test.each([
    [undefined, false, 0],
    [17n, true, 17],
    [null, true, -1],
  ])('missed events: %s', (missed, hasMissedEvents, missedEvents) => {
    const bytes = page().record(1, eight).end(missed);
    const reader = new SubBufferReader(format);
    reader.open(new DataView(bytes.buffer), 0, bytes.length);
    expect(reader).toMatchObject({ hasMissedEvents, missedEvents });
  });
});

test('a sub-buffer of 64 KiB', () => {
  const builder = new SubBufferBuilder(0n, 65_536);
  for (let i = 0; i < 5000; i++) builder.record(1, eight);
  expect(walk(builder.end())).toHaveLength(5000);
});

test('no room for the stored number of missed events', () => {
  const builder = new SubBufferBuilder(0n, 32);
  const bytes = builder.record(1, eight).end();
  new DataView(bytes.buffer).setUint32(8, (12 | 0xc000_0000) >>> 0, true);
  const reader = new SubBufferReader(defaultPageFormat);
  reader.open(new DataView(bytes.buffer, 0, 30), 0, 30);
  expect(reader.missedEvents).toBe(-1);
});

const cases: [string, () => Uint8Array, string][] = [
  ['shorter than its header', () => new Uint8Array(15), 'sub-buffer-too-short'],
  [
    'commit beyond the end',
    () => {
      const bytes = new SubBufferBuilder(0n, 64).end();
      bytes[8] = 49;
      return bytes;
    },
    'commit-beyond-sub-buffer',
  ],
  [
    'a small record beyond the commit',
    () => new SubBufferBuilder(0n, 64).header(5, 0).word(0).end(),
    'record-beyond-sub-buffer',
  ],
  [
    'a large record beyond the commit',
    () => new SubBufferBuilder(0n, 64).header(0, 0).word(4000).end(),
    'record-beyond-sub-buffer',
  ],
  [
    'a large record of negative length',
    () => new SubBufferBuilder(0n, 64).header(0, 0).word(3).end(),
    'record-beyond-sub-buffer',
  ],
  [
    'a record without common fields',
    () => new SubBufferBuilder(0n, 64).header(1, 0).word(0).end(),
    'record-beyond-sub-buffer',
  ],
  [
    'padding beyond the commit',
    () => new SubBufferBuilder(0n, 64).header(29, 1).word(0xffff_fff0).end(),
    'record-beyond-sub-buffer',
  ],
  [
    'padding of no length',
    () => new SubBufferBuilder(0n, 64).header(29, 1).word(0).end(),
    'record-beyond-sub-buffer',
  ],
  [
    'half a time extend',
    () => new SubBufferBuilder(0n, 64).header(30, 1).end(),
    'record-beyond-sub-buffer',
  ],
];

test.each(cases)('refuses %s', (_, make, code) => {
  expect(() => walk(make())).toThrow(DecodeError);
  expect(() => walk(make())).toThrow(expect.objectContaining({ code }));
});

test('any bytes: records within the sub-buffer, or a DecodeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 300 }), fc.nat(300), (bytes, commit) => {
      const copy = bytes.slice();
      if (copy.length > 12) {
        copy[8] = commit & 0xff;
        copy[9] = commit >> 8;
        copy[10] = 0;
      }
      const reader = new SubBufferReader(defaultPageFormat);
      try {
        reader.open(new DataView(copy.buffer), 0, copy.length);
        while (reader.next()) {
          expect(reader.payloadBytes).toBeGreaterThanOrEqual(8);
          expect(reader.payloadOffset).toBeGreaterThanOrEqual(20);
          expect(reader.payloadOffset + reader.payloadBytes).toBeLessThanOrEqual(copy.length);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        expect(reader.next()).toBe(false);
      }
    }),
  );
});
