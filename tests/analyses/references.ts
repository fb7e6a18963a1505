/** The outputs of the original LTTng analyses, and how ours are compared with them (../shared/traces/analyses/README.md). */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { shared } from '../conformance/corpus.ts';

export const references = join(shared, 'traces/analyses');
export const referencesAreHere = existsSync(references);

export interface ReferenceCase {
  /** `TRACE/COMMAND` */
  readonly id: string;
  readonly args: readonly string[];
  readonly expected: string;
  readonly trace: string;
}

function load(path: string): string | undefined {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)).toString() : undefined;
}

/** Words of a shell command line; its first is the original's command, its last the trace. */
function argumentsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!);
  const command = words[0]!.replace(/^lttng-|-mi$/g, '');
  return [command, '--mi', ...words.slice(1, -1)];
}

/** Unpacks a trace archive into `scratch`, or finds the folder as it is. */
function traceFolder(name: string, scratch: string): string {
  for (const parent of [join(shared, 'traces/ours/kernel'), join(references, 'traces')]) {
    if (existsSync(join(parent, name))) return join(parent, name);
    const archive = join(parent, `${name}.tar.xz`);
    if (!existsSync(archive)) continue;
    if (!existsSync(join(scratch, name))) execFileSync('tar', ['xf', archive, '-C', scratch]);
    return join(scratch, name);
  }
  throw new Error(`There is no trace ${name}.`);
}

export function referenceCases(scratch: string): ReferenceCase[] {
  const cases: ReferenceCase[] = [];
  for (const trace of readdirSync(join(references, 'reference'))) {
    const folder = join(references, 'reference', trace);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.cmd'))) {
      const name = file.slice(0, -4);
      const line = readFileSync(join(folder, file), 'utf8').split('\n')[1];
      const expected =
        load(join(references, 'patched', trace, `${name}.json`)) ??
        load(join(folder, `${name}.json`));
      if (!line || expected === undefined) continue;
      const path = traceFolder(trace, scratch);
      cases.push({ id: `${trace}/${name}`, args: argumentsOf(line), expected, trace: path });
    }
  }
  for (const group of readdirSync(join(references, 'extra'))) {
    for (const name of readdirSync(join(references, 'extra', group))) {
      const folder = join(references, 'extra', group, name);
      const line = load(join(folder, 'cmd.json'));
      const expected = load(join(folder, 'expected.json'));
      if (line === undefined || expected === undefined) continue;
      const trace = join(references, 'extra', group, 'trace');
      cases.push({ id: `extra/${group}/${name}`, args: argumentsOf(line.trim()), expected, trace });
    }
  }
  return cases;
}

interface Table {
  readonly class: string | { readonly inherit?: string; readonly title?: string };
  readonly 'time-range': unknown;
  readonly data: readonly (readonly unknown[])[];
}

/** Integers beyond 2^53 become strings, so that they compare exactly. */
function parse(text: string): { results?: Table[]; 'error-message'?: string } {
  return JSON.parse(text.replace(/([:[ ])(-?\d{16,})(?=[,}\]])/g, '$1"$2"'));
}

const closeTo = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

/** Threads are told by tid: the original shows the name that a thread had first, we the last. */
function cellsAgree(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return closeTo(a, b);
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  if (x['class'] === 'process' && y['class'] === 'process' && x['tid'] !== undefined) {
    return x['tid'] === y['tid'];
  }
  const keys = new Set([...Object.keys(x), ...Object.keys(y)]);
  return [...keys].every((key) => cellsAgree(x[key], y[key]));
}

const nameOf = ({ class: c }: Table): string =>
  typeof c === 'string' ? c : `${c.inherit ?? ''} ${c.title ?? ''}`;

/** What differs, in words; empty: all that the original prints is in ours with the same values. */
export function compare(expectedText: string, actualText: string): string[] {
  const [expected, actual] = [parse(expectedText), parse(actualText)];
  if (expected['error-message'] !== undefined || actual['error-message'] !== undefined) {
    const both = expected['error-message'] !== undefined && actual['error-message'] !== undefined;
    return both ? [] : [`error: ${expected['error-message']} / ${actual['error-message']}`];
  }
  const differences: string[] = [];
  const rest = [...(actual.results ?? [])];
  for (const table of expected.results ?? []) {
    const at = rest.findIndex((candidate) => nameOf(candidate) === nameOf(table));
    if (at < 0) {
      differences.push(`${nameOf(table)}: missing`);
      continue;
    }
    const [own] = rest.splice(at, 1);
    const name = nameOf(table);
    if (!cellsAgree(table['time-range'], own!['time-range']))
      differences.push(`${name}: time range`);
    if (table.data.length !== own!.data.length) {
      differences.push(`${name}: ${own!.data.length} rows, not ${table.data.length}`);
    } else if (!table.data.every((row, i) => cellsAgree(row, own!.data[i]))) {
      const row = table.data.findIndex((cells, i) => !cellsAgree(cells, own!.data[i]));
      differences.push(`${name}: row ${row}`);
    }
  }
  return differences;
}
