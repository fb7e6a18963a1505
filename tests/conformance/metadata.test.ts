import { describe, expect, test } from 'vitest';
import { casesOf, corpusIsHere, corpusNote, expectedOutput, sonde } from './corpus.ts';
import { expectHealthy } from './outputs.ts';

const cases = casesOf((suite) => suite.startsWith('yactfr-metadata'));

describe.skipIf(!corpusIsHere)(`accepts and refuses metadata${corpusNote}`, () => {
  for (const c of cases) {
    test(`${c.name}: ${c.meta.expect}`, async () => {
      const result = await sonde('info', c.trace);
      expectHealthy(result);
      expect(result).toMatchObject({ status: c.meta.expect === 'fail' ? 1 : 0 });
      // yactfr's error has a place in brackets: `[12:3] …`, `[45 bytes] …`.
      const hasPlace = /^\[/m.test(expectedOutput(c, 'expected.yactfr-error.txt') ?? '');
      if (result.status === 1 && hasPlace) {
        expect(result.stderr).toMatch(/metadata:\d+:\d+|property |byte \d+/);
      }
    });
  }
});
