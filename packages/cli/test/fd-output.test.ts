import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FdOutput } from '../src/fd-output.ts';

test('small and large writes keep their order', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-output-'));
  try {
    const path = join(folder, 'file');
    const output = FdOutput.create(path);
    let expected = '';
    // Above half of the buffer, writes go past it.
    for (const length of [10, 40_000, 10, 32_768, 30_000, 30_000, 70_000, 5]) {
      const text = String(length % 10).repeat(length);
      output.writeText(text);
      expected += text;
    }
    output.close();
    expect(readFileSync(path, 'utf8') === expected).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('messages are there at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-output-'));
  const path = join(folder, 'file');
  const descriptor = openSync(path, 'w');
  try {
    new FdOutput(descriptor).writeText('collected');
    expect(readFileSync(path, 'utf8')).toBe('');
    new FdOutput(descriptor, true).writeText('urgent');
    expect(readFileSync(path, 'utf8')).toBe('urgent');
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
});
