import type { FieldClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { parseTsdl } from '../src/tsdl/parse-tsdl.ts';
import { onlyEvent, payloadOf, refusal, show, showLocation, traceBlock } from './tsdl-support.ts';

const u8 = 'integer { size = 8; }';
const tag = `enum : ${u8} { a, b } tag;`;

/** Locations of all lengths and tags, in the order of the text. */
function locationsOf(fieldClass: FieldClass): string[] {
  switch (fieldClass.type) {
    case 'structure':
      return fieldClass.members.flatMap((m) => locationsOf(m.fieldClass));
    case 'static-length-array':
      return locationsOf(fieldClass.elementFieldClass);
    case 'dynamic-length-array':
      return [
        showLocation(fieldClass.lengthFieldLocation),
        ...locationsOf(fieldClass.elementFieldClass),
      ];
    case 'dynamic-length-string':
      return [showLocation(fieldClass.lengthFieldLocation)];
    case 'variant':
      return [
        showLocation(fieldClass.selectorFieldLocation),
        ...fieldClass.options.flatMap((o) => locationsOf(o.fieldClass)),
      ];
    default:
      return [];
  }
}

describe('locations', () => {
  test.each([
    ['before it', `${u8} n; string s[n];`, '{n:u8#0,s:[^0]str}', 'n'],
    ['before the structure', `${u8} n; struct { string s[n]; } t;`, '{n:u8#0,t:{s:[^0]str}}', 'n'],
    [
      'nearer one wins',
      `${u8} n; struct { ${u8} n; string s[n]; } t;`,
      '{n:u8,t:{n:u8#0,s:[^0]str}}',
      't/n',
    ],
    [
      'a later near one does not count',
      `${u8} n; struct { string s[n]; ${u8} n; } t;`,
      '{n:u8#0,t:{s:[^0]str,n:u8}}',
      'n',
    ],
    [
      'inside a structure',
      `struct { ${u8} n; } t; string s[t.n];`,
      '{t:{n:u8#0},s:[^0]str}',
      't/n',
    ],
    ['underscores count', `${u8} _n; ${u8} n; string s[_n];`, '{n:u8#0,n:u8,s:[^0]str}', 'n'],
    ['white space', `${u8} n; string s[ event . fields\n. n ];`, '{n:u8#0,s:[^0]str}', 'n'],
    ['same element', `struct { ${u8} n; string s[n]; } x[2];`, '{x:[2]{n:u8#0,s:[^0]str}}', 'x/n'],
    ['shared slot', `${u8} n; string s[n]; string t[n];`, '{n:u8#0,s:[^0]str,t:[^0]str}', 'n'],
    ['text', `${u8} n; integer { size = 8; encoding = ASCII; } s[n];`, '{n:u8#0,s:str[^0]}', 'n'],
  ])('%s', (_, text, expected, location) => {
    const payload = payloadOf(text);
    expect(show(payload)).toBe(expected);
    expect(new Set(locationsOf(payload))).toEqual(new Set([`event-record-payload: ${location}`]));
  });

  test('variants get the ranges of their labels, compared with underscores', () => {
    const text = `enum : ${u8} { _a = 1, a = 2 ... 4, a = 9, rest = 5 } tag; variant <tag> { string a; ${u8} _a; } v;`;
    expect(show(payloadOf(text))).toBe(
      '{tag:u8{_a=1,a=2..4|9,rest=5}#0,v:<^0>{a=2..4|9:str,a=1:u8}}',
    );
  });

  test('a signed tag makes a signed selector', () => {
    const payload = payloadOf(
      'enum : integer { size = 8; signed = true; } { a = -1 } tag; variant <tag> { string a; } v;',
    );
    if (payload.type !== 'structure') throw new Error('no structure');
    expect(payload.members[1]!.fieldClass).toMatchObject({ selectorKind: 'signed' });
  });

  test('a length in a variant may be in any option', () => {
    const text = `${tag} variant <tag> { ${u8} a; struct { ${u8} n; } b; } v; string s[v.b.n];`;
    expect(show(payloadOf(text))).toContain('b=1:{n:u8#1}');
    const both = `${tag} variant <tag> { ${u8} a; integer { size = 16; } b; } v; string s[v];`;
    expect(show(payloadOf(both))).toContain('v:<^0>{a=0:u8#1,b=1:u16#1},s:[^1]str');
  });

  test('lengths may be in earlier scopes', () => {
    const text = `${traceBlock.replace('};', `packet.header := struct { ${u8} h; }; };`)}
      stream {
        packet.context := struct { ${u8} p; string s[trace.packet.header.h]; };
        event.header := struct { ${u8} h; string s[stream.packet.context.p]; };
        event.context := struct { ${u8} c; string s[stream.event.header.h]; };
      };
      event {
        name = e;
        fields := struct { string s[event.context.x]; string t[stream.event.context.c]; };
        context := struct { ${u8} x; };
      };`;
    const traceClass = parseTsdl(text);
    const event = onlyEvent(traceClass);
    const { dataStreamClass } = event;
    expect(show(traceClass.packetHeader!)).toBe('{h:u8#0}');
    expect(show(dataStreamClass.packetContext!)).toBe('{p:u8#1,s:[^0]str}');
    expect(show(dataStreamClass.eventRecordHeader!)).toBe('{h:u8#2,s:[^1]str}');
    expect(show(dataStreamClass.eventRecordCommonContext!)).toBe('{c:u8#4,s:[^2]str}');
    expect(show(event.specificContext!)).toBe('{x:u8#3}');
    expect(show(event.payload!)).toBe('{s:[^3]str,t:[^4]str}');
    expect(locationsOf(event.payload!)).toEqual([
      'event-record-specific-context: x',
      'event-record-common-context: c',
    ]);
    expect(traceClass.keySlotCount).toBe(5);
  });
});

describe('refused locations', () => {
  test.each([
    ['string s[n];', 'no earlier field `n`'],
    [`string s[n]; ${u8} n;`, 'no earlier field `n`'],
    [`string s[event.fields.n]; ${u8} n;`, '`n` is not decoded before'],
    ['string s[event.fields.s];', '`s` is not decoded before'],
    [`struct { ${u8} n; } t; string s[t.m];`, 'no field `m`'],
    [`struct { ${u8} n; } t; string s[t];`, 'no unsigned integer'],
    [`${u8} n; string s[n.m];`, 'nothing inside `n`'],
    [`struct { ${u8} n; } t[2]; string s[t.n];`, 'an array is on the way'],
    ['integer { size = 8; signed = true; } n; string s[n];', 'no unsigned integer'],
    ['string n; string s[n];', 'no unsigned integer'],
    ['string s[stream.packet.context.n];', 'no such scope'],
    [`${u8} tag; variant <tag> { string a; } v;`, 'no enumeration'],
    ['variant <> { string a; } v;', 'Empty field location'],
    [`${tag} variant <tag> { ${tag} variant <tag> { string a; } b; } v;`, ''],
  ])('%s', (text, reason) => {
    expect(refusal(() => payloadOf(text, '', { strict: true }))).toContain(reason);
  });

  test('an option without a label', () => {
    const text = `${tag} variant <tag> { string c; } v;`;
    expect(refusal(() => payloadOf(text, '', { strict: true }))).toContain('no label `c`');
    expect(show(payloadOf(text))).toContain('{c=:str}');
  });
});
