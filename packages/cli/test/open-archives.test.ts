import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openArchives } from '../src/archive/open-archives.ts';
import { type ArchiveError, defaultUnpackLimits } from '../src/archive/unpack-target.ts';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../../../fixtures/traces');
const scratch = mkdtempSync(join(tmpdir(), 'archive-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));
// Others may have temporary files of Sonde now, too.
vi.stubEnv('TMPDIR', scratch);

const { signal } = new AbortController();
const content = 'content '.repeat(1000);

function file(name: string, body = content): TarEntry {
  return { header: { name, size: body.length, type: 'file' }, body };
}

async function tarFile(name: string, entries: TarEntry[]): Promise<string> {
  const bytes = await packTar(entries);
  const path = join(scratch, name);
  writeFileSync(path, name.endsWith('gz') ? gzipSync(bytes) : bytes);
  return path;
}

/** Little-endian integers of the given sizes (bytes). */
function integers(...fields: [value: number, lengthBytes: number][]): Buffer {
  return Buffer.concat(
    fields.map(([value, lengthBytes]) => {
      const bytes = Buffer.alloc(lengthBytes);
      bytes.writeUIntLE(value, 0, lengthBytes);
      return bytes;
    }),
  );
}

/** A zip archive with one stored file. */
function zipFile(name: string, entryName: string, body = content): string {
  const sizes = integers(
    [crc32(body), 4],
    [body.length, 4],
    [body.length, 4],
    [entryName.length, 2],
    [0, 2],
  );
  const local = Buffer.concat([
    Buffer.from('PK\x03\x04'),
    integers([20, 2], [0, 2], [0, 2], [0, 4]),
    sizes,
    Buffer.from(entryName + body),
  ]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02'),
    integers([20, 2], [20, 2], [0, 2], [0, 2], [0, 4]),
    sizes,
    integers([0, 2], [0, 2], [0, 2], [0, 4], [0, 4]),
    Buffer.from(entryName),
  ]);
  const end = integers([0, 4], [1, 2], [1, 2], [central.length, 4], [local.length, 4], [0, 2]);
  const path = join(scratch, name);
  writeFileSync(path, Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]));
  return path;
}

describe('unpacks', () => {
  test.each([
    ['tar', () => tarFile('plain.tar', [file('a/b/one'), file('./two')])],
    ['tar.gz', () => tarFile('plain.tgz', [file('a/b/one'), file('./two')])],
    ['tar without a telling name', () => tarFile('plain', [file('a/b/one')])],
    ['zip', async () => zipFile('plain.zip', 'a/b/one')],
  ])('%s', async (_kind, make) => {
    const opened = await openArchives(['.', await make()], signal);
    expect(opened.paths[0]).toBe('.');
    expect(readFileSync(join(opened.paths[1]!, 'a/b/one'), 'utf8')).toBe(content);
    opened.close();
    expect(existsSync(opened.paths[1]!)).toBe(false);
  });

  test('tar.xz', async () => {
    const opened = await openArchives([join(fixtures, 'user-crash.tar.xz')], signal);
    expect(readdirSync(opened.paths[0]!)).toEqual(['user-crash']);
    opened.close();
  });

  test('no links', async () => {
    const link: TarEntry = { header: { name: 'link', size: 0, type: 'symlink', linkname: '/' } };
    const opened = await openArchives([await tarFile('link.tar', [link, file('one')])], signal);
    expect(readdirSync(opened.paths[0]!)).toEqual(['one']);
    opened.close();
  });
});

describe('refuses', () => {
  test.each([
    ['a path upwards', () => tarFile('up.tar', [file('a/../../one')]), 'archive-bad-path'],
    ['an absolute path', () => tarFile('absolute.tar', [file('/tmp/one')]), 'archive-bad-path'],
    ['a path upwards in a zip', async () => zipFile('up.zip', '../one'), 'archive-damaged'],
    [
      'too many bytes',
      () => tarFile('big.tgz', [file('a', 'x'.repeat(60_000))]),
      'archive-too-big',
    ],
    [
      'too many entries',
      () =>
        tarFile(
          'many.tar',
          [...'abcdef'].map((n) => file(n)),
        ),
      'archive-too-big',
    ],
    ['a damaged tar', () => damaged('cut.tar'), 'archive-damaged'],
    ['a damaged gzip', () => damaged('cut.tgz'), 'archive-damaged'],
    ['a damaged zip', async () => cut(zipFile('cut.zip', 'one')), 'archive-damaged'],
    ['a damaged xz', async () => damagedXz(), 'archive-damaged'],
  ])('%s, and leaves nothing behind', async (_what, make, code) => {
    const limits = { ...defaultUnpackLimits, totalBytes: 50_000, entryCount: 5 };
    const before = leftovers();
    const path = await make();
    const error = await openArchives([path], signal, limits).catch((e: unknown) => e);
    expect(error).toMatchObject({ code, place: { path } } satisfies Partial<ArchiveError>);
    expect(leftovers()).toEqual(before);
  });

  test('to go on when interrupted', async () => {
    const path = await tarFile('interrupted.tar', [file('one')]);
    await expect(openArchives([path], AbortSignal.abort())).rejects.toThrow('aborted');
  });
});

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('sonde-'));
}

async function damaged(name: string): Promise<string> {
  return cut(await tarFile(name, [file('one'), file('two')]));
}

function cut(path: string): string {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length * 0.4));
  return path;
}

function damagedXz(): string {
  const bytes = readFileSync(join(fixtures, 'user-crash.tar.xz'));
  bytes.fill(0x5a, 2000, 2100);
  const path = join(scratch, 'damaged.tar.xz');
  writeFileSync(path, bytes);
  return path;
}
