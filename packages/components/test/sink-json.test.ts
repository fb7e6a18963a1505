import type { BackEnd } from '@sonde/ctf';
import type { Message, ParameterMap, PlainValue, SinkClass } from '@sonde/graph';
import {
  array,
  bitArray,
  bitMap,
  bool,
  clockClass,
  dataStream,
  dynamicArray,
  dynamicStr,
  float,
  key,
  mappings,
  optional,
  packet,
  sint,
  staticBlob,
  str,
  struct,
  traceClass,
  uint,
  variant,
  vuint,
} from '@sonde/testkit';
import type { ClockClass, StructureFieldClass } from '@sonde/trace-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatJsonFloat, writeJsonString } from '../src/sink-json/json-text.ts';
import { isoTime } from '../src/sink-json/json-time.ts';
import { createJsonLinesSink, jsonLinesSink } from '../src/sink-json/sink-json-lines.ts';
import { runMessages } from './run-messages.ts';

const backEnds: readonly BackEnd[] = ['generated', 'closures'];

interface Setup {
  readonly payload?: StructureFieldClass;
  readonly commonContext?: StructureFieldClass;
  readonly packetContext?: StructureFieldClass;
  readonly clock?: ClockClass | undefined;
  readonly name?: string | undefined;
}

interface Values {
  readonly payload?: PlainValue;
  readonly commonContext?: PlainValue;
  readonly packetContext?: PlainValue;
  readonly ns?: bigint;
}

function messagesOf(setup: Setup, events: readonly Values[]): Message[] {
  const { name = 'event', clock = clockClass(), payload, commonContext, packetContext } = setup;
  const classes = traceClass({
    streams: [
      {
        ...('clock' in setup && setup.clock === undefined ? {} : { clock }),
        ...(packetContext && { packetContext }),
        ...(commonContext && { commonContext }),
        events: [
          { ...('name' in setup && !setup.name ? {} : { name }), ...(payload && { payload }) },
        ],
      },
    ],
  });
  const stream = dataStream(classes.dataStreamClasses.get(0n)!);
  const eventRecordClass = stream.dataStreamClass.eventRecordClasses.get(0n)!;
  const inPacket = packet(stream);
  return [
    { type: 'stream-beginning', stream },
    { type: 'packet-beginning', packet: inPacket },
    ...events.map(
      ({ ns, ...values }): Message => ({
        type: 'event',
        packet: inPacket,
        eventRecordClass,
        ...(ns !== undefined && { time: { cycles: ns, nsFromOrigin: ns } }),
        ...values,
      }),
    ),
    { type: 'packet-end', packet: inPacket },
    { type: 'stream-end', stream },
  ];
}

function sinkWith(backEnd: BackEnd): SinkClass {
  return { ...jsonLinesSink, create: (context) => createJsonLinesSink(context, backEnd) };
}

/** The lines of both back ends, which must agree. */
async function linesOf(
  messages: readonly Message[],
  parameters: ParameterMap = {},
): Promise<string[]> {
  const texts: string[] = [];
  for (const backEnd of backEnds) {
    const { text, error } = await runMessages(messages, sinkWith(backEnd), parameters);
    if (error !== undefined) throw error;
    texts.push(text);
  }
  expect(texts[1]).toBe(texts[0]);
  return texts[0]!.split('\n').slice(0, -1);
}

async function payloadOf(payload: StructureFieldClass, value: PlainValue, p: ParameterMap = {}) {
  const [line] = await linesOf(messagesOf({ payload }, [{ ns: 5n, payload: value }]), p);
  return JSON.parse(line!).payload;
}

describe('the shape of a line', () => {
  test('everything at its place, in this order', async () => {
    const messages = messagesOf(
      {
        payload: struct({ fd: sint(32), path: str() }),
        commonContext: struct({ procname: str() }),
        packetContext: struct({ cpu_id: uint(32), flavour: uint(8) }),
      },
      [
        {
          ns: 1_700_000_000_123_456_789n,
          packetContext: { cpu_id: 3, flavour: 7 },
          commonContext: { procname: 'node' },
          payload: { fd: -1, path: '/a "b"' },
        },
      ],
    );
    expect(await linesOf(messages)).toEqual([
      '{"type":"event","ts":"1700000000123456789","name":"event","stream":0,"cpu":3,"packet":{"flavour":7},"context":{"procname":"node"},"payload":{"fd":-1,"path":"/a \\"b\\""}}',
    ]);
    expect(await linesOf(messages, { 'iso-time': true, fields: ['fd', '$ctx.p*'] })).toEqual([
      '{"type":"event","ts":"1700000000123456789","time":"2023-11-14T22:13:20.123456789Z","name":"event","stream":0,"cpu":3,"context":{"procname":"node"},"payload":{"fd":-1}}',
    ]);
    expect(await linesOf(messages, { fields: ['path'] })).toEqual([
      '{"type":"event","ts":"1700000000123456789","name":"event","stream":0,"cpu":3,"payload":{"path":"/a \\"b\\""}}',
    ]);
  });

  test('an event without fields, clock and name', async () => {
    const messages = messagesOf({ clock: undefined, name: undefined }, [{}]);
    expect(await linesOf(messages)).toEqual([
      '{"type":"event","ts":null,"name":null,"id":0,"stream":0}',
    ]);
  });

  test('discarded items have lines of their own', async () => {
    const messages = messagesOf({}, []);
    const { stream } = messages[0] as Extract<Message, { type: 'stream-beginning' }>;
    const at = (ns: bigint) => ({ cycles: ns, nsFromOrigin: ns });
    messages.splice(
      2,
      0,
      { type: 'discarded-events', stream, count: 4n, begin: at(10n), end: at(20n) },
      { type: 'discarded-packets', stream },
    );
    expect(await linesOf(messages)).toEqual([
      '{"type":"discarded-events","ts":"10","stream":0,"count":4,"begin":"10","end":"20"}',
      '{"type":"discarded-packets","ts":null,"stream":0,"count":null,"begin":null,"end":null}',
    ]);
  });
});

