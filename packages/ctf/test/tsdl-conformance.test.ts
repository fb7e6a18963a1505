import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MetadataError } from '@sonde/base';
import { describe, expect, test } from 'vitest';
import { parseTsdl } from '../src/tsdl/parse-tsdl.ts';
import { hasSharedTraces, metadataText, sharedTraces } from './tsdl-support.ts';

const suite = join(sharedTraces, 'ctf/yactfr-metadata-ctf-1');

function textOf(directory: string): string {
  return metadataText(readFileSync(join(directory, 'trace/metadata')));
}

/** Place of the innermost error that yactfr found. */
function expectedPlace(directory: string): { line: number; column: number } {
  const lines = readFileSync(join(directory, 'expected.yactfr-error.txt'), 'utf8')
    .trim()
    .split('\n');
  const [, line, column] = /^\[(\d+):(\d+)\]/.exec(lines.at(-1)!)!;
  return { line: Number(line), column: Number(column) };
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.skipIf(!hasSharedTraces)(
  'yactfr metadata cases (skipped without the shared traces)',
  () => {
    for (const name of hasSharedTraces ? readdirSync(suite) : []) {
      const directory = join(suite, name);
      test(name, () => {
        const error = errorOf(() => parseTsdl(textOf(directory), { strict: true }));
        if (name.startsWith('pass-')) {
          expect(error).toBeUndefined();
        } else {
          expect(error).toBeInstanceOf(MetadataError);
          expect((error as MetadataError).place).toEqual(expectedPlace(directory));
        }
      });
    }
  },
);

/** Directories below `directory` that hold CTF 1.8 metadata. */
function tracesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === 'metadata')
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path)[0] !== 0x1e);
}

const realTraces = [
  'ours',
  'ctf/bt-ctf1-succeed',
  'ctf/tc',
  'ctf/yactfr-ctf-1',
  'ctf/bt-generated',
];

describe.skipIf(!hasSharedTraces)('real metadata (skipped without the shared traces)', () => {
  for (const folder of hasSharedTraces ? realTraces : []) {
    test(folder, () => {
      const paths = tracesBelow(join(sharedTraces, folder));
      expect(paths.length).toBeGreaterThan(0);
      for (const path of paths) {
        const error = errorOf(() => parseTsdl(metadataText(readFileSync(path))));
        expect(error, path).toBeUndefined();
      }
    });
  }

  test('what Babeltrace refuses', () => {
    const folder = join(sharedTraces, 'ctf/bt-ctf1-fail');
    for (const name of ['fail1', 'fail2', 'integer-range', 'metadata-syntax-error', 'smalltrace']) {
      const error = errorOf(() => parseTsdl(textOf(join(folder, name))));
      expect(error, name).toBeInstanceOf(MetadataError);
    }
  });
});
