import { UsageError } from '@sonde/base';
import { parseTsdl, readMetadata, toCtf1, writeTsdl } from '@sonde/ctf';
import type { TraceClass } from '@sonde/trace-model';
import { describe, expect, it } from 'vitest';
import { dataStream, event, member, parse, preamble, struct } from './json-support.ts';
import { loadMetadataCases, needsCorpus } from './metadata-corpus.ts';
import { shapeOf as exactShapeOf, firstDifference, mapShape } from './trace-class-shape.ts';

const vuint = { type: 'variable-length-unsigned-integer' };

const renamed = /^(id|timestamp|magic|uuid|stream_id|stream_instance_id)_+$/;

/**
 * Without names in the text, of which one is as good as another when it is displayed in the same way; header fields that only have
 * a reserved name have it again.
 */
function shapeOf(traceClass: TraceClass): unknown {
  return mapShape(exactShapeOf(traceClass), ({ originalName: _, ...rest }) => {
    const { name } = rest;
    return typeof name === 'string' ? { ...rest, name: name.replace(renamed, '$1') } : rest;
  });
}

function tryRead(bytes: Uint8Array, name: string) {
  try {
    return readMetadata(bytes, name, { lenient: name.includes('CTF2-7.0') }).traceClass;
  } catch {
    return undefined;
  }
}

describe(`every accepted CTF 1.8 case is the same after writing it as CTF 1.8${needsCorpus}`, () => {
  for (const c of loadMetadataCases(/./)) {
    const source = tryRead(c.bytes, c.name);
    if (source?.ctfVersion !== '1.8') continue;
    it(c.name, () => {
      expect(firstDifference(shapeOf(toCtf1(source)), shapeOf(source))).toBeUndefined();
      const written = writeTsdl(source);
      const again = parseTsdl(written);
      expect(firstDifference(shapeOf(again), shapeOf(source))).toBeUndefined();
      expect(writeTsdl(again)).toBe(written);
    });
  }
});

describe(`every CTF 2 case is refused, or the same as its CTF 1.8 class when read again${needsCorpus}`, () => {
  for (const c of loadMetadataCases(/./)) {
    const source = tryRead(c.bytes, c.name);
    if (source?.ctfVersion !== '2.0') continue;
    for (const approximate of [false, true]) {
      it(`${c.name}${approximate ? ', approximately' : ''}`, () => {
        let target: ReturnType<typeof toCtf1>;
        try {
          target = toCtf1(source, { approximate });
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          if (process.env['SHOW']) console.log(c.name, approximate, String(error));
          return;
        }
        const again = parseTsdl(writeTsdl(target));
        expect(firstDifference(shapeOf(again), shapeOf(target))).toBeUndefined();
      });
    }
  }
});

describe('the text', () => {
  const head = 'trace { major = 1; minor = 8; byte_order = be; };\n';
  const rewrite = (text: string) => writeTsdl(parseTsdl(head + text));

  it('has everything', () => {
    expect(
      rewrite(`
        env { host = "a\\"b\\\\c\\n\\001" ; version = -3; };
        clock { name = clk; uuid = "2a6422d0-6cee-11e0-8c08-cb07d7b3a564"; description = "d";
          freq = 1000; precision = 2; offset_s = -5; offset = 3; absolute = TRUE; };
        typealias integer { size = 8; } := u8;
        stream {
          packet.context := struct { u8 packet_size; u8 cpu_id; } align(32);
          event.header := struct { u8 id; integer { size = 27; align = 1; map = clock.clk.value; } t; };
        };
        event { name = "x y"; id = 7; loglevel = 6; model.emf.uri = "u";
          fields := struct {
            floating_point { exp_dig = 11; mant_dig = 53; byte_order = le; align = 64; } d;
            enum : integer { size = 5; signed = true; base = 16; } { "a b" = -3 ... 4, c, "a b" = 9 } e;
            string s[2][3];
            integer { size = 8; encoding = UTF8; } text[10], texts[2][3];
            u8 _int;
          };
        };`),
    ).toBe(`/* CTF 1.8 */

trace {
	major = 1;
	minor = 8;
	byte_order = be;
};

env {
	host = "a\\"b\\\\c\\n\\001";
	version = -3;
};

clock {
	name = "clk";
	uuid = "2a6422d0-6cee-11e0-8c08-cb07d7b3a564";
	description = "d";
	freq = 1000;
	precision = 2;
	offset_s = -5;
	offset = 3;
	absolute = true;
};

stream {
	packet.context := struct {
		integer { size = 8; align = 8; signed = false; byte_order = be; base = 10; } packet_size;
		integer { size = 8; align = 8; signed = false; byte_order = be; base = 10; } cpu_id;
	} align(32);
	event.header := struct {
		integer { size = 8; align = 8; signed = false; byte_order = be; base = 10; } id;
		integer { size = 27; align = 1; signed = false; byte_order = be; base = 10; map = clock.clk.value; } t;
	};
};

event {
	name = "x y";
	id = 7;
	loglevel = 6;
	model.emf.uri = "u";
	fields := struct {
		floating_point { exp_dig = 11; mant_dig = 53; byte_order = le; align = 64; } d;
		enum : integer { size = 5; align = 1; signed = true; byte_order = be; base = 16; } {
			"a b" = -3 ... 4,
			"a b" = 9,
			"c" = 5,
		} e;
		string s[2][3];
		integer { size = 8; align = 8; signed = false; encoding = UTF8; } text[10];
		integer { size = 8; align = 8; signed = false; encoding = UTF8; } texts[2][3];
		integer { size = 8; align = 8; signed = false; byte_order = be; base = 10; } _int;
	};
};
`);
  });

  it('has names where they lead to the key, and paths where they do not', () => {
    const text = rewrite(`
      typealias integer { size = 8; } := u8;
      stream { packet.context := struct { u8 n; }; };
      event { name = e; fields := struct {
        u8 n;
        string a[n];
        string b[stream.packet.context.n];
        struct {
          string c[n];
          u8 n;
          string d[n];
          string e[event.fields.n];
          struct { u8 n; } inner;
          string f[inner.n];
        } s[n];
      }; };`);
    const paths = [...text.matchAll(/string (\w)\[(.*)\]/g)].map((m) => [m[1], m[2]]);
    expect(paths).toEqual([
      ['a', 'n'],
      ['b', 'stream.packet.context.n'],
      ['c', 'n'],
      ['d', 'n'],
      ['e', 'event.fields.n'],
      ['f', 'event.fields.s.inner.n'],
    ]);
  });

  it('warns of events without a name', () => {
    const warnings: string[] = [];
    writeTsdl(parseTsdl(`${head} event { };`), (message) => warnings.push(message));
    expect(warnings).toEqual([expect.stringMatching(/0 has no name/)]);
  });

  it('has no CTF 2: that is for toCtf1', () => {
    const source = parse([preamble, dataStream, event(struct(member('v', vuint)))]);
    expect(() => writeTsdl(source)).toThrow(/the field `v` .*`variable-length-unsigned-integer`/);
    expect(() => writeTsdl(toCtf1(source))).not.toThrow();
  });
});
