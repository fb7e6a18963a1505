import type { ClockClass, DataStreamClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { parseTsdl, TsdlMetadata } from '../src/tsdl/parse-tsdl.ts';
import { onlyEvent, refusal, show, traceBlock } from './tsdl-support.ts';

const types = `
  typealias integer { size = 5; } := u5;
  typealias integer { size = 8; } := u8;
  typealias integer { size = 32; } := u32;
  typealias integer { size = 64; } := u64;`;

function trace(header: string): string {
  return `${types} trace { major = 1; minor = 8; byte_order = le; packet.header := struct { ${header} }; };`;
}

function onlyClock(attributes: string, before = ''): ClockClass {
  return parseTsdl(`${traceBlock} ${before} clock { ${attributes} };`).clockClasses[0]!;
}

function onlyStream(body: string, before = ''): DataStreamClass {
  const text = `${types} ${traceBlock} ${before} stream { ${body} };`;
  return parseTsdl(text).dataStreamClasses.get(0n)!;
}

describe('trace block', () => {
  test('uuid, byte order, environment', () => {
    const traceClass = parseTsdl(`
      typealias integer { size = 16; } := early;
      env { a = "x\\ty"; b = -5; c = 18446744073709551615; a = "last wins"; };
      event { name = e; fields := struct { early x; }; };
      trace { major = 1; byte_order = be; minor = 8; uuid = "00112233-4455-6677-8899-AABBCCDDEEFF"; };`);
    expect(traceClass.uid).toBe('00112233-4455-6677-8899-aabbccddeeff');
    expect(Buffer.from(traceClass.metadataStreamUuid!).toString('hex')).toBe(
      '00112233445566778899aabbccddeeff',
    );
    expect([...traceClass.environment]).toEqual([
      ['a', 'last wins'],
      ['b', -5n],
      ['c', -1n],
    ]);
    expect(show(onlyEvent(traceClass).payload!)).toBe('{x:u16be}');
    expect(traceClass.namespace).toBeUndefined();
  });

  test.each([
    [
      'u32 magic; u8 uuid[16]; u32 stream_id; u8 stream_instance_id;',
      '{magic:u32!packet-magic-number,uuid:[16]u8!metadata-stream-uuid,stream_id:u32!data-stream-class-id,stream_instance_id:u8!data-stream-id}',
    ],
    ['u8 a; struct { u32 stream_id; } s;', '{a:u8,s:{stream_id:u32}}'],
    [
      'integer { size = 32; signed = true; } magic; string stream_id; u8 uuid[15];',
      '{magic:i32,stream_id:str,uuid:[15]u8}',
    ],
  ])('reserved names of the packet header: %s', (members, expected) => {
    const { packetHeader } = parseTsdl(trace(members));
    expect(show(packetHeader!)).toBe(expected);
  });

  test.each([
    ['', '1:1 Missing `trace` block.'],
    ['trace { minor = 8; byte_order = le; };', 'Missing attribute `major`'],
    ['trace { major = 1; minor = 8; };', 'Missing attribute `byte_order`'],
    ['trace { major = 1; minor = 9; byte_order = le; };', 'Invalid `minor`'],
    ['trace { major = 1; minor = 8; byte_order = native; };', 'Attribute `byte_order`'],
    [`${traceBlock} ${traceBlock}`, 'Duplicate `trace` block'],
    [`${traceBlock} nonsense { };`, 'Expecting a block'],
    [`${traceBlock} };`, 'Expecting a block'],
    [`${traceBlock} env { a = 1 };`, 'Expecting `;`'],
    [`${traceBlock} /* open`, 'The comment has no end'],
    [`${traceBlock} /* \0 */`, 'NUL character'],
    [trace('u8 magic;'), 'must have 32 bits'],
    [trace('u8 a; u32 magic;'), 'must be the first member'],
  ])('refused: …%s', (text, reason) => {
    expect(refusal(() => parseTsdl(text))).toContain(reason);
  });
});

describe('clock block', () => {
  test('defaults', () => {
    expect(onlyClock('name = c;')).toEqual({
      id: 'c',
      name: 'c',
      frequencyHz: 1_000_000_000n,
      offsetSeconds: 0n,
      offsetCycles: 0n,
      precisionCycles: 0n,
    });
  });

  test('all attributes; whole seconds leave the offset', () => {
    const text =
      'name = "c"; freq = 1000; precision = 3; offset_s = -5; offset = 2500; absolute = TRUE; description = "d"; uuid = "00112233-4455-6677-8899-aabbccddeeff";';
    expect(onlyClock(text)).toEqual({
      id: 'c',
      name: 'c',
      uid: '00112233-4455-6677-8899-aabbccddeeff',
      description: 'd',
      frequencyHz: 1000n,
      offsetSeconds: -3n,
      offsetCycles: 500n,
      precisionCycles: 3n,
      origin: 'unix-epoch',
    });
  });

  test('the monotonic clock of LTTng counts from the Unix epoch', () => {
    const env = 'env { tracer_name = "lttng-modules"; };';
    expect(onlyClock('name = monotonic;').origin).toBeUndefined();
    expect(onlyClock('name = other;', env).origin).toBeUndefined();
    expect(onlyClock('name = monotonic;', env).origin).toBe('unix-epoch');
    expect(parseTsdl(`${env} ${traceBlock}`).namespace).toBe('lttng.org,2009');
  });
});

describe('stream block', () => {
  const clocks = 'clock { name = c; }; clock { name = d; };';
  const mapped = (name: string) => `integer { size = 32; map = clock.${name}.value; }`;

  test('roles of the packet context', () => {
    const { packetContext, defaultClockClass } = onlyStream(
      'packet.context := struct { u64 _timestamp_begin; u64 timestamp_end; u64 content_size; u64 packet_size; u64 events_discarded; u64 packet_seq_num; u32 cpu_id; };',
    );
    expect(show(packetContext!).split(',')).toEqual([
      '{timestamp_begin:u64!default-clock-timestamp',
      'timestamp_end:u64!packet-end-default-clock-timestamp',
      'content_size:u64!packet-content-length',
      'packet_size:u64!packet-total-length',
      'events_discarded:u64!discarded-event-record-counter-snapshot',
      'packet_seq_num:u64!packet-sequence-number',
      'cpu_id:u32}',
    ]);
    expect(defaultClockClass).toMatchObject({ id: 'default', frequencyHz: 1_000_000_000n });
  });

  test('the compact header of LTTng', () => {
    const { eventRecordHeader, defaultClockClass } = onlyStream(
      `event.header := struct {
         enum : u5 { compact = 0 ... 30, extended = 31 } id;
         variant <id> {
           struct { integer { size = 27; map = clock.c.value; } timestamp; } compact;
           struct { u32 id; ${mapped('c')} timestamp; } extended;
         } v;
       } align(8);`,
      clocks,
    );
    expect(show(eventRecordHeader!)).toBe(
      '{id:u5{compact=0..30,extended=31}!event-record-class-id#0,' +
        'v:<^0>{compact=0..30:{timestamp:u27!default-clock-timestamp},' +
        'extended=31:{id:u32!event-record-class-id,timestamp:u32!default-clock-timestamp}}}@8',
    );
    expect(defaultClockClass?.id).toBe('c');
  });

  test('a timestamp without a map takes the only clock', () => {
    const body = 'event.header := struct { u32 timestamp; };';
    expect(onlyStream(body, 'clock { name = c; };').defaultClockClass?.id).toBe('c');
    expect(refusal(() => onlyStream(body, clocks))).toContain('more than one clock');
  });

  test.each([
    [`event.header := struct { ${mapped('x')} a; };`, 'no clock `x`'],
    [`event.header := struct { ${mapped('c')} a; ${mapped('d')} b; };`, 'Two clocks'],
    ['id = -1;', 'constant unsigned integer'],
    ['event.header := string;', 'must be a structure'],
    ['event.header := struct { }; event.header := struct { };', 'Duplicate scope'],
  ])('refused: %s', (body, reason) => {
    expect(refusal(() => onlyStream(body, clocks))).toContain(reason);
  });

  test('several streams need ids in packet headers', () => {
    const streams = 'stream { id = 1; }; stream { id = 7; };';
    expect([...parseTsdl(`${trace('u8 stream_id;')} ${streams}`).dataStreamClasses.keys()]).toEqual(
      [1n, 7n],
    );
    expect(refusal(() => parseTsdl(`${traceBlock} ${streams}`))).toContain('no `stream_id`');
    expect(refusal(() => parseTsdl(`${trace('u8 stream_id;')} stream { }; stream { };`))).toContain(
      'Duplicate `stream` block',
    );
  });
});

describe('event block', () => {
  const event = (attributes: string, before = '') =>
    onlyEvent(
      parseTsdl(`${traceBlock} ${before} event { ${attributes} fields := struct { string s; }; };`),
    );

  test('attributes', () => {
    const { id, name, logLevel, emfUri } = event(
      'name = "a:b"; id = 18446744073709551615; loglevel = 13; model.emf.uri = "http://x";',
    );
    expect({ id, name, logLevel, emfUri }).toEqual({
      id: 18446744073709551615n,
      name: 'a:b',
      logLevel: 'debug:line',
      emfUri: 'http://x',
    });
  });

  test('defaults, odd values', () => {
    expect(event('')).toMatchObject({ id: 0n });
    expect(event('name = a.b;').name).toBe('a.b');
    expect(event('loglevel = 15;').logLevel).toBeUndefined();
    expect(event('model.emf.uri = "";').emfUri).toBeUndefined();
  });

  test('a stream of its own, when there is none; else the one with the id', () => {
    expect(event('').dataStreamClass.id).toBe(0n);
    expect(refusal(() => event('stream_id = 3;'))).toContain('no `stream` block with ID 3');
    expect(event('stream_id = 3;', 'stream { id = 3; };').dataStreamClass.id).toBe(3n);
    expect(event('', 'stream { id = 3; };').dataStreamClass.id).toBe(3n);
  });

  test('the same id twice', () => {
    const one = 'event { id = 4; fields := struct { string s; }; };';
    expect(refusal(() => parseTsdl(`${traceBlock}\n${one}\n${one}`))).toBe(
      '3:1 Duplicate `event` block with ID 4 in the stream with ID 0.',
    );
  });
});

describe('text', () => {
  test('white space, comments, line ends, stray semicolons', () => {
    const text = `;;${traceBlock}\r\n// line\r\nevent\t{ /* ; } */ name = "//";;\n\r fields := struct { string s;; }; };;`;
    expect(onlyEvent(parseTsdl(text)).name).toBe('//');
  });

  test('escapes', () => {
    const value = String.raw`"\a\b\f\n\r\t\v\\\'\"\?\101\x41\u00e9\U0001F600 \q\u"`;
    const { environment } = parseTsdl(`${traceBlock} env { e = ${value}; l = L"wide"; c = 'x'; };`);
    expect(environment.get('e')).toBe('\x07\b\f\n\r\t\v\\\'"?AAé😀 \\q\\u');
    expect(environment.get('l')).toBe('wide');
    expect(environment.get('c')).toBe('x');
  });

  test('a place is line and column', () => {
    expect(refusal(() => parseTsdl(`${traceBlock}\n  stream {\n    id = x;\n  };`))).toMatch(
      /^3:10 /,
    );
  });
});

describe('metadata in parts', () => {
  const parts = [
    `${types} trace { major = 1; minor = 8; by`,
    'te_order = le; packet.header := struct { u8 stream_id; }; }; stream { id = 0; event.header := struct { u8 id; }; /',
    '* half a comment',
    '*/ }; event { name = a; };',
    'stream { id = 1; }; event { name = b; stream_id = 1; fields := struct { string s; }; } ;',
  ];

  test('the trace class grows', () => {
    const metadata = new TsdlMetadata();
    metadata.append(parts[0]!);
    expect(metadata.traceClass).toBeUndefined();
    metadata.append(parts[1]!);
    const { traceClass } = metadata;
    metadata.append(parts[2]!);
    expect(traceClass!.dataStreamClasses.size).toBe(0);
    metadata.append(parts[3]!);
    expect([...traceClass!.dataStreamClasses.get(0n)!.eventRecordClasses.values()][0]?.name).toBe(
      'a',
    );
    metadata.append(parts[4]!);
    expect(metadata.traceClass).toBe(traceClass);
    expect([...traceClass!.dataStreamClasses.keys()]).toEqual([0n, 1n]);
    expect(metadata.finish()).toBe(traceClass);
  });

  test('parts of any size make the same trace class', () => {
    const text = parts.join('');
    const metadata = new TsdlMetadata();
    for (const character of text) metadata.append(character);
    expect(metadata.finish()).toEqual(parseTsdl(text));
  });

  test('a text that may end early loses its last block', () => {
    const text = `${traceBlock} event { fields := struct { string s; }; }; event { id = 1; fields := str`;
    const warnings: string[] = [];
    const options = { mayEndEarly: true, warn: (message: string) => warnings.push(message) };
    expect(onlyEvent(parseTsdl(text, options)).id).toBe(0n);
    expect(warnings).toEqual(['line 1:94: The metadata ends in the middle of a block.']);
    expect(refusal(() => parseTsdl(text))).not.toBe('accepted');
    expect(refusal(() => parseTsdl('trace { major = 1;', options))).toContain('Missing `trace`');
  });
});
