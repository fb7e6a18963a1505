/**
 * Every reference command whose output the original gets right agrees with ours: `agreeing.json` names them. The others differ by a defect of the
 * original (docs/differences.md) or are still to be judged. `SONDE_UPDATE=1` writes the list anew.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { repository, sonde } from '../conformance/corpus.ts';
import { compare, referenceCases, referencesAreHere } from './references.ts';

const listPath = join(repository, 'tests/analyses/agreeing.json');
const note = referencesAreHere ? '' : ' (left out: no ../shared/traces/analyses; set SONDE_SHARED)';
const scratch = mkdtempSync(join(tmpdir(), 'sonde-analyses-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const agreeing: string[] = JSON.parse(readFileSync(listPath, 'utf8'));
const isUpdate = process.env['SONDE_UPDATE'] === '1';

describe.skipIf(!referencesAreHere)(`the LTTng analyses' own outputs${note}`, () => {
  const cases = referencesAreHere ? referenceCases(scratch) : [];

  test.skipIf(!isUpdate)('write agreeing.json', { timeout: 600_000 }, async () => {
    const found: string[] = [];
    for (const c of cases) {
      const { stdout } = await sonde(...c.args, c.trace);
      if (stdout !== '' && compare(c.expected, stdout).length === 0) found.push(c.id);
    }
    writeFileSync(listPath, `${JSON.stringify(found.sort(), undefined, 2)}\n`);
  });

  test('the list names existing cases', () => {
    const ids = new Set(cases.map((c) => c.id));
    expect(agreeing.filter((id) => !ids.has(id))).toEqual([]);
    expect(agreeing.length).toBeGreaterThan(100);
  });

  for (const c of cases.filter(({ id }) => agreeing.includes(id))) {
    test(c.id, { timeout: 60_000 }, async () => {
      const { stdout, stderr } = await sonde(...c.args, c.trace);
      expect(stderr).not.toMatch(/defect of Sonde/);
      expect(compare(c.expected, stdout)).toEqual([]);
    });
  }
});
