import { expect, test } from 'vitest';
import { type Case, type CliResult, corpus, expectedOutput, sonde } from './corpus.ts';
import { differences } from './differences.ts';

interface Output {
  /** Key in the case's `meta.json`. */
  readonly run: string;
  readonly file: string;
  readonly args: readonly string[];
}

const outputs: readonly Output[] = [
  { run: 'pretty', file: 'expected.pretty.txt', args: ['--clock-gmt'] },
  {
    run: 'pretty-all',
    file: 'expected.pretty-all.txt',
    args: ['--clock-gmt', '--clock-date', '--fields=all', '--names=all'],
  },
  {
    run: 'pretty-cycles',
    file: 'expected.pretty-cycles.txt',
    args: ['--clock-cycles', '--no-delta', '--fields=none', '--names=none'],
  },
  { run: 'pretty-seconds', file: 'expected.pretty-seconds.txt', args: ['--clock-seconds'] },
  { run: 'details', file: 'expected.txt', args: ['-o', 'details'] },
  { run: 'counter', file: 'expected.counter.txt', args: ['-o', 'counter'] },
  {
    run: 'pretty-intersection',
    file: 'expected.pretty-intersection.txt',
    args: ['--clock-gmt', '--stream-intersection'],
  },
];

/** One test per case and output: text byte for byte, exit status as Babeltrace's, errors with their place. */
export function testOutputs(cases: readonly Case[]): void {
  for (const c of cases) {
    for (const output of outputs) testOutput(c, output);
  }
}

function testOutput(c: Case, { run, file, args }: Output): void {
  const expected = expectedOutput(c, file);
  if (expected === undefined) return;
  const difference = differences.find(
    (d) => d.cases.includes(c.name) && !d.exceptRuns?.includes(run),
  );
  const title =
    difference === undefined
      ? `${c.name}: ${run}`
      : `${c.name}: ${run} (differs: ${difference.why})`;
  test(title, async () => {
    const result = await sonde('read', ...args, c.trace);
    expectHealthy(result);
    if (difference !== undefined) {
      expect(result.status).toBe(difference.status);
      return;
    }
    expect(result.stdout).toBe(expected);
    const theirStatus = c.meta.runs?.[run]?.rc;
    if (theirStatus !== undefined) expect(result.status !== 0).toBe(theirStatus !== 0);
    if (result.status === 1) expectOneError(result, expected);
    const warnings = expectedOutput(c, file.replace('.txt', '.stderr.txt'));
    if (run.startsWith('pretty') && warnings !== undefined && result.status === 0) {
      // Where the reference ran, the corpus was in `/traces`.
      expect(result.stderr).toBe(warnings.replaceAll('"/traces/', `"${corpus}/`));
    }
  });
}

/** Whatever the input, there is no defect to see. */
export function expectHealthy({ status, stderr }: CliResult): void {
  expect(stderr).not.toMatch(/defect|RangeError|TypeError|Maximum call stack/i);
  expect(status).toBeLessThanOrEqual(2);
}

/** One error; after events or stream beginnings it names the place in the data. */
function expectOneError({ stderr }: CliResult, printed: string): void {
  const errors = stderr.split('\n').filter((line) => line.startsWith('sonde: '));
  expect(errors).toHaveLength(1);
  if (printed !== '' && !errors[0]!.includes('intersect')) {
    expect(errors[0]).toMatch(/stream .+, packet \d+, bit \d+: /);
  }
}
