import { JsonMetadata, type MetadataOptions, parseJsonMetadata } from '@sonde/ctf';
import { describe, expect, it } from 'vitest';
import {
  dataStream,
  event,
  failureOf,
  fragmentBytes,
  member,
  parse,
  preamble,
  struct,
  uint,
} from './json-support.ts';

const clock = { type: 'clock-class', id: 'c', frequency: 1000 };
const uuid = [...Array(16).keys()];
const header = (roles: string[], more: object = {}) =>
  struct(member('x', uint(32, { roles, ...more })));

describe('a trace class', () => {
  it('has everything that the fragments say', () => {
    const traceClass = parse([
      { ...preamble, uuid },
      {
        ...clock,
        namespace: 'ns',
        name: 'n',
        uid: 'u',
        description: 'd',
        origin: { namespace: 'on', name: 'o', uid: 'ou' },
        'offset-from-origin': { seconds: -5, cycles: 999 },
        precision: 3,
        accuracy: 4,
        attributes: { x: true },
      },
      {
        type: 'trace-class',
        namespace: 'tn',
        name: 't',
        uid: 'tu',
        environment: { b: 'text', a: -1 },
        attributes: { y: ['z'] },
      },
      { ...dataStream, id: 7, name: 's', 'default-clock-class-id': 'c' },
      event(struct(), {
        id: 3,
        'data-stream-class-id': 7,
        name: 'e',
        uid: 'eu',
        attributes: { 'lttng.org,2009': { 'log-level': 'debug:line', 'emf-uri': 'http://x' } },
      }),
    ]);
    expect(traceClass).toMatchObject({
      ctfVersion: '2.0',
      namespace: 'tn',
      name: 't',
      uid: 'tu',
      metadataStreamUuid: Uint8Array.from(uuid),
      attributes: { y: ['z'] },
      clockClasses: [
        {
          id: 'c',
          namespace: 'ns',
          name: 'n',
          uid: 'u',
          description: 'd',
          frequencyHz: 1000n,
          offsetSeconds: -5n,
          offsetCycles: 999n,
          precisionCycles: 3n,
          accuracyCycles: 4n,
          origin: { namespace: 'on', name: 'o', uid: 'ou' },
          attributes: { x: true },
        },
      ],
    });
    expect([...traceClass.environment]).toEqual([
      ['b', 'text'],
      ['a', -1n],
    ]);
    const stream = traceClass.dataStreamClasses.get(7n)!;
    expect(stream).toMatchObject({ id: 7n, name: 's' });
    expect(stream.defaultClockClass).toBe(traceClass.clockClasses[0]);
    expect(stream.traceClass).toBe(traceClass);
    expect(stream.eventRecordClasses.get(3n)).toMatchObject({
      id: 3n,
      name: 'e',
      uid: 'eu',
      logLevel: 'debug:line',
      emfUri: 'http://x',
      payload: { type: 'structure' },
    });
  });

  it('copies an alias for every use', () => {
    const traceClass = parse([
      preamble,
      { type: 'field-class-alias', name: 'u8', 'field-class': uint(8) },
      { type: 'field-class-alias', name: 's', 'field-class': struct(member('n', 'u8')) },
      dataStream,
      event(struct(member('a', 's'), member('b', 's'))),
    ]);
    const members = [...traceClass.dataStreamClasses.get(0n)!.eventRecordClasses.values()][0]!
      .payload!.members;
    expect(members[0]!.fieldClass).toEqual(members[1]!.fieldClass);
    const inner = members.map(({ fieldClass }) =>
      fieldClass.type === 'structure' ? fieldClass.members[0]!.fieldClass : undefined,
    );
    expect(inner[0]).toMatchObject({ lengthBits: 8 });
    expect(inner[0]).not.toBe(inner[1]);
  });

  it('ignores log levels that nobody knows', () => {
    const attributes = { 'lttng.org,2009': { 'log-level': 'loud' }, 'babeltrace.org,2020': 5 };
    const traceClass = parse([preamble, dataStream, event(struct(), { attributes })]);
    const [own] = traceClass.dataStreamClasses.get(0n)!.eventRecordClasses.values();
    expect(own!.logLevel).toBeUndefined();
    expect(own!.attributes).toEqual({
      'lttng.org,2009': { 'log-level': 'loud' },
      'babeltrace.org,2020': 5n,
    });
  });
});

