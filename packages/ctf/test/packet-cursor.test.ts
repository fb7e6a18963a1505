import { decodeScope } from '@sonde/ctf';
import {
  bool,
  clockClass,
  type DataStreamClassText,
  dynamicArray,
  dynamicStr,
  key,
  optional,
  staticStr,
  str,
  struct,
  traceClass,
  uint,
  variant,
  vuint,
} from '@sonde/testkit';
import {
  type ByteOrder,
  type DataStreamClass,
  type RecordCursor,
  type Role,
  scopes,
} from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { backEnds, begin, cursorOn, record, runAll, type SeenRecord } from './cursor-run.ts';

const idRole: { roles: Role[] } = { roles: ['event-record-class-id'] };
const timeRole: { roles: Role[] } = { roles: ['default-clock-timestamp'] };

function streamClass(text: DataStreamClassText): DataStreamClass {
  return traceClass({ streams: [{ clock: clockClass(), ...text }] })
    .dataStreamClasses.values()
    .next().value!;
}

/** LTTng's event record headers. */
function lttngHeader(kind: 'compact' | 'large', byteOrder: ByteOrder) {
  const idBits = kind === 'compact' ? 5 : 16;
  const timeBits = kind === 'compact' ? 27 : 32;
  const order = { byteOrder };
  const extended = 2 ** idBits - 1;
  const id = uint(idBits, { ...order, ...idRole, alignmentBits: kind === 'compact' ? 1 : 8 });
  return struct(
    {
      id: key(0, id),
      v: variant(0, {
        compact: [
          [[0, extended - 1]],
          struct({
            timestamp: uint(timeBits, {
              ...order,
              ...timeRole,
              alignmentBits: kind === 'compact' ? 1 : 8,
            }),
          }),
        ],
        extended: [
          [extended],
          struct({
            id: uint(32, { ...order, ...idRole }),
            timestamp: uint(64, { ...order, ...timeRole }),
          }),
        ],
      }),
    },
    8,
  );
}

const byte = struct({ b: uint(8) });
const brief = (seen: { records: SeenRecord[] }) =>
  seen.records.map(({ id, timeNs, cycles }) => [id, timeNs, cycles]);

test('decodeScope reads every scope of a record', () => {
  const text = {
    packetHeader: struct({ magic: uint(32, { roles: ['packet-magic-number'] }) }),
    streams: [
      {
        packetContext: struct({ cpu: uint(8) }),
        header: struct({ id: uint(8, idRole) }),
        commonContext: struct({ tid: uint(8) }),
        events: [{ specificContext: struct({ ip: uint(8) }), payload: struct({ x: uint(8) }) }],
      },
    ],
  };
  const stream = traceClass(text).dataStreamClasses.get(0n)!;
  const cursor = cursorOn(stream);
  begin(cursor, 'c11ffcc1 03  00 01 02 04  00 05 06 07');
  expect(decodeScope(cursor, 'packet-context')).toEqual({ cpu: 3 });
  const seen: unknown[] = [];
  const handler = (at: RecordCursor) => {
    seen.push(scopes.map((scope) => decodeScope(at, scope)));
    return -1;
  };
  cursor.run(Infinity, Infinity, { eventHandler: () => handler });
  const packetScopes = [{ magic: 0xc1fc1fc1 }, { cpu: 3 }];
  expect(seen).toEqual([
    [...packetScopes, { id: 0 }, { tid: 1 }, { ip: 2 }, { x: 4 }],
    [...packetScopes, { id: 0 }, { tid: 5 }, { ip: 6 }, { x: 7 }],
  ]);
});

