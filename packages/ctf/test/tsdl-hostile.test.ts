import { MetadataError } from '@sonde/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTsdl, TsdlMetadata } from '../src/tsdl/parse-tsdl.ts';
import { payloadOf, refusal, traceBlock } from './tsdl-support.ts';

const valid = `/* CTF 1.8 */
typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 64; align = 8; map = clock.monotonic.value; } := uint64_clock_t;
trace {
  major = 1; minor = 8; byte_order = le; uuid = "2a6422d0-6cee-11e0-8c08-cb07d7b3a564";
  packet.header := struct { integer { size = 32; } magic; uint8_t uuid[16]; uint8_t stream_id; };
};
env { tracer_name = "lttng-modules"; n = 4; };
clock { name = monotonic; freq = 1000000000; offset = 0x123; };
struct point { uint8_t x; uint8_t y; } align(16);
stream {
  id = 0;
  packet.context := struct { uint64_clock_t timestamp_begin; uint64_clock_t timestamp_end; };
  event.header := struct {
    enum : integer { size = 5; align = 1; } { compact = 0 ... 30, extended = 31 } id;
    variant <id> {
      struct { integer { size = 27; align = 1; map = clock.monotonic.value; } timestamp; } compact;
      struct { integer { size = 32; } id; uint64_clock_t timestamp; } extended;
    } v;
  } align(8);
};
event {
  name = "one"; id = 0; stream_id = 0; loglevel = 6;
  fields := struct {
    uint8_t _len; integer { size = 8; encoding = UTF8; } _text[_len];
    struct point _points[env.n][2]; string _s; floating_point { exp_dig = 8; mant_dig = 24; } _f;
  };
};
`;

/** Pieces of the language, for insertions that go deeper than random characters. */
const pieces = [
  ...'{}[]()<>;:=,.*"\'/\\\0-+0',
  ' := ',
  '...',
  'struct { ',
  'variant <id> { ',
  'enum : uint8_t { ',
  'integer { size = ',
  'typealias ',
  'typedef ',
  'uint8_t a[',
  'struct point ',
  'stream.event.header.id',
  'event.fields._len',
  '18446744073709551616',
  '-9223372036854775808',
  '/*',
  '//',
];

const edit = fc.record({
  at: fc.nat(valid.length),
  remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(200)),
  insert: fc.array(
    fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 3 })),
    {
      maxLength: 3,
    },
  ),
});

function mutate(edits: readonly { at: number; remove: number; insert: string[] }[]): string {
  let text = valid;
  for (const { at, remove, insert } of edits) {
    text = text.slice(0, at) + insert.join('') + text.slice(at + remove);
  }
  return text;
}

/** Anything but a MetadataError with a place is a defect. */
function parseHostile(text: string, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    const { line, column } = error.place;
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(text.split('\n').length);
    expect(column).toBeGreaterThanOrEqual(1);
  }
}

describe('mutated texts', () => {
  test('are read or refused', () => {
    expect(refusal(() => parseTsdl(valid, { strict: true }))).toBe('accepted');
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.boolean(), (edits, strict) => {
        const text = mutate(edits);
        parseHostile(text, () => parseTsdl(text, { strict }));
      }),
      { numRuns: 3000 },
    );
  });

  test('are read or refused in parts, and when they may end early', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 2 }), fc.nat(valid.length), (edits, cut) => {
        const text = mutate(edits);
        parseHostile(text, () => {
          const metadata = new TsdlMetadata({ mayEndEarly: true });
          metadata.append(text.slice(0, cut));
          metadata.append(text.slice(cut));
          metadata.finish();
        });
      }),
      { numRuns: 1000 },
    );
  });
});

describe('limits', () => {
  const deep = (open: string, close: string, count: number) =>
    `${open.repeat(count)} string s; ${close.repeat(count)}`;

  test.each([
    ['structures', deep('struct { ', '} x; ', 100_000)],
    ['variants', deep('variant <t> { ', '} x; ', 100_000)],
    ['dimensions', `string s${'[1]'.repeat(100_000)};`],
    ['const', `${'const '.repeat(100_000)} unknown x;`],
    ['open structures', 'struct { '.repeat(100_000)],
  ])('nesting of %s', (_, text) => {
    expect(refusal(() => payloadOf(text))).not.toBe('accepted');
  });

  test('nesting through type names', () => {
    let before = 'typedef string t0[1];';
    for (let i = 1; i < 200; i++) before += ` typedef t${i - 1} t${i}[1];`;
    expect(refusal(() => payloadOf('t199 x;', before))).toContain('nested deeper than 64');
  });

  test('copies that double', () => {
    let before = 'typedef string t0;';
    for (let i = 1; i < 60; i++) before += ` typedef struct { t${i - 1} a; t${i - 1} b; } t${i};`;
    expect(refusal(() => payloadOf('t59 x;', before))).toContain('field classes');
  });

  test('many lengths in many options', () => {
    const labels = Array.from({ length: 3000 }, (_, i) => `o${i}`);
    const u8 = 'integer { size = 8; }';
    const options = labels.map((label) => `${u8} ${label};`).join(' ');
    const strings = labels.map((label) => `string s${label}[v];`).join(' ');
    const text = `enum : integer { size = 16; } { ${labels.join()} } t; variant <t> { ${options} } v; ${strings}`;
    expect(refusal(() => payloadOf(text))).toContain('Too many fields lead to lengths');
  });

  test.each([
    [{ nestingDepth: 2 }, 'struct { struct { string s; } a; } b;', 'nested deeper than 2'],
    [{ fieldClassCount: 3 }, 'string a; string b; string c;', 'More than 3 field classes'],
    [{ rangeCount: 2 }, 'enum : integer { size = 8; } { A, B, C } x;', 'More than 2 ranges'],
    [{ textLength: 60 }, 'string a;', 'Longer than 60'],
  ])('%j', (limits, text, reason) => {
    expect(refusal(() => payloadOf(text, '', { limits }))).toContain(reason);
  });

  test('long runs are read in linear time', () => {
    const begin = performance.now();
    parseTsdl(`${traceBlock}${';'.repeat(1_000_000)}`);
    parseTsdl(`${traceBlock}${'/**/ '.repeat(200_000)}`);
    parseTsdl(`${traceBlock} env { ${'a = 1; '.repeat(50_000)} };`);
    refusal(() => parseTsdl(`${traceBlock} env { a = "${'\\"'.repeat(500_000)}; };`));
    refusal(() => parseTsdl(`${traceBlock}${'"'.repeat(100_001)}`));
    refusal(() => parseTsdl(`${traceBlock} event { ${'x = 1; '.repeat(50_000)} };`));
    expect(performance.now() - begin).toBeLessThan(20_000);
  });
});
