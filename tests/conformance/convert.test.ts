/** Read → write → read gives the same text, for both versions and everything that can be read. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Case, type CliResult, casesOf, corpusIsHere, corpusNote, sonde } from './corpus.ts';

const readable = casesOf((suite) => !suite.startsWith('yactfr-metadata')).filter(
  ({ meta }) => meta.runs?.['pretty']?.rc === 0,
);
const babeltraceIsHere = spawnSync('babeltrace2', ['--version']).status === 0;

/** Right CTF 1.8 that the installed Babeltrace 2.0 does not read; neither does it read the case as it was. */
const babeltraceLimits: { readonly [name: string]: string } = {
  'tc/hello-lost': 'time goes backward',
  'yactfr-ctf-2-auto-translated/pass-complex-sl-arrays': 'a tag by its absolute path',
  'yactfr-ctf-2-auto-translated/pass-dl-array-multi-len': 'a length in two options of a variant',
};

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'convert-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe.skipIf(!corpusIsHere)(`converts without loss${corpusNote}`, () => {
  for (const c of readable) {
    test(`${c.name} to CTF 2`, async () => {
      const output = outputOf(c, '2');
      expect(
        await sonde('read', '-o', 'ctf-2', '-w', output, ...lenience(c), c.trace),
      ).toMatchObject({ status: 0 });
      await expectSameText(c, output);
    });

    test(`${c.name} to CTF 1.8, or says which field can't be`, async () => {
      const output = outputOf(c, '1.8');
      const written = await sonde('read', '-o', 'ctf-1.8', '-w', output, ...lenience(c), c.trace);
      if (written.status !== 0) {
        expect(written.stderr).toMatch(/^sonde: .*CTF 1\.8.*$/m);
        return;
      }
      await expectSameText(c, output);
      if (existsSync(output) && babeltraceIsHere && !(c.name in babeltraceLimits))
        expectBabeltraceReads(output);
    });
  }
});

function outputOf(c: Case, version: string): string {
  return join(scratch, `${c.name.replace('/', '.')}-${version}`);
}

/** Release candidates of CTF 2 are read with `--lenient`. */
function lenience({ name }: Case): string[] {
  return name.startsWith('tc/CTF2-7.0') ? ['--lenient'] : [];
}

async function expectSameText(c: Case, output: string): Promise<void> {
  if (!existsSync(output)) {
    // A trace without data streams: there was nothing to write.
    expect(await sonde('read', '-o', 'details', c.trace)).toMatchObject({ stdout: '' });
    return;
  }
  const text = (args: readonly string[]): Promise<CliResult> =>
    sonde('read', '--clock-gmt', '--clock-date', '--names=all', ...args);
  const [original, converted] = [await text([...lenience(c), c.trace]), await text([output])];
  expect(converted.stdout).toBe(original.stdout);
  expect(converted.status).toBe(original.status);
  const count = (stderr: string) => stderr.split('WARNING: Tracer').length - 1;
  expect(count(converted.stderr)).toBe(count(original.stderr));
}

function expectBabeltraceReads(output: string): void {
  const { status, stderr } = spawnSync('babeltrace2', [output, '-o', 'dummy'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}
