import { formatError } from '@sonde/base';
import { parseJsonMetadata, readMetadata, writeJsonMetadata } from '@sonde/ctf';
import type { TraceClass } from '@sonde/trace-model';
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

/** Undefined: refused, which must be for a reason that CTF 2 has. */
function tryWrite(source: TraceClass): Uint8Array | undefined {
  try {
    return writeJsonMetadata(source);
  } catch (error) {
    // CTF 1.8 tells `x` from `_x`, and allows options that nothing selects.
    expect(source.ctfVersion).toBe('1.8');
    expect(formatError(error)).toMatch(
      /^CTF 2 can't express .+: (?:two members are named|no selector value selects the option) `/,
    );
    return undefined;
  }
}

describe(`every accepted case is the same after writing it as CTF 2${needsCorpus}`, () => {
  for (const c of loadMetadataCases(/./)) {
    it(c.name, () => {
      const source = tryRead(c.bytes, c.name);
      if (!source) return;
      const written = tryWrite(source);
      if (written === undefined) return;
      const again = parseJsonMetadata(written);
      const is18 = source.ctfVersion === '1.8';
      const [before, after] = [source, again].map((t) => (is18 ? asCtf2(shapeOf(t)) : shapeOf(t)));
      expect(firstDifference(after, before)).toBeUndefined();
      expect(Buffer.from(writeJsonMetadata(again)).equals(written)).toBe(true);
    });
  }
});
