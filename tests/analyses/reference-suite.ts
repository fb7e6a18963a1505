/**
 * Every reference command of the original LTTng analyses, in the machine interface: ours agree cell by cell, or differ where the original is
 * wrong (`judgements.ts`, told in docs/differences.md). Text, made of the same reports, has the same layout everywhere, and the same lines where
 * no cell differs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatText, type Report } from '@sonde/analyses';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { timeFormat } from '../../packages/cli/src/time-format.ts';
import { sonde } from '../conformance/corpus.ts';
import { brief, compareDocuments, parseDocument } from './compare-documents.ts';
import { compareText, linesApart, type TextOutcome, withoutLosses } from './compare-text.ts';
import { explain, type Judgement } from './judgements.ts';
import { referenceCases, referencesAreHere } from './references.ts';

const note = referencesAreHere ? '' : ' (left out: no ../shared/traces/analyses; set SONDE_SHARED)';
const scratch = mkdtempSync(join(tmpdir(), 'sonde-analyses-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Of the last run: so that each trace is read once for both outputs. */
let reports: readonly Report[] = [];
vi.mock('@sonde/analyses', async (load) => {
  const real = await load<typeof import('@sonde/analyses')>();
  const lamiPieces = (all: readonly Report[]): Generator<string> => {
    reports = all;
    return real.lamiPieces(all);
  };
  return { ...real, lamiPieces };
});
const textOptions = { times: timeFormat(true, false) } as Parameters<typeof formatText>[1];

const familyOf = (command: string): string =>
  /^(?:io|irq|sched|period|cputop|memtop|syscallstats)/.exec(command)![0];

export interface ReferenceArea {
  /** Of analyses: `cputop`, `io`, … */
  readonly families: readonly string[];
  /** Those that some command here must need. */
  readonly judgements: readonly Judgement[];
  readonly leastCases: number;
  /** Shares of commands that agree cell by cell, and of texts that are the same byte for byte. */
  readonly leastAgreeing: number;
  readonly leastSame: number;
}

/** The tests of some families: so that several processes share the work. */
export function describeReferences(area: ReferenceArea): void {
  describe.skipIf(!referencesAreHere)(`the LTTng analyses' own outputs${note}`, () => {
    const all = referencesAreHere ? referenceCases(scratch) : [];
    const cases = all.filter(({ args }) => area.families.includes(familyOf(args[0]!)));
    const used = new Set<Judgement>();
    let agreeing = 0;
    const outcomes = new Map<TextOutcome, number>();

    test.each(cases)(
      '$id',
      { timeout: 60_000 },
      async ({ id, args, expected, expectedText, trace }) => {
        reports = [];
        const { status, stdout, stderr } = await sonde(...args, trace);
        expect(status).toBe(0);
        expect(stderr).toMatch(/^(?:Warning: (?:no |the tracer |at least ).*\n)*$/);
        const [left, right] = [parseDocument(expected), parseDocument(stdout)];
        const differences = compareDocuments(familyOf(args[0]!), left, right);
        if (differences.length === 0) agreeing++;
        const unexplained: string[] = [];
        for (const difference of differences) {
          const reasons = explain(id, difference);
          for (const reason of reasons ?? []) used.add(reason);
          if (reasons !== undefined) continue;
          const { table, what, items } = difference;
          for (const { expected: theirs, actual } of items.slice(0, 3)) {
            unexplained.push(`${table}, ${what}: ${brief(actual)}, not ${brief(theirs)}`);
          }
        }
        expect(unexplained).toEqual([]);
        if (expectedText === undefined) return;
        const text = withoutLosses(
          reports.map((report) => formatText(report, textOptions)).join(''),
        );
        expect(linesApart(args[0]!, expectedText, text)).toEqual([]);
        const outcome = compareText(args[0]!, expectedText, text);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        if (differences.length === 0) expect(outcome).not.toBe('rows differ');
      },
    );

    test('many of them agree without a word', () => {
      expect(cases.length).toBeGreaterThan(area.leastCases);
      expect(agreeing / cases.length).toBeGreaterThan(area.leastAgreeing);
      expect((outcomes.get('same') ?? 0) / cases.length).toBeGreaterThan(area.leastSame);
    });

    test('every judgement is needed', () => {
      const unused = area.judgements.filter((judgement) => !used.has(judgement));
      expect(unused.map(({ bug, about }) => `${bug}: ${about.source}`)).toEqual([]);
    });
  });
}
