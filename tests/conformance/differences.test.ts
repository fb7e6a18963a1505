import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from './corpus.ts';
import { differences } from './differences.ts';

const text = readFileSync(join(repository, 'docs/differences.md'), 'utf8');
const sections = new Map(
  text.split(/^## /m).map((section): [string, string] => {
    const [heading = '', ...body] = section.split('\n');
    return [heading, body.join('\n')];
  }),
);

test.each(differences)('docs/differences.md tells: $why', ({ why, cases }) => {
  const section = sections.get(why) ?? '';
  for (const name of cases) expect(section).toContain(`\`${name}\``);
});

test('and names no case that is not in the list', () => {
  const named = [...text.matchAll(/`((?:bt|tc|yactfr)[\w-]*\/[\w.-]+)`/g)].map((match) => match[1]);
  expect(named.toSorted()).toEqual(differences.flatMap(({ cases }) => cases).toSorted());
});
