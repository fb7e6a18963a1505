import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '@sonde/base';
import type { Message, ParameterMap, SinkClass } from '@sonde/graph';
import {
  array,
  bitArray,
  bitMap,
  bool,
  dynamicArray,
  dynamicBlob,
  float,
  key,
  mappings,
  optional,
  packet,
  sint,
  staticBlob,
  staticStr,
  str,
  struct,
  uint,
  variant,
  vsint,
} from '@sonde/testkit';
import type { RecordCursor } from '@sonde/trace-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomRecord } from '../../ctf/test/support/random-records.ts';
import { createPrettySink, prettySink } from '../src/sink-pretty/sink-pretty.ts';
import { runMessages } from './run-messages.ts';
import { clockAt, eventWith, messagesOf, snapshot, textStream } from './text-messages.ts';

/** What both back ends print: they must agree. */
async function print(messages: readonly Message[], parameters: ParameterMap = {}) {
  const visiting: SinkClass = {
    ...prettySink,
    create: (context) => createPrettySink(context, 'closures'),
  };
  const generated = await runMessages(messages, prettySink, parameters);
  const visited = await runMessages(messages, visiting, parameters);
  expect(visited).toEqual(generated);
  expect(generated.error).toBeUndefined();
  return generated;
}

const hex = { preferredDisplayBase: 16 } as const;
const octal = { preferredDisplayBase: 8 } as const;
const binary = { preferredDisplayBase: 2 } as const;

describe('fields', () => {
  test.each([
    ['decimal', uint(8), 200, '200'],
    ['negative', sint(64), -(2n ** 63n), '-9223372036854775808'],
    ['greatest', uint(64), 2n ** 64n - 1n, '18446744073709551615'],
    ['53 bits', uint(53), 2 ** 53 - 1, '9007199254740991'],
    ['negative, 40 bits', sint(40), -5, '-5'],
    ['variable length', vsint(), -300, '-300'],
    ['hexadecimal', uint(32, hex), 0xbeef, '0xBEEF'],
    ['hexadecimal, 64 bits', uint(64, hex), 2n ** 64n - 2n, '0xFFFFFFFFFFFFFFFE'],
    ['negative hexadecimal: whole digits', sint(5, hex), -1, '0xFF'],
    ['negative hexadecimal', sint(8, hex), -2, '0xFE'],
    ['negative hexadecimal, 36 bits', sint(36, hex), -1, '0xFFFFFFFFF'],
    ['negative hexadecimal, 62 bits', sint(62, hex), -2, '0xFFFFFFFFFFFFFFFE'],
    ['octal', uint(7, octal), 0, '00'],
    ['octal, a mode', uint(32, octal), 0o755, '0755'],
    ['negative octal: whole digits', sint(8, octal), -1, '0777'],
    ['negative octal, 64 bits', sint(64, octal), -2, '01777777777777777777776'],
    ['binary: all bits', uint(8, binary), 5, '0b00000101'],
    ['negative binary', sint(8, binary), -2, '0b11111110'],
    ['bit array', bitArray(12), 0x123n, '0x123'],
    ['bit map', bitMap(8, { b: [[0, 1]], a: [7], 'c"': [3] }), 0x89n, '0x89 { "a", "b", "c\\"" }'],
    ['bit map without active flag', bitMap(8, { b: [0] }), 2n, '0x2'],
    ['boolean', bool(8), true, 'true'],
    ['float', float(64), 17283.3881, '17283.4'],
    ['whole float', float(32), 42, '42'],
    ['negative whole float', float(32), -42, '-42'],
    ['infinite', float(64), Number.POSITIVE_INFINITY, 'inf'],
    ['string', str(), 'a\n"b"\u0001é', '"a\\n\\"b\\"\\x01é"'],
    ['UTF-16', str('utf-16le'), 'é😀?', '"é😀\\?"'],
    ['static string', staticStr(8), 'ab', '"ab"'],
    ['BLOB', staticBlob(3), Uint8Array.of(0, 10, 255), '{ 00 0a ff }'],
    ['empty BLOB', staticBlob(0), new Uint8Array(0), '{ }'],
    ['empty structure', struct({}), {}, '{ }'],
    [
      'structures',
      struct({ x: uint(8), y: struct({ z: uint(8) }) }),
      { x: 1, y: { z: 2 } },
      '{ x = 1, y = { z = 2 } }',
    ],
    ['array', array(uint(8), 2), [1, 2], '[ [0] = 1, [1] = 2 ]'],
    ['empty array', array(uint(8), 0), [], '[ ]'],
    [
      'array of arrays',
      array(array(str(), 1), 2),
      [['a'], ['b']],
      '[ [0] = [ [0] = "a" ], [1] = [ [0] = "b" ] ]',
    ],
  ] as const)('%s', async (_, fieldClass, value, expected) => {
    const { text } = await print(eventWith({ f: [fieldClass, value] }));
    expect(text).toBe(`ev: { f = ${expected} }\n`);
  });

  test('dynamic array, BLOB and variant', async () => {
    const { text } = await print(
      eventWith({
        n: [key(0, key(1, key(2, uint(8)))), 2],
        list: [dynamicArray(uint(8), 0), [7, 8]],
        blob: [dynamicBlob(1), Uint8Array.of(1, 2)],
        either: [variant(2, { a: [[0, 1], str()], b: [[[2, 3]], uint(8)] }), 5],
      }),
    );
    expect(text).toBe(
      'ev: { n = 2, list = [ [0] = 7, [1] = 8 ], blob = { 01 02 }, either = { 5 } }\n',
    );
  });

  test('optional', async () => {
    const fields = (present: boolean) =>
      ({
        has: [key(0, bool(8)), present],
        it: [optional(struct({ x: uint(8) }), 0), present ? { x: 1 } : undefined],
        after: [uint(8), 3],
      }) as const;
    expect((await print(eventWith(fields(true)))).text).toBe(
      'ev: { has = true, it = { { x = 1 } }, after = 3 }\n',
    );
    expect((await print(eventWith(fields(false)))).text).toBe(
      'ev: { has = false, it = <none>, after = 3 }\n',
    );
  });

  test('fields which only serve the format are hidden, unless others depend on them', async () => {
    const timestamp = { roles: ['default-clock-timestamp'] } as const;
    const { text } = await print(
      eventWith({
        t: [uint(8, timestamp), 1],
        shown: [uint(8), 2],
        hidden: [struct({ t: uint(8, timestamp) }), { t: 1 }],
        length: [key(0, uint(8, timestamp)), 1],
        list: [dynamicArray(uint(8), 0), [4]],
      }),
    );
    expect(text).toBe('ev: { shown = 2, length = 1, list = [ [0] = 4 ] }\n');
  });

  test('names can be left out', async () => {
    const { text } = await print(
      eventWith({
        x: [uint(8), 1],
        list: [array(struct({ y: str() }), 2), [{ y: 'a' }, { y: 'b' }]],
      }),
      { 'name-payload': false },
    );
    expect(text).toBe('ev: { 1, [ { "a" }, { "b" } ] }\n');
  });
});

