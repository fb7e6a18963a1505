import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ParameterMap, SinkClass } from '@sonde/graph';
import { describe, expect, test } from 'vitest';
import { counterSink } from '../src/sink-counter.ts';
import { detailsSink } from '../src/sink-details/sink-details.ts';
import { createPrettySink, prettySink } from '../src/sink-pretty/sink-pretty.ts';
import { runText } from './run-text.ts';

const shared = process.env['SONDE_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const corpus = join(shared, 'traces/ctf');
const ours = join(shared, 'traces/ours');
const title = (name: string, path: string) =>
  existsSync(path) ? name : `${name}: needs ${path} (set SONDE_SHARED)`;

/** The same sink without generated code. */
const visitingPrettySink: SinkClass = {
  ...prettySink,
  create: (context) => createPrettySink(context, 'closures'),
};

interface Kind {
  /** Name of the run in `meta.json`. */
  readonly name: string;
  readonly file: string;
  readonly sink: SinkClass;
  readonly parameters: ParameterMap;
}

const gmt = { 'clock-gmt': true };
const all = {
  ...gmt,
  'clock-date': true,
  'field-default': 'show',
  'name-default': 'show',
} as const;
const kinds: readonly Kind[] = [
  {
    name: 'details',
    file: 'expected.txt',
    sink: detailsSink,
    parameters: { 'with-trace-name': false, 'with-stream-name': false },
  },
  ...[prettySink, visitingPrettySink].flatMap((sink) => [
    { name: 'pretty', file: 'expected.pretty.txt', sink, parameters: gmt },
    { name: 'pretty-all', file: 'expected.pretty-all.txt', sink, parameters: all },
  ]),
  {
    name: 'pretty-seconds',
    file: 'expected.pretty-seconds.txt',
    sink: prettySink,
    parameters: { 'clock-seconds': true },
  },
  {
    name: 'counter',
    file: 'expected.counter.txt',
    sink: counterSink,
    parameters: { step: 0n },
  },
];

/** What Babeltrace 2.1.3 refuses and Sonde reads (docs/differences.md). */
const refusedByBabeltrace = new Set([
  'tc/CTF2-7.0-debug-info',
  'tc/CTF2-7.0-ev-disc-no-ts-begin-end',
  'tc/CTF2-7.0-smalltrace',
  'tc/CTF2-7.0-succeed1',
  'tc/CTF2-7.0-trace-with-index',
  'tc/ctfwriter_JF8nq3',
  'yactfr-ctf-1/pass-er-header-id-nt-str',
  'yactfr-ctf-1/pass-odd-fl-enums',
  'yactfr-ctf-1/pass-pkt-header-magic-nt-str',
  'yactfr-ctf-1/pass-pkt-header-stream-instance-id-nt-str',
  'yactfr-ctf-1/pass-pkt-header-uuid-nt-str',
  'yactfr-ctf-1/pass-pkt-header-uuid-sl-array-of-nt-strs',
  'yactfr-ctf-1/pass-std-fl-enums',
  'yactfr-ctf-1/pass-std-fl-ints',
  'yactfr-ctf-1/pass-vars',
]);
/** Both refuse it, Babeltrace before the first message. */
const failsLater = new Set([
  'yactfr-ctf-1/pass-all-basic-features-be',
  'yactfr-ctf-1/pass-all-basic-features-le',
  'yactfr-ctf-2-auto-translated/pass-clk-vals',
]);

/** By kind, the exit status of the reference; negative: the number of a signal. */
type Runs = Readonly<Record<string, { readonly rc: number } | undefined>>;

function casesOf(suite: string): (readonly [name: string, runs: Runs])[] {
  return readdirSync(join(corpus, suite))
    .sort()
    .filter((name) => existsSync(join(corpus, suite, name, 'meta.json')))
    .map((name) => {
      const meta = JSON.parse(readFileSync(join(corpus, suite, name, 'meta.json'), 'utf8'));
      return [`${suite}/${name}`, meta.runs ?? {}];
    });
}

function expectedText(name: string, file: string): Buffer | undefined {
  const path = join(corpus, name, file);
  if (existsSync(path)) return readFileSync(path);
  return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)) : undefined;
}

describe.skipIf(!existsSync(corpus))(title('text of the corpus', corpus), () => {
  const suites = existsSync(corpus) ? readdirSync(corpus) : [];
  const cases = suites.filter((suite) => !suite.startsWith('yactfr-metadata')).flatMap(casesOf);

  test.each(cases.filter(([name]) => !refusedByBabeltrace.has(name)))('%s', async (name, runs) => {
    for (const { name: kind, file, sink, parameters } of kinds) {
      const expected = expectedText(name, file);
      const rc = runs[kind]?.rc;
      // A crash of the reference tells nothing.
      if (expected === undefined || rc === undefined || rc < 0) continue;
      const { text, error } = await runText(join(corpus, name, 'trace'), sink, parameters);
      if (!failsLater.has(name))
        expect(text.toString('latin1'), kind).toBe(expected.toString('latin1'));
      expect(error === undefined, `${kind}: ${String(error)}`).toBe(rc === 0);
    }
  });

  test.each(cases.filter(([name]) => refusedByBabeltrace.has(name)))('%s is read', async (name) => {
    const source = { lenient: name.startsWith('tc/CTF2') };
    const path = join(corpus, name, 'trace');
    const generated = await runText(path, prettySink, gmt, source);
    const visited = await runText(path, visitingPrettySink, gmt, source);
    expect(generated.error).toBeUndefined();
    expect(visited.error).toBeUndefined();
    expect(generated.text.equals(visited.text)).toBe(true);
  });
});

interface OurTrace {
  readonly lines: number;
  readonly sha256: string;
  readonly stderrLines: number;
}

function ourTraces(folder: string): [string, OurTrace][] {
  const path = join(ours, folder, 'expected.json');
  return existsSync(path) ? Object.entries(JSON.parse(readFileSync(path, 'utf8'))) : [];
}

async function expectSameText(path: string, expected: OurTrace, sink: SinkClass): Promise<void> {
  const { text, warnings, error } = await runText(path, sink, gmt);
  expect(error).toBeUndefined();
  expect(warnings).toHaveLength(expected.stderrLines);
  expect(createHash('sha256').update(text).digest('hex')).toBe(expected.sha256);
}

describe.skipIf(!existsSync(ours))(title('text of our own traces', ours), () => {
  test.each(ourTraces('user'))('user/%s', async (name, expected) => {
    const path = join(ours, 'user', name, 'trace');
    await expectSameText(path, expected, prettySink);
    await expectSameText(path, expected, visitingPrettySink);
  });

  test.each(ourTraces('kernel'))('kernel/%s', { timeout: 120_000 }, async (name, expected) => {
    const path = join(ours, 'kernel', name);
    if (existsSync(path)) {
      await expectSameText(path, expected, prettySink);
      await expectSameText(path, expected, visitingPrettySink);
      return;
    }
    const scratch = mkdtempSync(join(tmpdir(), 'sonde-text-'));
    try {
      execFileSync('tar', ['-xJf', `${path}.tar.xz`, '-C', scratch]);
      await expectSameText(join(scratch, name), expected, prettySink);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
});
