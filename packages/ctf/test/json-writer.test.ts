import { UsageError } from '@sonde/base';
import { parseJsonMetadata, parseTsdl, readMetadata, writeJsonMetadata } from '@sonde/ctf';
import type { TraceClass } from '@sonde/trace-model';
import { describe, expect, it } from 'vitest';
import {
  dataStream,
  event,
  fragmentBytes,
  member,
  preamble,
  struct,
  uint,
} from './json-support.ts';
import { loadMetadataCases, needsCorpus } from './metadata-corpus.ts';
import { asCtf2, firstDifference, shapeOf } from './trace-class-shape.ts';

function tryRead(bytes: Uint8Array, name: string): TraceClass | undefined {
  try {
    return readMetadata(bytes, name, { lenient: name.includes('CTF2-7.0') }).traceClass;
  } catch {
    return undefined;
  }
}

/** Odd CTF 1.8 that CTF 2 can't express. */
const refused: Readonly<Record<string, RegExp>> = {
  'yactfr-metadata-ctf-1/fail-var-type-inval-sel-loc-11':
    /the field `var2` .*no selector value selects the option `d`/,
  'yactfr-metadata-ctf-1/pass-ctf-testsuite-name-escaping-clashes':
    /the event-record-payload .*two members are named `str`/,
};

describe(`every accepted case is the same after writing it as CTF 2${needsCorpus}`, () => {
  for (const c of loadMetadataCases(/./)) {
    it(c.name, () => {
      const source = tryRead(c.bytes, c.name);
      if (!source) return;
      if (refused[c.name]) {
        expect(() => writeJsonMetadata(source)).toThrow(refused[c.name]);
        return;
      }
      const written = writeJsonMetadata(source);
      const again = parseJsonMetadata(written);
      const is18 = source.ctfVersion === '1.8';
      const [before, after] = [source, again].map((t) => (is18 ? asCtf2(shapeOf(t)) : shapeOf(t)));
      expect(firstDifference(after, before)).toBeUndefined();
      expect(Buffer.from(writeJsonMetadata(again)).equals(written)).toBe(true);
    });
  }
});

describe('the text', () => {
  it('has a fragment per class, with the defaults left out', () => {
    const source = fragmentBytes(
      { ...preamble, uuid: [...Array(16).keys()] },
      { type: 'clock-class', id: 'c', frequency: 1000 },
      { type: 'trace-class', environment: { '10': 1, '9': '\u0001"' } },
      { ...dataStream, 'default-clock-class-id': 'c' },
      event(struct(member('n', uint(8, { mappings: { '10': [[0, 1]], '9': [[5, 5]] } })))),
    );
    // JavaScript sorts names that look like integers: put the labels the other way round.
    const text = new TextDecoder()
      .decode(source)
      .replace('"9":[[5,5]],"10":[[0,1]]', '"10":[[0,1]],"9":[[5,5]]');
    const written = writeJsonMetadata(parseJsonMetadata(new TextEncoder().encode(text)));
    expect(new TextDecoder().decode(written)).toBe(
      `\x1e${JSON.stringify(
        {
          type: 'preamble',
          version: 2,
          uuid: 'UUID',
        },
        null,
        2,
      ).replace('"UUID"', `[${[...Array(16).keys()].join(', ')}]`)}
\x1e{
  "type": "trace-class",
  "environment": {
    "9": "\\u0001\\"",
    "10": 1
  }
}
\x1e{
  "type": "clock-class",
  "id": "c",
  "frequency": 1000,
  "offset-from-origin": {
    "seconds": 0,
    "cycles": 0
  }
}
\x1e{
  "type": "data-stream-class",
  "id": 0,
  "default-clock-class-id": "c"
}
\x1e{
  "type": "event-record-class",
  "id": 0,
  "data-stream-class-id": 0,
  "payload-field-class": {
    "type": "structure",
    "member-classes": [
      {
        "name": "n",
        "field-class": {
          "type": "fixed-length-unsigned-integer",
          "length": 8,
          "byte-order": "little-endian",
          "mappings": {
            "10": [[0, 1]],
            "9": [[5, 5]]
          }
        }
      }
    ]
  }
}
`,
    );
  });

  it('has the log level and EMF URI of CTF 1.8 events as attributes', () => {
    const source = parseTsdl(
      `trace { major = 1; minor = 8; byte_order = le; };
       event { name = e; loglevel = 14; model.emf.uri = "http://x"; };`,
    );
    const [stream] = parseJsonMetadata(writeJsonMetadata(source)).dataStreamClasses.values();
    expect(stream!.eventRecordClasses.get(0n)).toMatchObject({
      logLevel: 'debug',
      emfUri: 'http://x',
      attributes: { 'lttng.org,2009': { 'log-level': 'debug', 'emf-uri': 'http://x' } },
    });
  });
});

describe('CTF 1.8 that CTF 2 has no words for', () => {
  const head = `trace { major = 1; minor = 8; byte_order = le; };
    typealias integer { size = 8; } := u8;
    clock { name = c; };`;

  it('refuses lengths in one option of a variant, when the others have that name too', () => {
    const source = parseTsdl(`${head}
      event { name = e; fields := struct {
        enum : u8 { x, y } tag;
        variant <tag> { struct { u8 len; } x; struct { u8 len; } y; } v;
        string a[v.x.len];
      }; };`);
    expect(() => writeJsonMetadata(source)).toThrow(UsageError);
    expect(() => writeJsonMetadata(source)).toThrow(/the field `a` .*has no location/);
  });

  it('drops clock mappings where CTF 2 has no roles', () => {
    const source = parseTsdl(`${head}
      stream { event.header := struct { integer { size = 8; map = clock.c.value; } timestamp; }; };
      event { name = e; fields := struct { integer { size = 8; map = clock.c.value; } t; }; };`);
    const [stream] = parseJsonMetadata(writeJsonMetadata(source)).dataStreamClasses.values();
    expect(stream!.eventRecordHeader!.members[0]!.fieldClass).toMatchObject({
      roles: ['default-clock-timestamp'],
    });
    const [payloadMember] = stream!.eventRecordClasses.get(0n)!.payload!.members;
    expect(payloadMember!.fieldClass).not.toHaveProperty('roles');
  });
});
