import { DecodeError } from '@sonde/base';
import * as b from '@sonde/testkit';
import type { FieldClass, RecordCursor, StructureFieldClass } from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compileConsumer,
  compileLength,
  compileProjection,
  decodeScope,
  type FieldDemand,
  type Projection,
} from '../src/index.ts';
import { type RandomRecord, randomRecord } from './support/random-records.ts';

const numRuns = Number(process.env['SONDE_RUNS'] ?? 600);

/** Paths of all fields that can be demanded. */
function pathsOf(fieldClass: FieldClass, path: readonly string[] = []): (readonly string[])[] {
  switch (fieldClass.type) {
    case 'structure':
      return [path, ...fieldClass.members.flatMap((m) => pathsOf(m.fieldClass, [...path, m.name]))];
    case 'variant':
      return [
        path,
        ...fieldClass.options.flatMap((o) => pathsOf(o.fieldClass, [...path, o.name ?? ''])),
      ];
    case 'optional':
      return [path, ...pathsOf(fieldClass.fieldClass, path).slice(1)];
    default:
      return [path];
  }
}

function demandsOf(record: RandomRecord, picks: readonly number[]): FieldDemand[] {
  const wides = ['number', 'bigint', 'exact'] as const;
  const all = (
    [
      'event-record-common-context',
      'event-record-specific-context',
      'event-record-payload',
    ] as const
  ).flatMap((scope) => {
    const root = scopeFieldClass(record.eventRecordClass, scope);
    return root === undefined ? [] : pathsOf(root).map((path) => ({ scope, path }));
  });
  return picks.map((pick) => ({ ...all[pick % all.length]!, wide: wides[pick % 3]! }));
}

function outcomeOf(projection: Projection, cursor: RecordCursor): unknown {
  try {
    return { endBits: projection.read(cursor), values: { ...projection.record } };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { code: error.code, message: error.message, place: error.place };
  }
}

test('generated projections store what closures store', () => {
  fc.assert(
    fc.property(randomRecord, fc.array(fc.nat(2 ** 20), { maxLength: 5 }), (record, picks) => {
      const demands = demandsOf(record, picks);
      const { eventRecordClass } = record;
      const visited = compileProjection(eventRecordClass, demands, { backEnd: 'closures' });
      const generated = compileProjection(eventRecordClass, demands, { backEnd: 'generated' });
      expect(generated.present).toEqual(visited.present);
      // Twice: nothing may be left over from the record before.
      for (let i = 0; i < 2; i++) {
        const outcome = outcomeOf(generated, record.cursor());
        if ((outcome as { code?: string }).code === 'malformed-event-record') return;
        expect(outcome).toEqual(outcomeOf(visited, record.cursor()));
        const { endBits } = outcome as { endBits?: number };
        if (endBits !== undefined) {
          expect(outcomeOf(generated, record.cursor(endBits))).toEqual(outcome);
        }
      }
    }),
    { numRuns },
  );
});

test('consumers are given what projections store', () => {
  fc.assert(
    fc.property(randomRecord, fc.array(fc.nat(2 ** 20), { maxLength: 5 }), (record, picks) => {
      const demands = demandsOf(record, picks);
      const { eventRecordClass } = record;
      const seen: unknown[] = [];
      const consume = (values: object): void => void seen.push({ ...values });
      const handler = compileConsumer(eventRecordClass, demands, consume, { backEnd: 'generated' });
      const projection = compileProjection(eventRecordClass, demands, { backEnd: 'closures' });
      const expected = outcomeOf(projection, record.cursor());
      let endBits = -1;
      try {
        endBits = handler(record.cursor());
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        expect(expected).not.toHaveProperty('endBits');
        return;
      }
      const length = compileLength(eventRecordClass);
      // Where the length is static, others see to it that records are not cut.
      if (typeof length === 'number' && !('endBits' in (expected as object))) return;
      expect(expected).toHaveProperty('values', seen[0]);
      if (endBits >= 0) expect(expected).toHaveProperty('endBits', endBits);
      else expect(length).toBeTypeOf('number');
      // Nothing behind the record is needed.
      handler(record.cursor((expected as { endBits: number }).endBits));
      expect(seen[1]).toEqual(seen[0]);
    }),
    { numRuns },
  );
});

