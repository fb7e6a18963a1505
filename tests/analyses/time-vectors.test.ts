/**
 * The original's time functions in US/Eastern (../shared/traces/analyses/unit-vectors): a process of its own has that zone, threads of the test
 * runner have that of theirs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repository } from '../conformance/corpus.ts';
import { references, referencesAreHere } from './references.ts';

const note = referencesAreHere ? '' : ' (left out: no ../shared/traces/analyses; set SONDE_SHARED)';
const scratch = mkdtempSync(join(tmpdir(), 'sonde-time-vectors-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Vector {
  readonly error?: string;
  readonly value?: string | readonly string[];
  readonly text: string;
  readonly gmt: boolean;
  readonly [input: string]: unknown;
}
type Vectors = Readonly<Record<'formatTimestamp' | 'parseTraceDate' | 'parseTimeRange', Vector[]>>;

/** What the child does with the vectors: ours in the place of theirs; `!`: refused. */
const program = `
import { readFileSync } from 'node:fs';
import { parseBound, parseRange, resolveRequested } from './packages/cli/src/analysis-reading.ts';
import { isSameDay, timeFormat } from './packages/cli/src/time-format.ts';
const { formatTimestamp, parseTraceDate, parseTimeRange } = JSON.parse(readFileSync(0, 'utf8'));
const daysOf = ({ collection: [begin, end], gmt: isGmt }) => ({
  isGmt,
  isMultiDay: !isSameDay(BigInt(begin), BigInt(end), isGmt),
  referenceNs: BigInt(begin),
});
const attempt = (parse) => {
  try {
    return parse();
  } catch (error) {
    return '!' + error.message;
  }
};
const resolve = (bound, vector) => String(resolveRequested(bound, daysOf(vector)));
console.log(
  JSON.stringify({
    formatTimestamp: formatTimestamp.map(({ timestampNs, printDate, gmt }) => {
      const format = timeFormat(gmt, false);
      return printDate ? format.dateTime(BigInt(timestampNs)) : format.time(BigInt(timestampNs));
    }),
    parseTraceDate: parseTraceDate.map((vector) =>
      attempt(() => resolve(parseBound(vector.text), vector)),
    ),
    parseTimeRange: parseTimeRange.map((vector) =>
      attempt(() => {
        const { begin, end } = parseRange(vector.text);
        return [resolve(begin, vector), resolve(end, vector)];
      }),
    ),
  }),
);
`;

/** `--gmt`: the original adds its zone, where it should take it away; and to integers too (BUG-5). */
function mended({ text, gmt, value }: Vector, ns: string): string {
  if (!gmt || value === undefined) return ns;
  const isInteger = /^\[?\d{12,}/.test(text);
  return String(BigInt(ns) - (isInteger ? 5n : 10n) * 3_600_000_000_000n);
}

describe.skipIf(!referencesAreHere)(`times in US/Eastern${note}`, () => {
  let vectors: Vectors;
  let ours: Readonly<Record<keyof Vectors, unknown[]>>;
  beforeAll(() => {
    const path = join(references, 'unit-vectors/vectors.json');
    vectors = (JSON.parse(readFileSync(path, 'utf8')) as { functions: Vectors }).functions;
    const bundle = join(scratch, 'times.mjs');
    const { outputFiles } = buildSync({
      stdin: { contents: program, resolveDir: repository, loader: 'ts' },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      conditions: ['@sonde/source'],
      external: ['koffi'],
    });
    writeFileSync(bundle, outputFiles[0]!.contents);
    const input = JSON.stringify(vectors);
    const env = { ...process.env, TZ: 'US/Eastern' };
    const { stdout, stderr } = spawnSync('node', [bundle], { env, input, encoding: 'utf8' });
    expect(stderr).toBe('');
    ours = JSON.parse(stdout);
  });

  test('printed', () => {
    expect(vectors.formatTimestamp.length).toBeGreaterThan(30);
    expect(ours.formatTimestamp).toEqual(vectors.formatTimestamp.map(({ value }) => value));
  });

  test('of --begin and --end', () => {
    expect(vectors.parseTraceDate).toHaveLength(20);
    vectors.parseTraceDate.forEach((vector, i) => {
      const own = ours.parseTraceDate[i];
      if (vector.error === undefined) expect(own).toBe(mended(vector, String(vector.value)));
      else expect(own).toMatch(/^!(?:Invalid |The traces span several days)/);
    });
  });

  test('of --timerange', () => {
    expect(vectors.parseTimeRange).toHaveLength(28);
    vectors.parseTimeRange.forEach((vector, i) => {
      const own = ours.parseTimeRange[i];
      const theirs = vector.value as readonly string[] | undefined;
      if (theirs !== undefined) expect(own).toEqual(theirs.map((ns) => mended(vector, ns)));
      // Brackets may be left out here.
      else if (/^\d/.test(vector.text) && !String(own).startsWith('!')) expect(own).toHaveLength(2);
      else expect(own).toMatch(/^!(?:Invalid |The traces span several days)/);
    });
  });
});
