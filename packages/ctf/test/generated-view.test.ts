import { DecodeError } from '@sonde/base';
import * as b from '@sonde/testkit';
import type { FieldClass } from '@sonde/trace-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileView, decodeScope, explainDecoder } from '../src/index.ts';
import { randomRecord } from './support/random-records.ts';

const numRuns = Number(process.env['SONDE_RUNS'] ?? 400);

describe.each(['generated', 'closures'] as const)('a view (%s)', (backEnd) => {
  test('shows what decodeScope decodes', () => {
    fc.assert(
      fc.property(randomRecord, fc.boolean(), (record, isBackwards) => {
        const view = compileView(record.eventRecordClass, backEnd);
        const scopes = [
          ['event-record-common-context', view.commonContext],
          ['event-record-specific-context', view.specificContext],
          ['event-record-payload', view.payload],
        ] as const;
        const cursor = record.cursor();
        try {
          view.moveTo(cursor);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
          return;
        }
        for (const [scope, members] of isBackwards ? scopes.toReversed() : scopes) {
          const expected = decodeScope(record.cursor(), scope);
          if (expected === undefined) {
            expect(members).toBeUndefined();
            continue;
          }
          const entries = Object.entries(expected);
          if (isBackwards) entries.reverse();
          for (const [name, value] of entries) expect(members?.[name]).toEqual(value);
          expect(Object.keys(members ?? {})).toEqual(Object.keys(expected));
        }
      }),
      { numRuns },
    );
  });

  test('shows nothing before the first record and after a fault', () => {
    const eventRecordClass = classOf({ number: b.uint(8), text: b.str() });
    const view = compileView(eventRecordClass, backEnd);
    expect(view.payload?.['number']).toBeUndefined();
    const stream = b.dataStream(eventRecordClass.dataStreamClass);
    const bytes = new Uint8Array(32);
    bytes.set([7, 72, 105, 0]);
    const cursor = {
      stream,
      packet: b.packet(stream),
      eventRecordClass,
      timeNs: 0,
      bytes,
      view: new DataView(bytes.buffer),
      bodyOffsetBits: 0,
      contentEndBits: 32,
      keys: [],
      packetContextOffsetBits: 0,
      clockSnapshot: () => undefined,
    };
    expect(view.moveTo(cursor)).toBe(32);
    expect({ ...view.payload }).toEqual({ number: 7, text: 'Hi' });
    expect(view.payload?.['toString']).toBeUndefined();
    expect(() => view.moveTo({ ...cursor, contentEndBits: 16 })).toThrow(DecodeError);
    expect(view.payload?.['number']).toBeUndefined();
  });
});

function classOf(members: Record<string, FieldClass>, name = 'event') {
  const traceClass = b.traceClass({
    streams: [
      { header: b.struct({ id: b.uint(8) }), events: [{ name, payload: b.struct(members) }] },
    ],
  });
  return traceClass.dataStreamClasses.get(0n)!.eventRecordClasses.get(0n)!;
}

describe('explainDecoder', () => {
  test('shows length, projection and view with the names of fields', () => {
    const eventRecordClass = classOf(
      { prev_comm: b.staticStr(16), prev_tid: b.sint(32) },
      'switch',
    );
    expect(explainDecoder(eventRecordClass, { parts: ['length', 'projection'] })).toBe(
      `// Event record class "switch", ID 0

// Length: always 160 bits.

// Projection: stores fields in a record and returns its end (bits).
// $0 = function failAtRecord
// $1 = ProjectedRecord
// $2 = TextMemory
function (cursor) {
  const B=cursor.bytes,D=cursor.view,K=cursor.keys,E=cursor.contentEndBits,e=E>>>3;let p=cursor.bodyOffsetBits>>>3,b=0;
  const R=$1;
  if(p+20>e)return $0(cursor);
  const begin0=p;                                          // event-record-payload, prev_comm
  let found2=$2.last;
  if(!found2.matches(D,begin0))found2=$2.find(B,D,begin0,begin0+16,true);
  const end1=begin0+found2.lengthBytes;
  R.f0=found2.text;
  R.f1=D.getInt32(p+16,true);                              // prev_tid
  return (p+20)*8;
}
`,
    );
    const view = explainDecoder(eventRecordClass, { parts: ['view'] });
    expect(view).toContain('// View: getter of "prev_tid"');
  });

  test('a demand chooses the fields', () => {
    const eventRecordClass = classOf({ a: b.uint(8), b: b.str(), c: b.uint(16) });
    const text = explainDecoder(eventRecordClass, {
      parts: ['projection'],
      demands: [{ path: ['c'], as: 'third' }],
    });
    expect(text).toContain('R.third=D.getUint16(p,true);');
    expect(text).not.toContain('R.f0');
  });

  test('text of a trace stays in comments', () => {
    const hostile = '*/ } \n }; globalThis.hacked = true; // \u2028 hacked `';
    const eventRecordClass = classOf(
      {
        [hostile]: b.uint(8),
        s: b.struct({ [hostile]: b.key(0, b.uint(8)) }),
        v: b.variant(0, { [hostile]: [[[0, 255]], b.struct({ [hostile]: b.uint(8) })] }),
      },
      hostile,
    );
    const lines = explainDecoder(eventRecordClass).split(/[\n\r\u2028\u2029]/);
    const code = lines.map((line) => line.split('//')[0]).join('\n');
    expect(code).not.toContain('hacked');
    expect(lines.some((line) => line.includes('hacked'))).toBe(true);
  });
});
