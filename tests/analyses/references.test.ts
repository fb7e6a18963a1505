/**
 * Every reference command of the original LTTng analyses, in the machine interface: ours agree cell by cell, or differ where the original is
 * wrong (`judgements.ts`, told in docs/differences.md).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { repository, sonde } from '../conformance/corpus.ts';
import { brief, compareDocuments, parseDocument } from './compare-documents.ts';
import { explain, type Judgement, judgements } from './judgements.ts';
import { referenceCases, referencesAreHere } from './references.ts';

const note = referencesAreHere ? '' : ' (left out: no ../shared/traces/analyses; set SONDE_SHARED)';
const scratch = mkdtempSync(join(tmpdir(), 'sonde-analyses-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const familyOf = (command: string): string =>
  /^(?:io|irq|sched|period|cputop|memtop|syscallstats)/.exec(command)![0];

describe.skipIf(!referencesAreHere)(`the LTTng analyses' own outputs${note}`, () => {
  const cases = referencesAreHere ? referenceCases(scratch) : [];
  const used = new Set<Judgement>();
  let agreeing = 0;

  test.each(cases)('$id', { timeout: 60_000 }, async ({ id, args, expected, trace }) => {
    const { stdout, stderr } = await sonde(...args, trace);
    expect(stderr).not.toMatch(/defect of Sonde/);
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
  });

  test('half of them agree without a word', () => {
    expect(cases.length).toBeGreaterThan(400);
    expect(agreeing).toBeGreaterThan(cases.length * 0.45);
  });

  test('every judgement is needed', () => {
    const unused = judgements.filter((judgement) => !used.has(judgement));
    expect(unused.map(({ bug, about }) => `${bug}: ${about.source}`)).toEqual([]);
  });
});

test('every judgement is told in docs/differences.md', () => {
  const text = readFileSync(join(repository, 'docs/differences.md'), 'utf8');
  const told = new Set([...text.matchAll(/\[([\w-]+)\]/g)].map((match) => match[1]));
  expect(judgements.map(({ bug }) => bug).filter((bug) => !told.has(bug))).toEqual([]);
});
