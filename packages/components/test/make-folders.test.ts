import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SondeError } from '@sonde/base';
import { makeFolders } from '@sonde/components';
import { expect, onTestFinished, test } from 'vitest';

function scratchFolder(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'sonde-folders-'));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  return scratch;
}

function failureOf(path: string): SondeError {
  try {
    makeFolders(path);
  } catch (error) {
    if (error instanceof SondeError) return error;
    throw error;
  }
  throw new Error(`${path} was made.`);
}

test('makes those above, and is content with what is there', () => {
  const path = join(scratchFolder(), 'a/b/c');
  makeFolders(path, 0o700);
  makeFolders(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
});

test.skipIf(process.platform !== 'linux')('says at once where no folder can be made', () => {
  const path = '/proc/no-such-folder/trace';
  const error = failureOf(path);
  expect(error.message).toBe(`The folder ${path} can't be made.`);
  expect(String(error.cause)).toMatch(/ENOENT|EACCES|EPERM/);
});

test('a file is no folder', () => {
  const file = join(scratchFolder(), 'file');
  writeFileSync(file, '');
  expect(String(failureOf(file).cause)).toMatch(/EEXIST/);
  expect(String(failureOf(join(file, 'a')).cause)).toMatch(/ENOTDIR/);
});
