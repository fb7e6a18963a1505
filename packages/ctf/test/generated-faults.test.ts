import { DecodeError } from '@sonde/base';
import * as b from '@sonde/testkit';
import type { EventHandler, FieldClass, RecordCursor } from '@sonde/trace-model';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compileLength, compileProjection, compileVisit, compileWalk } from '../src/index.ts';
import { randomRecord } from './support/random-records.ts';
import { recordingSink } from './support/recording.ts';

const numRuns = Number(process.env['SONDE_RUNS'] ?? 150);

function faultOf(handler: EventHandler, cursor: RecordCursor): unknown {
  try {
    return handler(cursor);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { code, message, place } = error;
    return code === 'malformed-event-record' ? undefined : { code, message, place };
  }
}

test('every truncation of a record gives the fault that closures find', () => {
  fc.assert(
    fc.property(randomRecord, (record) => {
      const { eventRecordClass } = record;
      const visit = compileVisit(eventRecordClass, {});
      const whole = faultOf(visit, record.cursor());
      if (typeof whole !== 'number') return;
      const walk = compileWalk(eventRecordClass, recordingSink([]));
      const length = compileLength(eventRecordClass);
      const projection = compileProjection(eventRecordClass, [
        { scope: 'event-record-payload', path: [] },
      ]);
      for (let end = record.cursor().bodyOffsetBits; end < whole; end++) {
        const expected = faultOf(visit, record.cursor(end));
        expect(expected).toMatchObject({ code: expect.any(String) });
        expect(faultOf(walk, record.cursor(end)) ?? expected).toEqual(expected);
        expect(faultOf(projection.read, record.cursor(end)) ?? expected).toEqual(expected);
        if (typeof length === 'function') {
          expect(faultOf(length, record.cursor(end)) ?? expected).toEqual(expected);
        }
      }
    }),
    { numRuns },
  );
});

/** A cursor at the beginning of `bytes`, which are the payload of the only record class. */
function cursorAt(payload: Record<string, FieldClass>, content: readonly number[]): RecordCursor {
  const traceClass = b.traceClass({ streams: [{ events: [{ payload: b.struct(payload) }] }] });
  const dataStreamClass = traceClass.dataStreamClasses.get(0n)!;
  const stream = b.dataStream(dataStreamClass);
  const bytes = new Uint8Array(content.length + 16);
  bytes.set(content);
  return {
    stream,
    packet: b.packet(stream),
    eventRecordClass: dataStreamClass.eventRecordClasses.get(0n)!,
    timeNs: 0,
    bytes,
    view: new DataView(bytes.buffer),
    bodyOffsetBits: 0,
    contentEndBits: content.length * 8,
    keys: [],
    packetContextOffsetBits: 0,
    clockSnapshot: () => undefined,
  };
}

const huge = [255, 255, 255, 255, 255, 255, 255, 255];
const emptyElement = b.struct({});

describe('hostile records fail at once', () => {
  const cases: [string, Record<string, FieldClass>, number[], string][] = [
    [
      'bytes',
      { n: b.key(0, b.uint(64)), a: b.dynamicArray(b.uint(8), 0) },
      huge,
      'beyond-packet-content',
    ],
    [
      'bits',
      { n: b.key(0, b.uint(64)), a: b.dynamicArray(b.uint(1), 0) },
      huge,
      'beyond-packet-content',
    ],
    [
      'strings',
      { n: b.key(0, b.uint(64)), a: b.dynamicArray(b.str(), 0) },
      huge,
      'beyond-packet-content',
    ],
    ['a text', { n: b.key(0, b.uint(64)), a: b.dynamicStr(0) }, huge, 'beyond-packet-content'],
    ['a BLOB', { n: b.key(0, b.uint(64)), a: b.dynamicBlob(0) }, huge, 'beyond-packet-content'],
    [
      'empty structures',
      { n: b.key(0, b.uint(64)), a: b.dynamicArray(emptyElement, 0) },
      huge,
      'too-many-empty-elements',
    ],
    [
      'empty arrays of empty arrays',
      { n: b.key(0, b.uint(64)), a: b.dynamicArray(b.array(b.array(emptyElement, 9), 1e9), 0) },
      huge,
      'too-many-empty-elements',
    ],
    ['a static array', { a: b.array(b.uint(64), 2 ** 50) }, huge, 'beyond-packet-content'],
    ['a static text', { a: b.staticStr(2 ** 50) }, huge, 'beyond-packet-content'],
    ['a string without end', { a: b.str() }, new Array(100_000).fill(65), 'beyond-packet-content'],
    [
      'a wide string without end',
      { a: b.str('utf-32le') },
      new Array(100_000).fill(65),
      'beyond-packet-content',
    ],
    [
      'a far alignment',
      { a: b.uint(8), c: b.str(), d: b.uint(8, { alignmentBits: 2 ** 31 }), e: b.str() },
      huge,
      'beyond-packet-content',
    ],
  ];

  test.each(cases)('%s', (_title, payload, content, code) => {
    const cursor = cursorAt(payload, content);
    const { eventRecordClass } = cursor;
    const log: string[] = [];
    const length = compileLength(eventRecordClass, 'generated');
    const began = performance.now();
    const fault = expect.objectContaining({ code });
    if (typeof length === 'function') expect(() => length(cursor)).toThrow(fault);
    else expect(length).toBeGreaterThan(content.length * 8);
    expect(() => compileWalk(eventRecordClass, recordingSink(log))(cursor)).toThrow(fault);
    const { read } = compileProjection(eventRecordClass, [{ path: ['a'] }]);
    expect(() => read(cursor)).toThrow(fault);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(log.length).toBeLessThan(400_000);
  });
});

describe('where code generation is forbidden', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test('closures do the work', async () => {
    vi.resetModules();
    const ForbiddenFunction = vi.fn(function refuse() {
      throw new EvalError('Code generation from strings disallowed for this context');
    });
    vi.stubGlobal('Function', ForbiddenFunction);
    const fresh = await import('../src/index.ts');
    expect(fresh.defaultBackEnd()).toBe('closures');
    const cursor = cursorAt({ n: b.uint(8), text: b.str() }, [5, 72, 105, 0]);
    const { eventRecordClass } = cursor;
    const length = fresh.compileLength(eventRecordClass);
    expect((length as EventHandler)(cursor)).toBe(32);
    const projection = fresh.compileProjection(eventRecordClass, [{ path: ['text'], as: 'text' }]);
    expect(projection.read(cursor)).toBe(32);
    expect(projection.record).toEqual({ text: 'Hi' });
    const view = fresh.compileView(eventRecordClass);
    expect(view.moveTo(cursor)).toBe(32);
    expect(view.payload?.['n']).toBe(5);
    expect(ForbiddenFunction).toHaveBeenCalled();
  });
});
