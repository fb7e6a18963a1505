import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatError, UsageError } from '@sonde/base';

/** Directories nested deeper are not searched. */
const maxDepth = 64;

export interface FindOptions {
  /** Also search directories that symbolic links lead to. */
  readonly followSymlinks?: boolean;
  /** Told about directories that can't be read, which are left out. */
  readonly warn?: (message: string) => void;
}

/**
 * Trace directories at or below `path`: those with a regular file `metadata`. Sorted by path; nothing below a trace directory is
 * searched. Each real directory is visited once, so that loops of symbolic links end.
 * @throws UsageError when `path` does not exist, is no directory, or can't be read.
 */
export function findTraces(path: string, options: FindOptions = {}): string[] {
  if (!existsSync(path)) {
    throw new UsageError('no-such-path', `There is no such file or directory: ${path}`);
  }
  if (!statSync(path).isDirectory()) {
    if (/\.(tar(\.[gx]z)?|tgz|txz|zip)$/.test(path)) {
      const message = `${path} has the name of an archive, but not the content of one (tar, tar.gz, tar.xz, zip).`;
      throw new UsageError('not-a-trace', message);
    }
    throw new UsageError(
      'not-a-trace',
      `${path} is no directory: give the directory that holds the file \`metadata\`, one above it, or an archive (.tar, .tar.gz, .tar.xz, .zip).`,
    );
  }
  const found: string[] = [];
  entriesOf(path);
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
  for (const entry of readableEntriesOf(directory, options)) {
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

function readableEntriesOf(directory: string, { warn }: FindOptions): Dirent[] {
  try {
    return entriesOf(directory);
  } catch (error) {
    warn?.(`${formatError(error)} It is left out.`);
    return [];
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
