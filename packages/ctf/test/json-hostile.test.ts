import { MetadataError } from '@sonde/base';
import { readMetadata } from '@sonde/ctf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dataStream,
  event,
  fragmentBytes,
  member,
  preamble,
  struct,
  uint,
} from './json-support.ts';

const str = { type: 'null-terminated-string' };

/** Something of everything. */
const bytes = fragmentBytes(
  { ...preamble, uuid: [...Array(16).keys()] },
  { type: 'field-class-alias', name: 'u8', 'field-class': uint(8, { alignment: 8 }) },
  {
    type: 'clock-class',
    id: 'c',
    frequency: 1000,
    'offset-from-origin': { seconds: 1, cycles: 2 },
  },
  {
    type: 'trace-class',
    environment: { a: 'b', c: 1 },
    'packet-header-field-class': struct(
      member('m', uint(32, { roles: ['packet-magic-number'] })),
      member('u', { type: 'static-length-blob', length: 16, roles: ['metadata-stream-uuid'] }),
    ),
  },
  {
    ...dataStream,
    'default-clock-class-id': 'c',
    'event-record-header-field-class': struct(
      member('t', uint(64, { roles: ['default-clock-timestamp'] })),
    ),
  },
  event(
    struct(
      member('n', 'u8'),
      member('a', {
        type: 'dynamic-length-array',
        'length-field-location': { origin: 'event-record-payload', path: ['n'] },
        'element-field-class': struct(member('s', str)),
      }),
      member('v', {
        type: 'variant',
        'selector-field-location': { path: ['n'] },
        options: [
          { name: 'x', 'selector-field-ranges': [[0, 3]], 'field-class': str },
          { name: 'y', 'selector-field-ranges': [[4, 5]], 'field-class': 'u8' },
        ],
      }),
      member(
        'e',
        uint(5, {
          mappings: {
            low: [
              [0, 1],
              [3, 4],
            ],
          },
        }),
      ),
    ),
  ),
);

/** Accepted, or refused as metadata: nothing else. */
function expectOrderly(metadata: Uint8Array, lenient: boolean): void {
  try {
    readMetadata(metadata, 'metadata', { lenient });
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    expect(error.place.path).toBe('metadata');
  }
}

describe('hostile CTF 2 metadata', () => {
  it('is good before it is changed', () => {
    expect(() => readMetadata(bytes, 'metadata')).not.toThrow();
  });

  it('may end anywhere', () => {
    for (let end = 0; end < bytes.length; end++) expectOrderly(bytes.subarray(0, end), false);
  });

  it('may have any byte anywhere', () => {
    const edit = fc.record({
      at: fc.nat(bytes.length - 1),
      remove: fc.nat(5),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc
          .constantFrom(
            '[',
            ']',
            '{',
            '}',
            '"',
            ',',
            'null',
            '-1',
            '1e3',
            '99999999999999999999',
            '"u8"',
          )
          .map((text) => new TextEncoder().encode(text)),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (edits, lenient) => {
          let changed = [...bytes];
          for (const { at, remove, insert } of edits) {
            changed = [...changed.slice(0, at), ...insert, ...changed.slice(at + remove)];
          }
          expectOrderly(Uint8Array.from(changed), lenient);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('may have any value anywhere', () => {
    const texts = new TextDecoder().decode(bytes).split('\x1e').slice(1);
    const values = [
      'null',
      'true',
      '-5',
      '18446744073709551615',
      '2.5',
      '"a"',
      '[]',
      '{}',
      '[[1,2]]',
    ];
    for (const [index, text] of texts.entries()) {
      for (const { index: at, 0: old } of text.matchAll(/(?<=:)("[^"]*"|-?\d+|\{\}|\[\])/g)) {
        for (const value of values) {
          const changed = text.slice(0, at) + value + text.slice(at + old.length);
          expectOrderly(fragmentBytes(...texts.with(index, changed)), false);
        }
      }
    }
  });

  it('does not take forever', () => {
    const many = Array.from({ length: 3000 }, (_, i) => `x${i}`);
    const options = many.map((name, i) => ({
      name,
      'selector-field-ranges': [[i, i]],
      'field-class': struct(member('n', uint(8))),
    }));
    const array = {
      type: 'dynamic-length-array',
      'length-field-location': { path: ['v', 'n'] },
      'element-field-class': str,
    };
    const payload = struct(
      member('s', uint(16)),
      member('v', { type: 'variant', 'selector-field-location': { path: ['s'] }, options }),
      ...many.map((name) => member(name, array)),
    );
    expectOrderly(fragmentBytes(preamble, dataStream, event(payload)), false);
  });
});
