import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The conformance cases; absent outside our own machines. */
export const corpusRoot = join(
  process.env['SONDE_SHARED'] ??
    join(dirname(fileURLToPath(import.meta.url)), '../../../../shared'),
  'traces/ctf',
);
export const hasCorpus = existsSync(corpusRoot);
export const needsCorpus = hasCorpus ? '' : ' (skipped: no conformance cases, set SONDE_SHARED)';

export interface MetadataCase {
  /** Path of the case's folder, from the corpus. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly file: string;
  /** What `meta.json` expects of the metadata or the trace. */
  readonly expect: 'pass' | 'fail' | undefined;
  /** First line of an expected error text; `undefined`: there is none. */
  expectedError(file: string): string | undefined;
}

function loadCase(suite: string, name: string, file: string): MetadataCase {
  const folder = join(corpusRoot, suite, name);
  const meta = join(folder, 'meta.json');
  return {
    name: `${suite}/${name}`,
    file,
    bytes: readFileSync(file),
    expect: existsSync(meta) ? JSON.parse(readFileSync(meta, 'utf8')).expect : undefined,
    expectedError: (errorFile) => {
      const path = join(folder, errorFile);
      return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
    },
  };
}

/** All metadata files of the suites that `pattern` matches. */
export function loadMetadataCases(pattern: RegExp): MetadataCase[] {
  if (!hasCorpus) return [];
  const cases: MetadataCase[] = [];
  for (const suite of readdirSync(corpusRoot).filter((name) => pattern.test(name))) {
    const files = readdirSync(join(corpusRoot, suite), {
      recursive: true,
      withFileTypes: true,
    });
    const metadata = files.filter((file) => file.isFile() && file.name === 'metadata');
    for (const path of metadata.map((file) => join(file.parentPath, file.name)).sort()) {
      const [name] = relative(join(corpusRoot, suite), path).split(/[\\/]/);
      cases.push(loadCase(suite, name!, path));
    }
  }
  return cases;
}