describe.each(backEnds)('%s loop', (backEnd) => {
  const options = { backEnd };

  describe('LTTng headers', () => {
    const events = [{ payload: byte }, { payload: str_() }, { id: 100_000, payload: byte }];
    function str_() {
      return struct({ s: str() });
    }
    const cases: readonly [string, 'compact' | 'large', ByteOrder, string][] = [
      [
        'compact, little-endian',
        'compact',
        'little-endian',
        '40000000 aa  81000000 6100  1f a0860100 0300000001000000 bb  c0000000 cc',
      ],
      [
        'compact, big-endian',
        'compact',
        'big-endian',
        '00000002 aa  08000004 6100  f8 000186a0 0000000100000003 bb  00000006 cc',
      ],
      [
        'large, little-endian',
        'large',
        'little-endian',
        '0000 02000000 aa  0100 04000000 6100  ffff a0860100 0300000001000000 bb  0000 06000000 cc',
      ],
      [
        'large, big-endian',
        'large',
        'big-endian',
        '0000 00000002 aa  0001 00000004 6100  ffff 000186a0 0000000100000003 bb  0000 00000006 cc',
      ],
    ];
    test.each(cases)('%s', (_title, kind, byteOrder, content) => {
      const seen = runAll(
        streamClass({ header: lttngHeader(kind, byteOrder), events }),
        [content],
        options,
      );
      expect(seen.error).toBeUndefined();
      expect(seen.records).toEqual([
        { id: 0n, timeNs: 2, cycles: 2n, payload: { b: 0xaa } },
        { id: 1n, timeNs: 4, cycles: 4n, payload: { s: 'a' } },
        { id: 100_000n, timeNs: 0x1_0000_0003, cycles: 0x1_0000_0003n, payload: { b: 0xbb } },
        { id: 0n, timeNs: 0x1_0000_0006, cycles: 0x1_0000_0006n, payload: { b: 0xcc } },
      ]);
    });
  });

  describe('clock', () => {
    const header = struct({ ts: uint(32, timeRole) }, 8);
    const packetContext = struct({ begin: uint(64, timeRole) });

    test('equality is no wrap, a smaller value is; it goes on in the next packet', () => {
      const stream = streamClass({ header, events: [{ payload: byte }] });
      const seen = runAll(
        stream,
        ['ffffffff 01 ffffffff 02 00000000 03', '00000000 04 ffffffff 05', '01000000 06'],
        options,
      );
      expect(brief(seen).map(([, timeNs]) => timeNs)).toEqual([
        0xffffffff, 0xffffffff, 0x1_0000_0000, 0x1_0000_0000, 0x1_ffff_ffff, 0x2_0000_0001,
      ]);
    });

    test('nothing happens where the lower half of the clock changes its sign', () => {
      const stream = streamClass({ header, packetContext, events: [{ payload: byte }] });
      const begin = 'feffff7f01000000';
      const seen = runAll(stream, [`${begin} ffffff7f 01 00000080 02 01000080 03`], options);
      expect(brief(seen)).toEqual(
        [0x1_7fff_ffff, 0x1_8000_0000, 0x1_8000_0001].map((ns) => [0n, ns, BigInt(ns)]),
      );
    });

    test('27 bits wrap across the lower half of the clock', () => {
      const narrow = struct({ ts: uint(27, timeRole), pad: uint(5) }, 8);
      const stream = streamClass({ header: narrow, packetContext, events: [{ payload: byte }] });
      const seen = runAll(stream, ['ffffffff 00000000  ffffff07 01  00000000 02'], options);
      expect(brief(seen)).toEqual([
        [0n, 0xffffffff, 0xffffffffn],
        [0n, 0x1_0000_0000, 0x1_0000_0000n],
      ]);
    });

    test('a wrap at 2^64 starts over', () => {
      const stream = streamClass({ header, packetContext, events: [{ payload: byte }] });
      const seen = runAll(stream, ['feffffffffffffff ffffffff 01 00000000 02'], options);
      expect(seen.records.map(({ cycles }) => cycles)).toEqual([2n ** 64n - 1n, 0n]);
    });

    test('times far from the origin are exact as snapshots, and in order as numbers', () => {
      const stream = streamClass({ header, packetContext, events: [{ payload: byte }] });
      const seen = runAll(
        stream,
        ['01000000 00000080 01000000 01 02000000 02 ff000000 03'],
        options,
      );
      expect(seen.records.map(({ cycles }) => cycles)).toEqual([
        2n ** 63n + 1n,
        2n ** 63n + 2n,
        2n ** 63n + 255n,
      ]);
      const times = seen.records.map(({ timeNs }) => timeNs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });

    test('times count from the origin', () => {
      const clock = clockClass({ offsetSeconds: 1_700_000_000n, offsetCycles: 5n });
      const stream = streamClass({ clock, header, events: [{ payload: byte }] });
      const seen = runAll(stream, ['07000000 01'], {
        ...options,
        originNs: 1_700_000_000_000_000_003n,
      });
      expect(brief(seen)).toEqual([[0n, 9, 7n]]);
    });

    test('other frequencies are cut to nanoseconds', () => {
      const clock = clockClass({ frequencyHz: 3n });
      const stream = streamClass({ clock, header, events: [{ payload: byte }] });
      expect(brief(runAll(stream, ['02000000 01 03000000 02'], options))).toEqual([
        [0n, 666_666_666, 2n],
        [0n, 1_000_000_000, 3n],
      ]);
    });

    test('no clock: no times, records are due at once', () => {
      const { clock: _, ...bare } = {
        clock: undefined,
        header: struct({ id: uint(8, idRole) }),
        events: [{ payload: byte }],
      };
      const stream = traceClass({ streams: [bare] }).dataStreamClasses.get(0n)!;
      const cursor = cursorOn(stream, options);
      begin(cursor, '00 01 00 02');
      expect(cursor.headTimeNs).toBe(-Infinity);
      expect(runAll(stream, ['00 01 00 02'], options).records).toEqual([
        { id: 0n, timeNs: Number.NaN, cycles: undefined, payload: { b: 1 } },
        { id: 0n, timeNs: Number.NaN, cycles: undefined, payload: { b: 2 } },
      ]);
    });

    test('CTF 1.8: a timestamp in the payload moves the clock after the record', () => {
      const stream = streamClass({
        header,
        events: [{ payload: struct({ t: uint(32, timeRole) }) }],
      });
      const seen = runAll(stream, ['05000000 09000000 04000000 00000000'], options);
      expect(brief(seen).map(([, timeNs]) => timeNs)).toEqual([5, 0x1_0000_0004]);
    });

    test('variable-length timestamps have 7 bits a byte', () => {
      const stream = streamClass({
        header: struct({ t: vuint(timeRole) }),
        events: [{ payload: byte }],
      });
      const seen = runAll(stream, ['8201 01  01 02  8100 03'], options);
      expect(brief(seen).map(([, timeNs]) => timeNs)).toEqual([0x82, 0x101, 0x4001]);
    });
  });

  describe('record ends', () => {
    const ids = (content: string, stream: DataStreamClass) => {
      const { records, error } = runAll(stream, [content], options);
      return [records.map(({ payload }) => payload), error?.code, error?.place.offsetBits];
    };
    const bits = { payload: struct({ x: uint(3) }) };

    test('records that end within a byte, headers at bytes', () => {
      const stream = streamClass({ header: struct({ id: uint(8, idRole) }), events: [bits] });
      expect(ids('00 01 00 02 00 03', stream)).toEqual([
        [{ x: 1 }, { x: 2 }, { x: 3 }],
        'beyond-data',
        48,
      ]);
    });

    test('headers within bytes', () => {
      const stream = streamClass({
        header: struct({ id: uint(1, idRole) }),
        events: [bits, { payload: struct({ y: uint(7) }) }],
      });
      // Bits, first to last: 0 101, 0 110, 1 1111111, 0 001, then 4 bits: 0 000.
      expect(ids('6a ff 08', stream)).toEqual([
        [{ x: 5 }, { x: 3 }, { y: 127 }, { x: 4 }, { x: 0 }],
        undefined,
        undefined,
      ]);
    });

    test('a content that is not whole bytes', () => {
      const packetContext = struct({
        content: uint(8, { roles: ['packet-content-length'] }),
        total: uint(8, { roles: ['packet-total-length'] }),
      });
      const stream = streamClass({
        packetContext,
        header: struct({ id: uint(8, idRole) }),
        events: [bits],
      });
      expect(ids('23 28 00 01 00 02', stream)).toEqual([[{ x: 1 }], 'beyond-packet-content', 32]);
      expect(ids('1b 20 00 05', stream)).toEqual([[{ x: 5 }], undefined, undefined]);
    });

    test('the byte order may not change within a byte, across scopes and records', () => {
      const be = { byteOrder: 'big-endian' } as const;
      const scopesDiffer = streamClass({
        header: struct({ id: uint(4, idRole) }),
        events: [{ payload: struct({ x: uint(4, be) }) }],
      });
      expect(ids('00', scopesDiffer)).toEqual([[], 'byte-order-change-in-byte', 4]);
      const contextDiffers = streamClass({
        packetContext: struct({ c: uint(4) }),
        header: struct({ id: uint(4, { ...idRole, ...be }) }),
        events: [bits],
      });
      expect(ids('0000', contextDiffers)).toEqual([[], 'byte-order-change-in-byte', 4]);
      const recordsDiffer = streamClass({
        header: struct({ id: uint(8, { ...idRole, alignmentBits: 1 }) }),
        events: [{ payload: struct({ x: uint(4, be) }) }],
      });
      expect(ids('00 f0 00', recordsDiffer)).toEqual([
        [{ x: 15 }],
        'byte-order-change-in-byte',
        12,
      ]);
    });

    test('headers aligned to more than a byte', () => {
      const header = struct({
        id: uint(16, { ...idRole, alignmentBits: 32 }),
        t: uint(64, { ...timeRole, alignmentBits: 64 }),
      });
      const stream = streamClass({ header, events: [{ payload: byte }] });
      const one = '0000 000000000000 0500000000000000 01 00000000000000';
      expect(ids(`${one} 0000 000000000000 0600000000000000 02`, stream)).toEqual([
        [{ b: 1 }, { b: 2 }],
        undefined,
        undefined,
      ]);
      expect(ids(`${one} 0000 000000000000 06000000`, stream)).toEqual([
        [{ b: 1 }],
        'beyond-data',
        256,
      ]);
    });

    test('empty records', () => {
      const empty = streamClass({ events: [{}] });
      expect(ids('00', empty)).toEqual([[], 'empty-event-record', 0]);
      const optionalByte = (header: boolean) =>
        streamClass({
          packetContext: struct({ has: key(0, bool(8)) }),
          ...(header && { header: struct({ id: uint(8, idRole) }) }),
          events: [{ payload: struct({ o: optional(uint(8), 0) }) }],
        });
      expect(ids('00 08', optionalByte(false))).toEqual([[], 'empty-event-record', 8]);
      expect(ids('01 08', optionalByte(false))).toEqual([[{ o: 8 }], undefined, undefined]);
      expect(ids('00 00', optionalByte(true))).toEqual([[{ o: undefined }], undefined, undefined]);
    });
  });

  describe('faults', () => {
    const header = struct({ id: uint(8, idRole), t: uint(16, timeRole) });
    const events = [
      { payload: byte },
      { payload: struct({ n: key(0, uint(8)), s: dynamicStr(0) }) },
      { payload: struct({ a: staticStr(40) }) },
    ];
    const stream = streamClass({ header, events });
    const good = '00 0100 aa  01 0200 02 6162';

    const cases: readonly [string, string, string, string, number][] = [
      [
        'unknown class',
        '03 0300 00',
        'unknown-event-record-class',
        'No event record class has the ID 3 in the data stream class with the ID 0.',
        80 + 24,
      ],
      [
        'header beyond the data',
        '00 03',
        'beyond-data',
        'Cannot read field `t`: 16 bits wanted, 8 bits left in the data.',
        80 + 8,
      ],
      [
        'static body beyond the data',
        '02 0300 61',
        'beyond-data',
        'Cannot read field `a`: 320 bits wanted, 8 bits left in the data.',
        80 + 32,
      ],
      [
        'dynamic body beyond the data',
        '01 0300 05 61',
        'beyond-data',
        'Cannot read field `s`: 40 bits wanted, 8 bits left in the data.',
        80 + 40,
      ],
    ];
    test.each(cases)(
      '%s: what comes before is delivered',
      (_title, bad, code, message, offsetBits) => {
        for (const unwanted of [() => false, (id: bigint) => id > 1n]) {
          const { records, error } = runAll(stream, [good + bad], { ...options, unwanted });
          expect(records.map(({ id }) => id)).toEqual([0n, 1n]);
          expect(error).toMatchObject({
            code,
            message,
            place: { stream: 'stream', packetIndex: 0, offsetBits },
          });
        }
      },
    );

    test('the error waits until the time of the record, or of the one before a bad header', () => {
      const cursor = cursorOn(stream, options);
      const downstream = { eventHandler: () => null };
      begin(cursor, `${good} 02 0900`);
      expect(cursor.run(9, Infinity, downstream)).toBe(2);
      expect(cursor.headTimeNs).toBe(9);
      expect(cursor.run(9, Infinity, downstream)).toBe(0);
      expect(() => cursor.run(10, Infinity, downstream)).toThrow(/Cannot read field `a`/);
      const dynamic = cursorOn(stream, options);
      begin(dynamic, `${good} 01 0900 05 61`);
      expect(dynamic.run(9, Infinity, downstream)).toBe(2);
      expect([dynamic.headTimeNs, dynamic.skippedEvents]).toEqual([9, 2]);
      expect(() => dynamic.run(10, Infinity, downstream)).toThrow(/Cannot read field `s`/);
      const other = cursorOn(stream, options);
      begin(other, `${good} 01 09`);
      expect(other.run(2, 9, downstream)).toBe(1);
      expect(() => other.run(3, 9, downstream)).toThrow(/Cannot read field `t`/);
    });

    test('what a handler throws comes out, with the count of what was stepped over', () => {
      const cursor = cursorOn(stream, options);
      const handler = () => {
        throw new Error('stop');
      };
      const downstream = {
        eventHandler: (at: RecordCursor) => (at.eventRecordClass.id === 0n ? null : handler),
      };
      begin(cursor, good);
      expect(() => cursor.run(Infinity, Infinity, downstream)).toThrow('stop');
      expect(cursor.skippedEvents).toBe(1);
    });

    test('a bad first header: the packet begins, then it throws', () => {
      const cursor = cursorOn(stream, options);
      begin(cursor, '03 0300 00');
      expect(cursor.headTimeNs).toBeLessThan(Infinity);
      expect(() => cursor.run(Infinity, 1, { eventHandler: () => null })).toThrow(/ID 3/);
    });
  });

  describe('running', () => {
    const header = struct({ id: uint(8, idRole), t: uint(8, timeRole) });
    const stream = streamClass({
      header,
      events: [{ payload: byte }, { payload: struct({ s: str() }) }],
    });
    const content = '00 01 aa  01 02 6100  00 02 bb  01 05 00  00 09 cc';

    test('limit and budget', () => {
      const times: number[] = [];
      const handler = (cursor: { timeNs: number }) => {
        times.push(cursor.timeNs);
        return -1;
      };
      const cursor = cursorOn(stream, options);
      const downstream = { eventHandler: () => handler };
      begin(cursor, content);
      expect(cursor.headTimeNs).toBe(1);
      expect([cursor.run(1, 9, downstream), cursor.headTimeNs]).toEqual([0, 1]);
      expect([cursor.run(2, 9, downstream), cursor.headTimeNs]).toEqual([1, 2]);
      expect([cursor.run(9, 1, downstream), cursor.headTimeNs]).toEqual([1, 2]);
      expect([cursor.run(9, 9, downstream), cursor.headTimeNs]).toEqual([2, 9]);
      expect([cursor.run(Infinity, 9, downstream), cursor.headTimeNs]).toEqual([1, Infinity]);
      expect(times).toEqual([1, 2, 2, 5, 9]);
      expect(cursor.cycles).toBe(9n);
    });

    test('a class is asked about once, when its time has come', () => {
      const asked: bigint[] = [];
      const cursor = cursorOn(stream, options);
      const downstream = {
        eventHandler: (at: Parameters<typeof record>[0]) => {
          asked.push(at.eventRecordClass.id);
          return at.eventRecordClass.id === 0n ? null : () => -1;
        },
      };
      begin(cursor, content);
      cursor.run(2, Infinity, downstream);
      expect(asked).toEqual([0n]);
      cursor.run(Infinity, Infinity, downstream);
      begin(cursor, content, 1);
      cursor.run(Infinity, Infinity, downstream);
      expect(asked).toEqual([0n, 1n]);
      expect(cursor.skippedEvents).toBe(6);
    });

    test('a handler that knows the end is believed', () => {
      const cursor = cursorOn(stream, options);
      const ends: number[] = [];
      const downstream = {
        eventHandler: (at: Parameters<typeof record>[0]) =>
          at.eventRecordClass.id === 0n
            ? () => -1
            : (current: {
                recordOffsetBits?: number;
                bodyOffsetBits: number;
                bytes: Uint8Array;
              }) => {
                const end = current.bytes.indexOf(0, current.bodyOffsetBits / 8) * 8 + 8;
                ends.push(current.recordOffsetBits!, end);
                return end;
              },
      };
      begin(cursor, content);
      expect(cursor.run(Infinity, Infinity, downstream)).toBe(5);
      expect(ends).toEqual([24, 56, 80, 104]);
    });

    test('skipTo steps over earlier records silently', () => {
      const cursor = cursorOn(stream, options);
      begin(cursor, content);
      cursor.skipTo(3);
      expect(cursor.headTimeNs).toBe(5);
      const seen: SeenRecord[] = [];
      const handler = (at: Parameters<typeof record>[0]) => {
        seen.push(record(at));
        return -1;
      };
      cursor.run(Infinity, Infinity, { eventHandler: () => handler });
      expect(seen.map(({ payload }) => payload)).toEqual([{ s: '' }, { b: 0xcc }]);
      expect(cursor.skippedEvents).toBe(0);
    });
  });

  describe('keys', () => {
    test('of packet context and header reach the payload', () => {
      const stream = streamClass({
        packetContext: struct({ n: key(0, uint(8)) }),
        header: struct({ kind: key(1, uint(8)), has: key(2, bool(8)) }),
        events: [
          {
            payload: struct({
              a: dynamicArray(uint(8), 0),
              v: variant(1, { x: [[1], uint(8)], y: [[2], uint(16)] }),
              o: optional(uint(8), 2),
            }),
          },
        ],
      });
      expect(
        runAll(stream, ['02  01 01 aabb 07 09  02 00 ccdd 0700'], options).records.map(
          ({ payload }) => payload,
        ),
      ).toEqual([
        { a: [0xaa, 0xbb], v: 7, o: 9 },
        { a: [0xcc, 0xdd], v: 7, o: undefined },
      ]);
    });
  });

  test('ids of 64 bits, exact', () => {
    const big = 2n ** 63n + 1n;
    const stream = streamClass({
      header: struct({ id: uint(64, idRole) }),
      events: [{ payload: byte }, { id: big, payload: byte }, { id: big + 1n, payload: byte }],
    });
    const seen = runAll(
      stream,
      ['0100000000000080 01 0000000000000000 02 0200000000000080 03 0100000000000080 04'],
      options,
    );
    expect(seen.records.map(({ id }) => id)).toEqual([big, 0n, big + 1n, big]);
  });
});
