/** The shared conformance cases: folders with a trace and what the reference programs print for it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { allCommands, runCli } from '@sonde/cli';
import { memoryIo } from '../../packages/cli/test/memory-io.ts';

export const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const shared = process.env['SONDE_SHARED'] ?? join(repository, '../shared');
export const corpus = join(shared, 'traces/ctf');
export const corpusIsHere = existsSync(corpus);
/** In the titles of tests that can't run without it. */
export const corpusNote = corpusIsHere ? '' : ` (left out: no ${corpus}; set SONDE_SHARED)`;

interface CaseMeta {
  readonly expect?: 'pass' | 'fail';
  readonly runs?: Readonly<Record<string, { readonly rc: number }>>;
}

export interface Case {
  /** `SUITE/CASE` */
  readonly name: string;
  readonly folder: string;
  readonly trace: string;
  readonly meta: CaseMeta;
}

export function casesOf(suiteIsWanted: (suite: string) => boolean): Case[] {
  if (!corpusIsHere) return [];
  return readdirSync(corpus)
    .filter(suiteIsWanted)
    .sort()
    .flatMap((suite) => readdirSync(join(corpus, suite)).map((name) => `${suite}/${name}`))
    .map((name) => {
      const folder = join(corpus, name);
      const metaPath = join(folder, 'meta.json');
      const meta = existsSync(metaPath) ? JSON.parse(readFileSync(metaPath, 'utf8')) : {};
      return { name, folder, trace: join(folder, 'trace'), meta: meta as CaseMeta };
    });
}

/** A file of a case, also when it is kept compressed. A character per byte, as in `CliResult`. */
export function expectedOutput({ folder }: Case, file: string): string | undefined {
  const path = join(folder, file);
  if (existsSync(path)) return readFileSync(path, 'latin1');
  const archive = `${path}.gz`;
  return existsSync(archive) ? gunzipSync(readFileSync(archive)).toString('latin1') : undefined;
}

export interface CliResult {
  readonly status: number;
  /** A character per byte: nothing is hidden by decoding. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process: the same functions as the built command, without its start-up. */
export async function sonde(...args: string[]): Promise<CliResult> {
  const io = memoryIo();
  const status = await runCli(args, io, allCommands);
  return { status, stdout: io.stdout.bytes.toString('latin1'), stderr: io.stderr.text };
}
