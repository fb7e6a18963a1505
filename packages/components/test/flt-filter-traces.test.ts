import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Graph } from '@sonde/graph';
import { describe, expect, test } from 'vitest';
import { findTraces } from '../src/ctf-fs/find-traces.ts';
import { filterFilter } from '../src/flt-filter.ts';
import { muxerFilter } from '../src/flt-muxer.ts';
import { jsonLinesSink } from '../src/sink-json/sink-json-lines.ts';
import { ctfFsSource } from '../src/src-ctf-fs.ts';

const shared = process.env['SONDE_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const kernel = join(shared, 'traces/ours/kernel/tiny');
const isAbsent = !existsSync(kernel);

/** A line of `sink.json.lines`. */
interface Line {
  readonly name: string;
  readonly cpu: number;
  readonly context: { readonly procname: string; readonly tid: number };
  readonly payload: { readonly [name: string]: unknown };
}

async function linesOf(expression?: string): Promise<string[]> {
  const parts: Buffer[] = [];
  const graph = new Graph({
    output: { isTerminal: false, write: (bytes) => void parts.push(Buffer.from(bytes)) },
    warn() {},
  });
  await graph.add('source', ctfFsSource, { inputs: findTraces(kernel) });
  await graph.add('muxer', muxerFilter);
  await graph.add('sink', jsonLinesSink);
  graph.connect('source:muxer');
  if (expression === undefined) {
    graph.connect('muxer:sink');
  } else {
    await graph.add('filter', filterFilter, { expression });
    graph.connect('muxer:filter');
    graph.connect('filter:sink');
  }
  await graph.run();
  return Buffer.concat(parts).toString().split('\n').slice(0, -1);
}

const is = (value: unknown, test: (value: number) => boolean) =>
  typeof value === 'number' && test(value);

const cases: readonly [expression: string, passes: (line: Line) => boolean][] = [
  ['$event.name == "sched_*"', ({ name }) => name.startsWith('sched_')],
  ['$ctx.procname == "lttng*"', ({ context }) => context.procname.startsWith('lttng')],
  ['$ctx.cpu_id == 1', ({ cpu }) => cpu === 1],
  ['prio < 20', ({ payload }) => is(payload['prio'], (v) => v < 20)],
  ['!(prio < 20)', ({ payload }) => is(payload['prio'], (v) => !(v < 20))],
  [
    'ret < 0 || prev_prio >= 20 && next_comm != "swapper/*"',
    ({ payload }) =>
      is(payload['ret'], (v) => v < 0) ||
      (is(payload['prev_prio'], (v) => v >= 20) &&
        !String(payload['next_comm']).startsWith('swapper/')),
  ],
  [
    'filename == "/proc/*" && $event.name == "syscall_entry_open*"',
    ({ name, payload }) =>
      name.startsWith('syscall_entry_open') && String(payload['filename']).startsWith('/proc/'),
  ],
  ['fd & 1 == 1', ({ payload }) => is(payload['fd'], (v) => (v & 1) === 1)],
  [
    'comm == "bash" || $ctx.tid == 1 || vec == 7',
    ({ context, payload }) =>
      payload['comm'] === 'bash' || context.tid === 1 || payload['vec'] === 7,
  ],
];

describe.skipIf(isAbsent)(`filters on ${kernel} (skipped where it is absent)`, () => {
  test.each(cases)('%s', async (expression, passes) => {
    const all = await linesOf();
    const expected = all.filter((line) => passes(JSON.parse(line)));
    expect(await linesOf(expression)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.length).toBeLessThan(all.length);
  });
});
