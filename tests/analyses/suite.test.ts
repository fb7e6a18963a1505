/** The original's own integration tests, the descriptions of its tables, and its number and time functions (../shared/traces/analyses). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatPriorities, formatSize } from '../../packages/analyses/src/number-format.ts';
import { parseDurationNs, parseSizeBytes } from '../../packages/cli/src/analysis-options.ts';
import { sonde } from '../conformance/corpus.ts';
import { references, referencesAreHere } from './references.ts';

const note = referencesAreHere ? '' : ' (left out: no ../shared/traces/analyses; set SONDE_SHARED)';
const names = (folder: string): string[] =>
  referencesAreHere ? readdirSync(join(references, folder)) : [];
const load = (...path: string[]): string => readFileSync(join(references, ...path), 'utf8');
const lines = (text: string): string[] => text.trimEnd().split('\n');

/** Lines of the original that are wrong → ours; `undefined`: not there (docs/differences.md). */
const mended: Readonly<Record<string, ReadonlyMap<RegExp, RegExp | undefined>>> = {
  cputop: new Map([
    [/swapper\/5/, undefined],
    [/ 21\.00 % CPU 0/, /^█+ +20\.00 % CPU 0$/],
    [/ 66\.00 % CPU 1/, /^█+ +25\.00 % CPU 1$/],
    [/^Total CPU Usage: 62\.33%/, /^Total CPU Usage: 48\.33%$/],
  ]),
};

describe.skipIf(!referencesAreHere)(`the original's own suite${note}`, () => {
  test.each(names('suite'))('%s', async (name) => {
    const words = load('suite', name, 'cmd.txt').trim().split(' ').slice(0, -1);
    const [command, ...options] = words as [string, ...string[]];
    const trace = join(references, 'suite', name, 'trace');
    const result = await sonde(command.replace('lttng-', ''), ...options, trace);
    expect(result.status).toBe(Number(load('suite', name, 'rc.txt')));
    const expected = lines(load('suite', name, 'expected.txt'));
    if (result.status !== 0) {
      expect(result.stderr).toContain(expected[0]!.replace('Error: ', ''));
      return;
    }
    const rules = [...(mended[name] ?? [])];
    const wanted = expected.flatMap((line): (string | RegExp)[] => {
      const rule = rules.find(([wrong]) => wrong.test(line));
      return rule === undefined ? [line] : rule[1] === undefined ? [] : [rule[1]];
    });
    const own = lines(Buffer.from(result.stdout, 'latin1').toString());
    expect(own.length).toBe(wanted.length);
    own.forEach((line, i) => {
      const want = wanted[i]!;
      if (typeof want === 'string') expect(line).toBe(want);
      else expect(line).toMatch(want);
    });
  });
});

/** Classes that the original describes and never prints. */
const unused = ['aggregated_log', 'aggregated_top'];
/** Deviations of counts and ratios are no durations (BUG-23). */
const otherColumns = ['per_parent_count', 'per_parent_percentage'];

describe.skipIf(!referencesAreHere)(`--mi --metadata${note}`, () => {
  test.each(names('metadata'))('%s', async (file) => {
    const { stdout } = await sonde(file.replace('.json', ''), '--mi', '--metadata');
    const [theirs, own] = [JSON.parse(load('metadata', file)), JSON.parse(stdout)];
    for (const key of ['mi-version', 'title', 'description', 'tags']) {
      expect(own[key]).toEqual(theirs[key]);
    }
    for (const name of unused) delete theirs['table-classes'][name];
    for (const name of otherColumns) {
      for (const { 'table-classes': classes } of [theirs, own]) {
        if (classes[name] !== undefined) classes[name] = classes[name].title;
      }
    }
    expect(own['table-classes']).toEqual(theirs['table-classes']);
  });
});

describe.skipIf(!referencesAreHere)(`number and time functions${note}`, () => {
  interface Vector {
    readonly error?: string;
    readonly value: string;
    readonly [input: string]: unknown;
  }
  const { functions } = referencesAreHere
    ? (JSON.parse(load('unit-vectors/vectors.json')) as { functions: Record<string, Vector[]> })
    : { functions: {} };
  const vectorsOf = (name: string): Vector[] => functions[name] ?? [];

  test('sizes', () => {
    const some = vectorsOf('formatSize').filter((v) => v.error === undefined && v['binaryPrefix']);
    expect(some.length).toBeGreaterThan(5);
    for (const v of some) expect(formatSize(Number(v['bytes']))).toBe(v.value);
  });

  test('priorities', () => {
    const some = vectorsOf('formatPrioList');
    expect(some.length).toBeGreaterThan(5);
    for (const v of some) expect(formatPriorities(v['prios'] as number[])).toBe(v.value);
  });

  test('sizes as text', () => {
    const some = vectorsOf('parseSize');
    expect(some.length).toBeGreaterThan(20);
    for (const v of some) {
      const parse = (): number => parseSizeBytes(String(v['text']));
      if (v.error !== undefined) expect(parse).toThrow('is no size');
      else expect(parse()).toBe(Number(v.value));
    }
  });

  test('durations', () => {
    // Negative ones are an error here.
    const some = vectorsOf('parseDuration').filter((v) => !String(v['text']).includes('-'));
    expect(some.length).toBeGreaterThan(10);
    for (const v of some) {
      const parse = (): number => parseDurationNs(String(v['text']));
      if (v.error !== undefined) expect(parse).toThrow('is no duration');
      else expect(parse()).toBe(Number(v.value));
    }
  });
});
