/** What scopes, records and files have to do with one another where they meet. Found with random traces (tests/differential). */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ctfFsSink, detailsSink, jsonLinesSink, prettySink } from '@sonde/components';
import { afterAll, describe, expect, test } from 'vitest';
import { createJsonLinesSink } from '../src/sink-json/sink-json-lines.ts';
import { createPrettySink } from '../src/sink-pretty/sink-pretty.ts';
import { runText } from './run-text.ts';
import { folderWith, removeFolders } from './trace-folders.ts';

afterAll(removeFolders);

const closures = {
  ...prettySink,
  create: (context: Parameters<typeof prettySink.create>[0]) =>
    createPrettySink(context, 'closures'),
};

function traceFolder(metadata: string, ...bytes: readonly number[]): string {
  const trace = 'trace { major = 1; minor = 8; byte_order = le; };';
  return folderWith({
    metadata: `/* CTF 1.8 */\n${trace}\n${metadata}`,
    stream: Uint8Array.from(bytes),
  });
}

async function expectText(folder: string, ...lines: readonly string[]): Promise<void> {
  for (const sink of [prettySink, closures]) {
    const { text, error } = await runText(folder, sink);
    expect(error).toBeUndefined();
    expect(text.toString().trimEnd().split('\n')).toEqual(lines);
  }
}

async function expectConverted(folder: string, ...lines: readonly string[]): Promise<void> {
  await expectText(folder, ...lines);
  const output = join(folder, 'converted');
  const { error } = await runText(folder, ctfFsSink, { path: output, quiet: true });
  expect(error).toBeUndefined();
  await expectText(output, ...lines);
}

describe('the byte order within a byte', () => {
  test('is that of the last field, whatever scope it was in', async () => {
    const folder = traceFolder(
      `stream {
         event.header := struct { integer { size = 8; byte_order = be; } id; };
         event.context := struct { integer { size = 4; } a; };
       };
       event { name = e; id = 1; fields := struct { integer { size = 4; } b; }; };`,
      ...[1, 0x52, 1, 0x34],
    );
    await expectText(folder, 'e: { a = 2 }, { b = 5 }', 'e: { a = 4 }, { b = 3 }');
  });

  test('does not change from one scope to the next', async () => {
    const folder = traceFolder(
      `stream { event.context := struct { integer { size = 4; } a; }; };
       event { name = e; fields := struct { integer { size = 4; byte_order = be; } b; }; };`,
      0x52,
    );
    for (const sink of [prettySink, closures]) {
      const { error } = await runText(folder, sink);
      expect(String((error as Error).cause)).toMatch(
        /`b`: the byte order changes within a byte from little-endian/,
      );
    }
  });
});

describe('the limit of empty elements', () => {
  const metadata = `
    stream { event.context := struct { integer { size = 32; } n; struct { } a[n]; }; };
    event { name = e; fields := struct { integer { size = 32; } n; struct { } b[n]; }; };`;
  const record = (...lengths: readonly number[]) => new Uint8Array(new Uint32Array(lengths).buffer);
  const jsonClosures = {
    ...jsonLinesSink,
    create: (context: Parameters<typeof jsonLinesSink.create>[0]) =>
      createJsonLinesSink(context, 'closures'),
  };

  test.each([
    ['pretty', prettySink],
    ['pretty, with closures', closures],
    ['JSON', jsonLinesSink],
    ['JSON, with closures', jsonClosures],
    ['details', detailsSink],
    ['CTF', ctfFsSink],
  ])('holds for the scopes of a record together (%s)', async (_name, sink) => {
    const folder = traceFolder(metadata, ...record(3, 1, 40_000, 40_000));
    const output = sink === ctfFsSink ? { path: join(folder, 'copy'), quiet: true } : {};
    const { error } = await runText(folder, sink, output);
    expect((error as Error).cause).toMatchObject({
      code: 'too-many-empty-elements',
      message: 'Cannot read field `b`: more than 65536 array elements take no space.',
      place: { packetIndex: 0, offsetBits: 128 },
    });
  });

  test('holds for each record apart', async () => {
    const folder = traceFolder(metadata, ...record(40_000, 1, 1, 40_000));
    for (const sink of [prettySink, closures, jsonLinesSink, jsonClosures, detailsSink]) {
      expect((await runText(folder, sink)).error).toBeUndefined();
    }
  });
});

test('a field of the header selects a part of it and counts elements of the payload', async () => {
  const folder = traceFolder(
    `stream { event.header := struct {
       enum : integer { size = 8; } { one = 1, two = 2 } n;
       variant <n> { integer { size = 8; } one; struct { } two; } v;
     }; };
     event { name = e; fields := struct {
       integer { size = 8; } a[stream.event.header.n];
     }; };`,
    ...[2, 10, 11],
    ...[1, 0xff, 12],
    ...[2, 13, 14],
  );
  const lines = [
    'e: { a = [ [0] = 10, [1] = 11 ] }',
    'e: { a = [ [0] = 12 ] }',
    'e: { a = [ [0] = 13, [1] = 14 ] }',
  ];
  await expectText(folder, ...lines);
});