describe('consumers with one function', () => {
  const twoClasses = (): RecordCursor[] => [
    cursorAt(b.struct({ a: b.uint(8), b: b.uint(32) }), [1, 2, 0, 0, 0]),
    cursorAt(b.struct({ a: b.uint(8), c: b.str() }), [3, 65, 0]),
    cursorAt(b.struct({ a: b.uint(8), c: b.uint(64) }), [4, 5, 0, 0, 0, 0, 0, 0, 0]),
  ];

  test('share what is the same', () => {
    const values: unknown[] = [];
    const consume = ({ f0 }: { f0?: unknown }): void => void values.push(f0);
    const cursors = twoClasses();
    const handlers = cursors.map((cursor) =>
      compileConsumer(cursor.eventRecordClass, [{ path: ['a'] }], consume, {
        backEnd: 'generated',
      }),
    );
    expect(cursors.map((cursor, i) => handlers[i]!(cursor))).toEqual([-1, 56, -1]);
    expect(values).toEqual([1, 3, 4]);
    expect(handlers[0]).toBe(handlers[2]);
  });

  test('are not given values of other classes', () => {
    const values: unknown[] = [];
    const consume = (record: object): void => void values.push({ ...record });
    const demands = [{ path: ['a'] }, { path: ['b'] }, { path: ['c'] }];
    for (let round = 0; round < 2; round++) {
      for (const cursor of twoClasses()) {
        compileConsumer(cursor.eventRecordClass, demands, consume, { backEnd: 'generated' })(
          cursor,
        );
      }
    }
    const expected = [
      { f0: 1, f1: 2, f2: undefined },
      { f0: 3, f1: undefined, f2: 'A' },
      { f0: 4, f1: undefined, f2: 5 },
    ];
    expect(values).toEqual([...expected, ...expected]);
  });
});

test.each(['generated', 'closures'] as const)(
  'integers of 64 bits as signed numbers: addresses of a kernel are exact (%s)',
  (backEnd) => {
    const bytes = [0x80, 0xff, 0xff, 0xff, 0xff, 0x88, 0xff, 0xff];
    const cursor = cursorAt(b.struct({ address: b.uint(64), small: b.uint(8) }), [...bytes, 200]);
    const { record, read } = compileProjection(
      cursor.eventRecordClass,
      [
        { path: ['address'], wide: 'signed' },
        { path: ['small'], wide: 'signed' },
      ],
      { backEnd },
    );
    read(cursor);
    expect(record).toMatchObject({ f0: Number(0xffff_88ff_ffff_ff80n - 2n ** 64n), f1: 200 });
  },
);

test('a whole scope on exact demand is what decodeScope gives', () => {
  fc.assert(
    fc.property(randomRecord, (record) => {
      const scope = 'event-record-payload';
      const projection = compileProjection(record.eventRecordClass, [
        { scope, path: [], wide: 'exact' },
      ]);
      try {
        projection.read(record.cursor());
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        return;
      }
      expect(projection.record['f0']).toEqual(decodeScope(record.cursor(), scope));
    }),
    { numRuns },
  );
});

/** A cursor at a record with `body` behind a header of one byte, in a packet with a context of two bytes. */
function cursorAt(
  payload: StructureFieldClass,
  body: readonly number[],
  commonContext?: StructureFieldClass,
): RecordCursor {
  const traceClass = b.traceClass({
    packetHeader: b.struct({ magic: b.uint(8) }),
    streams: [
      {
        packetContext: b.struct({ cpu_id: b.uint(8) }),
        header: b.struct({ id: b.uint(8), tid: b.uint(8) }),
        ...(commonContext && { commonContext }),
        events: [{ payload }],
      },
    ],
  });
  const dataStreamClass = traceClass.dataStreamClasses.get(0n)!;
  const stream = b.dataStream(dataStreamClass);
  const bytes = new Uint8Array(4 + body.length + 16);
  bytes.set([77, 3, 0, 9, ...body]);
  return {
    stream,
    packet: b.packet(stream),
    eventRecordClass: dataStreamClass.eventRecordClasses.get(0n)!,
    timeNs: 0,
    bytes,
    view: new DataView(bytes.buffer),
    recordOffsetBits: 16,
    bodyOffsetBits: 32,
    contentEndBits: (4 + body.length) * 8,
    keys: [],
    packetContextOffsetBits: 8,
    clockSnapshot: () => undefined,
  };
}

