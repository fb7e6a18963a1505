import { DecodeError } from '@sonde/base';
import {
  type BackEnd,
  DataStreamWriter,
  outputTraceClass,
  pairTraceClasses,
  toCtf1,
} from '@sonde/ctf';
import {
  array,
  bool,
  clockClass,
  dynamicArray,
  key,
  staticStr,
  str,
  struct,
  traceClass,
  uint,
  variant,
} from '@sonde/testkit';
import type { RecordCursor, Role, StructureFieldClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { backEnds, begin, cursorOn } from './cursor-run.ts';

const idRole: { roles: Role[] } = { roles: ['event-record-class-id'] };
const timeRole: { roles: Role[] } = { roles: ['default-clock-timestamp'] };
const header = struct({ id: uint(8, idRole), time: uint(64, timeRole) }, 8);
/** Written: id of 16 bits, time of 64 bits. */
const written = (id: number, time: string, body: string): string =>
  `0${id}00${time.replaceAll(' ', '')}${body.replaceAll(' ', '')}`;
const noTime = '00000000 00000000';

interface Copy {
  /** What was written, from the first record on, as hexadecimal digits. */
  readonly records: string;
  /** What the handlers returned. */
  readonly ends: readonly number[];
  readonly error: unknown;
}

interface Variation {
  readonly version?: '1.8' | '2';
  readonly commonContext?: StructureFieldClass;
}

/** Copies the records in `content`, each of which has the class its id names. */
function copy(
  payloads: readonly StructureFieldClass[],
  content: string,
  backEnd: BackEnd,
  { version = '2', commonContext }: Variation = {},
): Copy {
  const events = payloads.map((payload) => ({ payload }));
  const context = commonContext && { commonContext };
  const source = traceClass({ streams: [{ clock: clockClass(), header, ...context, events }] });
  const plain = outputTraceClass(source);
  const target = version === '2' ? plain : toCtf1(plain, { approximate: true });
  const cursor = cursorOn(source.dataStreamClasses.get(0n)!, { backEnd });
  let packetBytes = '';
  const writer = new DataStreamWriter(
    cursor.stream,
    target,
    pairTraceClasses(plain, target),
    (packet) => {
      packetBytes = Buffer.from(packet).toString('hex');
    },
  );
  begin(cursor, content);
  writer.beginPacket(cursor.packet, cursor);
  writer.endPacket();
  const headDigits = packetBytes.length;
  writer.beginPacket(cursor.packet, cursor);
  const ends: number[] = [];
  let error: unknown;
  const downstream = {
    eventHandler: (record: RecordCursor) => {
      const copyEvent = writer.eventCopier(record.eventRecordClass, backEnd);
      return (current: RecordCursor) => {
        const end = copyEvent(current);
        ends.push(end);
        return end;
      };
    },
  };
  try {
    while (cursor.headTimeNs !== Infinity) cursor.run(Infinity, Infinity, downstream);
  } catch (fault) {
    error = fault;
  }
  writer.endPacket();
  return { records: packetBytes.slice(headDigits), ends, error };
}

describe.each(backEnds)('records are copied (%s)', (backEnd) => {
  test('as they are, with what stands behind the end of a text', () => {
    const payload = struct({ n: uint(32), s: staticStr(4) });
    const body = '01020304 61006263';
    const { records, ends } = copy([payload], `00 ${noTime} ${body}`, backEnd);
    expect(records).toBe(written(0, noTime, body));
    expect(ends).toEqual([(9 + 8) * 8]);
  });

  test('to ends that depend on what is in them, one after the other', () => {
    const text = struct({ s: str() });
    const elements = struct({ n: key(0, uint(8)), a: dynamicArray(uint(16), 0) });
    const variants = struct({
      k: key(1, uint(8)),
      v: variant(1, { a: [[0], struct({})], b: [[7], struct({ x: uint(32) })] }),
    });
    const bodies = ['666f6f00', '02 0100 0200', '07 aabbccdd'];
    const { records, ends } = copy(
      [text, elements, variants],
      bodies.map((body, id) => `0${id} ${noTime} ${body}`).join(' '),
      backEnd,
    );
    expect(records).toBe(bodies.map((body, id) => written(id, noTime, body)).join(''));
    expect(ends).toEqual([13 * 8, 27 * 8, 41 * 8]);
  });

  test('longer ones than a loop is good for', () => {
    const payload = struct({ a: array(uint(8), 1000) });
    const body = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251)).toString('hex');
    expect(copy([payload], `00 ${noTime} ${body}`, backEnd).records).toBe(written(0, noTime, body));
  });

  test('with exact times, at any place of the clock', () => {
    const payload = struct({ n: uint(8) });
    const times = ['feffffff ffffff7f', '00000080 ffffff7f', '01000000 000000f0'];
    const { records } = copy(
      [payload],
      times.map((time, i) => `00 ${time} 0${i}`).join(' '),
      backEnd,
    );
    expect(records).toBe(times.map((time, i) => written(0, time, `0${i}`)).join(''));
  });

  test('field by field where padding differs', () => {
    const payload = struct({ b: uint(32, { alignmentBits: 32 }) });
    const commonContext = struct({ a: uint(8) });
    // Nine bytes of header, one of context, two of padding. Two more of header where it goes, and a head of another length.
    const content = `00 ${noTime} 01 ffff 02000000`;
    const { records } = copy([payload], content, backEnd, { commonContext });
    expect(records).toMatch(/^0000(00){8}01(00)*02000000$/);
  });

  test('field by field where they end within a byte: nothing of what follows', () => {
    const payload = struct({ a: uint(8), b: uint(3, { alignmentBits: 1 }) });
    const { records, ends } = copy([payload], `00 ${noTime} 01 fd`, backEnd);
    expect(records).toBe(written(0, noTime, '01 05'));
    expect(ends).toEqual([9 * 8 + 11]);
  });

  test('field by field where CTF 1.8 has another class', () => {
    const payload = struct({ is: bool(8), n: uint(8) });
    const content = `00 ${noTime} 05 07`;
    expect(copy([payload], content, backEnd, { version: '1.8' }).records).toBe(
      written(0, noTime, '01 07'),
    );
    expect(copy([payload], content, backEnd).records).toBe(written(0, noTime, '05 07'));
  });

  test('whole or not at all', () => {
    const payload = struct({ n: uint(8), s: str() });
    const { records, error } = copy([payload], `00 ${noTime} 01 6100 00 ${noTime} 02 62`, backEnd);
    expect(error).toBeInstanceOf(DecodeError);
    expect(records).toBe(written(0, noTime, '01 6100'));
  });
});
