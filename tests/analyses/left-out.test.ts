/** Outputs of the original LTTng analyses that were too large to keep: of them there are the length and the SHA-256 (LEFT-OUT.tsv). */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sonde } from '../conformance/corpus.ts';
import { type LeftOut, leftOut, referencesAreHere } from './references.ts';

const note = referencesAreHere ? '' : ' (left out: no ../shared/traces/analyses; set SONDE_SHARED)';
const scratch = mkdtempSync(join(tmpdir(), 'sonde-analyses-left-out-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What is the same byte for byte. */
const same = /net\/irqlog|(?:many-threads|rt)\/periodlog\./;
/** The same, but for the names of threads: the original shows the first that each had. They stand in its text. */
const otherNames = /schedlog/;
/**
 * As long, and not the same: periods that end at one event stand in no order of the original's; soft interrupts have the time of an old raise
 * ([raises]). The first lines of the periods are compared in text-references.test.ts, shorter lists of interrupts in references.test.ts.
 */
const asLong = /periodlog\.(?:captures|hierarchy)|irqlog/;
/** More rows and other names of files ([10], [12], [19], [32]): text-references.test.ts is about them. */
const other = /iolog|iolatencystats\.all|syscallstats/;

const hashOf = (text: string): string =>
  createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex');

/** `name (tid)` of the wakee, then of the waker, line by line. */
function namesIn(text: string): [string, string][] {
  return text.split('\n').flatMap((line): [string, string][] => {
    if (!line.startsWith('[')) return [];
    const [, wakee, waker] = /^(.*?) \(\d+\)\s+(.*?) \(\S+\)\s*$/.exec(line.slice(75)) ?? [];
    return [[wakee!, waker!]];
  });
}

/** A scheduling log with the names of another one. */
function withNames(document: string, text: string): string {
  const names = namesIn(text).flat();
  let at = 0;
  return document.replace(/\{"class": "process", "name": "[^"]*"|, null\]/g, (cell) => {
    const name = names[at++]!;
    return cell.startsWith('{') ? `{"class": "process", "name": ${JSON.stringify(name)}` : cell;
  });
}

async function answer({ args, trace }: LeftOut): Promise<string> {
  const { status, stdout } = await sonde(...args, trace);
  expect(status).toBe(0);
  return stdout;
}

describe.skipIf(!referencesAreHere)(`large outputs of the LTTng analyses${note}`, () => {
  const cases = referencesAreHere ? leftOut(scratch) : [];

  test.each(cases.filter(({ id }) => same.test(id)))('$id is the same', async (one) => {
    expect(hashOf(await answer(one))).toBe(one.sha256);
  });

  test.each(cases.filter(({ id }) => otherNames.test(id)))(
    '$id is the same but for names',
    async (one) => {
      expect(hashOf(withNames(await answer(one), one.text!))).toBe(one.sha256);
    },
  );

  test.each(cases.filter(({ id }) => asLong.test(id) && !same.test(id)))(
    '$id is as long',
    async (one) => {
      expect((await answer(one)).length).toBe(one.bytes);
    },
  );

  test('all others are judged by their text', () => {
    const rest = cases.filter(({ id }) => ![same, otherNames, asLong].some((is) => is.test(id)));
    expect(cases).toHaveLength(31);
    expect(rest.filter(({ id }) => !other.test(id))).toEqual([]);
  });
});