describe('fragments', () => {
  it.each<[string, unknown[], RegExp]>([
    ['nothing', [], /has no preamble/],
    ['no preamble', [dataStream], /first fragment must be a preamble/],
    ['two preambles', [preamble, preamble], /Only the first fragment/],
    ['another version', [{ type: 'preamble', version: 3 }], /expecting 2/],
    ['a short UUID', [{ ...preamble, uuid: [1, 2] }], /Size of array \(2\)/],
    ['a UUID of more than bytes', [{ ...preamble, uuid: uuid.map(() => 256) }], /256 is too large/],
    ['an unknown type', [preamble, { type: 'x' }], /Unexpected value `x`: expecting `preamble`/],
    ['no object', ['5'], /Expecting an object/],
    ['an empty text', [preamble, ' '], /Expecting a JSON value/],
    ['two values in a text', [preamble, '{} {}'], /Nothing may follow/],
    ['neither trace class nor stream', [preamble], /no data stream class/],
    [
      'two trace classes',
      [preamble, { type: 'trace-class' }, { type: 'trace-class' }],
      /Duplicate/,
    ],
    ['a late trace class', [preamble, dataStream, { type: 'trace-class' }], /must come before/],
    [
      'a bad environment',
      [preamble, { type: 'trace-class', environment: { a: 1.5 } }],
      /a string or/,
    ],
    ['the same clock twice', [preamble, clock, clock], /Duplicate clock class/],
    ['a stopped clock', [preamble, { ...clock, frequency: 0 }], /too small/],
    [
      'a second of cycles',
      [preamble, { ...clock, 'offset-from-origin': { cycles: 1000 } }],
      /1000 cycles are a second or more/,
    ],
    ['an unknown origin', [preamble, { ...clock, origin: 'birth' }], /expecting `unix-epoch`/],
    [
      'an unknown clock',
      [preamble, { ...dataStream, 'default-clock-class-id': 'x' }],
      /Cannot find clock class with ID `x`/,
    ],
    ['the same stream twice', [preamble, dataStream, dataStream], /Duplicate data stream class/],
    [
      'a second stream without IDs in packets',
      [preamble, dataStream, { ...dataStream, id: 1 }],
      /packet headers hold no class ID/,
    ],
    ['an event without its stream', [preamble, event(struct())], /Cannot find data stream class/],
    [
      'the same event twice',
      [preamble, dataStream, event(struct()), event(struct())],
      /Duplicate event record class with ID 0/,
    ],
    ['a scope that is no structure', [preamble, dataStream, event(uint(8))], /a structure/],
    ['an extension', [{ ...preamble, extensions: { x: {} } }], /No extension/],
    ['an unknown property', [{ ...preamble, x: 1 }], /Unknown object property `x`/],
    [
      'the same alias twice',
      [
        preamble,
        { type: 'field-class-alias', name: 'a', 'field-class': uint(8) },
        { type: 'field-class-alias', name: 'a', 'field-class': uint(8) },
      ],
      /Duplicate field class alias/,
    ],
    [
      'an alias of itself',
      [preamble, { type: 'field-class-alias', name: 'a', 'field-class': 'a' }],
      /Cannot find field class alias `a`/,
    ],
  ])('%s', (_, fragments, message) => {
    expect(failureOf(() => parse(fragments)).message).toMatch(message);
  });

  it('must begin with a separator and be UTF-8', () => {
    const bad = failureOf(() => parseJsonMetadata(new TextEncoder().encode(' \x1e{}')));
    expect(bad.place.offsetBytes).toBe(0);
    const bytes = fragmentBytes(preamble, { type: 'trace-class', name: 'abc' });
    bytes[bytes.indexOf(0x62)] = 0xff;
    expect(failureOf(() => parseJsonMetadata(bytes))).toMatchObject({
      code: 'bad-utf-8',
      place: { offsetBytes: bytes.indexOf(0xff) },
    });
  });

  it('may have more separators than texts', () => {
    const bytes = new TextEncoder().encode(
      `\x1e\x1e${JSON.stringify(preamble)}\x1e{"type": "trace-class"}\n\x1e`,
    );
    expect(parseJsonMetadata(bytes).dataStreamClasses.size).toBe(0);
  });
});

