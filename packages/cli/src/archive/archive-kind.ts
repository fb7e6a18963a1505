import { closeSync, openSync, readSync, statSync } from 'node:fs';

export type ArchiveKind = 'tar' | 'tar.gz' | 'tar.xz' | 'zip';

/** Where POSIX tar headers hold "ustar" (bytes). */
const ustarOffsetBytes = 257;

/** What kind of archive a file is, by its first bytes; undefined: none, or no regular file. */
export function archiveKindOf(path: string): ArchiveKind | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const head = headOf(path, ustarOffsetBytes + 5);
  const startsWith = (text: string, offset = 0) =>
    head.subarray(offset, offset + text.length).equals(Buffer.from(text, 'latin1'));
  if (startsWith('\x1f\x8b')) return 'tar.gz';
  if (startsWith('\xfd7zXZ\0')) return 'tar.xz';
  if (startsWith('PK\x03\x04') || startsWith('PK\x05\x06')) return 'zip';
  if (startsWith('ustar', ustarOffsetBytes) || path.endsWith('.tar')) return 'tar';
  return undefined;
}

function headOf(path: string, lengthBytes: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(lengthBytes);
    return head.subarray(0, readSync(fd, head, 0, lengthBytes, 0));
  } finally {
    closeSync(fd);
  }
}
