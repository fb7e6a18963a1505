import type { DecodeError } from '@sonde/base';
import { compileConsumer, compileLength } from '@sonde/ctf';
import * as b from '@sonde/testkit';
import type { DataStreamClass, Downstream, FieldClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { backEnds, begin, cursorOn, record } from './cursor-run.ts';

const limit = 65_536;
const empties = (count: number): FieldClass => b.array(b.struct({}), count);

/** A stream of one record class. The record has an ID, so that none is empty. */
function streamClassOf(payload: Record<string, FieldClass>): DataStreamClass {
  const events = [{ payload: b.struct(payload) }];
  const header = b.struct({ id: b.uint(8, { roles: ['event-record-class-id'] }) });
  return b.traceClass({ streams: [{ header, events }] }).dataStreamClasses.get(0n)!;
}

/** What may be done with records: all of it has to find the same fault. */
const downstreams = (
  backEnd: (typeof backEnds)[number],
): Record<string, Pick<Downstream, 'eventHandler'>> => ({
  'stepped over': { eventHandler: () => null },
  'passed without a look': { eventHandler: () => () => -1 },
  decoded: {
    eventHandler: () => (cursor) => {
      record(cursor);
      return -1;
    },
  },
  'read for a field': {
    eventHandler: ({ eventRecordClass }) =>
      compileConsumer(eventRecordClass, [{ path: ['a'] }], () => {}, { backEnd }),
  },
});

/** The fault of the records in `content`, the same for all back ends and downstreams. */
function faultOf(payload: Record<string, FieldClass>, content: string) {
  const faults = backEnds.flatMap((backEnd) => {
    const dataStreamClass = streamClassOf(payload);
    return Object.entries(downstreams(backEnd)).map(([what, downstream]) => {
      const cursor = cursorOn(dataStreamClass, { backEnd });
      begin(cursor, content);
      try {
        while (cursor.headTimeNs !== Infinity) cursor.run(Infinity, Infinity, downstream);
        return { what, backEnd, fault: undefined };
      } catch (error) {
        const { code, message, place } = error as DecodeError;
        return { what, backEnd, fault: { code, message, place } };
      }
    });
  });
  const [{ fault }] = faults as [(typeof faults)[number]];
  expect(faults).toEqual(faults.map((each) => ({ ...each, fault })));
  return fault;
}

const tooMany = (field: string, offsetBits: number) => ({
  code: 'too-many-empty-elements',
  message: `Cannot read field \`${field}\`: more than 65536 array elements take no space.`,
  place: expect.objectContaining({ packetIndex: 0, offsetBits }),
});

describe('empty elements beyond the limit of a record are the same fault however it is read', () => {
  test('in a record of static size', () => {
    const payload = { a: b.uint(8), e: empties(limit + 1), z: b.uint(8) };
    expect(faultOf(payload, '00 01 02')).toEqual(tooMany('e', 16));
  });

  test('in two arrays of it', () => {
    const payload = { a: b.uint(8), d: empties(limit), z: b.uint(8), e: empties(1) };
    expect(faultOf(payload, '00 01 02')).toEqual(tooMany('e', 24));
  });

  test('in elements of it', () => {
    const element = b.struct({ x: b.uint(8), e: empties(limit / 2 + 1) });
    const payload = { a: b.uint(8), d: b.array(element, 2) };
    expect(faultOf(payload, '00 01 02 03')).toEqual(tooMany('d[].e', 32));
  });

  test('where elements are arrays without elements', () => {
    const payload = { a: b.uint(8), e: b.array(b.array(b.uint(8), 0), limit + 1) };
    expect(faultOf(payload, '00 01')).toEqual(tooMany('e', 16));
  });

  test('where they are arrays of empty elements', () => {
    const payload = { a: b.uint(8), e: b.array(empties(1000), 66) };
    expect(faultOf(payload, '00 01')).toEqual(tooMany('e[]', 16));
  });

  test('in elements of static size in a record of dynamic size', () => {
    const element = b.struct({ x: b.uint(8), e: empties(limit / 2 + 1) });
    const fields = { a: b.uint(8), n: b.key(0, b.uint(8)), s: b.str() };
    const error = tooMany('d[].e', 48);
    expect(faultOf({ ...fields, d: b.array(element, 2) }, '00 01 02 00 03 04')).toEqual(error);
    expect(faultOf({ ...fields, d: b.dynamicArray(element, 0) }, '00 01 02 00 03 04')).toEqual(
      error,
    );
  });
});

test('as many empty elements as a record may have are no fault', () => {
  const element = b.struct({ x: b.uint(8), e: empties(limit / 2) });
  const payload = { a: b.uint(8), d: b.array(element, 2) };
  expect(faultOf(payload, '00 01 02 03 00 01 02 03')).toBeUndefined();
  const { eventRecordClasses } = streamClassOf(payload);
  expect(compileLength(eventRecordClasses.get(0n)!)).toBe(24);
});

test('records with too many empty elements come after those before them', () => {
  const payload = { a: b.uint(8), e: empties(1e12) };
  expect(faultOf(payload, '00 01 00 02')).toEqual(tooMany('e', 16));
});
