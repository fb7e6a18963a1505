import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ParameterMap, SinkClass } from '@sonde/graph';
import { describe, expect, test } from 'vitest';
import { counterSink } from '../src/sink-counter.ts';
import { detailsSink } from '../src/sink-details/sink-details.ts';
import { createPrettySink, prettySink } from '../src/sink-pretty/sink-pretty.ts';
import { runText } from './run-text.ts';

const shared = process.env['SONDE_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const root = join(shared, 'traces/ctf');
const isAbsent = !existsSync(root);

/** The same sink without generated code. */
const visitingPrettySink: SinkClass = {
  ...prettySink,
  create: (context) => createPrettySink(context, 'closures'),
};

interface Kind {
  readonly name: string;
  readonly sink: SinkClass;
  readonly parameters: ParameterMap;
}

const all = {
  'clock-gmt': true,
  'clock-date': true,
  'field-default': 'show',
  'name-default': 'show',
} as const;

/** By the name of the run in `meta.json`. */
const kinds: readonly Kind[] = [
  {
    name: 'details',
    sink: detailsSink,
    parameters: { 'with-trace-name': false, 'with-stream-name': false },
  },
  { name: 'pretty', sink: prettySink, parameters: { 'clock-gmt': true } },
  { name: 'pretty', sink: visitingPrettySink, parameters: { 'clock-gmt': true } },
  { name: 'pretty-all', sink: prettySink, parameters: all },
  { name: 'pretty-all', sink: visitingPrettySink, parameters: all },
  { name: 'pretty-seconds', sink: prettySink, parameters: { 'clock-seconds': true } },
  { name: 'counter', sink: counterSink, parameters: { step: 0n } },
];

interface Run {
  /** Exit status; negative: the number of the signal. */
  readonly rc: number;
  readonly out: string;
}

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly runs: Readonly<Record<string, Run | undefined>>;
}

function casesOf(suite: string): Case[] {
  const cases: Case[] = [];
  for (const name of readdirSync(join(root, suite)).sort()) {
    const metaPath = join(root, suite, name, 'meta.json');
    if (!existsSync(metaPath)) continue;
    const { runs } = JSON.parse(readFileSync(metaPath, 'utf8'));
    cases.push({ suite, name, runs: runs ?? {} });
  }
  return cases;
}

function expectedText(suite: string, name: string, file: string): Buffer | undefined {
  const path = join(root, suite, name, file);
  if (existsSync(path)) return readFileSync(path);
  return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)) : undefined;
}

const suites = isAbsent
  ? []
  : readdirSync(root).filter((suite) => !suite.startsWith('yactfr-metadata'));

describe.skipIf(isAbsent)(
  isAbsent ? `text of the corpus: needs ${root} (set SONDE_SHARED)` : 'text of the corpus',
  () => {
    const cases = suites.flatMap(casesOf);
    test.each(cases.map((each) => [`${each.suite}/${each.name}`, each] as const))(
      '%s',
      async (_, { suite, name, runs }) => {
        for (const { name: kind, sink, parameters } of kinds) {
          const run = runs[kind];
          // A crash of the reference tells nothing.
          if (run === undefined || run.rc < 0) continue;
          const expected = expectedText(suite, name, run.out);
          if (expected === undefined) continue;
          const path = join(root, suite, name, 'trace');
          const lenient = name.startsWith('CTF2-7.0');
          if (lenient) continue;
          const { text, error } = await runText(path, sink, parameters);
          expect(text.toString('latin1'), kind).toBe(expected.toString('latin1'));
          expect(error === undefined, `${kind}: ${String(error)}`).toBe(run.rc === 0);
        }
      },
    );
  },
);
