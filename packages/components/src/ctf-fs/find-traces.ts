import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '@sonde/base';

/** Directories nested deeper are not searched. */
const maxDepth = 64;

export interface FindOptions {
  readonly followSymlinks?: boolean;
}

/**
 * Trace directories at or below `path`: those with a regular file `metadata`. Sorted by path; nothing below a trace directory is
 * searched. Each real directory is visited once, so that loops of symbolic links end.
 * @throws UsageError when `path` does not exist or is no directory.
 */
export function findTraces(path: string, options: FindOptions = {}): string[] {
  if (!existsSync(path)) {
    throw new UsageError('no-such-path', `There is no such file or directory: ${path}`);
  }
  if (!statSync(path).isDirectory()) {
    throw new UsageError(
      'not-a-trace',
      `${path} is no directory: give the directory that holds the file \`metadata\`, one above it, or an archive (.tar, .tar.gz, .tar.xz, .zip).`,
    );
  }
  const found: string[] = [];
  search(path, 0, options, new Set(), found);
  return found;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function search(
  directory: string,
  depth: number,
  options: FindOptions,
  seen: Set<string>,
  found: string[],
): void {
  const real = realpathSync(directory);
  if (seen.has(real) || depth > maxDepth) return;
  seen.add(real);
  if (isFile(join(directory, 'metadata'))) {
    found.push(directory);
    return;
  }
  for (const entry of entriesOf(directory)) {
    const child = join(directory, entry.name);
    const isDirectory =
      entry.isDirectory() ||
      (options.followSymlinks === true && entry.isSymbolicLink() && isDirectoryLink(child));
    if (isDirectory) search(child, depth + 1, options, seen, found);
  }
}

function entriesOf(directory: string): Dirent[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  } catch (cause) {
    throw new UsageError('cannot-read-directory', `Cannot read ${directory}.`, {}, { cause });
  }
}

function isDirectoryLink(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Data stream files of a trace directory: regular, not hidden, not empty, not the metadata. Sorted. */
export function dataStreamFiles(directory: string): string[] {
  return entriesOf(directory)
    .filter((entry) => entry.name !== 'metadata' && !entry.name.startsWith('.'))
    .map((entry) => join(directory, entry.name))
    .filter((path) => isFile(path) && statSync(path).size > 0);
}