describe('enumerations', () => {
  const labels = mappings({ zed: [[0, 5]], 'a"b': [0], q: [[7, 9], 3] });

  test.each([
    [0, '( { "zed", "a\\"b" } : container = 0 )'],
    [3, '( { "zed", "q" } : container = 3 )'],
    [8, '( "q" : container = 8 )'],
    [50, '( <unknown> : container = 50 )'],
  ])('%d', async (value, expected) => {
    const { text } = await print(eventWith({ e: [uint(8, { mappings: labels }), value] }));
    expect(text).toBe(`ev: { e = ${expected} }\n`);
  });

  test('wide, negative and without labels', async () => {
    const wide = mappings({ huge: [2n ** 63n], minus: [[-5, -1]] });
    const { text } = await print(
      eventWith({
        u: [uint(64, { mappings: wide, ...hex }), 2n ** 63n],
        i: [sint(64, { mappings: wide }), -3],
        none: [uint(8, { mappings: [] }), 4],
      }),
    );
    expect(text).toBe(
      'ev: { u = ( "huge" : container = 0x8000000000000000 ), i = ( "minus" : container = -3 ), none = 4 }\n',
    );
  });

  const flags = mappings({ one: [1], uno: [1], two: [2], many: [[4, 6]], high: [16, 32] });
  test.each([
    [2, '"two"'],
    [3, '{ "one", "uno" } | "two"'],
    [5, '"many"'],
    [48, '"high" | "high"'],
    [9, '<unknown>'],
    [0, '<unknown>'],
  ])('flags of %d', async (value, expected) => {
    const messages = eventWith({ e: [uint(8, { mappings: flags }), value] });
    const { text } = await print(messages, { 'print-enum-flags': true });
    expect(text).toBe(`ev: { e = ( ${expected} : container = ${value} ) }\n`);
  });
});