describe('roles', () => {
  const trace = (root: unknown, more: object = {}) => [
    { ...preamble, ...more },
    { type: 'trace-class', 'packet-header-field-class': root },
    dataStream,
  ];
  const stream = (property: string, root: unknown, more: object = {}) => [
    preamble,
    clock,
    { ...dataStream, [property]: root, ...more },
  ];
  const withClock = { 'default-clock-class-id': 'c' };
  const blob = struct(
    member('u', { type: 'static-length-blob', length: 16, roles: ['metadata-stream-uuid'] }),
  );

  it.each<[string, unknown[]]>([
    ['a magic number', trace(header(['packet-magic-number']))],
    ['a UUID', trace(blob, { uuid })],
    ['IDs', trace(header(['data-stream-class-id', 'data-stream-id'], { length: 8 }))],
    [
      'times of packets',
      stream('packet-context-field-class', header(['default-clock-timestamp']), withClock),
    ],
    [
      'times of events',
      stream('event-record-header-field-class', header(['default-clock-timestamp']), withClock),
    ],
  ])('%s', (_, fragments) => {
    expect(() => parse(fragments)).not.toThrow();
  });

  it.each<[string, unknown[], RegExp]>([
    [
      'a small magic number',
      trace(header(['packet-magic-number'], { length: 16 })),
      /unsigned integer of 32 bits/,
    ],
    [
      'a late magic number',
      trace(
        struct(member('a', uint(8)), member('m', uint(32, { roles: ['packet-magic-number'] }))),
      ),
      /must be the first member/,
    ],
    ['a UUID that the preamble has not', trace(blob), /the preamble has no `uuid`/],
    [
      'times without a clock',
      stream('packet-context-field-class', header(['default-clock-timestamp'])),
      /has no default clock class/,
    ],
    [
      'an event ID in a packet context',
      stream('packet-context-field-class', header(['event-record-class-id'])),
      /no meaning in the scope `packet-context`/,
    ],
    [
      'a time in a payload',
      [
        ...stream('event-record-header-field-class', struct(), withClock),
        event(header(['default-clock-timestamp'])),
      ],
      /no meaning in the scope `event-record-payload`/,
    ],
  ])('not %s', (_, fragments, message) => {
    const error = failureOf(() => parse(fragments));
    expect(error.code).toBe('bad-role');
    expect(error.message).toMatch(message);
    expect(error.place.jsonPath).toContain('member-classes[');
  });
});

describe('release candidates', () => {
  const old = [
    { ...preamble, uuid },
    { type: 'trace-class', uuid, 'user-attributes': { x: 1 } },
    { type: 'clock-class', name: 'monotonic', frequency: 1000, uuid },
    {
      ...dataStream,
      'default-clock-class-name': 'monotonic',
      'event-record-header-field-class': struct(
        member('id', {
          ...uint(8, { mappings: { a: [[0, 9]] } }),
          type: 'fixed-length-unsigned-enumeration',
        }),
        member('v', {
          type: 'variant',
          'selector-field-location': ['event-record-header', 'id'],
          options: [{ name: 'a', 'selector-field-ranges': [[0, 9]], 'field-class': struct() }],
        }),
        member('r', uint(8, { roles: ['unheard-of', 'event-record-class-id'], covid: 19 })),
      ),
    },
  ];

  it('are refused', () => {
    expect(failureOf(() => parse(old)).place.jsonPath).toMatch(/fragments\[1\]\./);
  });

  it('are read leniently, with warnings', () => {
    const warnings: string[] = [];
    const options: MetadataOptions = { lenient: true, warn: (message) => warnings.push(message) };
    const traceClass = parse(old, options);
    expect(traceClass).toMatchObject({
      uid: '00010203-0405-0607-0809-0a0b0c0d0e0f',
      attributes: { x: 1n },
      clockClasses: [{ id: 'monotonic', name: 'monotonic', uid: expect.any(String) }],
    });
    const stream = traceClass.dataStreamClasses.get(0n)!;
    expect(stream.defaultClockClass).toBe(traceClass.clockClasses[0]);
    expect(stream.eventRecordHeader!.members.map((m) => m.fieldClass)).toMatchObject([
      { type: 'fixed-length-unsigned-integer', mappings: [{ label: 'a' }], keySlots: [0] },
      { type: 'variant', keySlot: 0 },
      { roles: ['event-record-class-id'] },
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Unknown role, ignored\. \(line 4:\d+, fragments\[3\]\./),
      expect.stringMatching(/^Unknown object property `covid`\./),
    ]);
  });
});

