/** The outputs of the original LTTng analyses (../shared/traces/analyses/README.md). */
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
  /** Of the text command. */
  readonly expectedText: string | undefined;
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

/** An output that there is as text only, the whole or its first lines. */
export interface TextCase {
  readonly id: string;
  readonly args: readonly string[];
  readonly expected: string;
  readonly isHead: boolean;
  readonly trace: string;
  /** Other texts of the same analyses and trace, which have JSON: of a text that holds several in one. */
  readonly judged: readonly string[];
}

export function textCases(scratch: string): TextCase[] {
  return commandFiles().flatMap(({ trace, name }) => {
    if (loadEither(trace, `${name}.json`) !== undefined) return [];
    const whole = loadEither(trace, `${name}.txt`);
    const expected = whole ?? loadEither(trace, `${name}.head.txt`);
    if (expected === undefined) return [];
    const [line] = commandLines(trace, name);
    const args = argumentsOf(line!).filter((word) => word !== '--mi');
    const id = `${trace}/${name}`;
    const isHead = whole === undefined;
    const isSeveral = args.some((word) => word.startsWith('--top'));
    const judged = isSeveral ? inputOutputTexts(trace) : [];
    return [{ id, args, expected, isHead, trace: traceFolder(trace, scratch), judged }];
  });
}

/** An output that was too large to keep. */
export interface LeftOut {
  /** `patched/TRACE/NAME.json` */
  readonly id: string;
  readonly args: readonly string[];
  readonly trace: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The text of the same command, where there is the whole of it. */
  readonly text: string | undefined;
}

export function leftOut(scratch: string): LeftOut[] {
  const [, ...rows] = readFileSync(join(references, 'LEFT-OUT.tsv'), 'utf8').trimEnd().split('\n');
  return rows.map((row) => {
    const [id, bytes, , sha256] = row.split('\t') as [string, string, string, string];
    const [, trace, name, format] = /^\w+\/([\w-]+)\/(.*)\.(\w+)$/.exec(id)! as unknown as [
      string,
      string,
      string,
      string,
    ];
    const [text, machine] = commandLines(trace, name);
    const args =
      format === 'json'
        ? argumentsOf(machine!)
        : argumentsOf(text!).filter((word) => word !== '--mi');
    return {
      id,
      args,
      trace: traceFolder(trace, scratch),
      bytes: Number(bytes),
      sha256,
      text: loadEither(trace, `${name}.txt`),
    };
  });
}

const inputOutputTexts = (trace: string): string[] =>
  ['iousagetop', 'iolatencystats', 'iolatencyfreq', 'iolatencytop'].flatMap(
    (name) => loadEither(trace, `${name}.txt`) ?? [],
  );

const loadEither = (trace: string, file: string): string | undefined =>
  load(join(references, 'patched', trace, file)) ??
  load(join(references, 'reference', trace, file));

/** The text command, then that of the machine interface. */
const commandLines = (trace: string, name: string): string[] =>
  readFileSync(join(references, 'reference', trace, `${name}.cmd`), 'utf8').split('\n');

function commandFiles(): { trace: string; name: string }[] {
  return readdirSync(join(references, 'reference')).flatMap((trace) =>
    readdirSync(join(references, 'reference', trace))
      .filter((file) => file.endsWith('.cmd'))
      .map((file) => ({ trace, name: file.slice(0, -4) })),
  );
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
      cases.push({
        id: `${trace}/${name}`,
        args: argumentsOf(line),
        expected,
        expectedText:
          load(join(references, 'patched', trace, `${name}.txt`)) ??
          load(join(folder, `${name}.txt`)),
        trace: traceFolder(trace, scratch),
      });
    }
  }
  for (const group of readdirSync(join(references, 'extra'))) {
    for (const name of readdirSync(join(references, 'extra', group))) {
      const folder = join(references, 'extra', group, name);
      const line = load(join(folder, 'cmd.json'));
      const expected = load(join(folder, 'expected.json'));
      if (line === undefined || expected === undefined) continue;
      cases.push({
        id: `extra/${group}/${name}`,
        args: argumentsOf(line.trim()),
        expected,
        expectedText: load(join(folder, 'expected.txt')),
        trace: join(references, 'extra', group, 'trace'),
      });
    }
  }
  return cases;
}
