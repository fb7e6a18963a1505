import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repository, shared, sonde } from './corpus.ts';

interface Expected {
  readonly lines: number;
  readonly sha256: string;
  readonly stderrLines: number;
}

function expectedOf(folder: string): [name: string, expected: Expected][] {
  const path = join(folder, 'expected.json');
  return existsSync(path) ? Object.entries(JSON.parse(readFileSync(path, 'utf8'))) : [];
}

function tracePath(folder: string, name: string): string {
  const archive = join(folder, `${name}.tar.xz`);
  return existsSync(archive) ? archive : join(folder, name);
}

async function expectSameText(trace: string, expected: Expected): Promise<void> {
  const { status, stdout, stderr } = await sonde('read', '--clock-gmt', trace);
  expect({
    status,
    lines: stdout.split('\n').length - 1,
    sha256: createHash('sha256').update(stdout, 'latin1').digest('hex'),
    stderrLines: stderr.split('\n').length - 1,
  }).toEqual({ status: 0, ...expected });
}

const fixtures = join(repository, 'fixtures/traces');
describe('real traces of the repository', () => {
  test.each(expectedOf(fixtures))('%s', async (name, expected) => {
    await expectSameText(tracePath(fixtures, name), expected);
  });
});

for (const kind of ['kernel', 'user']) {
  const folder = join(shared, 'traces/ours', kind);
  describe.skipIf(!existsSync(folder))(`shared ${kind} traces (${folder})`, () => {
    test.each(expectedOf(folder))('%s', async (name, expected) => {
      const path = tracePath(folder, name);
      await expectSameText(kind === 'user' ? join(path, 'trace') : path, expected);
    });
  });
}