describe('times', () => {
  const times = [
    [0n, '1970-01-01T00:00:00.000000000Z'],
    [999_999_999n, '1970-01-01T00:00:00.999999999Z'],
    [1_000_000_000n, '1970-01-01T00:00:01.000000000Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [9_223_372_036_854_775_807n, '2262-04-11T23:47:16.854775807Z'],
  ] as const;
  test.each(times)('%s is %s', async (ns, iso) => {
    expect(isoTime(ns)).toBe(iso);
    const [line] = await linesOf(messagesOf({}, [{ ns }]), { 'iso-time': true });
    expect(JSON.parse(line!)).toMatchObject({ ts: String(ns), time: iso });
  });

  test('one after the other, across seconds and far away', async () => {
    const all = [5n, 999_999_999n, 1_000_000_000n, 7_500_000_001n, 2n ** 62n, 2n ** 62n + 1n];
    const lines = await linesOf(
      messagesOf(
        {},
        all.map((ns) => ({ ns })),
      ),
    );
    expect(lines.map((line) => JSON.parse(line).ts)).toEqual(all.map(String));
  });

  test('a clock that does not count from the epoch has no date', async () => {
    const { origin: _origin, ...clock } = clockClass();
    const [line] = await linesOf(messagesOf({ clock }, [{ ns: 5n }]), { 'iso-time': true });
    expect(JSON.parse(line!)).toMatchObject({ ts: '5', time: null });
  });
});

describe('fields', () => {
  test('of every kind', async () => {
    const payload = struct({
      u8: uint(8),
      s32: sint(32),
      s40: sint(40),
      u3: uint(3, { alignmentBits: 1 }),
      big: uint(64),
      low: sint(64),
      leb: vuint(),
      yes: bool(8),
      real: float(64),
      single: float(32),
      text: str(),
      wide: str('utf-16le'),
      blob: staticBlob(3),
      bits: bitArray(12),
      map: bitMap(8, { A: [0], B: [[1, 2]] }),
      state: uint(8, { mappings: mappings({ ON: [1], ANY: [[0, 5]], 'O"FF': [9] }) }),
      length: key(0, uint(8)),
      list: dynamicArray(struct({ x: uint(8) }), 0),
      name: dynamicStr(0),
      tag: key(1, uint(8)),
      some: optional(struct({ y: uint(16) }), 1, [1]),
      choice: variant(1, { a: [[1], uint(8)], b: [[2], str()] }),
      none: struct({}),
      table: array(array(uint(8), 2), 2),
    });
    const value = {
      u8: 255,
      s32: -7,
      s40: -549_755_813_888,
      u3: 5,
      big: 18_446_744_073_709_551_615n,
      low: -9_223_372_036_854_775_808n,
      leb: 300,
      yes: true,
      real: -2.5e-7,
      single: Math.fround(0.1),
      text: 'a\u0001"\\\n\u20ac',
      wide: 'h\u00e9',
      blob: new Uint8Array([0, 171, 255]),
      bits: 0xabc,
      map: 5,
      state: 1,
      length: 2,
      list: [{ x: 1 }, { x: 2 }],
      name: 'ab',
      tag: 2,
      some: undefined,
      choice: 'b!',
      none: {},
      table: [
        [1, 2],
        [3, 4],
      ],
    };
    const expected = {
      ...value,
      big: '18446744073709551615',
      low: '-9223372036854775808',
      single: 0.1,
      blob: '00abff',
      map: { value: 5, flags: ['A', 'B'] },
      state: { value: 1, label: 'ON', labels: ['ON', 'ANY'] },
      some: null,
    };
    expect(await payloadOf(payload, value)).toEqual(expected);
    const other = { ...value, state: 9, map: 8, tag: 1, some: { y: 77 }, choice: 4, length: 0 };
    expect(await payloadOf(payload, { ...other, list: [], name: '' })).toMatchObject({
      state: { value: 9, label: 'O"FF' },
      map: { value: 8, flags: [] },
      some: { y: 77 },
      choice: 4,
      list: [],
    });
    expect(await payloadOf(payload, { ...value, state: 77 })).toMatchObject({
      state: { value: 77, label: null },
    });
  });

  const wides: readonly [mode: string, value: bigint, text: string][] = [
    ['auto', 9_007_199_254_740_991n, '9007199254740991'],
    ['auto', 9_007_199_254_740_992n, '"9007199254740992"'],
    ['auto', -9_007_199_254_740_991n, '-9007199254740991'],
    ['auto', -9_007_199_254_740_992n, '"-9007199254740992"'],
    ['string', 5n, '"5"'],
    ['number', 9_223_372_036_854_775_807n, '9223372036854775807'],
  ];
  test.each(wides)('wide integers, %s: %s', async (mode, value, text) => {
    const payload = struct({ v: sint(64), w: uint(32) });
    const messages = messagesOf({ payload }, [{ ns: 5n, payload: { v: value, w: 1 } }]);
    const [line] = await linesOf(messages, { 'wide-integers': mode });
    expect(line).toContain(`"payload":{"v":${text},"w":1}`);
  });

  test('members of the same name stay apart', async () => {
    const { members, ...rest } = struct({ x: uint(8), y: uint(8), z: uint(8) });
    const named = members.map((member, i) =>
      i === 1 ? { ...member, name: 'x', originalName: '_x' } : { ...member, name: 'x' },
    );
    const bytes = { x: 7 };
    expect(await payloadOf({ ...rest, members: named }, bytes)).toEqual({ x: 7, _x: 7, 'x-2': 7 });
  });

  test.each([
    [Number.NaN, '"NaN"'],
    [Number.POSITIVE_INFINITY, '"Infinity"'],
    [Number.NEGATIVE_INFINITY, '"-Infinity"'],
    [-0, '-0'],
    [1e300, '1e+300'],
    [0.1, '0.1'],
    [123_456_789_012, '123456789012'],
  ])('the real number %d is written %s', (value, text) => {
    expect(formatJsonFloat(value, 64)).toBe(text);
  });

  test('reals read back as they were', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(JSON.parse(formatJsonFloat(value, 64))).toBe(value);
        const single = Math.fround(value);
        if (Number.isFinite(single)) {
          expect(Math.fround(JSON.parse(formatJsonFloat(single, 32)))).toBe(single);
        }
      }),
    );
  });
});

