/** Every `*.case` under `cases`: a tiny trace, then `--- KINDS` with the segments expected, or `--- messages`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SegmentKind } from '@sonde/linux-model';
import { parseTraceCase } from '@sonde/testkit';
import { describe, expect, test } from 'vitest';
import { collectSegments } from './segment-lines.ts';
import { runModel, traceFolder } from './trace-folder.ts';

const folder = join(import.meta.dirname, 'cases');
const isUpdate = process.env['SONDE_UPDATE'] === '1';

async function answer(trace: string, question: string): Promise<readonly string[]> {
  const [path, kinds] = [traceFolder(trace), question.split(' ')];
  const wantsMessages = kinds[0] === 'messages';
  let lines: string[] = [];
  const { messages } = await runModel(path, (model) => {
    lines = collectSegments(model, (wantsMessages ? kinds.slice(1) : kinds) as SegmentKind[]);
  });
  return (wantsMessages ? messages : lines).map((line) => line.trimEnd());
}

describe.each(readdirSync(folder).sort())('%s', (name) => {
  const path = join(folder, name);
  const { trace, sections } = parseTraceCase(readFileSync(path, 'utf8'));

  if (!isUpdate) {
    test.each(sections)('$question', async ({ question, expected }) => {
      expect(await answer(trace, question)).toEqual(expected);
    });
    return;
  }

  test('write the answers', async () => {
    let text = trace;
    for (const { question } of sections) {
      const lines = await answer(trace, question);
      text += [`--- ${question}`, ...lines, ''].join('\n');
    }
    writeFileSync(path, text);
  });
});
