import { UsageError } from '@sonde/base';
import type { Message, ParameterMap } from '@sonde/graph';
import {
  array,
  bitMap,
  bool,
  dynamicArray,
  dynamicBlob,
  float,
  key,
  mappings,
  optional,
  sint,
  staticBlob,
  str,
  struct,
  uint,
  variant,
  vuint,
} from '@sonde/testkit';
import type { FieldClass, StructureFieldClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { detailsSink } from '../src/sink-details/sink-details.ts';
import { runMessages } from './run-messages.ts';
import { clockAt, eventWith, messagesOf, snapshot, textStream } from './text-messages.ts';

async function print(messages: readonly Message[], parameters: ParameterMap = {}): Promise<string> {
  const { text, error } = await runMessages(messages, detailsSink, parameters);
  expect(error).toBeUndefined();
  return text;
}

const lines = (...text: string[]) => `${text.join('\n')}\n`;

describe('field classes', () => {
  const attributes = { ns: { k: 'v' } };

  /** What is printed below `Payload field class: `, and what follows it on its line. */
  async function classText(payload: StructureFieldClass): Promise<string> {
    const stream = textStream({ event: { payload } });
    const text = await print(messagesOf(stream, []), { 'with-data': false });
    const block = text.slice(text.indexOf('Payload field class: '));
    return block.replace('Payload field class: ', '').replace(/^ {8}/gm, '').trimEnd();
  }

  test.each([
    [
      'integers',
      { a: uint(8), b: sint(40, { preferredDisplayBase: 16 }), c: vuint() },
      [
        'Structure (3 members):',
        'a: Unsigned integer (8-bit, Base 10)',
        'b: Signed integer (40-bit, Base 16)',
        'c: Unsigned integer (64-bit, Base 10, Expect small values)',
      ],
    ],
    [
      'sorted mappings and ranges',
      { e: sint(16, { mappings: mappings({ z: [3, [-5000, -1]], a: [[0, 20_000]] }) }) },
      [
        'Structure (1 member):',
        'e: Signed enumeration (16-bit, Base 10, 2 mappings):',
        '  a: [0, 20,000]',
        '  z: [-5000, -1] [3]',
      ],
    ],
    [
      'bit maps',
      { none: bitMap(8, {}), some: bitMap(8, { b: [[0, 1]], a: [3] }) },
      [
        'Structure (2 members):',
        'none: Bit array 0 flags)',
        'some: Bit array 2 flags):',
        '  a: [3]',
        '  b: [0, 1]',
      ],
    ],
    [
      'others',
      { f: float(32), d: float(64), s: str(), y: bool(8), blob: staticBlob(3), e: struct({}) },
      [
        'Structure (6 members):',
        'f: Single-precision real',
        'd: Double-precision real',
        's: String',
        'y: Boolean',
        'blob: Static BLOB (Length 3, Media type `application/octet-stream`)',
        'e: Structure (0 members)',
      ],
    ],
    [
      'with keys elsewhere in the payload',
      {
        in: struct({ n: key(0, key(1, uint(8))), b: key(2, bool(8)) }),
        a: dynamicArray(array(uint(8), 2), 0),
        v: variant(1, { x: [[0, [2, 3]], str()] }),
        o: optional(str(), 2),
      },
      [
        'Structure (4 members):',
        'in: Structure (2 members):',
        '  n: Unsigned integer (8-bit, Base 10)',
        '  b: Boolean',
        'a: Dynamic array (with length field) (Length field location [Event payload: in, n]):',
        '  Element: Static array (Length 2):',
        '    Element: Unsigned integer (8-bit, Base 10)',
        'v: Variant (unsigned integer selector) (1 option, Selector field location [Event payload: in, n]):',
        '  x: [0] [2, 3]: String',
        'o: Option (boolean selector) (Selector field location [Event payload: in, b]):',
        '  Selector is reversed: No',
        '  Content: String',
      ],
    ],
    [
      'with keys in a header',
      {
        a: dynamicArray(uint(8), 5),
        b: dynamicBlob(5),
        v: variant(5, { x: [[0], str()] }),
        o: optional(str(), 5, [1]),
      },
      [
        'Structure (4 members):',
        'a: Dynamic array (no length field):',
        '  Element: Unsigned integer (8-bit, Base 10)',
        'b: Dynamic BLOB (no length field) (Media type `application/octet-stream`)',
        'v: Variant (no selector) (1 option):',
        '  x: String',
        'o: Option (no selector):',
        '  Content: String',
      ],
    ],
  ] as const)('%s', async (_, members: Readonly<Record<string, FieldClass>>, expected) => {
    expect(await classText(struct(members))).toBe(expected.join('\n'));
  });

  test('user attributes', async () => {
    const withAttributes = <T extends FieldClass>(fieldClass: T): T => ({
      ...fieldClass,
      attributes,
    });
    const payload: StructureFieldClass = {
      type: 'structure',
      minimumAlignmentBits: 1,
      attributes: { b: [1n, { x: true }], a: {}, n: null, r: 1.5, s: '' },
      members: [
        { name: 'own', fieldClass: withAttributes(uint(8)) },
        { name: 'member', fieldClass: str(), attributes },
        { name: 'list', fieldClass: withAttributes(array(uint(8), 1)) },
      ],
    };
    expect(await classText(payload)).toBe(
      [
        'Structure (3 members):',
        'User attributes:',
        '  a: Empty',
        '  b: Length 2:',
        '    [0]: 1',
        '    [1]:',
        '      x: Yes',
        '  n: Null',
        '  r: 1.500000',
        '  s:',
        'Members:',
        '  own: Unsigned integer (8-bit, Base 10):',
        '    User attributes:',
        '      ns:',
        '        k: v',
        '  member:',
        '    Field class: String',
        '    User attributes:',
        '      ns:',
        '        k: v',
        '  list: Static array (Length 1):',
        '    User attributes:',
        '      ns:',
        '        k: v',
        '    Element: Unsigned integer (8-bit, Base 10)',
      ].join('\n'),
    );
  });
});

describe('messages', () => {
  test('all fields of an event', async () => {
    const text = await print(
      eventWith({
        big: [uint(64), 2n ** 64n - 1n],
        small: [sint(16), -9999],
        hex: [uint(64, { preferredDisplayBase: 16 }), 0x1234_5678_9abcn],
        oct: [sint(64, { preferredDisplayBase: 8 }), -4095],
        bin: [uint(8, { preferredDisplayBase: 2 }), 5],
        f: [float(64), 0.1],
        yes: [bool(8), true],
        text: [str(), 'a"b'],
        empty: [str(), ''],
        list: [array(struct({ k: uint(8) }), 2), [{ k: 1 }, { k: 2 }]],
        none: [array(uint(8), 0), []],
        nothing: [struct({}), {}],
        has: [key(0, bool(8)), false],
        maybe: [optional(str(), 0), undefined],
        blob: [staticBlob(17), new Uint8Array(17).fill(0xab)],
      }),
      { 'with-metadata': false },
    );
    expect(text.slice(text.indexOf('Event'), text.indexOf('\n\n', text.indexOf('Event')))).toBe(
      [
        'Event `ev` (Class ID 0):',
        '  Payload:',
        '    big: 18,446,744,073,709,551,615',
        '    small: -9999',
        '    hex: 0x1234:5678:9abc',
        '    oct: -07:777',
        '    bin: 0x5',
        '    f: 0.100000',
        '    yes: Yes',
        '    text: a"b',
        '    empty: ',
        '    list: Length 2:',
        '      [0]:',
        '        k: 1',
        '      [1]:',
        '        k: 2',
        '    none: Empty',
        '    nothing: Empty',
        '    has: No',
        '    maybe: None',
        '    blob: Length 17:',
        `      ${Array(16).fill('ab').join(' ')}`,
        '      ab',
      ].join('\n'),
    );
  });

  const stream = textStream({
    name: 'tr',
    environment: { b: 'x', a: 123_456n },
    clock: clockAt(-10n),
  });
  const time = snapshot(5n, -10_000_000_000n);
  const [streamBeginning, packetBeginning, packetEnd, streamEnd] = messagesOf(stream, []);
  const all: Message[] = [
    streamBeginning!,
    packetBeginning!,
    ...messagesOf(stream, [{ time }]).slice(2, 3),
    { type: 'discarded-events', stream: stream.stream, count: 3n, begin: time, end: time },
    packetEnd!,
    { type: 'discarded-packets', stream: stream.stream },
    { type: 'inactivity', time },
    streamEnd!,
  ];

  test('every kind', async () => {
    const times = '[5 cycles, -9,999,999,995 ns from origin]';
    const ids = '{Trace 0, Stream class ID 0, Stream ID 0}';
    expect(await print(all, { 'with-metadata': false })).toBe(
      lines(
        '[Unknown]',
        ids,
        'Stream beginning:',
        '  Name: the-stream',
        '  Trace `tr`:',
        '    Environment (2 entries):',
        '      a: 123,456',
        '      b: x',
        '    Stream (ID 0, Class ID 0)',
        '',
        ids,
        'Packet beginning',
        '',
        times,
        ids,
        'Event `ev` (Class ID 0):',
        '',
        times,
        times,
        ids,
        'Discarded events (3 events)',
        '',
        ids,
        'Packet end',
        '',
        ids,
        'Discarded packets',
        '',
        times,
        'Message iterator inactivity',
        '',
        '[Unknown]',
        ids,
        'Stream end',
      ),
    );
  });

  test('compact', async () => {
    expect(await print(all, { 'with-metadata': false, compact: true })).toBe(
      lines(
        '[Unknown] {0 0 0} Stream beginning',
        '{0 0 0} Packet beginning',
        '[5 -9,999,999,995] {0 0 0} Event `ev` (0)',
        '[5 -9,999,999,995] [5 -9,999,999,995] {0 0 0} Discarded events (3 events)',
        '{0 0 0} Packet end',
        '{0 0 0} Discarded packets',
        '[5 -9,999,999,995] Message iterator inactivity',
        '[Unknown] {0 0 0} Stream end',
      ),
    );
  });

  test('without times, names and data', async () => {
    const text = await print(all.slice(0, 1), {
      'with-metadata': false,
      'with-time': false,
      'with-trace-name': false,
      'with-stream-name': false,
    });
    expect(text).toBe(
      lines(
        '{Trace 0, Stream class ID 0, Stream ID 0}',
        'Stream beginning:',
        '  Trace:',
        '    Environment (2 entries):',
        '      a: 123,456',
        '      b: x',
        '    Stream (ID 0, Class ID 0)',
      ),
    );
    expect(await print(all, { 'with-metadata': false, 'with-data': false })).toBe('');
  });

  test('metadata, once for each trace class', async () => {
    const text = await print([...all, ...all], { 'with-data': false });
    expect(text).toBe(
      lines(
        'Trace class:',
        '  Stream class (ID 0):',
        '    Supports packets: Yes',
        '    Packets have beginning default clock snapshot: No',
        '    Packets have end default clock snapshot: No',
        '    Supports discarded events: No',
        '    Supports discarded packets: No',
        '    Default clock class:',
        '      Frequency (Hz): 1,000,000,000',
        '      Offset from origin (s): -10',
        '      Offset from origin (cycles): 0',
        '      Origin: Unix epoch',
        '    Event class `ev` (ID 0):',
      ),
    );
  });

  test('colours', async () => {
    const text = await print(eventWith({ f: [uint(8), 1] }), {
      color: 'always',
      'with-metadata': false,
    });
    const event = text.slice(
      text.indexOf('\u001b[1m\u001b[1m\u001b[33mEvent'),
      text.indexOf('Packet end'),
    );
    expect(event.replaceAll('\u001b[', '^').split('\n').slice(0, 3)).toEqual([
      '^1m^1m^33mEvent^0m `^32mev^0m` (Class ID ^1m0^0m):',
      '  ^35mPayload^0m:',
      '    ^36mf^0m: ^1m1^0m',
    ]);
  });

  test.each([{ compact: 1n }, { color: 'no' }, { 'with-everything': true }])(
    'bad parameters: %o',
    async (parameters) => {
      const { error } = await runMessages([], detailsSink, parameters);
      expect(error).toBeInstanceOf(UsageError);
    },
  );
});
