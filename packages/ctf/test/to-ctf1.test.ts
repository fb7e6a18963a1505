import { UsageError } from '@sonde/base';
import { type Ctf1Change, parseTsdl, toCtf1, writeTsdl } from '@sonde/ctf';
import type { FieldClass, StructureFieldClass, TraceClass } from '@sonde/trace-model';
import { describe, expect, it } from 'vitest';
import { dataStream, event, member, parse, preamble, struct, uint } from './json-support.ts';

const str = { type: 'null-terminated-string' };
const bool = { type: 'fixed-length-boolean', length: 8, 'byte-order': 'little-endian' };
const clock = { type: 'clock-class', id: 'c', frequency: 1000 };

function withPayload(...members: readonly unknown[]): TraceClass {
  return parse([preamble, dataStream, event(struct(...members), { name: 'e' })]);
}

function payloadOf(traceClass: TraceClass): readonly { name: string; fieldClass: FieldClass }[] {
  const [stream] = traceClass.dataStreamClasses.values();
  const [own] = stream!.eventRecordClasses.values();
  return own!.payload!.members;
}

function refusal(traceClass: TraceClass, approximate = false): string {
  try {
    writeTsdl(toCtf1(traceClass, { approximate }));
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return '';
}

/** What the changes say, and the fields after writing and reading. */
function convert(traceClass: TraceClass, approximate: boolean) {
  const changes: Ctf1Change[] = [];
  const onChange = (change: Ctf1Change) => changes.push(change);
  const again = parseTsdl(writeTsdl(toCtf1(traceClass, { approximate, onChange })));
  return { fields: payloadOf(again), changes };
}

describe('what nobody sees changes', () => {
  it('variable-length integers have 64 bits, also as lengths', () => {
    const { fields, changes } = convert(
      withPayload(
        member('n', { type: 'variable-length-unsigned-integer' }),
        member('a', {
          type: 'dynamic-length-string',
          'length-field-location': { path: ['n'] },
        }),
      ),
      false,
    );
    expect(fields).toMatchObject([
      { name: 'n', fieldClass: { type: 'fixed-length-unsigned-integer', lengthBits: 64 } },
      { name: 'a', fieldClass: { type: 'dynamic-length-string', keySlot: 0 } },
    ]);
    expect(changes).toEqual([
      {
        subject: 'the field `n` (event-record-payload of event record class `e`)',
        what: 'a variable-length integer becomes one of 64 bits',
        isVisible: false,
      },
    ]);
  });

  it('bits have their natural order, arrays the alignment of elements', () => {
    const { fields } = convert(
      withPayload(
        member('r', uint(8, { 'bit-order': 'last-to-first' })),
        member('a', {
          type: 'static-length-array',
          length: 2,
          'minimum-alignment': 64,
          'element-field-class': uint(8),
        }),
      ),
      false,
    );
    expect(fields).toMatchObject([
      { fieldClass: { bitOrder: 'first-to-last' } },
      { fieldClass: { minimumAlignmentBits: 1 } },
    ]);
  });

  it('names are escaped, labels are not', () => {
    const mappings = { int: [[0, 0]], 'a b': [[1, 2]], _x: [[3, 3]] };
    const names = ['int', '_x', '__y', 'event', 'id', 'plain'];
    const { fields } = convert(
      withPayload(...names.map((name) => member(name, uint(8, { mappings })))),
      false,
    );
    expect(fields.map(({ name }) => name)).toEqual(names);
    expect(fields[0]!.fieldClass).toMatchObject({
      mappings: [{ label: 'int' }, { label: 'a b' }, { label: '_x' }],
    });
  });

  it('header fields get the names of their roles', () => {
    const source = parse([
      preamble,
      clock,
      {
        ...dataStream,
        'default-clock-class-id': 'c',
        'packet-context-field-class': struct(
          member('begin', uint(64, { roles: ['default-clock-timestamp'] })),
          member('size', uint(32, { roles: ['packet-total-length'] })),
          member('cpu', uint(32)),
        ),
        'event-record-header-field-class': struct(
          member('id', uint(8)),
          member('kind', uint(8, { roles: ['event-record-class-id'] })),
          member('when', uint(64, { roles: ['default-clock-timestamp'] })),
        ),
      },
      event(struct(), { name: 'e' }),
    ]);
    const again = parseTsdl(writeTsdl(toCtf1(source)));
    const [stream] = again.dataStreamClasses.values();
    const summary = (root: StructureFieldClass | undefined) =>
      root!.members.map((m) => [m.name, ('roles' in m.fieldClass && m.fieldClass.roles) || []]);
    expect(summary(stream!.packetContext)).toEqual([
      ['timestamp_begin', ['default-clock-timestamp']],
      ['packet_size', ['packet-total-length']],
      ['cpu', []],
    ]);
    expect(summary(stream!.eventRecordHeader)).toEqual([
      ['id_', []],
      ['id', ['event-record-class-id']],
      ['when', ['default-clock-timestamp']],
    ]);
    expect(stream!.defaultClockClass).toMatchObject({ id: 'c', frequencyHz: 1000n });
  });

  it('says what has no place', () => {
    const changes: string[] = [];
    toCtf1(
      parse([
        preamble,
        { ...clock, id: 'my clock', namespace: 'n', accuracy: 1, uid: 'mine' },
        { type: 'trace-class', namespace: 'n', name: 't', uid: 'no UUID' },
        { ...dataStream, name: 's' },
        event(struct(), { name: 'e', namespace: 'n', attributes: {} }),
      ]),
      { onChange: ({ subject, what }) => changes.push(`${subject}: ${what}`) },
    );
    expect(changes).toEqual([
      'the clock class `my clock`: its namespace (`n`) is left out',
      'the clock class `my clock`: its accuracy is left out',
      'the clock class `my clock`: its UID (`mine`) is left out',
      'the trace class: its UID (`no UUID`) is left out',
      'the trace class: its namespace (`n`) is left out',
      'the trace class: its name (`t`) is left out',
      'the data stream class 0: its name (`s`) is left out',
      'the event record class `e`: its namespace (`n`) is left out',
      'the event record class `e`: its attributes are left out',
    ]);
  });
});

describe('what is seen changes only when that is accepted', () => {
  const optional = {
    type: 'optional',
    'selector-field-location': { path: ['x'] },
    'field-class': str,
  };

  it.each<[string, unknown[], RegExp, object]>([
    ['booleans', [member('x', bool)], /boolean/, { lengthBits: 8, preferredDisplayBase: 10 }],
    [
      'bit arrays',
      [member('x', { ...bool, type: 'fixed-length-bit-array' })],
      /bit array/,
      { type: 'fixed-length-unsigned-integer', preferredDisplayBase: 16 },
    ],
    [
      'bit maps',
      [member('x', { ...bool, type: 'fixed-length-bit-map', flags: { a: [[0, 0]] } })],
      /bit map/,
      { type: 'fixed-length-unsigned-integer', preferredDisplayBase: 16 },
    ],
    [
      'BLOBs',
      [member('x', { type: 'static-length-blob', length: 3 })],
      /BLOB/,
      { type: 'static-length-array', length: 3, elementFieldClass: { lengthBits: 8 } },
    ],
    [
      'enumerations without labels',
      [member('x', uint(8, { mappings: {} }))],
      /without labels/,
      { type: 'fixed-length-unsigned-integer' },
    ],
    [
      'optionals with a boolean',
      [member('x', bool), member('o', optional)],
      /boolean/,
      {
        mappings: [
          { label: 'absent', ranges: [{ lower: 0n, upper: 0n }] },
          { label: 'present', ranges: [{ lower: 1n, upper: 255n }] },
        ],
      },
    ],
    [
      'optionals with ranges',
      [member('x', uint(8)), member('o', { ...optional, 'selector-field-ranges': [[3, 4]] })],
      /optional/,
      {
        mappings: [
          {
            label: 'absent',
            ranges: [
              { lower: 0n, upper: 2n },
              { lower: 5n, upper: 255n },
            ],
          },
          { label: 'present', ranges: [{ lower: 3n, upper: 4n }] },
        ],
      },
    ],
    [
      'selectors without the labels of a variant',
      [
        member('x', uint(8, { mappings: { a: [[0, 0]], other: [[1, 1]] } })),
        member('v', {
          type: 'variant',
          'selector-field-location': { path: ['x'] },
          options: [
            { name: 'a', 'selector-field-ranges': [[0, 0]], 'field-class': str },
            { name: 'b', 'selector-field-ranges': [[1, 1]], 'field-class': str },
            { 'selector-field-ranges': [[2, 2]], 'field-class': str },
          ],
        }),
      ],
      /labels of its selector/,
      { mappings: [{ label: 'a' }, { label: 'other' }, { label: 'b' }, { label: 'option_2' }] },
    ],
  ])('%s', (_, members, message, expected) => {
    const source = withPayload(...members);
    expect(refusal(source)).toMatch(message);
    const { fields, changes } = convert(source, true);
    expect(fields[0]!.fieldClass).toMatchObject(expected);
    expect(changes.some(({ isVisible }) => isVisible)).toBe(true);
    const dependent = fields[1]?.fieldClass;
    if (dependent) expect(dependent).toMatchObject({ type: 'variant', keySlot: 0 });
  });

  it('a variant whose options are labels is none of that', () => {
    const { changes } = convert(
      withPayload(
        member('x', uint(8, { mappings: { a: [[0, 0]], _int: [[5, 6]] } })),
        member('v', {
          type: 'variant',
          'selector-field-location': { path: ['x'] },
          options: [
            { name: 'a', 'selector-field-ranges': [[0, 0]], 'field-class': str },
            { name: 'int', 'selector-field-ranges': [[5, 6]], 'field-class': str },
          ],
        }),
      ),
      false,
    );
    expect(changes).toEqual([]);
  });
});

describe('lengths in several options of a variant', () => {
  const options = (...members: readonly unknown[]) =>
    members.map((m, i) => ({
      name: `o${i}`,
      'selector-field-ranges': [[i, i]],
      'field-class': struct(m),
    }));
  const source = (...members: readonly unknown[]) =>
    withPayload(
      member('s', uint(8, { mappings: { o0: [[0, 0]], o1: [[1, 1]], o2: [[2, 2]] } })),
      member('v', {
        type: 'variant',
        'selector-field-location': { path: ['s'] },
        options: options(...members),
      }),
      member('a', {
        type: 'dynamic-length-string',
        'length-field-location': { path: ['v', 'n'] },
      }),
    );

  it('are written when all options have one', () => {
    const { fields } = convert(source(member('n', uint(8)), member('n', uint(16))), false);
    expect(fields[2]!.fieldClass).toMatchObject({ type: 'dynamic-length-string', keySlot: 1 });
  });

  it('are refused when one has none', () => {
    const some = source(member('n', uint(8)), member('n', uint(16)), member('m', uint(8)));
    expect(refusal(some)).toMatch(/the field `a` .*no path to what it depends on/);
  });
});

describe('what CTF 1.8 has no way to say is refused', () => {
  it.each<[string, TraceClass, RegExp]>([
    [
      'other texts than UTF-8',
      withPayload(member('s', { ...str, encoding: 'utf-16le' })),
      /the field `s` .*utf-16le/,
    ],
    ['names that are no identifiers', withPayload(member('a b', str)), /`a b` is no identifier/],
    [
      'several roles',
      parse([
        preamble,
        {
          ...dataStream,
          'packet-context-field-class': struct(
            member('x', uint(8, { roles: ['packet-total-length', 'packet-content-length'] })),
          ),
        },
      ]),
      /several roles/,
    ],
    [
      'roles below the root',
      parse([
        preamble,
        {
          ...dataStream,
          'packet-context-field-class': struct(
            member('s', struct(member('x', uint(8, { roles: ['packet-total-length'] })))),
          ),
        },
      ]),
      /`s\.x`.*needs a member of the root/,
    ],
    [
      'ordinary fields with reserved names',
      parse([
        preamble,
        { ...dataStream, 'packet-context-field-class': struct(member('packet_size', uint(8))) },
      ]),
      /`packet_size`.*reserved/,
    ],
  ])('%s', (_, traceClass, message) => {
    expect(refusal(traceClass, true)).toMatch(message);
  });
});