describe.each(['generated', 'closures'] as const)('a projection (%s)', (backEnd) => {
  const payload = b.struct({
    tid: b.uint(16),
    ok: b.key(0, b.uint(8)),
    maybe: b.optional(b.struct({ deep: b.sint(8) }), 0, [1]),
    choice: b.variant(0, { low: [[0], b.struct({ x: b.uint(8) })], high: [[[1, 9]], b.str()] }),
  });

  function read(cursor: RecordCursor, demands: readonly FieldDemand[]) {
    const projection = compileProjection(cursor.eventRecordClass, demands, { backEnd });
    const endBits = projection.read(cursor);
    return { ...projection.record, endBits, present: projection.present };
  }

  test('takes a field without a scope from the payload before the contexts', () => {
    const cursor = cursorAt(payload, [5, 1, 2, 0, 65, 0], b.struct({ tid: b.uint(0 + 8) }));
    expect(read(cursorAt(payload, [1, 0, 0, 7]), [{ path: ['tid'] }])).toMatchObject({ f0: 1 });
    const both = [
      { path: ['tid'] },
      { path: ['tid'], scope: 'event-record-common-context' as const },
    ];
    expect(read(cursor, both)).toMatchObject({ f0: 513, f1: 5 });
  });

  test('reads the scopes of packet and record header', () => {
    const demands: FieldDemand[] = [
      { path: ['cpu_id'] },
      { path: ['magic'], as: 'magic' },
      { path: ['tid'], scope: 'event-record-header' },
    ];
    expect(read(cursorAt(payload, [1, 0, 0, 7]), demands)).toMatchObject({
      f0: 3,
      magic: 77,
      f2: 9,
      endBits: 64,
    });
  });

  test('leaves what the record has not undefined', () => {
    const demands: FieldDemand[] = [
      { path: ['maybe', 'deep'] },
      { path: ['choice', 'low', 'x'] },
      { path: ['choice', 'x'] },
      { path: ['choice', 'high'] },
      { path: ['nothing'] },
    ];
    expect(read(cursorAt(payload, [1, 0, 0, 7]), demands)).toEqual({
      f0: undefined,
      f1: 7,
      f2: 7,
      f3: undefined,
      f4: undefined,
      endBits: 64,
      present: [true, true, true, true, false],
    });
    expect(read(cursorAt(payload, [1, 0, 1, 255, 72, 105, 0]), demands)).toMatchObject({
      f0: -1,
      f1: undefined,
      f2: undefined,
      f3: 'Hi',
      endBits: 88,
    });
  });

  test('gives wide integers as wanted', () => {
    const wide = b.struct({ big: b.uint(64), small: b.uint(64) });
    const body = [1, 0, 0, 0, 0, 0, 0, 128, 5, 0, 0, 0, 0, 0, 0, 0];
    const demands = (['number', 'bigint', 'exact'] as const).flatMap((each) => [
      { path: ['big'], wide: each },
      { path: ['small'], wide: each },
    ]);
    expect(read(cursorAt(wide, body), demands)).toMatchObject({
      f0: 2 ** 63,
      f1: 5,
      f2: 2n ** 63n + 1n,
      f3: 5n,
      f4: 2n ** 63n + 1n,
      f5: 5,
    });
  });

  test('calls its consumer when all is stored', () => {
    const cursor = cursorAt(payload, [1, 0, 0, 7]);
    const seen: unknown[] = [];
    const handler = compileConsumer(
      cursor.eventRecordClass,
      [{ path: ['tid'] }],
      (record, at) => seen.push({ ...record }, at === cursor),
      { backEnd },
    );
    expect(handler(cursor)).toBe(64);
    expect(seen).toEqual([{ f0: 1 }, true]);
    const cut = { ...cursor, contentEndBits: 56 };
    expect(() => handler(cut)).toThrow(DecodeError);
    expect(seen).toHaveLength(2);
  });

  test('keeps member names from meaning something else', () => {
    const odd = b.struct({ inner: b.struct({ a: b.uint(8) }) });
    const members = [
      { name: '__proto__', fieldClass: b.uint(8) },
      { name: 'toString', fieldClass: b.uint(8) },
    ];
    const payloadClass = { ...odd, members: [{ name: 'inner', fieldClass: { ...odd, members } }] };
    const { f0 } = read(cursorAt(payloadClass, [1, 2]), [{ path: ['inner'] }]) as unknown as {
      f0: object;
    };
    expect(Object.entries(f0)).toEqual([
      ['__proto__', 1],
      ['toString', 2],
    ]);
    expect('constructor' in f0).toBe(false);
  });

  test('refuses slot names that are no identifiers', () => {
    const cursor = cursorAt(payload, [1, 0, 0, 7]);
    for (const as of ['a;b', '', '__proto__', 'a b']) {
      expect(() => read(cursor, [{ path: ['tid'], as }])).toThrow('slot name');
    }
  });
});
