import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../conformance/corpus.ts';
import { cpuJudgements, judgements } from './judgements.ts';
import { describeReferences } from './reference-suite.ts';
import { textJudgements } from './text-judgements.ts';

describeReferences({
  families: ['cputop', 'memtop', 'sched'],
  judgements: cpuJudgements,
  leastCases: 190,
  leastAgreeing: 0.5,
  leastSame: 0.2,
});

test('every judgement is told in docs/differences.md', () => {
  const text = readFileSync(join(repository, 'docs/differences.md'), 'utf8');
  const told = new Set([...text.matchAll(/\[([\w-]+)\]/g)].map((match) => match[1]));
  const all = [...judgements, ...textJudgements];
  expect(all.map(({ bug }) => bug).filter((bug) => !told.has(bug))).toEqual([]);
});