describe('what is converted', () => {
  test('keeps members of headers where their alignment wants them', async () => {
    const folder = traceFolder(
      `stream { event.header := struct { integer { size = 8; align = 64; } n; }; };
       event { name = e; fields := struct { string a[stream.event.header.n]; }; };`,
      ...[1, 0x61, 0, 0, 0, 0, 0, 0],
      ...[2, 0x62, 0, 0x63, 0],
    );
    await expectConverted(
      folder,
      'e: { a = [ [0] = "a" ] }',
      'e: { a = [ [0] = "b", [1] = "c" ] }',
    );
  });

  test('may begin within a byte', async () => {
    const folder = traceFolder(
      `stream { event.header := struct { integer { size = 4; } id; }; };
       event { name = e; id = 1; fields := struct { integer { size = 12; align = 1; } a; }; };`,
      ...[0x31, 0x12, 0x41, 0x23],
    );
    await expectConverted(folder, 'e: { a = 291 }', 'e: { a = 564 }');
  });
});

test('a file that replaces a damaged one is read, not the damaged one', async () => {
  const folder = traceFolder(
    `stream { packet.context := struct { integer { size = 8; } packet_size; }; };
     event { name = e; fields := struct { integer { size = 8; } a; }; };`,
    ...[7, 1, 2],
  );
  expect(String((await runText(folder, prettySink)).error)).toMatch(/failed/);
  rmSync(join(folder, 'stream'));
  writeFileSync(join(folder, 'stream'), Uint8Array.from([24, 1, 2]));
  await expectText(folder, 'e: { a = 1 }', 'e: { a = 2 }');
});

test('contexts that begin within a byte are told apart by their first bits', async () => {
  const folder = folderWith({
    metadata: `/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = be; };
      stream {
        event.header := struct { integer { size = 7; } id; };
        event.context := struct { integer { size = 32; align = 1; } a; };
      };
      event { name = e; id = 1; fields := struct { integer { size = 1; } b; }; };`,
    stream: Uint8Array.from([2, 0, 0, 0, 4, 3, 0, 0, 0, 4, 2, 0, 0, 0, 4]),
  });
  const lines = [2, 2 ** 31 + 2, 2].map((a) => `e: { a = ${a} }, { b = 0 }`);
  await expectText(folder, ...lines);
  const { text } = await runText(folder, jsonLinesSink);
  expect([...text.toString().matchAll(/"a":(\d+)/g)].map(([, a]) => Number(a))).toEqual([
    2,
    2 ** 31 + 2,
    2,
  ]);
});

test('streams without an ID are counted in the trace, not in their class', async () => {
  const id = 'packet.header := struct { integer { size = 8; } stream_id; };';
  const event = (stream: number) =>
    `event { stream_id = ${stream}; name = e${stream}; fields := struct { integer { size = 8; } x; }; };`;
  const folder = folderWith({
    metadata: `/* CTF 1.8 */
      trace { major = 1; minor = 8; byte_order = le; ${id} };
      stream { id = 5; }; stream { id = 6; }; ${event(5)} ${event(6)}`,
    a: Uint8Array.from([5, 1]),
    b: Uint8Array.from([6, 1]),
    c: Uint8Array.from([5, 1]),
  });
  const { text } = await runText(folder, detailsSink, { compact: true });
  const ids = [...text.toString().matchAll(/^\{0 (\d) (\d)\} Stream beginning/gm)];
  expect(ids.map(([, streamClass, stream]) => `${streamClass} ${stream}`)).toEqual([
    '5 0',
    '5 2',
    '6 1',
  ]);
});

test('a NaN keeps its sign', async () => {
  const folder = traceFolder(
    `stream {}; event { name = e; fields := struct {
       floating_point { exp_dig = 8; mant_dig = 24; } a[2];
       floating_point { exp_dig = 11; mant_dig = 53; byte_order = be; } b;
     }; };`,
    ...[0, 0, 0xc0, 0xff, 0, 0, 0xc0, 0x7f],
    ...[0xff, 0xf8, 0, 0, 0, 0, 0, 1],
  );
  await expectText(folder, 'e: { a = [ [0] = -nan, [1] = nan ], b = -nan }');
});

test('whole numbers of 32-bit floats are exact in JSON, whatever the back end', async () => {
  const folder = traceFolder(
    'stream {}; event { name = e; fields := struct { floating_point { exp_dig = 8; mant_dig = 24; } a[4]; }; };',
    ...new Uint8Array(new Float32Array([16777216, 81144896, -81144896, 0.1]).buffer),
  );
  for (const backEnd of ['generated', 'closures'] as const) {
    const create = (context: Parameters<typeof jsonLinesSink.create>[0]) =>
      createJsonLinesSink(context, backEnd);
    const { text } = await runText(folder, { ...jsonLinesSink, create });
    expect(text.toString()).toContain('[16777216,81144896,-81144896,0.1]');
  }
});
