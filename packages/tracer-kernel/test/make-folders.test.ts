import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolders } from '../src/make-folders.ts';

test('makes those above, and is content with what is there', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sonde-folders-'));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  const path = join(scratch, 'a/b/c');
  makeFolders(path);
  makeFolders(path);
  expect(existsSync(path)).toBe(true);
});

test.skipIf(process.platform !== 'linux')('says so where no folder can be made', () => {
  expect(() => makeFolders('/proc/no-such-folder/trace')).toThrow(/ENOENT|EACCES|EPERM/);
});
