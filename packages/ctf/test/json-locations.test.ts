import type { FieldClass } from '@sonde/trace-model';
import { describe, expect, it } from 'vitest';
import { visitFieldClasses } from '../src/field-class-tree.ts';
import {
  dataStream,
  event,
  failureOf,
  member,
  parse,
  parseEvent,
  preamble,
  struct,
  uint,
} from './json-support.ts';

const str = { type: 'null-terminated-string' };
const vsint = { type: 'variable-length-signed-integer' };
const bool = { type: 'fixed-length-boolean', length: 8, 'byte-order': 'little-endian' };

function array(path: readonly (string | null)[], origin?: string, element: unknown = uint(8)) {
  return {
    type: 'dynamic-length-array',
    'length-field-location': origin === undefined ? { path } : { origin, path },
    'element-field-class': element,
  };
}

function option(ranges: unknown, fieldClass: unknown, name?: string) {
  return { name, 'selector-field-ranges': ranges, 'field-class': fieldClass };
}

function variant(path: readonly (string | null)[], ...options: readonly unknown[]) {
  return { type: 'variant', 'selector-field-location': { path }, options };
}

function optional(path: readonly (string | null)[], fieldClass: unknown, ranges?: unknown) {
  return {
    type: 'optional',
    'selector-field-location': { path },
    'selector-field-ranges': ranges,
    'field-class': fieldClass,
  };
}

/** Lengths in bits of the key fields of each dependent field in the payload, in order: each key has another length here. */
function keysOf(members: readonly unknown[]): number[][] {
  const { payload } = parseEvent(members);
  const slots = new Map<number, number[]>();
  const dependents: number[] = [];
  visitFieldClasses(payload!, (fc: FieldClass) => {
    if ('keySlot' in fc) dependents.push(fc.keySlot);
    if (!('keySlots' in fc) || !('lengthBits' in fc)) return;
    for (const slot of fc.keySlots ?? []) {
      slots.set(slot, [...(slots.get(slot) ?? []), fc.lengthBits]);
    }
  });
  return dependents.map((slot) => slots.get(slot) ?? []);
}

describe('locations lead to key fields', () => {
  it.each<[string, unknown[], number[][]]>([
    ['relative', [member('n', uint(8)), member('a', array(['n']))], [[8]]],
    ['absolute', [member('n', uint(8)), member('a', array(['n'], 'event-record-payload'))], [[8]]],
    [
      'in the parent structure',
      [member('n', uint(8)), member('s', struct(member('a', array([null, 'n']))))],
      [[8]],
    ],
    [
      'names taken back by null',
      [member('n', uint(8)), member('a', array(['x', null, 'y', null, 'n']))],
      [[8]],
    ],
    [
      'inside a structure before',
      [member('s', struct(member('n', uint(8)))), member('a', array(['s', 'n']))],
      [[8]],
    ],
    [
      'through the array that both are in',
      [
        member('outer', {
          type: 'static-length-array',
          length: 3,
          'element-field-class': struct(
            member('n', uint(8)),
            member('a', array(['outer', 'n'], 'event-record-payload')),
          ),
        }),
      ],
      [[8]],
    ],
    [
      'in every option of a variant, which may also lack it',
      [
        member('sel', uint(8)),
        member(
          'v',
          variant(
            ['sel'],
            option([[0, 0]], struct(member('n', uint(16)))),
            option([[1, 1]], struct(member('n', uint(24)))),
            option([[2, 2]], struct(member('m', str))),
          ),
        ),
        member('a', array(['v', 'n'])),
      ],
      [[8], [16, 24]],
    ],
    [
      'only in the own option of the variant that both are in',
      [
        member('sel', uint(8)),
        member(
          'v',
          variant(
            ['sel'],
            option([[0, 0]], struct(member('n', uint(16)))),
            option(
              [[1, 1]],
              struct(member('n', uint(24)), member('a', array(['v', 'n'], 'event-record-payload'))),
            ),
          ),
        ),
      ],
      [[8], [24]],
    ],
    [
      'an optional field',
      [member('b', bool), member('o', optional(['b'], uint(16))), member('a', array(['o']))],
      [[8], [16]],
    ],
    [
      'the same for several: one slot',
      [member('n', uint(8)), member('a', array(['n'])), member('b', array(['n']))],
      [[8], [8]],
    ],
  ])('%s', (_, members, expected) => {
    expect(keysOf(members)).toEqual(expected);
  });

  it('shares slots, also with other scopes', () => {
    const traceClass = parse([
      preamble,
      { ...dataStream, 'packet-context-field-class': struct(member('n', uint(8))) },
      event(struct(member('a', array(['n'], 'packet-context')))),
      event(struct(member('a', array(['n'], 'packet-context'))), { id: 1 }),
    ]);
    const [stream] = traceClass.dataStreamClasses.values();
    const [key] = stream!.packetContext!.members;
    expect(key!.fieldClass).toMatchObject({ keySlots: [0] });
    expect(traceClass.keySlotCount).toBe(1);
  });

  it('gives selectors their kind', () => {
    const { payload } = parseEvent([
      member('s', vsint),
      member('v', variant(['s'], option([[-3, 4]], str))),
      member('b', bool),
      member('o', optional(['b'], str)),
      member('p', optional(['s'], str, [[-1, -1]])),
    ]);
    const kinds = payload!.members.map(({ fieldClass }) =>
      'selectorKind' in fieldClass ? fieldClass.selectorKind : '-',
    );
    expect(kinds).toEqual(['-', 'signed', '-', 'boolean', 'signed']);
  });
});