describe('strings are valid JSON whatever the bytes', () => {
  const target = new Uint8Array(4096);
  const parsed = (bytes: Uint8Array) => {
    const end = writeJsonString(target, 0, bytes, 0, bytes.length);
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return JSON.parse(`"${decoder.decode(target.subarray(0, end))}"`);
  };
  const wanted = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

  test('random bytes, as a browser would decode them', () => {
    const unit = fc.oneof(
      fc.nat(255),
      fc.constantFrom(0xe0, 0xed, 0xf0, 0xf4, 0xc1, 0xc2, 0x80, 0x9f, 0xa0, 0xbf, 0x22, 0x5c, 0xef),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 24 }), (values) => {
        const bytes = Uint8Array.from(values);
        expect(parsed(bytes)).toBe(wanted(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  test('random text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(parsed(bytes)).toBe(wanted(bytes));
      }),
    );
  });
});

describe('long output', () => {
  test('lines across many chunks, contexts that repeat and change', async () => {
    const setup = {
      payload: struct({ text: str() }),
      commonContext: struct({ vtid: sint(32), name: staticName() }),
    };
    const events = Array.from({ length: 3000 }, (_, i) => ({
      ns: BigInt(1_000_000_000 + i),
      commonContext: { vtid: Math.floor(i / 7) % 5, name: `thread ${Math.floor(i / 7) % 5}` },
      payload: { text: 'x'.repeat(i % 100) },
    }));
    const lines = await linesOf(messagesOf(setup, events));
    expect(lines).toHaveLength(3000);
    lines.forEach((line, i) => {
      const { ts, context, payload } = JSON.parse(line);
      expect({ ts, context, payload }).toEqual({
        ts: String(events[i]!.ns),
        context: events[i]!.commonContext,
        payload: events[i]!.payload,
      });
    });
  });

  test.each([70_000, 1_000_000])('a string of %i bytes', async (length) => {
    const text = '\u0001'.repeat(length);
    expect(await payloadOf(struct({ a: uint(8), text: str() }), { a: 1, text })).toEqual({
      a: 1,
      text,
    });
  });

  test('long arrays', async () => {
    const payload = struct({ length: key(0, uint(32)), list: dynamicArray(uint(32), 0) });
    const list = Array.from({ length: 50_000 }, (_, i) => i * 80_000);
    expect(await payloadOf(payload, { length: list.length, list })).toEqual({
      length: list.length,
      list,
    });
  });
});

function staticName() {
  return { type: 'static-length-string', encoding: 'utf-8', lengthBytes: 16 } as const;
}
