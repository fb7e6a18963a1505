/** Every `*.case` under `cases`: a tiny trace, then `--- ARGUMENTS` of the command with the output expected; errors come last, after `!`. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelTrace, parseTraceCase } from '@sonde/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { repository, sonde } from '../conformance/corpus.ts';

const folder = join(repository, 'tests/analyses/cases');
const scratch = mkdtempSync(join(tmpdir(), 'sonde-case-tables-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const isUpdate = process.env['SONDE_UPDATE'] === '1';

function write(name: string, text: string): string {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true });
  const { metadata, streams } = kernelTrace(text);
  writeFileSync(join(path, 'metadata'), metadata);
  for (const [file, bytes] of streams) writeFileSync(join(path, file), bytes);
  return path;
}

async function answer(path: string, question: string): Promise<string[]> {
  const { stdout, stderr } = await sonde(...question.split(' '), path);
  const lines = (text: string): string[] => text.trimEnd().split('\n');
  const errors = stderr === '' ? [] : lines(stderr).map((line) => `! ${line}`);
  const text = Buffer.from(stdout, 'latin1').toString();
  return [...lines(text), ...errors].map((line) => line.trimEnd());
}

describe.each(readdirSync(folder).sort())('%s', (name) => {
  const file = join(folder, name);
  const { trace, sections } = parseTraceCase(readFileSync(file, 'utf8'));
  const path = write(name, trace);

  if (!isUpdate) {
    test.each(sections)('$question', async ({ question, expected }) => {
      expect(await answer(path, question)).toEqual(expected);
    });
    return;
  }

  test('write the answers', async () => {
    let text = trace;
    for (const { question } of sections) {
      text += [`--- ${question}`, ...(await answer(path, question)), ''].join('\n');
    }
    writeFileSync(file, text);
  });
});
