/** Records that are too large for generated code. */
import { jsonLinesSink, prettySink } from '@sonde/components';
import { afterAll, expect, test } from 'vitest';
import { runText } from './run-text.ts';
import { folderWith, removeFolders } from './trace-folders.ts';

afterAll(removeFolders);

test.each([
  ['pretty', prettySink],
  ['JSON', jsonLinesSink],
])('a variant of 5000 options is read (%s)', async (_name, sink) => {
  const names = Array.from({ length: 5000 }, (_, i) => `o${i}`);
  const options = names.map((name) => `integer { size = 8; } ${name};`);
  const metadata = `/* CTF 1.8 */
    trace { major = 1; minor = 8; byte_order = le; };
    stream { };
    event { name = e; fields := struct {
      enum : integer { size = 16; } { ${names.join()} } tag;
      variant <tag> { ${options.join(' ')} } v;
    }; };`;
  const folder = folderWith({ metadata, stream: Uint8Array.of(0, 0, 7, 0x87, 0x13, 42) });
  const { text, error } = await runText(folder, sink);
  expect(error).toBeUndefined();
  const lines = text.toString().trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/o4999.* 42 |"v":42/);
});

test('a header of 5000 options is read', async () => {
  const names = Array.from({ length: 5000 }, (_, i) => `o${i}`);
  const options = names.map((name) => `struct { integer { size = 8; } x; } ${name};`);
  const metadata = `/* CTF 1.8 */
    trace { major = 1; minor = 8; byte_order = le; };
    stream { event.header := struct {
      enum : integer { size = 16; } { ${names.join()} } id;
      variant <id> { ${options.join(' ')} } v;
    }; };
    event { name = first; id = 0; fields := struct { integer { size = 8; } a; }; };
    event { name = last; id = 4999; fields := struct { integer { size = 8; } a; }; };`;
  const folder = folderWith({ metadata, stream: Uint8Array.of(0, 0, 1, 7, 0x87, 0x13, 1, 8) });
  const { text, error } = await runText(folder, prettySink);
  expect(error).toBeUndefined();
  expect(text.toString().trimEnd().split('\n')).toEqual(['first: { a = 7 }', 'last: { a = 8 }']);
});