describe('times', () => {
  const lines = async (
    cycles: readonly bigint[],
    offsetSeconds: bigint,
    parameters: ParameterMap,
  ) => {
    const stream = textStream({ clock: clockAt(offsetSeconds) });
    const originNs = offsetSeconds * 1_000_000_000n;
    const events = cycles.map((each) => ({ time: snapshot(each, originNs) }));
    const { text, warnings } = await print(messagesOf(stream, events), parameters);
    return { lines: text.split('\n').slice(0, -1), warnings };
  };
  const gmt = { 'clock-gmt': true };

  test('within a second, over its end, and after a long time', async () => {
    const { lines: text } = await lines(
      [0n, 999_999_999n, 1_000_000_000n, 90_061_000_000_001n],
      1_700_000_000n,
      gmt,
    );
    expect(text).toEqual([
      '[22:13:20.000000000] (+?.?????????) ev: ',
      '[22:13:20.999999999] (+0.999999999) ev: ',
      '[22:13:21.000000000] (+0.000000001) ev: ',
      '[23:14:21.000000001] (+90060.000000001) ev: ',
    ]);
  });

  test('dates, also far away', async () => {
    const date = { ...gmt, 'clock-date': true };
    expect((await lines([0n], 951_782_400n, date)).lines).toEqual([
      '[2000-02-29 00:00:00.000000000] (+?.?????????) ev: ',
    ]);
    expect((await lines([0n], 253_402_300_800n, date)).lines).toEqual([
      '[10000-01-01 00:00:00.000000000] (+?.?????????) ev: ',
    ]);
  });

  test('local time', async () => {
    const seconds = 1_700_000_000n;
    const local = new Date(Number(seconds) * 1000);
    const two = (n: number) => String(n).padStart(2, '0');
    const { lines: text } = await lines([7n], seconds, {});
    expect(text[0]).toBe(
      `[${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}.000000007] (+?.?????????) ev: `,
    );
  });

  test('seconds and cycles', async () => {
    expect((await lines([5n], 13n, { 'clock-seconds': true })).lines).toEqual([
      '[13.000000005] (+?.?????????) ev: ',
    ]);
    expect((await lines([5n, 7n], 13n, { 'clock-cycles': true })).lines).toEqual([
      '[00000000000000000005] (+????????????) ev: ',
      '[00000000000000000007] (+000000000002) ev: ',
    ]);
  });

  test('before the origin of the clock: in seconds, with one warning', async () => {
    const { lines: text, warnings } = await lines([1n, 2n, 10_000_000_000n], -10n, gmt);
    expect(text).toEqual([
      '[-9.999999999] (+?.?????????) ev: ',
      '[-9.999999998] (+0.000000001) ev: ',
      '[00:00:00.000000000] (+9.999999998) ev: ',
    ]);
    expect(warnings).toEqual([
      'Fallback to [sec.ns] to print negative time value. Use --clock-seconds.',
    ]);
  });

  test('back in time: the difference modulo 2^64; by one: unknown', async () => {
    const { lines: text } = await lines([5n, 3n, 2n], 0n, gmt);
    expect(text[1]).toBe('[00:00:00.000000003] (+18446744073.709551614) ev: ');
    expect(text[2]).toBe('[00:00:00.000000002] (+?.?????????) ev: ');
  });

  test('more than 2^53 ns apart', async () => {
    const { lines: text } = await lines([1n, 2n ** 60n + 1n, 2n ** 60n + 3n], 0n, {
      'clock-seconds': true,
    });
    expect(text).toEqual([
      '[0.000000001] (+?.?????????) ev: ',
      '[1152921504.606846977] (+1152921504.606846976) ev: ',
      '[1152921504.606846979] (+0.000000002) ev: ',
    ]);
  });

  test('no delta', async () => {
    expect((await lines([5n], 0n, { ...gmt, 'no-delta': true })).lines).toEqual([
      '[00:00:00.000000005] ev: ',
    ]);
  });
});

