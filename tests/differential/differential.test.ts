/**
 * Random traces, written bit by bit by the test itself, with the text that must come out: read by both back ends and by Babeltrace, and
 * converted. More of them: `SONDE_SEEDS=1000-3000 npx vitest run tests/differential`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Version } from './random-fields.ts';
import { NotThisOne, type RandomTrace, randomTrace } from './random-trace.ts';
import { asBabeltraceBefore21, convert, decodedRecords, json, printed } from './readings.ts';

const [firstSeed, lastSeed] = (process.env['SONDE_SEEDS'] ?? '0-59').split('-').map(Number);
/** What each found, once. */
const telling: Readonly<Record<Version, readonly number[]>> = {
  1: [325, 116, 762, 1912],
  2: [189, 665],
};

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'differential-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

function traceOf(seed: number, version: Version): RandomTrace | undefined {
  try {
    return randomTrace(seed, version);
  } catch (error) {
    if (error instanceof NotThisOne) return undefined;
    throw error;
  }
}

function write({ metadata, files }: RandomTrace, folder: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'metadata'), metadata);
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}

for (const version of [1, 2] as const) {
  const seeds = Array.from({ length: lastSeed! - firstSeed! + 1 }, (_, i) => firstSeed! + i);
  describe(`random traces of CTF ${version}`, () => {
    for (const seed of new Set([...seeds, ...telling[version]])) {
      const trace = traceOf(seed, version);
      if (trace !== undefined) test(`${seed}`, () => expectAgreement(trace, seed, version));
    }
  });
}

async function expectAgreement(trace: RandomTrace, seed: number, version: Version): Promise<void> {
  const folder = join(scratch, `${version}-${seed}`);
  write(trace, folder);
  expect(await printed(folder, 'generated')).toBe(trace.text);
  expect(await printed(folder, 'closures')).toBe(trace.text);
  const records = decodedRecords(folder, 'closures');
  expect(records).toHaveLength(trace.text.split('\n').length - 1);
  expect(decodedRecords(folder, 'generated')).toEqual(records);
  const lines = await json(folder, 'generated');
  expect(await json(folder, 'closures')).toBe(lines);
  const types = lines.split('\n').map((line) => line && JSON.parse(line).type);
  expect(types.filter((type) => type === 'event')).toHaveLength(records.length);
  if (version === 1) expectBabeltraceAgrees(folder, trace.text);
  if (!trace.hasEmptyPacketContext) await expectConversions(folder, trace.text, version);
}

async function expectConversions(folder: string, text: string, version: Version): Promise<void> {
  const steps = [
    [folder, '2.0', `${folder}-2`],
    [`${folder}-2`, '1.8', `${folder}-2-1`],
    [`${folder}-2-1`, '2.0', `${folder}-2-1-2`],
  ] as const;
  for (const [from, to, output] of steps) {
    try {
      await convert(from, to, output);
    } catch (error) {
      // Not all of CTF 2 can be CTF 1.8.
      if (version === 1 || to === '2.0') throw error;
      expect(String(error)).toMatch(/CTF 1\.8 can't express the field /);
      return;
    }
    if (!existsSync(output)) return;
    expect(await printed(output, 'generated')).toBe(text);
  }
}

const babeltraceIsHere = spawnSync('babeltrace2', ['--version']).status === 0;

function expectBabeltraceAgrees(folder: string, text: string): void {
  if (!babeltraceIsHere) return;
  const { status, stdout } = spawnSync('babeltrace2', ['--clock-cycles', folder], {
    encoding: 'utf8',
  });
  // It aborts on many of them, and gives up on times beyond 292 years.
  if (status !== 0) return;
  // Its events keep the text of an earlier one where theirs is empty.
  if (text.includes('""')) return;
  expect(asBabeltraceBefore21(stdout)).toBe(asBabeltraceBefore21(text));
}