describe('limits', () => {
  const payload = (fieldClass: unknown) => [
    preamble,
    dataStream,
    event(struct(member('x', fieldClass))),
  ];
  let nested: unknown = uint(8);
  for (let i = 0; i < 20; i++) nested = struct(member('x', nested));

  it('nesting', () => {
    const atLimit = { limits: { nestingDepth: 22 } };
    expect(() => parse(payload(nested), atLimit)).not.toThrow();
    const beyond = failureOf(() => parse(payload(nested), { limits: { nestingDepth: 21 } }));
    expect(beyond.code).toBe('metadata-limit');
  });

  it('nesting, whatever the limit', () => {
    const text = '{"type": "structure", "member-classes": [{"name": "x", "field-class": ';
    const deep = `{"type": "event-record-class", "payload-field-class": ${text.repeat(50_000)}`;
    const options = { limits: { nestingDepth: 1_000_000 } };
    expect(failureOf(() => parse([preamble, dataStream, deep], options)).code).toBe(
      'metadata-limit',
    );
  });

  it('nesting through aliases', () => {
    const aliases = Array.from({ length: 100 }, (_, i) => ({
      type: 'field-class-alias',
      name: `a${i}`,
      'field-class': struct(...(i === 0 ? [] : [member('x', `a${i - 1}`)])),
    }));
    expect(failureOf(() => parse([preamble, ...aliases])).code).toBe('metadata-limit');
  });

  it('field classes, whose number aliases double', () => {
    const aliases = Array.from({ length: 40 }, (_, i) => ({
      type: 'field-class-alias',
      name: `a${i}`,
      'field-class': i === 0 ? uint(8) : struct(member('x', `a${i - 1}`), member('y', `a${i - 1}`)),
    }));
    expect(failureOf(() => parse([preamble, ...aliases])).code).toBe('metadata-limit');
  });

  it('ranges', () => {
    const mappings = { a: Array.from({ length: 11 }, (_, i) => [i, i]) };
    const options = { limits: { rangeCount: 10 } };
    const error = failureOf(() => parse(payload(uint(8, { mappings })), options));
    expect(error.code).toBe('metadata-limit');
  });

  it('bytes', () => {
    const error = failureOf(() => parse(payload(uint(8)), { limits: { textLength: 50 } }));
    expect(error.code).toBe('metadata-limit');
  });
});

describe('metadata that arrives in parts', () => {
  const bytes = fragmentBytes(preamble, dataStream, event(struct(), { name: 'é' }));

  it('is the same whatever the parts', () => {
    for (const size of [1, 2, 3, 7, 50, 1000]) {
      const metadata = new JsonMetadata();
      for (let at = 0; at < bytes.length; at += size) metadata.append(bytes.slice(at, at + size));
      const traceClass = metadata.finish();
      expect(traceClass).toBe(metadata.traceClass);
      expect(traceClass.dataStreamClasses.get(0n)!.eventRecordClasses.get(0n)!.name).toBe('é');
    }
  });

  it('grows the same trace class', () => {
    const metadata = new JsonMetadata();
    const { traceClass } = metadata;
    metadata.append(fragmentBytes(preamble, dataStream));
    expect(traceClass.dataStreamClasses.size).toBe(0);
    metadata.flush();
    const { eventRecordClasses } = traceClass.dataStreamClasses.get(0n)!;
    metadata.append(fragmentBytes(event(struct()), event(struct(), { id: 1 })));
    expect([...eventRecordClasses.keys()]).toEqual([0n]);
    metadata.flush();
    expect([...eventRecordClasses.keys()]).toEqual([0n, 1n]);
  });

  it('has places in the whole stream', () => {
    const metadata = new JsonMetadata();
    metadata.append(fragmentBytes(preamble, dataStream));
    const error = failureOf(() => {
      metadata.append(fragmentBytes('{"type":\n"x"}'));
      metadata.flush();
    });
    const before = fragmentBytes(preamble, dataStream).length;
    expect(error.place).toMatchObject({ line: 4, column: 1, offsetBytes: before + 10 });
  });
});
