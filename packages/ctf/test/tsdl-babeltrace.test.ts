import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readMetadata, toCtf1, writeTsdl } from '@sonde/ctf';
import { afterAll, describe, expect, it } from 'vitest';
import { loadMetadataCases, needsCorpus } from './metadata-corpus.ts';

const isHere = spawnSync('babeltrace2', ['--version']).status === 0;
const needsBabeltrace = isHere ? '' : ' (skipped: no babeltrace2)';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A trace with the data streams of `original` and other metadata. */
function traceWith(metadata: string, original: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-tsdl-'));
  folders.push(folder);
  for (const name of readdirSync(original)) {
    if (name !== 'metadata') symlinkSync(join(original, name), join(folder, name));
  }
  writeFileSync(join(folder, 'metadata'), metadata);
  return folder;
}

function babeltrace(folder: string) {
  const run = spawnSync('babeltrace2', ['--clock-gmt', folder], { maxBuffer: 1 << 28 });
  const messages = String(run.stderr).replaceAll(folder, '');
  // Log lines of levels W and E; discarded events are no fault of the metadata.
  return {
    status: run.status,
    text: String(run.stdout),
    hasLog: /^\d.* [WE] \w+\//m.test(messages),
  };
}

describe.skipIf(!isHere)(`Babeltrace reads what we write${needsCorpus}${needsBabeltrace}`, () => {
  for (const c of loadMetadataCases(
    /^(bt-ctf1-(succeed|intersection|packet-seq-num)|yactfr-ctf-1)$/,
  )) {
    it(c.name, () => {
      const original = dirname(c.file);
      const before = babeltrace(original);
      if (before.status !== 0) return;
      const { traceClass } = readMetadata(c.bytes, c.file);
      const after = babeltrace(traceWith(writeTsdl(toCtf1(traceClass)), original));
      expect(after.text).toBe(before.text);
      expect(after.status).toBe(0);
      expect(after.hasLog && !before.hasLog).toBe(false);
    });
  }
});