describe('lines', () => {
  const environment = { hostname: 'HH', domain: 'DD', procname: 'PP', vpid: -5n, other: 'x' };
  const event = { logLevel: 'info', emfUri: 'http://x' } as const;

  test.each([
    ['by default', {}, 'HH:PP:(-5) ev: { f = 1 }'],
    [
      'all fields',
      { 'field-default': 'show' },
      'trHH:DD:PP:(-5):TRACE_INFO (6):http://x ev: { f = 1 }',
    ],
    ['no fields', { 'field-default': 'hide' }, 'ev: { f = 1 }'],
    ['one field', { 'field-default': 'hide', 'field-trace:vpid': true }, '(-5) ev: { f = 1 }'],
    ['no names', { 'name-default': 'hide' }, 'HH:PP:(-5) ev: { 1 }'],
    ['names of scopes', { 'name-scope': true }, 'HH:PP:(-5) ev: event.fields = { f = 1 }'],
    [
      'names of the header, without a time: no commas',
      { 'name-header': true },
      'trace:hostname = HHtrace:procname = PPtrace:vpid = (-5)name = ev, { f = 1 }',
    ],
  ] as const)('%s', async (_, parameters, expected) => {
    const { text } = await print(
      eventWith({ f: [uint(8), 1] }, { name: 'tr', environment, event }),
      parameters,
    );
    expect(text).toBe(`${expected}\n`);
  });

  test('names of the header after a time', async () => {
    const messages = eventWith({}, { name: 'tr', environment, event, clock: clockAt(0n) });
    const { text } = await print(messages, {
      'clock-gmt': true,
      'name-default': 'show',
      'field-default': 'show',
    });
    expect(text).toBe(
      'timestamp = 00:00:00.000000001, delta = +?.?????????, trace = tr, , trace:hostname = HH, ' +
        'trace:domain = DD, trace:procname = PP, trace:vpid = (-5), loglevel = TRACE_INFO (6), ' +
        'model.emf.uri = http://x, name = ev, event.fields = { }\n',
    );
  });

  test('an event record class without a name', async () => {
    const { stream, eventRecordClass } = textStream({});
    const { name: _, ...unnamed } = eventRecordClass;
    const { text } = await print(messagesOf({ stream, eventRecordClass: unnamed }, [{}]));
    expect(text).toBe('<unknown>: \n');
  });

  test('all scopes', async () => {
    const stream = textStream({
      packetContext: struct({ p: uint(8) }),
      commonContext: struct({ c: uint(32) }),
      event: { specificContext: struct({ s: uint(8) }) },
      fields: { f: str() },
    });
    const event = (c: number, f: string) => ({
      packetContext: { p: 1 },
      commonContext: { c },
      specificContext: { s: 3 },
      payload: { f },
    });
    const { text } = await print(
      messagesOf(stream, [event(2, 'a'), event(2, 'b'), event(9, 'c'), event(2, 'd')]),
      { 'name-context': false },
    );
    expect(text).toBe(
      [
        '{ 1 }, { 2 }, { 3 }, { f = "a" }',
        '{ 1 }, { 2 }, { 3 }, { f = "b" }',
        '{ 1 }, { 9 }, { 3 }, { f = "c" }',
        '{ 1 }, { 2 }, { 3 }, { f = "d" }',
      ]
        .map((line) => `ev: ${line}\n`)
        .join(''),
    );
  });

  test('contexts that never repeat are printed all the same', async () => {
    const stream = textStream({ commonContext: struct({ c: uint(32) }), fields: { f: uint(8) } });
    const packets = [packet(stream.stream), packet(stream.stream, { index: 1 })];
    const events = Array.from({ length: 10_000 }, (_, index) => ({
      packet: packets[index < 6000 ? 0 : 1]!,
      commonContext: { c: index },
      payload: { f: 1 },
    }));
    const { text } = await print(messagesOf(stream, events));
    expect(text).toBe(
      events.map(({ commonContext: { c } }) => `ev: { c = ${c} }, { f = 1 }\n`).join(''),
    );
  });

  test('colours', async () => {
    const { text } = await print(
      eventWith(
        { f: [uint(8), 1], e: [uint(8, { mappings: mappings({ A: [1] }) }), 1] },
        { clock: clockAt(0n) },
      ),
      { color: 'always', 'clock-gmt': true },
    );
    expect(text.replaceAll('\u001b[', '^')).toBe(
      '[^1m^1m^33m00:00:00.000000001^0m] (+?.?????????) ^1m^1m^35mev^0m: ' +
        '{ ^36mf^0m = ^1m1^0m, ^36me^0m = ( ^1m"A"^0m : container = ^1m1^0m ) }\n',
    );
  });

  test('a path of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sonde-pretty-'));
    const path = join(folder, 'out.txt');
    const { text } = await runMessages(eventWith({ f: [uint(8), 1] }), prettySink, { path });
    expect(text).toBe('');
    expect(existsSync(path) && readFileSync(path, 'utf8')).toBe('ev: { f = 1 }\n');
    rmSync(folder, { recursive: true });
  });

  test.each([
    { 'clock-gmt': 'yes' },
    { color: 'sometimes' },
    { 'field-default': 'maybe' },
    { 'no-such-parameter': true },
    { path: '/no/such/folder/out.txt' },
  ])('bad parameters: %o', async (parameters) => {
    const { error } = await runMessages([], prettySink, parameters);
    expect(error).toBeInstanceOf(UsageError);
  });
});

