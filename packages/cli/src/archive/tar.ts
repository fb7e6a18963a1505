import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import { createTarDecoder } from 'modern-tar';
import xz from 'xz-decompress';
import type { ArchiveKind } from './archive-kind.ts';
import type { UnpackTarget } from './unpack-target.ts';

export async function unpackTar(
  path: string,
  kind: Exclude<ArchiveKind, 'zip'>,
  target: UnpackTarget,
): Promise<void> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  try {
    const entries = tarBytes(file, kind).pipeThrough(createTarDecoder({ strict: true }));
    for await (const { header, body } of entries) {
      if (header.type === 'directory') target.addFolder(header.name);
      if (header.type === 'file' || header.type === undefined) {
        await target.addFile(header.name, body);
      } else {
        await body.cancel();
      }
    }
  } finally {
    file.destroy();
  }
}

function tarBytes(file: Readable, kind: Exclude<ArchiveKind, 'zip'>): ReadableStream<Uint8Array> {
  switch (kind) {
    case 'tar':
      return Readable.toWeb(file);
    case 'tar.gz': {
      const gunzip = createGunzip({ chunkSize: 1 << 18 });
      file.on('error', (error) => gunzip.destroy(error));
      return Readable.toWeb(file.pipe(gunzip));
    }
    case 'tar.xz':
      return new xz.XzReadableStream(Readable.toWeb(file));
  }
}
