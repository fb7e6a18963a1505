import type { EventRecordClass, TraceClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { parseTsdl } from '../src/tsdl/parse-tsdl.ts';
import { refusal, show, traceBlock } from './tsdl-support.ts';

const u8 = 'integer { size = 8; }';

/** Metadata as LTTng writes it, long enough to be read lazily. `bodies` are the scopes of the first events. */
function lttngMetadata(bodies: readonly string[]): string {
  const padding = Array.from({ length: 500 }, (_, i) => `fields := struct { ${u8} _f${i}; };`);
  const events = [...bodies, ...padding].map(
    (body, i) =>
      `event {\n\tname = "e${i}";\n\tid = ${i};\n\tstream_id = 0;\n\tloglevel = 13;\n\tmodel.emf.uri = "http://x/${i}";\n\t${body}\n};\n\n`,
  );
  return `${traceBlock} env { tracer_name = "lttng-ust"; };
    clock { name = monotonic; };
    stream {
      id = 0;
      packet.context := struct { ${u8} n; };
      event.header := struct { ${u8} id; integer { size = 64; map = clock.monotonic.value; } timestamp; };
    };
    /* ${'x'.repeat(64 * 1024)} */
    ${events.join('')}`;
}

function eventsOf(traceClass: TraceClass): EventRecordClass[] {
  return [...traceClass.dataStreamClasses.get(0n)!.eventRecordClasses.values()];
}

function showEvent({ id, name, logLevel, emfUri, specificContext, payload }: EventRecordClass) {
  return [
    `${id} ${name} ${logLevel} ${emfUri}`,
    specificContext && show(specificContext),
    payload && show(payload),
  ];
}

describe('events that are read when they are asked for', () => {
  const bodies = [
    `context := struct { ${u8} c; }; fields := struct { string s[event.context.c]; };`,
    `typealias ${u8} := T; fields := struct { T a; };`,
    `fields := struct { ${u8} _len; ${u8} _seq[_len]; };`,
    'fields := struct { string s[stream.packet.context.n]; };',
    'fields := struct { enum : integer { size = 8; } { "a};" = 0, "};\n" = 1 } _e; };',
  ];

  test('are as if read at once, but for the numbers of slots', () => {
    const text = lttngMetadata(bodies);
    const lazy = parseTsdl(text);
    const whole = parseTsdl(text, { strict: true });
    // The slot of what lies outside an event is known before any event is read.
    expect(show(lazy.dataStreamClasses.get(0n)!.packetContext!)).toBe('{n:u8#0}');
    expect(lazy.keySlotCount).toBe(1);
    expect(whole.keySlotCount).toBe(3);
    const shown = (traceClass: TraceClass) =>
      eventsOf(traceClass).map((event) =>
        showEvent(event)
          .join('\n')
          .replaceAll(/[#^]\d/g, '^'),
      );
    expect(shown(lazy)).toEqual(shown(whole));
    expect(lazy.keySlotCount).toBe(3);
  });

  test('end where their own braces do, however they are indented', () => {
    const oneLine = (id: number, rest: string) =>
      `\tevent { name = "o${id}"; id = ${id}; stream_id = 0; fields := struct { ${u8} a; }; };${rest}\n`;
    const nested = (id: number) =>
      `event {\n\tname = "n${id}";\n\tid = ${id};\n\tstream_id = 0;\n\tfields := struct {\n\t\tenum : ${u8} {\n\t\t\t"a" = 0,\n\t\t\t"b;}" = 1,\n\t\t} _tag;\n\t\tvariant <_tag> {\n\t\t\tstruct {\n\t\t\t\t${u8} x;\n\t\t\t} a;\n\t\t} _v;\n\t};\n};\n`;
    const closesEarly = (id: number) =>
      `event {\n\tname = "c${id}";\n\tid = ${id};\n\tstream_id = 0;\n\tfields := struct {\n\t\t${u8} a; }; };\n\ttypealias ${u8} := t${id};\n`;
    const last = `event {\n\tname = "z";\n\tid = 2000;\n\tstream_id = 0;\n\tfields := struct {\n\t\t${u8} a;\n\t};\n};\n`;
    const odd = [
      oneLine(1000, ''),
      oneLine(1001, ` typealias ${u8} := mine;`),
      closesEarly(1002),
      oneLine(1003, ''),
      `\tenum kind : ${u8} {\n\t\t"x" = 1\n};\n`,
      last,
    ].join('');
    const text = lttngMetadata(bodies) + odd.replace(last, nested(1004) + last);
    const names = (traceClass: TraceClass) => eventsOf(traceClass).map(({ name }) => name);
    const lazy = parseTsdl(text);
    expect(names(lazy)).toEqual(names(parseTsdl(text, { strict: true })));
    expect(names(lazy).slice(-6)).toEqual(['o1000', 'o1001', 'c1002', 'o1003', 'n1004', 'z']);
  });

  test('stay the same objects', () => {
    const [, event] = eventsOf(parseTsdl(lttngMetadata(bodies)));
    expect(event!.payload).toBeDefined();
    expect(event!.payload).toBe(event!.payload);
  });

  test('tell what is wrong with them at that time, each for itself', () => {
    const text = lttngMetadata(['fields := struct { unknown x; };', bodies[2]!]);
    expect(refusal(() => parseTsdl(text, { strict: true }))).toContain('known type');
    const [bad, good] = eventsOf(parseTsdl(text));
    for (let i = 0; i < 2; i++) {
      expect(refusal(() => bad!.payload)).toMatch(/^15:21 Expecting a member with a known type/);
    }
    expect(show(good!.payload!)).toBe('{len:u8#0,seq:[^0]u8}');
  });

  test('must still have ids of their own, and whole blocks', () => {
    const text = lttngMetadata(bodies);
    expect(refusal(() => parseTsdl(text.replace('id = 7;', 'id = 8;')))).toContain(
      'Duplicate `event`',
    );
    expect(refusal(() => parseTsdl(text.replace(/\};\s*$/, '')))).not.toBe('accepted');
  });
});
