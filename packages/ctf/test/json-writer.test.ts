import { parseJsonMetadata, readMetadata, writeJsonMetadata } from '@sonde/ctf';
import { describe, expect, it } from 'vitest';
import { loadMetadataCases, needsCorpus } from './metadata-corpus.ts';
import { asCtf2, firstDifference, shapeOf } from './trace-class-shape.ts';

function tryRead(bytes: Uint8Array, name: string) {
  try {
    return readMetadata(bytes, name, { lenient: name.includes('CTF2-7.0') }).traceClass;
  } catch {
    return undefined;
  }
}

describe(`every accepted case is the same after writing it as CTF 2${needsCorpus}`, () => {
  for (const c of loadMetadataCases(/./)) {
    it(c.name, () => {
      const source = tryRead(c.bytes, c.name);
      if (!source) return;
      const written = writeJsonMetadata(source);
      const again = parseJsonMetadata(written);
      const is18 = source.ctfVersion === '1.8';
      const [before, after] = [source, again].map((t) => (is18 ? asCtf2(shapeOf(t)) : shapeOf(t)));
      expect(firstDifference(after, before)).toBeUndefined();
      expect(Buffer.from(writeJsonMetadata(again)).equals(written)).toBe(true);
    });
  }
});