describe('wrong locations', () => {
  it.each<[string, unknown[], RegExp]>([
    ['no such member', [member('a', array(['n']))], /doesn't locate anything/],
    ['a later member', [member('a', array(['n'])), member('n', uint(8))], /isn't decoded before/],
    ['itself', [member('a', array(['a']))], /isn't decoded before/],
    [
      'what contains it',
      [member('s', struct(member('a', array(['s'], 'event-record-payload'))))],
      /must not locate a structure/,
    ],
    [
      'a structure',
      [member('s', struct()), member('a', array(['s']))],
      /must not locate a structure/,
    ],
    ['beyond a scalar', [member('n', uint(8)), member('a', array(['n', 'x']))], /doesn't locate/],
    [
      'above the scope',
      [member('n', uint(8)), member('a', array([null, 'n']))],
      /leaves its scope/,
    ],
    [
      'a scope without fields',
      [member('a', array(['n'], 'packet-context'))],
      /is in a scope without fields/,
    ],
    [
      'into another array',
      [
        member('x', {
          type: 'static-length-array',
          length: 1,
          'element-field-class': struct(member('n', uint(8))),
        }),
        member('a', array(['x', 'n'])),
      ],
      /goes into an array/,
    ],
    ['a string as a length', [member('n', str), member('a', array(['n']))], /must be an unsigned/],
    ['a signed length', [member('n', vsint), member('a', array(['n']))], /must be an unsigned/],
    [
      'an integer where a boolean is needed',
      [member('n', uint(8)), member('o', optional(['n'], str))],
      /must be a boolean/,
    ],
    [
      'a boolean where an integer is needed',
      [member('b', bool), member('o', optional(['b'], str, [[1, 1]]))],
      /must be an integer/,
    ],
    [
      'a negative range of an unsigned selector',
      [member('n', uint(8)), member('v', variant(['n'], option([[-1, 1]], str)))],
      /range \[-1, 1\] is impossible/,
    ],
    [
      'options that overlap',
      [
        member('n', uint(8)),
        member('v', variant(['n'], option([[0, 9]], str), option([[9, 20]], str))),
      ],
      /selected by 9/,
    ],
    [
      'selectors of both kinds',
      [
        member('n', uint(8)),
        member('v', variant(['n'], option([[0, 0]], uint(8)), option([[1, 1]], vsint))),
        member('w', variant(['v'], option([[0, 0]], str))),
      ],
      /not both/,
    ],
  ])('%s', (_, members, message) => {
    const error = failureOf(() => parseEvent(members));
    expect(error.code).toBe('bad-field-location');
    expect(error.message).toMatch(message);
    expect(error.place.jsonPath).toMatch(/^fragments\[2\]\.payload-field-class/);
  });

  it('a later scope', () => {
    const error = failureOf(() =>
      parse([
        preamble,
        {
          ...dataStream,
          'packet-context-field-class': struct(member('a', array(['n'], 'event-record-header'))),
          'event-record-header-field-class': struct(member('n', uint(8))),
        },
      ]),
    );
    expect(error.message).toMatch(/is in a later scope/);
  });
});
