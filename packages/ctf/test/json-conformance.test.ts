import type { MetadataError } from '@sonde/base';
import { readMetadata } from '@sonde/ctf';
import { describe, expect, it } from 'vitest';
import { failureOf } from './json-support.ts';
import { loadMetadataCases, type MetadataCase, needsCorpus } from './metadata-corpus.ts';

/** `line:column` counted from the beginning of the fragment, as the reference programs count. */
function placeInFragment(bytes: Uint8Array, { place }: MetadataError): string {
  const begin = bytes.lastIndexOf(0x1e, place.offsetBytes);
  const linesBefore = bytes.subarray(0, begin).filter((byte) => byte === 0x0a).length;
  return `${place.line! - linesBefore}:${place.column}`;
}

/** Babeltrace: `[12:3 @ 99 bytes] …`. yactfr: the innermost place; its texts had one line more in front. */
function expectedPlaces(c: MetadataCase): string[] {
  const places: string[] = [];
  const babeltrace = /^\[(\d+:\d+) @/.exec(c.expectedError('expected.bt2-error.txt') ?? '');
  if (babeltrace) places.push(babeltrace[1]!);
  const yactfr = [
    ...(c.expectedError('expected.yactfr-error.txt') ?? '').matchAll(/^\[(\d+):(\d+)\]/gm),
  ];
  const [, line, column] = yactfr.at(-1) ?? [];
  if (line !== undefined) places.push(`${Number(line) - 1}:${column}`);
  return places;
}

describe(`CTF 2 metadata cases${needsCorpus}`, () => {
  for (const c of loadMetadataCases(/^yactfr-metadata-ctf-2/)) {
    it(c.name, () => {
      if (c.expect === 'pass') {
        expect(() => readMetadata(c.bytes, c.file)).not.toThrow();
        return;
      }
      const error = failureOf(() => readMetadata(c.bytes, c.file));
      for (const expected of expectedPlaces(c)) {
        expect(placeInFragment(c.bytes, error)).toBe(expected);
      }
      expect(error.place).toMatchObject({ path: c.file, jsonPath: expect.any(String) });
    });
  }
});

describe(`CTF 2 traces${needsCorpus}`, () => {
  for (const c of loadMetadataCases(/^(bt-ctf2|yactfr-ctf-2|tc)/)) {
    if (c.bytes[0] !== 0x1e) continue;
    it(c.name, () => {
      const read = (lenient: boolean) => readMetadata(c.bytes, c.file, { lenient }).traceClass;
      if (c.name === 'bt-ctf2-fail/meta-no-trace-cls-no-stream-cls') {
        expect(failureOf(() => read(true)).code).toBe('missing-fragment');
        return;
      }
      const isOld = /CTF2-7\.0-(?!ev-disc)/.test(c.name);
      if (isOld) expect(failureOf(() => read(false)).place.jsonPath).toBeDefined();
      expect(() => read(isOld)).not.toThrow();
    });
  }
});
