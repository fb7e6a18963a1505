import { UsageError } from '@sonde/base';
import { parseTsdl, readMetadata, toCtf1, writeTsdl } from '@sonde/ctf';
import type { TraceClass } from '@sonde/trace-model';
import { describe, expect, it } from 'vitest';
import { loadMetadataCases, needsCorpus } from './metadata-corpus.ts';
import { shapeOf as exactShapeOf, firstDifference, mapShape } from './trace-class-shape.ts';

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