describe('discarded items are warnings', () => {
  const { stream } = textStream({ name: 'tr', clock: clockAt(0n) });
  const times = { begin: snapshot(4_000_000_000n), end: snapshot(5_000_000_000n) };
  const where =
    'in trace "tr" (no UID) within stream "the-stream" (stream class ID: 0, stream ID: 0).';

  test.each([
    [
      'discarded-events',
      { count: 3n, ...times },
      'discarded 3 events between [00:00:04.000000000] and [00:00:05.000000000]',
    ],
    ['discarded-packets', { count: 1n }, 'discarded 1 packet (unknown time range)'],
    ['discarded-events', {}, 'may have discarded events (unknown time range)'],
  ] as const)('%s', async (type, parts, expected) => {
    const { text, warnings } = await print([{ type, stream, ...parts }], { 'clock-gmt': true });
    expect(text).toBe('');
    expect(warnings).toEqual([`Tracer ${expected} ${where}`]);
  });
});

describe('records of any size and shape', () => {
  test('a long array, long strings and a long name', async () => {
    const name = 'n'.repeat(100_000);
    const long = 'x"'.repeat(70_000);
    const elements = Array.from({ length: 60_000 }, (_, index) => index % 256);
    const { text } = await print(
      eventWith({ [name]: [array(uint(8), elements.length), elements], s: [str(), long] }),
    );
    const list = elements.map((value, index) => `[${index}] = ${value}`).join(', ');
    expect(text).toBe(`ev: { ${name} = [ ${list} ], s = "${long.replaceAll('"', '\\"')}" }\n`);
  });

  test.each([100, 5000, 20_000, 200_000])('contexts with names of %d letters', async (length) => {
    const name = 'c'.repeat(length);
    const context = struct({ [name]: uint(32) });
    const stream = textStream({ packetContext: context, commonContext: context, fields: {} });
    const events = [1, 1, 2].map((value) => ({
      packetContext: { [name]: 7 },
      commonContext: { [name]: value },
      payload: {},
    }));
    const { text } = await print(messagesOf(stream, events));
    const line = (value: number) => `ev: { ${name} = 7 }, { ${name} = ${value} }, { }\n`;
    expect(text).toBe(line(1) + line(1) + line(2));
  });

  test('more fields than one check of the room covers', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `field_${index}`);
    const fields = names.map((name) => [name, [sint(64), -(2n ** 62n)]] as const);
    const { text } = await print(eventWith(Object.fromEntries(fields)));
    const printed = names.map((name) => `${name} = -4611686018427387904`);
    expect(text).toBe(`ev: { ${printed.join(', ')} }\n`);
  });

  test('random classes and bytes: both back ends print the same', () => {
    const parameters: ParameterMap[] = [
      {},
      { 'name-default': 'hide', color: 'always' },
      { 'print-enum-flags': true, 'name-default': 'show', color: 'never' },
    ];
    fc.assert(
      fc.property(randomRecord, fc.constantFrom(...parameters), (record, options) => {
        const generated = printRecord(() => record.cursor(), 'generated', options);
        const visited = printRecord(() => record.cursor(), 'closures', options);
        expect(generated.text).toBe(visited.text);
        expect(generated.error?.code).toBe(visited.error?.code);
        if (generated.error !== undefined) expect(generated.text).toBe('');
      }),
      { numRuns: 400 },
    );
  });
});

/** Prints the record at the cursor three times; what stands after a fault is left out. */
function printRecord(
  cursor: () => RecordCursor,
  backEnd: 'generated' | 'closures',
  parameters: ParameterMap,
): { text: string; error?: { code: string } } {
  const parts: Buffer[] = [];
  const write = (bytes: Uint8Array) => void parts.push(Buffer.from(bytes));
  const sink = createPrettySink(
    {
      name: 'sink',
      parameters,
      warn() {},
      output: { isTerminal: false, write },
      continueOnError: false,
    },
    backEnd,
  );
  let error: { code: string } | undefined;
  const downstream = sink.start({ nsFromOrigin: 0n });
  try {
    const handler = downstream.eventHandler(cursor());
    for (let i = 0; i < 3; i++) handler?.(cursor());
  } catch (cause) {
    error = cause as { code: string };
  }
  sink.finish();
  return { text: Buffer.concat(parts).toString('latin1'), ...(error && { error }) };
}
