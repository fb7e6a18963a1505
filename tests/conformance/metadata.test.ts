import { describe, expect, test } from 'vitest';
import { casesOf, corpusIsHere, corpusNote, expectedOutput, sonde } from './corpus.ts';
import { differences } from './differences.ts';
import { expectHealthy } from './outputs.ts';

const metadataCases = casesOf((suite) => suite.startsWith('yactfr-metadata'));

describe.skipIf(!corpusIsHere)(`accepts and refuses metadata${corpusNote}`, () => {
  for (const c of metadataCases) {
    test(`${c.name}: ${c.meta.expect}`, async () => {
      const result = await sonde('info', c.trace);
      expectHealthy(result);
      const difference = differences.find(({ cases }) => cases.includes(c.name));
      const expectedStatus = difference?.status ?? (c.meta.expect === 'fail' ? 1 : 0);
      expect(result).toMatchObject({ status: expectedStatus });
      // yactfr's error has a place in brackets: `[12:3] …`, `[45 bytes] …`.
      const hasPlace = /^\[/m.test(expectedOutput(c, 'expected.yactfr-error.txt') ?? '');
      if (result.status === 1 && hasPlace) {
        expect(result.stderr).toMatch(/metadata:\d+:\d+|property |byte \d+/);
      }
    });
  }
});
