/** Outputs of the original LTTng analyses that there are as text only: their JSON was too large to keep. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sonde } from '../conformance/corpus.ts';
import { referencesAreHere, textCases } from './references.ts';
import { compareLines, type TextJudgement, textJudgements } from './text-judgements.ts';

const note = referencesAreHere ? '' : ' (left out: no ../shared/traces/analyses; set SONDE_SHARED)';
const scratch = mkdtempSync(join(tmpdir(), 'sonde-analyses-text-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.skipIf(!referencesAreHere)(`text of the LTTng analyses${note}`, () => {
  const cases = referencesAreHere ? textCases(scratch) : [];
  const used = new Set<TextJudgement>();

  test.each(cases)(
    '$id',
    { timeout: 60_000 },
    async ({ id, args, expected, isHead, trace, judged }) => {
      const { status, stdout } = await sonde(...args, trace);
      expect(status).toBe(0);
      const own = Buffer.from(stdout, 'latin1').toString();
      const comparison = compareLines(id, expected, own, isHead, judged);
      for (const judgement of comparison.used) used.add(judgement);
      expect(comparison.unexplained.slice(0, 10)).toEqual([]);
    },
  );

  test('every judgement is needed', () => {
    expect(textJudgements.filter((judgement) => !used.has(judgement))).toEqual([]);
  });
});
