import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackEnd } from '@sonde/ctf';
import { describe, expect, test } from 'vitest';
import { createJsonLinesSink, jsonLinesSink } from '../src/sink-json/sink-json-lines.ts';
import { createPerfettoSink, perfettoSink } from '../src/sink-perfetto/sink-perfetto.ts';
import { runText } from './run-text.ts';

const shared = process.env['SONDE_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const root = join(shared, 'traces/ctf');
const isAbsent = !existsSync(root);

const backEnds: readonly BackEnd[] = ['generated', 'closures'];

/** `SUITE/CASE` of every case that has a trace. */
function cases(): string[] {
  if (isAbsent) return [];
  return readdirSync(root).flatMap((suite) =>
    readdirSync(join(root, suite))
      .map((name) => join(suite, name))
      .filter((name) => existsSync(join(root, name, 'trace'))),
  );
}

/** What Babeltrace counts; undefined: it does not read the trace to its end. */
function eventCountOf(name: string): number | undefined {
  const folder = join(root, name);
  if (!existsSync(join(folder, 'meta.json'))) return undefined;
  const { counter } = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')).runs ?? {};
  if (counter?.rc !== 0) return undefined;
  const text = readFileSync(join(folder, counter.out), 'utf8');
  return Number([...text.matchAll(/(\d+) Event messages?$/gm)].at(-1)?.[1] ?? 0);
}

describe.skipIf(isAbsent)(`traces of ${root} (skipped where they are absent)`, () => {
  test.each(cases())('JSON lines of %s', async (name) => {
    const runs = await Promise.all(
      backEnds.map((backEnd) =>
        runText(join(root, name, 'trace'), {
          ...jsonLinesSink,
          create: (context) => createJsonLinesSink(context, backEnd),
        }),
      ),
    );
    const [generated, closures] = runs;
    expect(closures!.text.equals(generated!.text)).toBe(true);
    const lines = generated!.text.toString('utf8').split('\n').slice(0, -1);
    const events = lines.map((line) => JSON.parse(line)).filter((line) => line.type === 'event');
    const wanted = eventCountOf(name);
    if (generated!.error === undefined && wanted !== undefined) expect(events).toHaveLength(wanted);
  });

  const realCases = cases().filter((name) => !name.startsWith('yactfr'));
  test.each(realCases)('trace events of %s', async (name) => {
    const runs = await Promise.all(
      backEnds.map((backEnd) =>
        runText(join(root, name, 'trace'), {
          ...perfettoSink,
          create: (context) => createPerfettoSink(context, backEnd),
        }),
      ),
    );
    const [generated, closures] = runs;
    expect(closures!.text.equals(generated!.text)).toBe(true);
    if (generated!.text.length > 0) JSON.parse(generated!.text.toString('utf8'));
  });
});
